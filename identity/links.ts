import { createHmac, timingSafeEqual } from 'node:crypto';
import { type InvitationId, idFromBytes, idToBytes } from '../db/ids.ts';

/** What a link says: which invitation, and of which generation. */
export interface Link {
  invitation: InvitationId;
  generation: number;
}

export interface Links {
  token(link: Link): string;
  /** The URL in the email. */
  url(link: Link): string;
  /** The URL of another of our pages, for emails. @param path from its slash on */
  page(path: string): string;
  /** What a token says; undefined unless one of our keys signed it. */
  read(token: string): Link | undefined;
}

const idBytes = 16;
const generationBytes = 4;
const payloadBytes = idBytes + generationBytes;
const tokenLength = Math.ceil(((payloadBytes + 32) * 4) / 3);

/**
 * Makes and reads links: base64url(id ‖ generation ‖ HMAC-SHA256). Derived, stored nowhere, and no credential: whoever
 * holds one still has to own the invited mailbox.
 *
 * @param publicUrl without trailing slash
 * @param keys newest first: the first signs, all verify, so that old links live on after a rotation
 */
export function createLinks(publicUrl: string, keys: readonly Buffer[]): Links {
  const sign = (key: Buffer, payload: Uint8Array) => createHmac('sha256', key).update(payload).digest();

  const token = ({ invitation, generation }: Link) => {
    const payload = Buffer.alloc(payloadBytes);
    payload.set(idToBytes(invitation));
    payload.writeUInt32BE(generation, idBytes);
    return Buffer.concat([payload, sign(keys[0]!, payload)]).toString('base64url');
  };

  return {
    token,
    url: (link) => `${publicUrl}/i/${token(link)}`,
    page: (path) => `${publicUrl}${path}`,
    read(text) {
      if (text.length !== tokenLength || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      // One token, one spelling: base64url leaves bits of the last letter free.
      if (bytes.toString('base64url') !== text) return undefined;
      const payload = bytes.subarray(0, payloadBytes);
      const signature = bytes.subarray(payloadBytes);
      const signed = keys.map((key) => timingSafeEqual(sign(key, payload), signature)).includes(true);
      if (!signed) return undefined;
      return {
        invitation: idFromBytes('inv', payload.subarray(0, idBytes)),
        generation: payload.readUInt32BE(idBytes),
      };
    },
  };
}
