import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Mail, Message } from '../../mail/mail.ts';
import { messageIdOf } from '../../mail/message.ts';
import { createPostmarkMail, type PostmarkOptions } from '../../mail/postmark.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../mail/sandbox/sandbox.ts';

const releases: (() => unknown)[] = [];

/** Runs after the test, in reverse order. */
export const release = (run: () => unknown) => releases.push(run);

afterEach(async () => {
  for (const run of releases.splice(0).reverse()) await run();
});

export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'usher-mail-'));
  release(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** A sandbox of the test's own, on a free port. */
export async function sandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const started = await startSandbox({ host: '127.0.0.1', port: 0, dir: options.dir ?? temporaryDir(), ...options });
  release(() => started.close());
  return started;
}

export function postmark(options: Pick<PostmarkOptions, 'url'> & Partial<PostmarkOptions>): Mail {
  const mail = createPostmarkMail({ token: 'any', ...options });
  release(() => mail.close());
  return mail;
}

let ordinal = 0;

/** A message nobody has sent yet. */
export function message(change: Partial<Message> = {}): Message {
  ordinal += 1;
  const delivery = `inv_test/${ordinal}`;
  return {
    to: 'grace@navy.example',
    from: 'Usher <invitations@usher.example>',
    subject: 'Ada invited you',
    html: '<p>Hello</p>',
    text: 'Hello',
    kind: 'invitation',
    invitation: 'inv_test',
    delivery,
    messageId: messageIdOf(delivery, 'invitations@usher.example'),
    ...change,
  };
}

const token = { 'x-postmark-server-token': 'any' };
const json = { 'content-type': 'application/json' };

/** One request to the sandbox, as any program would make it. */
export async function ask(method: string, url: string, body?: unknown) {
  const response = await fetch(url, {
    method,
    headers: { ...token, ...(body !== undefined && json) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

export const settings = (url: string, change: object) => ask('PUT', `${url}/sandbox/settings`, change);
export const sentTo = async (url: string, recipient: string) =>
  (await ask('GET', `${url}/messages/outbound?count=500&offset=0&recipient=${encodeURIComponent(recipient)}`)).body;
