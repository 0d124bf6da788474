import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildWebApp } from '../../examples/web-app/app.ts';
import { newSigningKey } from '../../examples/web-app/issuer.ts';
import { freePort } from '../../local/ports.ts';
import { accessibilityFaults } from '../setup/accessibility.ts';
import { launchBrowser, takePicture } from '../setup/browser.ts';
import { machine } from '../setup/machine.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** The example of docs/web-app.md: a web app of its own process and sessions beside a running Usher, in real browsers. */

let usher: Usher;
let chromium: Browser;
let app: ChildProcess;
let url: string;
let state: string;

beforeAll(async () => {
  [usher, chromium] = await Promise.all([startUsher(), launchBrowser()]);
  state = await mkdtemp(path.join(tmpdir(), 'usher-web-app-'));
  const addresses = { api: usher.url, issuer: usher.issuer, database: usher.runUrl };
  await writeFile(path.join(state, 'local.json'), JSON.stringify(addresses));
  await startApp();
});
afterAll(async () => {
  await stopApp();
  await chromium?.close();
  await usher?.close();
  if (state) await rm(state, { recursive: true });
});

/** On another port each time. */
async function startApp(): Promise<void> {
  const port = String(await freePort());
  url = `http://localhost:${port}`;
  const main = path.join(import.meta.dirname, '../../examples/web-app/main.ts');
  app = spawn(process.execPath, [main, '--state', state, '--port', port], {
    env: machine,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(app.stdout!, 'data');
  expect(String(line)).toContain(`The web app is at ${url}.`);
}
async function stopApp(): Promise<void> {
  if (app?.exitCode !== null) return;
  app.kill('SIGTERM');
  expect(await once(app, 'exit')).toEqual([0, null]);
}

/** Somebody at a browser of their own, signed in to the app. */
async function signedIn(name: string): Promise<Page> {
  const page = await (await chromium.newContext()).newPage();
  await page.goto(url);
  await page.getByLabel('Email address').fill(`${name}@workshop.example`);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(`Signed in as ${name}`).waitFor();
  return page;
}
async function invite(page: Page, address: string): Promise<string | null> {
  await page.getByLabel('Address of a colleague').fill(address);
  await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Invite' }).click()]);
  return page.locator('.notice').textContent();
}
const words = (page: Page) => page.getByRole('main').textContent();

test('somebody invites from the app’s own page, and the invited one joins there without leaving it', async () => {
  const admin = await signedIn('admin');
  expect(await accessibilityFaults(admin)).toEqual([]);
  await admin.getByLabel('with a seat of Studio').check();
  expect(await invite(admin, 'ben@workshop.example')).toBe('ben@workshop.example is invited, and has an email.');
  expect(await words(admin)).toMatch(/Pending\s+Who.*ben@workshop\.example/s);
  await takePicture(admin, 'web-app-admin');

  const ben = await signedIn('ben');
  expect(await words(ben)).toContain('You are no member yet.');
  await takePicture(ben, 'web-app-invited');
  const asked: string[] = [];
  ben.on('request', (request) => asked.push(new URL(request.url()).origin));
  await ben.getByRole('button', { name: 'Join' }).click();
  await ben.getByText('Welcome. You are in.').waitFor();
  expect(await words(ben)).toContain('You are here as member.');
  expect(new Set(asked)).toEqual(new Set([url]));

  await admin.reload();
  expect(await words(admin)).toMatch(/Pending\s+Nobody\./);
  await usher.until('what Usher tells the app', async () => {
    await admin.reload();
    return (await words(admin))!.includes('ben has joined as member.');
  });
  const members = await usher.db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'account_id')
    .innerJoin('seats', 'seats.member_id', 'members.id')
    .select(['email', 'issuer', 'role'])
    .where('email', 'like', '%@workshop.example')
    .execute();
  expect(members).toEqual([{ email: 'ben@workshop.example', issuer: url, role: 'member' }]);
});

test('what Usher refuses is said, and nobody joins for somebody else', async () => {
  const admin = await signedIn('admin');
  await invite(admin, 'cleo@workshop.example');
  expect(await invite(admin, 'cleo@workshop.example')).toBe('The address has a pending invitation');
  const { id } = await usher.db
    .selectFrom('invitations')
    .select('id')
    .where('email', '=', 'cleo@workshop.example')
    .executeTakeFirstOrThrow();

  const eve = await signedIn('eve');
  expect(await words(eve)).not.toContain('You are invited');
  // As a form that knows the id would.
  const form = `<form method="post" action="/invitations/${id}/accept"><button>Join</button></form>`;
  await eve.evaluate(`document.body.innerHTML = ${JSON.stringify(form)}`);
  await eve.getByRole('button', { name: 'Join' }).click();
  await eve.getByRole('alert').waitFor();
  expect(await eve.getByRole('alert').textContent()).toContain('Not found');
  const { state } = await usher.db
    .selectFrom('invitations')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  expect(state).toBe('pending');
});

test('a message that Usher has not signed tells the app nothing', async () => {
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'msg_forged',
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'webhook-signature': 'v1,Zm9yZ2Vk',
  };
  const body = JSON.stringify({ type: 'member.joined', data: { member: { name: 'mallory', role: 'owner' } } });
  const answer = await fetch(`${url}/webhooks`, { method: 'POST', headers, body });
  expect(answer.status).toBe(401);
  expect(await words(await signedIn('admin'))).not.toContain('mallory');
});

test('a form of another site does nothing here', async () => {
  const form = new URLSearchParams({ email: 'mallory@workshop.example' });
  const answer = await fetch(`${url}/sign-in`, { method: 'POST', body: form, redirect: 'manual' });
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
});

test('started on another port, it is told there who joins, and nowhere else', async () => {
  await stopApp();
  await startApp();
  const webhooks = await usher.db.selectFrom('webhooks').select('url').execute();
  expect(webhooks).toEqual([{ url: `${url}/webhooks` }]);
});

test('its sessions are kept by browsers for this host and TLS alone, and end with the next sign-in', async () => {
  await using site = await buildWebApp({
    ...{ url: 'https://workshop.example', usher: usher.url, organization: 'workshop' },
    ...{ signingKey: await newSigningKey(), webhookSecret: `whsec_${Buffer.alloc(24).toString('base64')}` },
  });
  const signIn = (cookies: Record<string, string>) =>
    site.inject({
      ...{ method: 'POST', url: '/sign-in', cookies, headers: { origin: 'https://workshop.example' } },
      payload: { email: 'eve@workshop.example' },
    });
  const [cookie] = (await signIn({})).cookies as [{ name: string; value: string }];
  expect(cookie).toMatchObject({ name: '__Host-workshop_session', secure: true, httpOnly: true, maxAge: 43_200 });
  await signIn({ [cookie.name]: cookie.value });
  const { body } = await site.inject({ url: '/', cookies: { [cookie.name]: cookie.value } });
  expect(body).toContain('action="/sign-in"');
});
