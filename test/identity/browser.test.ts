import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessibilityFaults, rulesOfColours } from '../setup/accessibility.ts';
import { launchBrowser, takePicture } from '../setup/browser.ts';
import { password, startWorld, type World } from './world.ts';

let world: World;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let requests: string[];
let complaints: string[];

beforeAll(async () => {
  world = await startWorld();
  for (const [email, emailVerified] of Object.entries({ 'ada@example.com': true, 'other@example.com': true }))
    await world.provider.ensureUser({ email, name: 'Ada Lovelace', password, emailVerified });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  requests = [];
  complaints = [];
  page.on('request', (request) => requests.push(new URL(request.url()).host));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
});

afterEach(async () => {
  await context.close();
  expect(new Set(requests)).toEqual(new Set([new URL(world.app.url).host, new URL(world.provider.url).host]));
  // Chromium reports every answer of 4xx; what must not appear is a breach of the content security policy.
  expect(complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
});

const start = (query = '') => page.goto(`${world.app.url}/sign-in?${query}`);
const heading = () => page.getByRole('heading', { level: 1 }).textContent();
const identity = async () => JSON.parse((await page.textContent('body'))!);
const button = (name: string) => page.getByRole('button', { name, exact: true });

async function signIn(email: string, secret = password) {
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(secret);
  await button('Sign in').click();
}

/** Holds the page against axe in both colour schemes, and against the edges of the window, narrow and wide. */
async function inspect(name: string) {
  for (const [colorScheme, rules] of [
    ['light', undefined],
    ['dark', rulesOfColours],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 1200]) {
      await page.setViewportSize({ width, height: 800 });
      await takePicture(page, `${name}-${colorScheme}-${width}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    expect(await accessibilityFaults(page, rules)).toEqual([]);
  }
}

describe('in Chromium, with the app on another site', () => {
  test('signing up by keyboard, verifying, signing out', async () => {
    await start('hint=grace@example.com');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.locator('[name=name]:focus').waitFor();
    await page.keyboard.type('Grace Hopper');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').inputValue()).toBe('grace@example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.locator('[name=code]:focus').waitFor();
    await page.keyboard.type(world.mail.codeFor('grace@example.com'));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/sign-in/callback?*');
    expect(await identity()).toMatchObject({ email: 'grace@example.com', emailVerified: true, name: 'Grace Hopper' });

    await start();
    expect(await identity()).toMatchObject({ email: 'grace@example.com' });
    await page.goto(`${world.app.url}/sign-out`);
    expect(page.url()).toBe(`${world.app.url}/`);
    await start();
    expect(await heading()).toBe('Sign in');
  });

  test('signing in, and switching to another account', async () => {
    await start('hint=ada@example.com');
    expect(await page.locator(':focus').getAttribute('name')).toBe('password');
    await signIn('ada@example.com');
    expect(await identity()).toMatchObject({ email: 'ada@example.com' });
    await start('prompt=login&hint=other@example.com');
    await signIn('other@example.com');
    expect(await identity()).toMatchObject({ email: 'other@example.com' });
  });

  test('turning back', async () => {
    await start();
    await button('Cancel and go back to Usher').click();
    await page.waitForURL('**/sign-in/callback?*');
    expect(await identity()).toEqual({ refused: 'cancelled' });
  });

  test('two tabs do not get in each other’s way', async () => {
    await start();
    const second = await context.newPage();
    await second.goto(`${world.app.url}/sign-in`);
    await second.close();
    await signIn('ada@example.com');
    await page.waitForURL('**/sign-in/callback?*');
    // The app of this test remembers one sign-in a browser; the provider served both.
    expect(await identity()).toEqual({ refused: 'wrong_state' });
  });
});

describe('every page is legible, narrow or wide, light or dark', () => {
  test('signing in', async () => {
    await start();
    await inspect('sign-in');
    await signIn('ada@example.com', 'a wrong password');
    expect(await page.title()).toMatch(/^Problem: /);
    await inspect('sign-in-wrong');
    await signIn('ada@example.com');
    await page.waitForURL('**/sign-in/callback?*');
    await start('prompt=login&hint=a.rather.long.address.for.a.person@a-rather-long-domain.example.com');
    await inspect('sign-in-switch');
  });

  test('signing up', async () => {
    await start('prompt=create&hint=ada@example.com');
    await inspect('sign-up');
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Password').fill(password);
    await button('Create account').click();
    await page.getByText('has an account already').waitFor();
    await inspect('sign-up-taken');
  });

  test('verifying', async () => {
    await start('prompt=create&hint=mary@example.com');
    await page.getByLabel('Your name').fill('Mary Jackson');
    await page.getByLabel('Password').fill(password);
    await button('Create account').click();
    await page.waitForURL('**/verify');
    await inspect('verify');
    for (let i = 1; i <= 5; i++) {
      await page.getByLabel('Verification code').fill('12345');
      await button('Verify').click();
      if (i === 1) await inspect('verify-wrong');
    }
    await inspect('verify-void');
    await button('Send me a code').click();
    await page.waitForURL('**/verify?sent');
    await inspect('verify-sent');
  });

  test('signing out, and what can go wrong', async () => {
    await start('hint=ada@example.com');
    const { pathname } = new URL(page.url());
    await signIn('ada@example.com');
    await page.waitForURL('**/sign-in/callback?*');
    await page.goto(`${world.provider.url}/session/end`);
    await inspect('sign-out');
    await button('Sign out').click();
    await page.waitForURL('**/session/end/success');
    await inspect('signed-out');
    await page.goto(`${world.provider.url}${pathname}`);
    await inspect('expired');
    await page.goto(`${world.provider.url}/auth?client_id=unknown`);
    await inspect('error');
    await page.goto(world.provider.url);
    await inspect('root');
  });
});
