import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startProvider } from '../../identity/provider/start-provider.ts';
import { Visitor } from './visitor.ts';
import { password, startWorld, type World } from './world.ts';

let world: World;
let ada: Visitor;
let address: string;
let count = 0;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

beforeEach(() => {
  ada = new Visitor();
  address = `ada${++count}@example.com`;
});

const start = (query: Record<string, string> = {}) =>
  ada.visit(`${world.app.url}/sign-in?${new URLSearchParams(query)}`);

const existing = (emailVerified: boolean) =>
  world.provider.ensureUser({ email: address, name: 'Ada Lovelace', password, emailVerified });

async function signUp(fields: Record<string, string> = {}) {
  await start({ hint: address });
  await ada.follow('Create an account');
  return ada.submit('/sign-up', { name: 'Ada Lovelace', email: address, password, ...fields });
}

describe('signing up', () => {
  test('a new account verifies its address with the code from the email', async () => {
    await signUp();
    expect(ada.title).toBe('Check your email');
    expect(world.mail.sent.at(-1)).toMatchObject({ To: address, From: 'identity@usher.test', token: 'token' });
    await ada.submit('/verify', { code: ` ${world.mail.codeFor(address).replace(/^.../, '$& ')}` });
    expect(ada.page.json).toEqual({
      issuer: world.provider.url,
      subject: expect.any(String),
      email: address,
      emailVerified: true,
      name: 'Ada Lovelace',
    });
  });

  test('"verify later" signs in unverified, and every later sign-in offers it again', async () => {
    await signUp();
    await ada.submit('/verify/later');
    expect(ada.page.json).toMatchObject({ email: address, emailVerified: false });
    const { subject } = ada.page.json;

    await start();
    expect(ada.title).toBe('Check your email');
    await ada.submit('/verify', { code: world.mail.codeFor(address) });
    expect(ada.page.json).toMatchObject({ subject, emailVerified: true });

    await start();
    expect(ada.page.json).toMatchObject({ subject, emailVerified: true });
  });

  test('prompt=create opens the sign-up form, filled with the hint; signing in answers it as well', async () => {
    await existing(true);
    await start({ prompt: 'create', hint: address });
    expect(ada.title).toBe('Create your account');
    expect(ada.value('email')).toBe(address);
    await ada.follow('Sign in');
    expect(ada.value('email')).toBe(address);
    await ada.submit('/sign-in', { email: address, password });
    expect(ada.page.json).toMatchObject({ email: address });
  });

  test('what is missing is said at its field, and nothing typed is lost but the password', async () => {
    await signUp({ name: ' ', email: 'ada', password: 'short' });
    expect(ada.page.status).toBe(422);
    for (const field of ['name', 'email', 'password'])
      expect(ada.page.text).toMatch(new RegExp(`aria-describedby="${field}-problem`));
    expect(ada.value('email')).toBe('ada');
    expect(ada.page.text).not.toContain('short');
  });

  test('an address that is verified belongs to its account, in whatever letter case it is written', async () => {
    await existing(true);
    await signUp({ email: address.toUpperCase() });
    expect(ada.page.status).toBe(422);
    expect(ada.page.text).toContain('This address has an account already');
  });

  test('an account that never verified its address gives way to a new one, and its session ends', async () => {
    await signUp();
    await ada.submit('/verify/later');
    const squatter = ada;
    const { subject } = ada.page.json;

    ada = new Visitor();
    await signUp({ password: 'another password' });
    await ada.submit('/verify', { code: world.mail.codeFor(address) });
    expect(ada.page.json.emailVerified).toBe(true);
    expect(ada.page.json.subject).not.toBe(subject);

    ada = squatter;
    await start();
    expect(ada.title).toBe('Sign in');
    await ada.submit('/sign-in', { email: address, password });
    expect(ada.page.text).toContain('The email address or the password is wrong');
  });

  test('a form field too many is refused', async () => {
    await start();
    await ada.submit('/sign-in', { email: address, password, emailVerified: 'true' });
    expect(ada.page.status).toBe(400);
  });
});

describe('codes', () => {
  test('five wrong tries use a code up; a new one works', async () => {
    await signUp();
    const code = world.mail.codeFor(address);
    const wrong = code === '000000' ? '111111' : '000000';
    for (let i = 1; i <= 4; i++) {
      await ada.submit('/verify', { code: wrong });
      expect(ada.page.text).toContain('That is not the code');
    }
    await ada.submit('/verify', { code: wrong });
    expect(ada.title).toBe('Verify your email address');
    const used = await ada.visit(ada.page.url, { code });
    expect(used.text).toContain('This code works no longer');

    await ada.submit('/verify/send');
    expect(ada.page.text).toContain('A new code is on its way');
    expect(world.mail.codeFor(address)).not.toBe(code);
    await ada.submit('/verify', { code: world.mail.codeFor(address) });
    expect(ada.page.json.emailVerified).toBe(true);
  });

  test('tries made at once count as many', async () => {
    await signUp();
    const { url } = ada.page;
    const right = world.mail.codeFor(address);
    const guesses = Array.from({ length: 12 }, (_, i) => `${(Number(right) + i + 1) % 1_000_000}`.padStart(6, '0'));
    await Promise.all(guesses.map((code) => ada.visit(url, { code })));
    await ada.visit(url, { code: right });
    expect(ada.page.text).toContain('This code works no longer');
  });

  test('an address that was verified meanwhile, by a first press of the button or in another tab, needs no code', async () => {
    await signUp();
    await existing(true);
    await ada.submit('/verify', { code: '0' });
    expect(ada.page.json).toMatchObject({ email: address, emailVerified: true });
  });

  test('a code expires after 15 minutes', async () => {
    await signUp();
    const db = new pg.Client(world.databaseUrl);
    await db.connect();
    const { rows } = await db.query(
      `update email_code set expires_at = now() where subject = (select subject from account where mailbox = $1)
       returning (select $1::text)`,
      [address],
    );
    expect(rows).toHaveLength(1);
    await db.end();
    await ada.submit('/verify', { code: world.mail.codeFor(address) });
    expect(ada.page.text).toContain('This code works no longer');
  });

  test('an address is sent five an hour at most', async () => {
    await signUp();
    for (let i = 2; i <= 5; i++) await ada.submit('/verify/send');
    expect(ada.page.status).toBe(200);
    await ada.submit('/verify/send');
    expect(ada.page.status).toBe(429);
    expect(world.mail.sent.filter(({ To }) => To === address)).toHaveLength(5);
  });

  test('while the mail service is down people can still sign up, and have the code sent later', async () => {
    world.mail.down = true;
    await signUp();
    expect(ada.title).toBe('Verify your email address');
    await ada.submit('/verify/send');
    expect(ada.page.text).toContain('The email could not be sent');
    world.mail.down = false;
    await ada.submit('/verify/send');
    await ada.submit('/verify', { code: world.mail.codeFor(address) });
    expect(ada.page.json.emailVerified).toBe(true);
  });
});

describe('signing in', () => {
  test('the hint fills in the address, also after following the links between the forms', async () => {
    await existing(true);
    await start({ hint: address });
    expect(ada.value('email')).toBe(address);
    await ada.follow('Create an account');
    expect(ada.value('email')).toBe(address);
    await ada.follow('Sign in');
    await ada.submit('/sign-in', { email: ada.value('email')!, password });
    expect(ada.page.json).toMatchObject({ email: address, emailVerified: true });
  });

  test('a wrong password and an unknown address get the same answer', async () => {
    await existing(true);
    await start();
    const wrong = await ada.submit('/sign-in', { email: address, password: 'wrong password' });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('The email address or the password is wrong');
    const unknown = await ada.submit('/sign-in', { email: `x${address}`, password });
    expect(unknown.text.replace(`x${address}`, address)).toBe(wrong.text);
  });

  test('ten wrong passwords close an address for a while, even to the right one', async () => {
    await existing(true);
    await start();
    const { url } = ada.page;
    await Promise.all(Array.from({ length: 10 }, () => ada.visit(url, { email: address, password: 'wrong password' })));
    await ada.visit(url, { email: address, password });
    expect(ada.page.status).toBe(429);
    expect(ada.page.text).toContain('Try again in 15 minutes');
  });

  test('someone signed in at the provider is signed in without a question', async () => {
    await existing(true);
    await start();
    await ada.submit('/sign-in', { email: address, password });
    const first = ada.page.json;
    await start({ hint: 'someone.else@example.com' });
    expect(ada.page.json).toEqual(first);
  });

  test('prompt=login asks again, and another account takes the place of the first', async () => {
    await existing(true);
    await start();
    await ada.submit('/sign-in', { email: address, password });
    const other = `other.${address}`;
    await world.provider.ensureUser({ email: other, name: 'Other', password, emailVerified: true });

    await start({ prompt: 'login', hint: other });
    expect(ada.page.text).toContain(`You are signed in as <strong>${address}</strong>`);
    expect(ada.value('email')).toBe(other);
    await ada.submit('/sign-in', { email: other, password });
    expect(ada.page.json).toMatchObject({ email: other });
    await start();
    expect(ada.page.json).toMatchObject({ email: other });
  });

  test('prompt=login lets someone create another account', async () => {
    await existing(true);
    await start();
    await ada.submit('/sign-in', { email: address, password });
    const other = `other.${address}`;
    await start({ prompt: 'login', hint: other });
    await ada.follow('Create an account');
    await ada.submit('/sign-up', { name: 'Other', email: other, password });
    await ada.submit('/verify', { code: world.mail.codeFor(other) });
    expect(ada.page.json).toMatchObject({ email: other, emailVerified: true });
  });

  test('who signed in meanwhile in another tab is replaced as well', async () => {
    await existing(true);
    const other = `other.${address}`;
    await world.provider.ensureUser({ email: other, name: 'Other', password, emailVerified: true });
    await start();
    const tab = ada.page;
    await start();
    await ada.submit('/sign-in', { email: other, password });
    ada.page = tab;
    await ada.submit('/sign-in', { email: address, password });
    // The first tab's state is gone from this app's one cookie; the provider itself has moved on.
    await start();
    expect(ada.page.json).toMatchObject({ email: address });
  });

  test('turning back is told to the app', async () => {
    await start();
    await ada.submit('/cancel');
    expect(ada.page.json).toEqual({ refused: 'cancelled' });
  });

  test('a page works once', async () => {
    await existing(true);
    await start();
    const { url } = ada.page;
    await ada.submit('/sign-in', { email: address, password });
    await ada.visit(url);
    expect(ada.page.status).toBe(400);
    expect(ada.title).toBe('This page has expired');
  });

  test('a page works only in the browser that opened it', async () => {
    await start();
    const thief = new Visitor();
    await thief.visit(ada.page.url);
    expect(thief.title).toBe('This page has expired');
  });
});

describe('signing out', () => {
  test('ends the session at the provider without a question', async () => {
    await existing(true);
    await start();
    await ada.submit('/sign-in', { email: address, password });
    await ada.visit(`${world.app.url}/sign-out`);
    expect(ada.page.url.href).toBe(`${world.app.url}/`);
    await start();
    expect(ada.title).toBe('Sign in');
    // Signing out again finds nobody, and returns just the same.
    await ada.visit(`${world.app.url}/sign-out`);
    expect(ada.page.url.href).toBe(`${world.app.url}/`);
  });

  test('asks before it ends the session of an account the app did not name', async () => {
    await existing(true);
    await start();
    await ada.submit('/sign-in', { email: address, password });
    await ada.visit(`${world.provider.url}/session/end`);
    expect(ada.title).toBe('Sign out?');
    await ada.submit('/session/end/confirm', { logout: 'yes' });
    expect(ada.title).toBe('You are signed out');
    await start();
    expect(ada.title).toBe('Sign in');
  });

  test('returns to registered addresses only', async () => {
    await ada.visit(
      `${world.provider.url}/session/end?client_id=usher&post_logout_redirect_uri=${encodeURIComponent('https://evil.example/')}`,
    );
    expect(ada.page.status).toBe(400);
    expect(ada.title).toBe('Something went wrong');
  });
});

describe('the provider', () => {
  test('a restart keeps accounts, sessions, keys, and a sign-in halfway', async () => {
    await existing(true);
    await start();
    const keys = await (await fetch(`${world.provider.url}/jwks`)).text();
    await world.restart();
    await ada.submit('/sign-in', { email: address, password });
    expect(ada.page.json).toMatchObject({ email: address });
    await world.restart();
    await start();
    expect(ada.page.json).toMatchObject({ email: address });
    expect(await (await fetch(`${world.provider.url}/jwks`)).text()).toBe(keys);
  });

  test('ensuring a user twice keeps the subject and takes the new password', async () => {
    const first = await existing(false);
    const second = await world.provider.ensureUser({
      email: address,
      name: 'Ada King',
      password: 'a new password',
      emailVerified: true,
    });
    expect(second).toEqual(first);
    await start();
    await ada.submit('/sign-in', { email: address, password: 'a new password' });
    expect(ada.page.json).toMatchObject({ subject: first.subject, name: 'Ada King', emailVerified: true });
  });

  test('its cookies carry its port, so that providers on one host do not share them', async () => {
    await existing(true);
    await start();
    await ada.submit('/sign-in', { email: address, password });
    const names = ada.cookieNames().filter((name) => name !== 'login');
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(name).toContain(`_${world.options.port}_`);
  });

  test('a port that is taken is an error, and leaves nothing open', async () => {
    await expect(startProvider(world.options)).rejects.toThrow('EADDRINUSE');
  });

  test('refuses a request without PKCE', async () => {
    const query = new URLSearchParams({
      client_id: 'usher',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: world.options.client.redirectUris[0]!,
      state: 'state',
    });
    await ada.visit(`${world.provider.url}/auth?${query}`);
    expect(ada.page.url.searchParams.get('error')).toBe('invalid_request');
  });

  test('its root says that there is nothing to do, and an unknown page that it is none', async () => {
    await ada.visit(world.provider.url);
    expect(ada.title).toBe('Nothing to do here');
    await ada.visit(`${world.provider.url}/interaction/x/y`);
    expect(ada.page.status).toBe(404);
  });
});
