import { mkdir } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchBrowser } from '../setup/browser.ts';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * What an invitee meets, in real Chromium without JavaScript: Usher on localhost, the identity provider on 127.0.0.1, so
 * that they are two sites and cookie rules bite. The email is opened in the mail sandbox's inbox.
 */

const pictures = 'test-output/browser';
const password = 'correct horse battery';

let usher: Usher;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let requests: URL[];
let complaints: string[];

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  usher = await startUsher({ withProvider: true, seats: 100 });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await usher?.close();
});

const open = async () => {
  context = await browser.newContext({ javaScriptEnabled: false });
  page = await context.newPage();
  context.on('request', (request) => requests.push(new URL(request.url())));
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
};
beforeEach(async () => {
  requests = [];
  complaints = [];
  await open();
});
afterEach(async () => {
  await context.close();
  const hosts = [usher.url, usher.provider.url, usher.inbox].map((url) => new URL(url).host);
  for (const { host } of requests) expect(hosts).toContain(host);
  expect(complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  expect(await findBreaches(usher.db)).toEqual([]);
});

const heading = () => page.getByRole('heading', { level: 1 }).textContent();
const button = (name: string, on = page) => on.getByRole('button', { name, exact: true });
const state = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.state;
const user = (email: string, emailVerified = true) =>
  usher.provider.ensureUser({ email, name: 'Ada Lovelace', password, emailVerified });
let count = 0;
const fresh = () => `person-${++count}@example.com`;

/** Opens the newest email to an address in the inbox, and follows its link in this tab. */
async function followLink(email: string) {
  const path = await usher.linkTo(email);
  await page.goto(`${usher.inbox}/?recipient=${encodeURIComponent(email)}`);
  await page
    .getByRole('link', { name: /invited you|invitation/i })
    .first()
    .click();
  await page.getByText(usher.url).first().waitFor();
  return page.goto(`${usher.url}${path}`);
}

async function signIn(email: string) {
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(password);
  await button('Sign in').click();
}

const code = async (email: string) => {
  const found = await usher.until('a code', async () => {
    for (const { MessageID } of await usher.messages(email)) {
      const details = await fetch(`${usher.inbox}/messages/outbound/${MessageID}/details`, {
        headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' },
      });
      const digits = /\b\d{6}\b/.exec(((await details.json()) as { TextBody: string }).TextBody);
      if (digits) return digits[0];
    }
    return undefined;
  });
  return found;
};

/** Holds the page against axe, narrow and wide, light and dark, and takes its picture. axe needs JavaScript of its own. */
async function inspect(name: string) {
  const html = await page.content();
  const url = page.url();
  const lab = await browser.newContext();
  const copy = await lab.newPage();
  await copy.route('**/*', async (route) =>
    route.request().url() === url ? route.fulfill({ body: html, contentType: 'text/html' }) : route.continue(),
  );
  await copy.goto(url);
  for (const colorScheme of ['light', 'dark'] as const) {
    await copy.emulateMedia({ colorScheme });
    for (const width of [320, 1200]) {
      await copy.setViewportSize({ width, height: 800 });
      await copy.screenshot({ path: `${pictures}/${name}-${colorScheme}-${width}.png` });
      expect(await copy.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    const { violations } = await new AxeBuilder({ page: copy }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)])).toEqual([]);
  }
  await lab.close();
}

const joined = async () => {
  expect(new URL(page.url()).pathname).toBe('/');
  const main = await page.getByRole('main').textContent();
  expect(main).toContain('Acme');
  return main;
};

describe('joining', () => {
  test('with a new account: sign up, verify, join, and find the licence at home', async () => {
    const email = fresh();
    const { id } = await usher.invite(email, {
      licenses: ['studio'],
      message: 'Glad to have you with us!',
      role: 'member',
    });
    await followLink(email);
    expect(new URL(page.url()).host).toBe(new URL(usher.provider.url).host);
    // The invited address is suggested.
    expect(await page.getByLabel('Email address').inputValue()).toBe(email);
    await page.getByRole('link', { name: 'Create an account' }).click();
    expect(await page.getByLabel('Email address').inputValue()).toBe(email);
    await page.getByLabel('Your name').fill('Grace Hopper');
    await page.getByLabel('Password').fill(password);
    await button('Create account').click();
    await page.getByLabel('Verification code').fill(await code(email));
    await button('Verify').click();

    expect(page.url()).toBe(`${usher.url}/invitations/${id}`);
    const text = await page.getByRole('main').textContent();
    for (const fact of [
      'Acme',
      'Olivia Owner',
      'owner@acme.example',
      'Member',
      'Studio',
      'Glad to have you with us!',
      email,
    ]) {
      expect(text).toContain(fact);
    }
    await inspect('invitation');
    await button('Join Acme').click();
    expect(await joined()).toContain('Studio');
    await inspect('home');
    expect(await state(id)).toBe('accepted');
    // No token stayed in an address, and none went out in a Referer.
    for (const url of requests)
      if (!url.pathname.startsWith('/i/')) expect(url.href).not.toMatch(/[\w-]{65,}.*\/i\/|\/i\//);
  });

  test('with an account that exists, and then in a browser that is signed in', async () => {
    const email = fresh();
    await user(email);
    const first = await usher.invite(email);
    await followLink(email);
    await signIn(email);
    await button('Join Acme').click();
    await joined();
    expect(await state(first.id)).toBe('accepted');
    // The link is used; it leads home now.
    await page.goto(`${usher.url}${await usher.linkTo(email)}`);
    await joined();
  });

  test('by the keyboard alone', async () => {
    const email = fresh();
    await user(email);
    const { id } = await usher.invite(email);
    await followLink(email);
    await page.getByLabel('Password').focus();
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/invitations/${id}`);
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab');
      if ((await page.locator(':focus').textContent()) === 'Join Acme') break;
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(`${usher.url}/?joined=acme`);
    expect(await state(id)).toBe('accepted');
  });

  test('from the home page, when the email got lost', async () => {
    const email = fresh();
    await user(email);
    const { id } = await usher.invite(email);
    await page.goto(usher.url);
    await inspect('welcome');
    await button('Sign in').click();
    await signIn(email);
    await inspect('home-invited');
    await page.locator(`a[href="/invitations/${id}"]`).click();
    await button('Join Acme').click();
    await joined();
  });

  test('by the older link after a resend, but not by the old link after the address has changed', async () => {
    const email = fresh();
    await user(email);
    const { id } = await usher.invite(email);
    const older = await usher.linkTo(email);
    await usher.call(`/v1/invitations/${id}/resend`, { body: {} });
    await page.goto(`${usher.url}${older}`);
    await signIn(email);
    await button('Join Acme').waitFor();
    const moved = fresh();
    await user(moved);
    await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: moved } });
    expect((await page.reload())!.status()).toBe(410);
    expect(await heading()).toBe('Invalid link');
    expect(await page.content()).not.toContain(moved);
    await context.close();
    await open();
    await page.goto(`${usher.url}${await usher.linkTo(moved)}`);
    await signIn(moved);
    await button('Join Acme').click();
    await joined();
  });
});

test('declining is asked once, said, and leaves no access and a free seat', async () => {
  const email = fresh();
  await user(email);
  const reserved = async () =>
    (await usher.db.selectFrom('license_pools').select('reserved').executeTakeFirstOrThrow()).reserved;
  const before = await reserved();
  const { id } = await usher.invite(email, { licenses: ['studio'] });
  await followLink(email);
  await signIn(email);
  await page.getByRole('link', { name: 'Decline' }).click();
  await inspect('decline');
  expect(await state(id)).toBe('pending');
  await button('Decline invitation').click();
  expect(await heading()).toMatch(/declined/i);
  await inspect('declined');
  expect(await state(id)).toBe('declined');
  expect(await reserved()).toBe(before);
  expect((await page.goto(`${usher.url}${await usher.linkTo(email)}`))!.status()).toBe(410);
  expect(await heading()).toMatch(/declined/i);
  await page.goto(usher.url);
  expect(await page.getByRole('main').textContent()).not.toContain('Acme');
});

describe('a link that is dead', () => {
  test.each(['revoked', 'expired'] as const)(
    'because the invitation is %s says so, and asks the inviter once an hour',
    async (how) => {
      const email = fresh();
      const { id } = await usher.invite(email);
      const path = await usher.linkTo(email);
      if (how === 'revoked') await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
      else
        await usher.db
          .updateTable('invitations')
          .set({ expires_at: new Date(Date.now() - 1_000) })
          .where('id', '=', id)
          .execute();
      const before = (await usher.messages(usher.owner.email)).length;
      expect((await page.goto(`${usher.url}${path}`))!.status()).toBe(410);
      expect(await heading()).toBe('Invalid link');
      expect(await page.content()).not.toContain(email);
      await inspect(`invalid-${how}`);
      await button('Ask to resend').click();
      await inspect(`asked-${how}`);
      await usher.until('the request', async () => (await usher.messages(usher.owner.email)).length === before + 1);
      await page.goto(`${usher.url}${path}`);
      await button('Ask to resend').click();
      await page
        .getByText(/already|hour/i)
        .first()
        .waitFor();
      expect((await usher.messages(usher.owner.email)).length).toBe(before + 1);
      // The inviter does as asked: the invitation lives again.
      const resent = await usher.call(`/v1/invitations/${id}/resend`, { body: {} });
      expect(resent.body.state).toBe('pending');
    },
  );

  test('because it was replaced', async () => {
    const email = fresh();
    const { id } = await usher.invite(email);
    const path = await usher.linkTo(email);
    await usher.call(`/v1/invitations/${id}/resend`, { body: { replaceLink: true } });
    expect((await page.goto(`${usher.url}${path}`))!.status()).toBe(410);
    expect(await heading()).toBe('Invalid link');
  });

  test('or unknown is told in the same words', async () => {
    const token = usher.links.token({ invitation: 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q', generation: 1 });
    for (const path of [`/i/${token}`, `/i/${token.slice(0, -3)}`, '/i/nonsense']) {
      expect((await page.goto(`${usher.url}${path}`))!.status()).toBe(404);
    }
    await inspect('unknown-link');
  });

  test('because somebody accepted with it', async () => {
    const email = fresh();
    await user(email);
    await usher.invite(email);
    await followLink(email);
    await signIn(email);
    await button('Join Acme').click();
    await context.close();
    await open();
    expect((await page.goto(`${usher.url}${await usher.linkTo(email)}`))!.status()).toBe(410);
    await inspect('already-accepted');
    await page.getByRole('button', { name: /sign in/i }).click();
    await signIn(email);
    await joined();
  });
});

describe('the wrong account', () => {
  test('is named beside the invited one, burns nothing, and can be switched', async () => {
    const [email, other] = [fresh(), fresh()];
    await user(email);
    await user(other);
    const { id } = await usher.invite(email);
    await followLink(email);
    await signIn(other);
    expect(await page.getByRole('main').textContent()).toContain(email);
    expect(await page.getByRole('main').textContent()).toContain(other);
    await inspect('wrong-account');
    expect(await state(id)).toBe('pending');
    await button('Switch account').click();
    await signIn(email);
    await button('Join Acme').click();
    await joined();
  });

  test('without a link learns nothing', async () => {
    const [email, other] = [fresh(), fresh()];
    await user(other);
    const { id } = await usher.invite(email);
    await page.goto(`${usher.url}/invitations/${id}`);
    await signIn(other);
    await page.waitForURL(`${usher.url}/invitations/${id}`);
    expect((await page.reload())!.status()).toBe(404);
    expect(await page.content()).not.toContain(email);
    expect(await page.content()).not.toContain('Acme');
  });

  test('whose address is not verified is told what to do, and joins once it is', async () => {
    const email = fresh();
    const { id } = await usher.invite(email);
    await followLink(email);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Your name').fill('Mary Jackson');
    await page.getByLabel('Password').fill(password);
    await button('Create account').click();
    await page.getByRole('button', { name: /later/i }).click();
    expect(page.url()).toBe(`${usher.url}/invitations/${id}`);
    await inspect('unverified');
    await page
      .getByRole('main')
      .getByRole('button', { name: /verif|try again/i })
      .first()
      .click();
    await signIn(email);
    await page.getByLabel('Verification code').fill(await code(email));
    await button('Verify').click();
    await button('Join Acme').click();
    await joined();
  });
});

describe('when a part is down', () => {
  test('every worker: the page says that nothing was lost and how things stand, and trying again joins', async () => {
    const email = fresh();
    await user(email);
    const { id } = await usher.invite(email);
    await followLink(email);
    await signIn(email);
    await button('Join Acme').waitFor();
    await usher.worker.stop();
    try {
      await button('Join Acme').click();
      expect(await page.getByRole('main').textContent()).toMatch(/nothing was lost/i);
      await inspect('unreachable');
      expect(await state(id)).toBe('pending');
    } finally {
      usher.worker = await usher.startWorker();
    }
    await usher.until('an outcome', async () => {
      const again = button('Try again');
      if (await again.count()) await again.click();
      return new URL(page.url()).pathname === '/';
    });
    await joined();
  });

  test('the identity provider: the page says so', async () => {
    const email = fresh();
    await usher.invite(email);
    const path = await usher.linkTo(email);
    const other = await startUsher({ temporal: usher.temporal, withWorker: false });
    try {
      // An Usher whose provider does not answer at all.
      expect((await page.goto(`${other.url}/console`))!.status()).toBe(503);
      expect(await page.getByRole('main').textContent()).toMatch(/sign.?in|identity/i);
      expect(path).toMatch(/^\/i\//);
    } finally {
      await page.goto('about:blank');
      requests = requests.filter(({ origin }) => origin !== other.url);
      await other.close();
    }
  });
});

test('two invitations open in two tabs never cross', async () => {
  const email = fresh();
  await user(email);
  const first = await usher.invite(email);
  await followLink(email);
  await signIn(email);
  await button('Join Acme').waitFor();
  const second = await usher.invite(fresh());
  const other = await context.newPage();
  await other.goto(`${usher.url}${await usher.linkTo(second.email)}`);
  expect(await other.getByRole('main').textContent()).toContain(second.email);
  // Back in the first tab its own invitation is accepted, not the one opened last.
  await button('Join Acme').click();
  await joined();
  expect([await state(first.id), await state(second.id)]).toEqual(['accepted', 'pending']);
});

test('a form of one invitation is refused at another, and so is one that was drawn for somebody else', async () => {
  const [email, other] = [fresh(), fresh()];
  await user(email);
  await user(other);
  const { id } = await usher.invite(email);
  await followLink(email);
  await signIn(email);
  await button('Join Acme').waitFor();
  const form = {
    _csrf: await page.locator('form[action$="/accept"] [name=_csrf]').inputValue(),
    invitation: id,
    emailVersion: '1',
  };
  const foreign = await usher.invite(fresh());
  const post = (path: string, fields: Record<string, string>) =>
    context.request.post(`${usher.url}${path}`, { form: fields, maxRedirects: 0 });
  expect((await post(`/invitations/${foreign.id}/accept`, form)).status()).toBe(403);
  expect((await post(`/invitations/${foreign.id}/accept`, { ...form, invitation: foreign.id })).status()).toBe(404);
  // Somebody else signs in; the page kept open cannot act for them.
  const tab = await context.newPage();
  await tab.goto(`${usher.url}/invitations/${id}`);
  await tab.getByRole('button', { name: 'Switch account' }).click();
  await tab.getByLabel('Email address').fill(other);
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
  await button('Join Acme').click();
  expect(await page.getByRole('main').textContent()).toMatch(/form has expired/i);
  await inspect('form-expired');
  expect(await state(id)).toBe('pending');
});

test('signing out ends the session; cookies are what they should be, and renewed at each sign-in', async () => {
  const email = fresh();
  await user(email);
  const session = async () => (await context.cookies(usher.url)).find((c) => c.name.endsWith('_session'));
  const sign = async () => {
    await page.goto(usher.url);
    await button('Sign in').click();
    await signIn(email);
    await page.waitForURL(`${usher.url}/`);
  };
  await sign();
  const first = await session();
  expect(first).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  await button('Sign out').click();
  expect(await session()).toBeUndefined();
  // The old id is dead on the server too.
  await context.addCookies([first!]);
  await page.goto(usher.url);
  await button('Sign in').click();
  await signIn(email);
  expect((await session())!.value).not.toBe(first!.value);
});

test('a mail scanner that follows every link, twice and by HEAD, changes nothing', async () => {
  const email = fresh();
  await usher.invite(email);
  const path = await usher.linkTo(email);
  await usher.until('sent', async () => (await usher.messages(email)).length === 1);
  const before = await stateOf(usher.db);
  for (let i = 0; i < 2; i++) {
    await page.goto(`${usher.url}${path}`);
    await context.request.head(`${usher.url}${path}`);
  }
  expect(await stateOf(usher.db)).toBe(before);
});

test('of many opened invitations a browser keeps the last twenty links', async () => {
  for (let i = 0; i < 25; i++) {
    const { id } = await usher.invite(fresh());
    await context.request.get(`${usher.url}/i/${usher.links.token({ invitation: id, generation: 1 })}`, {
      maxRedirects: 0,
    });
  }
  const links = (await context.cookies(usher.url)).filter((c) => c.name.includes('_link_'));
  expect(links).toHaveLength(20);
  expect(links.every((c) => c.httpOnly && c.sameSite === 'Lax')).toBe(true);
});
