import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { emptyDatabase } from '../setup/database.ts';
import { machine } from '../setup/machine.ts';

let environment: Record<string, string>;

beforeAll(async () => {
  const port = await freePort();
  environment = {
    USHER_PROVIDER_ISSUER: `http://127.0.0.1:${port}`,
    USHER_PROVIDER_PORT: `${port}`,
    USHER_PROVIDER_DATABASE_URL: (await emptyDatabase()).url,
    USHER_CLIENT_ID: 'usher',
    USHER_CLIENT_SECRET: 'secret',
    USHER_PUBLIC_URL: 'http://localhost:8080/',
    USHER_POSTMARK_URL: 'http://127.0.0.1:9',
    USHER_POSTMARK_TOKEN: 'token',
    USHER_MAIL_FROM: 'identity@usher.test',
  };
});

const run = (changes: Record<string, string>) => {
  const child = spawn(process.execPath, ['identity/provider/main.ts'], {
    env: { ...machine, ...environment, ...changes },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, output: text(child.stdout), exit: once(child, 'exit') };
};

test('runs as a process of its own until it is told to stop', async () => {
  const { child, output, exit } = run({});
  const issuer = environment.USHER_PROVIDER_ISSUER!;
  await expect
    .poll(() =>
      fetch(`${issuer}/.well-known/openid-configuration`)
        .then((r) => r.json())
        .catch(() => undefined),
    )
    .toMatchObject({ issuer });
  const authorize = new URLSearchParams({
    client_id: 'usher',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: 'http://localhost:8080/sign-in/callback',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });
  const { headers } = await fetch(`${issuer}/auth?${authorize}`, { redirect: 'manual' });
  expect(headers.get('location')).toMatch(/^\/interaction\//);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  expect(await output).toContain('the identity provider is ready');
});

test.each([
  ['USHER_PROVIDER_PORT', '70000', 'USHER_PROVIDER_PORT is not a port (1 to 65535).'],
  ['USHER_PUBLIC_URL', 'localhost', 'USHER_PUBLIC_URL is not the http(s) URL under which people reach Usher.'],
  ['USHER_CLIENT_SECRET', '', 'USHER_CLIENT_SECRET is not set'],
  ['USHER_PROVIDER_DATABASE_URL', 'postgres://127.0.0.1:9/none', 'the identity provider did not start'],
])('%s=%s stops it with a sentence', async (name, value, sentence) => {
  const { output, exit } = run({ [name]: value });
  expect(await exit).toEqual([1, null]);
  expect(await output).toContain(sentence);
});
