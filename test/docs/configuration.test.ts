import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, databaseUrl, migrationUrls, readConfig } from '../../config.ts';

/** docs/configuration.md names every variable that a program reads, and no other. */

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** The rows of the table under a heading: the variables of the first cell, and the second cell. */
function table(heading: string) {
  const section = read('docs/configuration.md')
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`))!;
  return [...section.matchAll(/^\| (`.+?) +\| (.+?) +\|/gm)].map(([, names, second]) => ({
    names: [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    second: second!.replaceAll('`', ''),
  }));
}

const namesIn = (source: string, prefix: string) => [
  ...new Set(source.match(new RegExp(`\\b${prefix}_[A-Z_]+\\b`, 'g'))),
];

test.each([
  ['API and worker', 'config.ts', 'USHER'],
  ['Mail sandbox', 'mail/sandbox/main.ts', 'USHER'],
  ['Identity provider', 'identity/provider/main.ts', 'USHER'],
])('the table of %s names what %s reads', (heading, file, prefix) => {
  const documented = table(heading).flatMap(({ names }) => names);
  expect(documented.sort()).toEqual(namesIn(read(file), prefix).sort());
});

test('no other program reads the environment', () => {
  const programs = ['api/main.ts', 'worker.ts', 'db/migrate.ts', 'db/dump.ts', 'local/start.ts'];
  for (const file of programs) expect(namesIn(read(file), 'USHER'), file).toEqual([]);
});

test('what is called required is, and what has a default has that one', () => {
  const key = Buffer.alloc(32).toString('base64');
  const values: Record<string, string> = {
    USHER_DATABASE_URL: 'postgres://usher:secret@db:5432/usher',
    USHER_PUBLIC_URL: 'https://usher.example.com',
    USHER_LINK_KEYS: key,
    USHER_COOKIE_KEY: key,
    USHER_ISSUER: 'https://login.example.com',
    USHER_CLIENT_ID: 'usher',
    USHER_CLIENT_SECRET: 'secret',
    USHER_POSTMARK_TOKEN: 'token',
    USHER_MAIL_FROM: 'usher@example.com',
  };
  const rows = table('API and worker');
  const required = rows.filter(({ second }) => second === 'required').flatMap(({ names }) => names);
  expect(required.sort()).toEqual(Object.keys(values).sort());
  const config = readConfig(values);
  for (const name of required) {
    const { [name]: _, ...without } = values;
    expect(() => readConfig(without), name).toThrow(ConfigError);
    expect(() => readConfig(without), name).toThrow(name);
  }
  for (const { names, second } of rows.filter(({ second }) => second !== 'required')) {
    const value = second === 'none' ? '' : second.replace(/\{(\w+)\}/, (_, name) => values[name]!);
    expect(readConfig({ ...values, [names[0]!]: value }), names[0]).toEqual(config);
  }
});

test('a variable can be given as a file, and the file is said to be missing where it is', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-config-'));
  try {
    const file = path.join(dir, 'secret');
    await writeFile(file, 'postgres://usher:from%20a%20file@db:5432/usher\n');
    expect(databaseUrl({ USHER_DATABASE_URL_FILE: file })).toBe('postgres://usher:from%20a%20file@db:5432/usher');
    const urls = { USHER_DATABASE_URL: 'postgres://run@db/usher', USHER_MIGRATE_DATABASE_URL_FILE: file };
    expect(migrationUrls(urls)).toMatchObject({ owner: expect.stringContaining('file'), run: urls.USHER_DATABASE_URL });
    const missing = () => databaseUrl({ USHER_DATABASE_URL_FILE: path.join(dir, 'none') });
    expect(missing).toThrow(/^USHER_DATABASE_URL_FILE names a file that cannot be read \(ENOENT\)\.$/);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('the variables of Temporal are those that its SDK knows', () => {
  const sdk = 'node_modules/@temporalio/core-bridge/sdk-core/crates/common/src/envconfig.rs';
  expect(existsSync(path.join(root, sdk))).toBe(true);
  const known = namesIn(read(sdk), 'TEMPORAL');
  const documented = table('Temporal').flatMap(({ names }) => names);
  expect(documented.length).toBeGreaterThan(5);
  expect(documented.filter((name) => !known.includes(name))).toEqual([]);
});
