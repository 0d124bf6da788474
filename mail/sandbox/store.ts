import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { BounceType } from '../bounce-types.ts';
import { deactivates } from './bounces.ts';

export interface Address {
  Email: string;
  Name: string;
}

/** What happened to a message after it was taken. */
export type MessageEvent =
  | { type: 'Delivered'; recipient: string; at: string }
  | { type: 'Bounced' | 'SpamComplaint'; recipient: string; at: string; bounce: BounceType; bounceId: number };

/** A message as taken, without its bodies. */
export interface StoredMessage {
  id: string;
  /** ISO 8601. */
  receivedAt: string;
  from: string;
  replyTo: string;
  to: Address[];
  subject: string;
  tag: string;
  metadata: Record<string, string>;
  headers: { Name: string; Value: string }[];
  events: MessageEvent[];
}

export interface Bodies {
  html: string;
  text: string;
}

interface Entry {
  message: StoredMessage;
  /** Where its line is in the file. */
  offset: number;
  length: number;
}

/**
 * The messages of the sandbox: one line of JSON each, appended to `messages.jsonl`. Bodies stay on disk, so that a
 * hundred thousand messages fit in memory.
 */
export class MessageStore {
  readonly #file: number;
  #size = 0;
  #entries: Entry[] = [];
  #byId = new Map<string, number>();
  #byMetadata = new Map<string, number[]>();
  #inactive = new Set<string>();

  /**
   * @param dir created if missing; what it holds from before is there again
   */
  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#file = openSync(join(dir, 'messages.jsonl'), 'a+');
    for (const { line, offset } of this.#lines()) this.#remember(line, offset);
    // A line that was being written when the process died.
    ftruncateSync(this.#file, this.#size);
  }

  /** Number of messages; they are numbered from 0, oldest first. */
  get size(): number {
    return this.#entries.length;
  }

  at(index: number): StoredMessage | undefined {
    return this.#entries[index]?.message;
  }

  byId(id: string): StoredMessage | undefined {
    return this.at(this.#byId.get(id) ?? -1);
  }

  /** Indexes of the messages with this metadata, oldest first; keys without case, values exact. */
  byMetadata(key: string, value: string): readonly number[] {
    return this.#byMetadata.get(metadataKey(key, value)) ?? [];
  }

  bodies(id: string): Bodies {
    const { offset, length } = this.#entries[this.#byId.get(id)!]!;
    const line = Buffer.alloc(length);
    readSync(this.#file, line, 0, length, offset);
    const { html, text } = JSON.parse(line.toString()) as Bodies;
    return { html, text };
  }

  /** True for an address that bounced hard or complained. */
  isInactive(address: string): boolean {
    return this.#inactive.has(address.toLowerCase());
  }

  /** Takes messages: once it returns, they survive the death of the process. */
  append(messages: readonly (StoredMessage & Bodies)[]): void {
    const lines = messages.map((message) => Buffer.from(`${JSON.stringify(message)}\n`));
    const all = Buffer.concat(lines);
    for (let written = 0; written < all.length; ) written += writeSync(this.#file, all, written);
    for (const line of lines) this.#remember(line, this.#size);
  }

  /** Forgets all messages, and with them who is inactive. */
  clear(): void {
    ftruncateSync(this.#file, 0);
    this.#size = 0;
    this.#entries = [];
    this.#byId.clear();
    this.#byMetadata.clear();
    this.#inactive.clear();
  }

  close(): void {
    closeSync(this.#file);
  }

  #remember(line: Buffer, offset: number): void {
    this.#size = offset + line.length;
    const { html: _html, text: _text, ...message } = JSON.parse(line.toString()) as StoredMessage & Bodies;
    const index = this.#entries.push({ message, offset, length: line.length }) - 1;
    this.#byId.set(message.id, index);
    for (const [key, value] of Object.entries(message.metadata)) {
      const known = this.#byMetadata.get(metadataKey(key, value));
      if (known) known.push(index);
      else this.#byMetadata.set(metadataKey(key, value), [index]);
    }
    for (const event of message.events) {
      if (event.type !== 'Delivered' && deactivates(event.bounce)) this.#inactive.add(event.recipient.toLowerCase());
    }
  }

  *#lines(): Generator<{ line: Buffer; offset: number }> {
    const chunk = Buffer.alloc(1 << 20);
    let rest = Buffer.alloc(0);
    let offset = 0;
    for (let position = 0; ; ) {
      const read = readSync(this.#file, chunk, 0, chunk.length, position);
      if (read === 0) return;
      position += read;
      rest = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        yield { line: rest.subarray(0, end + 1), offset };
        offset += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
  }
}

const metadataKey = (key: string, value: string) => `${key.toLowerCase()}\n${value}`;
