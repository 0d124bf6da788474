import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { machine } from '../setup/machine.ts';

/** How the programs of production say that they cannot start. */

const root = path.join(import.meta.dirname, '../..');
const key = Buffer.alloc(32).toString('base64');
/** Complete, with servers that are not there. */
const environment = {
  USHER_DATABASE_URL: 'postgres://usher:secret@127.0.0.1:9/usher',
  USHER_PUBLIC_URL: 'http://localhost:8080',
  USHER_LINK_KEYS: key,
  USHER_COOKIE_KEY: key,
  USHER_ISSUER: 'http://127.0.0.1:9',
  USHER_CLIENT_ID: 'usher',
  USHER_CLIENT_SECRET: 'secret',
  USHER_POSTMARK_TOKEN: 'secret',
  USHER_MAIL_FROM: 'usher@usher.example',
  TEMPORAL_ADDRESS: '127.0.0.1:9',
};

const run = (program: string, change: Record<string, string>) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const env = { ...machine, ...environment, ...change };
    execFile(process.execPath, program.split(' '), { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });

test.each([
  ['worker.ts', { USHER_DATABASE_URL: '' }, /^USHER_DATABASE_URL is not set: give it a Postgres URL/],
  ['worker.ts', { USHER_LINK_KEYS: 'short' }, /^USHER_LINK_KEYS is not one or more keys/],
  ['worker.ts', {}, /^Temporal cannot be reached: check TEMPORAL_ADDRESS/],
  ['worker.ts', { USHER_METRICS_ADDRESS: 'localhost:9464' }, /^USHER_METRICS_ADDRESS is not an IP address and a port/],
  ['operations/main.ts sweep', { USHER_DATABASE_URL: '' }, /^USHER_DATABASE_URL is not set/],
  ['operations/main.ts sweep', {}, /^Postgres cannot be used: check USHER_DATABASE_URL/],
  ['api/main.ts', { USHER_COOKIE_KEY: '' }, /^USHER_COOKIE_KEY is not set: give it a key/],
  ['api/main.ts', { TEMPORAL_ADDRESS: 'a:b:c' }, /^TEMPORAL_ADDRESS is not host:port/],
  ['db/migrate.ts', { USHER_DATABASE_URL: '' }, /^USHER_DATABASE_URL is not set: give it a Postgres URL/],
  ['db/migrate.ts', { USHER_DATABASE_URL: 'mysql://' }, /^USHER_DATABASE_URL is not a Postgres URL/],
  ['db/migrate.ts', {}, /^Postgres cannot be used: check the URL/],
] as const)('%s with %o says what is wrong in one sentence, and ends with 1', async (program, change, sentence) => {
  const { code, stdout, stderr } = await run(program, change);
  expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 });
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toContain('secret');
});

test.each([
  ['api/main.ts', (port: number) => ({ USHER_PORT: String(port) }), /^Nothing can listen on 127\.0\.0\.1:\d+: /],
  [
    'worker.ts',
    (port: number) => ({ USHER_METRICS_ADDRESS: `127.0.0.1:${port}` }),
    /^Metrics cannot be served at 127\.0\.0\.1:\d+: /,
  ],
] as const)('%s says so when its port is taken', async (program, at, sentence) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { code, stderr } = await run(program, at((taken.address() as { port: number }).port));
  taken.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(sentence);
  expect(stderr).toMatch(/ \(EADDRINUSE\)\.\n$/);
});
