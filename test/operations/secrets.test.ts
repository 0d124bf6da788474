import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError, migrationUrls, readConfig } from '../../config.ts';
import { machine } from '../setup/machine.ts';

/** Secrets come by variables or files, and no program prints one, whatever is wrong. */

const root = path.join(import.meta.dirname, '../..');
const key = (letter: string) => `${letter.repeat(42)}A=`;
/** Each with a value that is found nowhere else. */
const secrets = {
  USHER_DATABASE_URL: 'postgres://usher_run:PassOfRunRole@127.0.0.1:9/usher',
  USHER_MIGRATE_DATABASE_URL: 'postgres://usher:PassOfOwner@127.0.0.1:9/usher',
  USHER_PROVIDER_DATABASE_URL: 'postgres://usher:PassOfProvider@127.0.0.1:9/identity',
  USHER_LINK_KEYS: key('L'),
  USHER_COOKIE_KEY: key('C'),
  USHER_CLIENT_SECRET: 'SecretOfClient',
  USHER_PROVIDERS: JSON.stringify([
    { id: 'other', name: 'Other', issuer: 'https://idp.example', clientId: 'usher', clientSecret: 'SecretOfOther' },
  ]),
  USHER_POSTMARK_TOKEN: 'TokenOfPostmark',
  USHER_METRICS_TOKEN: 'TokenOfPrometheus',
  USHER_FEEDBACK_PASSWORD: 'PasswordOfItsFeedback',
  USHER_SMTP_URL: 'smtps://usher:PassOfSmtp@127.0.0.1:9',
};
const others = {
  USHER_PUBLIC_URL: 'http://localhost:8080',
  USHER_ISSUER: 'http://127.0.0.1:9',
  USHER_CLIENT_ID: 'usher',
  USHER_POSTMARK_URL: 'http://127.0.0.1:9',
  USHER_MAIL_FROM: 'usher@usher.example',
  USHER_PROVIDER_ISSUER: 'http://127.0.0.1:9',
  USHER_PROVIDER_PORT: '9',
  TEMPORAL_ADDRESS: '127.0.0.1:9',
};
const parts =
  /PassOfRunRole|PassOfOwner|PassOfProvider|L{20}|C{20}|SecretOfClient|SecretOfOther|TokenOfPostmark|TokenOfPrometheus|PasswordOfItsFeedback|PassOfSmtp/;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'usher-secrets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (program: string, change: Record<string, string>) =>
  new Promise<{ code: unknown; output: string }>((resolve) => {
    const env = { ...machine, ...secrets, ...others, ...change };
    execFile(process.execPath, [program], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });

test.each([
  // Servers that are not there.
  ['worker.ts', {}],
  ['db/migrate.ts', {}],
  ['db/dump.ts', {}],
  ['identity/provider/main.ts', {}],
  // An address of its own that is not this machine's: it cannot listen.
  ['api/main.ts', { USHER_HOST: '192.0.2.1' }],
  ['api/main.ts', { TEMPORAL_ADDRESS: 'a:b:c' }],
  ['db/migrate.ts', { USHER_MIGRATE_DATABASE_URL: 'postgres://usher:PassOfOwner@host:none/usher' }],
  ['identity/provider/main.ts', { USHER_PROVIDER_DATABASE_URL: 'postgres://usher:PassOfProvider@host:none/usher' }],
  ['worker.ts', { USHER_PROVIDERS: '[{"id": "other", "clientSecret": "SecretOfOther"}]' }],
  ['worker.ts', { USHER_SMTP_URL: 'smtp://usher:PassOfSmtp@127.0.0.1:none' }],
  ['worker.ts', { USHER_COOKIE_KEY: `${'C'.repeat(30)} too short` }],
])('%s with %o fails, and prints no secret', async (program, change) => {
  const { code, output } = await run(program, change);
  expect(code).toBe(1);
  expect(output.length).toBeGreaterThan(10);
  expect(output).not.toMatch(parts);
});

test('no error of a variable quotes its value', () => {
  const environment: Record<string, string> = { ...secrets, ...others };
  let wrong = 0;
  for (const name of new Set([
    ...Object.keys(environment),
    'USHER_LIMIT_FACTOR',
    'USHER_TRUSTED_PROXIES',
    'USHER_PORT',
  ])) {
    for (const value of [
      'ValueThatIsWrong',
      'postgres://u:ValueThatIsWrong@host:none/x',
      'https://ValueThatIsWrong:none/',
    ]) {
      const bad = { ...environment, [name]: value };
      try {
        readConfig(bad);
        migrationUrls(bad);
      } catch (error) {
        wrong++;
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as Error).message).toContain(name);
        expect((error as Error).message).not.toMatch(/ValueThatIsWrong/);
        expect((error as Error).message).not.toMatch(parts);
      }
    }
  }
  expect(wrong).toBeGreaterThan(10);
});

test('every secret can be in a file', async () => {
  const expected = readConfig({ ...secrets, ...others });
  const inFiles: Record<string, string> = { ...others };
  for (const [name, value] of Object.entries(secrets)) {
    const file = path.join(folder, name);
    await writeFile(file, `${value}\n`);
    inFiles[`${name}_FILE`] = file;
  }
  expect(readConfig(inFiles)).toEqual(expected);
  expect(migrationUrls(inFiles)).toEqual({
    owner: secrets.USHER_MIGRATE_DATABASE_URL,
    run: secrets.USHER_DATABASE_URL,
  });
  // The variable itself goes before.
  const other = { ...inFiles, USHER_COOKIE_KEY: key('D') };
  expect(readConfig(other).cookieKey).toEqual(Buffer.from(key('D'), 'base64'));
  expect(() => readConfig({ ...inFiles, USHER_COOKIE_KEY_FILE: path.join(folder, 'none') })).toThrow(
    'USHER_COOKIE_KEY_FILE names a file that cannot be read (ENOENT).',
  );
});
