import { execFile } from 'node:child_process';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beginSession, upsertAccount } from '../../db/accounts.ts';
import { forgetExpired } from '../../db/requests.ts';
import { machine } from '../setup/machine.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { Visitor } from './visitor.ts';

/** How a session begins, how long it lasts, and every way in which it ends. */

let usher: Usher;
let issuer: Issuer;
let account: string;

beforeAll(async () => {
  issuer = await startIssuer();
  usher = await startUsher({ issuer: issuer.url, withWorker: false });
});
afterAll(async () => {
  await usher?.close();
  await issuer?.close();
});
beforeEach(() => {
  account = `somebody-${crypto.randomUUID().slice(0, 8)}`;
  issuer.person = { sub: account, email: `${account}@example.com`, email_verified: true, name: 'Some Body' };
});

/** A browser in which the person has signed in. */
async function signIn(): Promise<Visitor> {
  const visitor = new Visitor();
  await visitor.visit(`${usher.url}/console`);
  await visitor.visit(usher.url);
  expect(visitor.page.text).toContain('Sign out everywhere');
  return visitor;
}
const isSignedIn = async (visitor: Visitor) => (await visitor.visit(usher.url)).text.includes(`${account}@example.com`);
const me = (session: string) => usher.call('/v1/me/invitations', { session });
const sessions = () =>
  usher.db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'account_id')
    .select(['id_hash', 'sessions.seen_at', 'expires_at'])
    .where('subject', '=', account);
const move = (column: 'seen_at' | 'expires_at', hours: number) =>
  usher.db
    .updateTable('sessions')
    .set({ [column]: sql`now() + make_interval(secs => ${hours * 3600})` })
    .where('id_hash', 'in', sessions().clearSelect().select('id_hash'))
    .execute();

describe('a session begins', () => {
  test('under a new id at every sign-in; the one before is over', async () => {
    const visitor = await signIn();
    const first = visitor.cookie('_session')!;
    await visitor.visit(usher.url);
    // As someone whose address is not verified is offered: to sign in again.
    const csrf = /name="_csrf" value="([^"]+)"/.exec(visitor.page.text)![1]!;
    await visitor.visit('/sign-in', { _csrf: csrf, prompt: 'login' });
    const second = visitor.cookie('_session')!;
    expect(second).not.toBe(first);
    expect((await me(first)).status).toBe(401);
    expect((await me(second)).status).toBe(200);
  });

  test.each(['made up', 'another person’s'])('not under an id that was planted: %s', async (kind) => {
    const mallory = await usher.person('mallory@example.com');
    const planted = kind === 'made up' ? 'A'.repeat(43) : mallory.session;
    const victim = new Visitor();
    victim.plant(`usher_${new URL(usher.url).port}_session`, planted);
    await victim.visit(usher.url);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(victim.page.text)![1]!;
    await victim.visit('/sign-in', { _csrf: csrf });
    expect(await isSignedIn(victim)).toBe(true);
    expect(victim.cookie('_session')).not.toBe(planted);
    // Whoever planted it holds nothing: not even what it was worth before.
    expect((await me(planted)).status).toBe(401);
  });

  test('and is kept as a hash, from which no cookie can be made', async () => {
    const visitor = await signIn();
    const { rows } = await sql<{ row: string }>`select to_jsonb(s)::text as row from sessions s`.execute(usher.db);
    const cookie = visitor.cookie('_session')!;
    const spellings = [cookie, Buffer.from(cookie).toString('hex'), Buffer.from(cookie, 'base64url').toString('hex')];
    for (const { row } of rows) for (const spelling of spellings) expect(row).not.toContain(spelling);
    const { id_hash } = await sessions().executeTakeFirstOrThrow();
    expect((await me(id_hash.toString('base64url'))).status).toBe(401);
  });

  test('at most ten at once: the oldest gives way', async () => {
    const [oldest, old] = [await signIn(), await signIn()];
    const { account_id } = await usher.db
      .selectFrom('sessions')
      .select('account_id')
      .where('id_hash', 'in', sessions().clearSelect().select('id_hash'))
      .executeTakeFirstOrThrow();
    for (let i = 0; i < 8; i++) await beginSession(usher.db, { account: account_id, idToken: 'none' });
    expect([await isSignedIn(oldest), await isSignedIn(old)]).toEqual([true, true]);
    const newest = await signIn();
    expect([await isSignedIn(oldest), await isSignedIn(old)]).toEqual([false, true]);
    expect(await isSignedIn(newest)).toBe(true);
  });

  test('also when many begin at the same moment', async () => {
    const { id } = await upsertAccount(usher.db, {
      issuer: issuer.url,
      subject: account,
      email: `${account}@example.com`,
      emailVerified: true,
      name: 'S',
    });
    await Promise.all(Array.from({ length: 25 }, () => beginSession(usher.db, { account: id, idToken: 'none' })));
    expect(await sessions().execute()).toHaveLength(10);
  });
});

describe('a session ends', () => {
  test.each([
    ['a day unused', 'seen_at', -24.1, false],
    ['almost a day unused', 'seen_at', -23.9, true],
    ['its last moment', 'expires_at', -0.01, false],
    ['the moment before', 'expires_at', 0.1, true],
  ] as const)('after %s: %s at %d hours; it lives on: %o', async (_, column, hours, lives) => {
    const visitor = await signIn();
    await move(column, hours);
    const session = visitor.cookie('_session')!;
    expect((await me(session)).status).toBe(lives ? 200 : 401);
    expect(await isSignedIn(visitor)).toBe(lives);
    await forgetExpired(usher.db);
    expect(await sessions().execute()).toHaveLength(lives ? 1 : 0);
  });

  test('not while it is used, but for good after two weeks', async () => {
    const visitor = await signIn();
    await move('seen_at', -23);
    await visitor.visit(usher.url);
    const { seen_at, expires_at } = await sessions().executeTakeFirstOrThrow();
    expect(Date.now() - seen_at.getTime()).toBeLessThan(3_600_000);
    const days = (expires_at.getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(13.9);
    expect(days).toBeLessThanOrEqual(14);
  });

  test('when its account is of an issuer that the installation has left', async () => {
    const { id } = await upsertAccount(usher.db, {
      issuer: 'https://former.example',
      subject: account,
      email: `${account}@example.com`,
      emailVerified: true,
      name: 'S',
    });
    const { id: session } = await beginSession(usher.db, { account: id, idToken: 'none' });
    expect((await me(session)).status).toBe(401);
  });

  test('by its button: this one', async () => {
    const [here, there] = [await signIn(), await signIn()];
    await here.submit('/sign-out');
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([false, true]);
  });

  test('by the button that ends all of the person, and nobody else’s', async () => {
    const other = await usher.person('bystander@example.com');
    const [here, there, open] = [await signIn(), await signIn(), await signIn()];
    await here.submit('/sign-out-everywhere');
    expect(await sessions().execute()).toHaveLength(0);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([false, false]);
    // A page that is still open there can do nothing any more.
    await open.submit('/sign-out-everywhere');
    expect(open.page.url.pathname).toBe('/');
    expect(await isSignedIn(open)).toBe(false);
    expect((await me(other.session)).status).toBe(200);
  });

  test.each(['/sign-out', '/sign-out-everywhere'])('not by a form of another site to %s', async (to) => {
    const visitor = await signIn();
    for (const csrf of ['', 'made-up']) {
      await visitor.visit(to, csrf ? { _csrf: csrf } : {});
      expect(visitor.page.status).toBe(403);
    }
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test('over the API: by session, or by bearer token; not by a key, nor from another site', async () => {
    const end = (options: object) => usher.call('/v1/me/sign-out-everywhere', { body: {}, ...options });
    const first = (await signIn()).cookie('_session')!;
    await signIn();
    expect(await end({})).toMatchObject({ status: 403, body: { code: 'not_allowed' } });
    expect(await end({ key: null })).toMatchObject({ status: 401 });
    expect(await end({ session: first, headers: { origin: 'https://evil.example' } })).toMatchObject({ status: 403 });
    expect(await end({ session: first })).toMatchObject({ status: 200, body: { ended: 2 } });
    expect(await end({ session: first })).toMatchObject({ status: 401 });
    await signIn();
    const token = await issuer.token({ aud: usher.url, sub: account });
    expect(await end({ key: token })).toMatchObject({ status: 200, body: { ended: 1 } });
    expect(await end({ key: token })).toMatchObject({ status: 200, body: { ended: 0 } });
  });
});

describe('operators', () => {
  const operate = (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const env = { ...machine, USHER_DATABASE_URL: usher.databaseUrl, USHER_ISSUER: issuer.url };
      const root = path.join(import.meta.dirname, '../..');
      execFile(process.execPath, ['operations/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  test('sign a person out by address, in any spelling, or by account', async () => {
    const visitor = await signIn();
    const address = `${account.toUpperCase()}@EXAMPLE.com`;
    expect(await operate('sign-out', address)).toEqual({
      code: 0,
      stdout: 'sessions ended: 1, of accounts: 1\n',
      stderr: '',
    });
    expect(await isSignedIn(visitor)).toBe(false);
    const again = await signIn();
    const { id } = await usher.db
      .selectFrom('accounts')
      .select('id')
      .where('subject', '=', account)
      .executeTakeFirstOrThrow();
    expect((await operate('sign-out', id)).stdout).toBe('sessions ended: 1, of accounts: 1\n');
    expect(await isSignedIn(again)).toBe(false);
    expect(await operate('sign-out', 'nobody@example.com')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no account of this address or id.\n',
    });
  });

  test('register the issuer and the origins of an organization', async () => {
    const set = async (...args: string[]) => {
      const { stdout, stderr } = await operate('organization', ...args);
      return stdout + stderr;
    };
    const home = 'home https://acme.example/home';
    expect(await set('acme', '--origin', 'https://a.example', 'https://b.example:8443')).toBe(
      `acme: issuer https://idp.example, ${home}, origins https://a.example https://b.example:8443\n`,
    );
    expect(await set('acme', '--no-issuer', '--no-origin')).toBe(`acme: issuer none, ${home}, origins none\n`);
    expect(await set('acme', '--issuer', issuer.url)).toMatch(/^An issuer of the installation's own counts everywhere/);
  });
});
