import type { Browser, BrowserContext, Locator, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { accessibilityFaults } from '../setup/accessibility.ts';
import { clickInFrame, launchBrowser, takePicture } from '../setup/browser.ts';
import { findBreaches } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * Invitees at their browsers: real Chromium, without JavaScript, each with cookies of their own. Usher is on localhost and
 * the identity provider on 127.0.0.1: two sites, so that cookie rules bite. Mail is read in the sandbox's inbox.
 *
 * This sets up one Usher and one Chromium for the test file that imports it, and after each test checks what must hold
 * whatever anybody did: see {@link Invitee.leave}.
 */
export let usher: Usher;

/** The password of everybody here. */
const password = 'correct horse battery';

let chromium: Browser;
/** Shows copies of pages to axe, which needs JavaScript. */
let laboratory: Page;
const present: Invitee[] = [];

// A browser on a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  // What people are told while there is no engine is looked at, too.
  const options = { withProvider: true, seats: 100, enginePatienceMs: 5_000 } as const;
  [usher, chromium] = await Promise.all([startUsher(options), launchBrowser()]);
  laboratory = await chromium.newPage();
});
afterEach(async () => {
  for (const invitee of present.splice(0)) await invitee.leave();
  expect(await findBreaches(usher.db)).toEqual([]);
});
afterAll(async () => {
  await chromium?.close();
  await usher?.close();
});

let count = 0;
/** An address that nobody has used. */
export const freshAddress = (): string => `person-${++count}@example.com`;

/** The address of somebody new who has an account at the identity provider. */
export async function accountHolder(): Promise<string> {
  const email = freshAddress();
  await usher.provider.ensureUser({ email, name: 'Ada Lovelace', password, emailVerified: true });
  return email;
}

export const stateOfInvitation = async (id: string): Promise<string> =>
  (await usher.call(`/v1/invitations/${id}`)).body.state;

/** Somebody sits down at a browser that has never been used. */
export async function invitee(): Promise<Invitee> {
  const context = await chromium.newContext({ javaScriptEnabled: false });
  const person = new Invitee(context, await context.newPage());
  present.push(person);
  return person;
}

const subjectOf = (organization: string) => new RegExp(`invited you to join ${organization}$`);

const textOf = async (locator: Locator): Promise<string> => (await locator.textContent())!.replace(/\s+/g, ' ').trim();

/** As {@link invitee}, in a browser where the owner of a verified address has signed in before. */
export async function signedIn(email: string): Promise<Invitee> {
  const person = await invitee();
  const { session } = await usher.person(email);
  const name = `usher_${new URL(usher.url).port}_session`;
  await person.context.addCookies([{ name, value: session, url: usher.url, httpOnly: true, sameSite: 'Lax' }]);
  return person;
}

interface Sent {
  url: URL;
  /** The token of a link, if it was one that Usher knows: then the answer leads on at once. */
  token: Promise<string | undefined>;
  /** Everything of the request in which something could travel, the cookies of Usher itself left out. */
  content: Promise<string>;
}

export class Invitee {
  readonly context: BrowserContext;
  /** The tab in front. */
  page: Page;
  readonly #sent: Sent[] = [];
  readonly #complaints: string[] = [];
  /** The answers that pages came with, oldest first. */
  readonly #arrivals: Response[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    context.on('console', (message) => message.type() === 'error' && this.#complaints.push(message.text()));
    context.on('response', (response) => {
      if (response.request().isNavigationRequest()) this.#arrivals.push(response);
    });
    context.on('request', (request) => {
      const url = new URL(request.url());
      const content = async () => {
        const { cookie, ...headers } = await request.allHeaders().catch(() => request.headers());
        return JSON.stringify([url.href, headers, url.origin === usher.url ? '' : cookie, request.postData()]);
      };
      const token = async () => {
        const [, found] = /^\/i\/(.+)/.exec(url.pathname) ?? [];
        return found && (await request.response())?.status() === 303 ? found : undefined;
      };
      this.#sent.push({ url, content: content(), token: token() });
    });
  }

  /** Origins asked for anything, in order. */
  get asked(): string[] {
    return this.#sent.map(({ url }) => url.origin);
  }

  /** Goes to a path of Usher or another URL. @returns the status of the page at the end of all redirects */
  async goto(target: string): Promise<number> {
    return (await this.page.goto(new URL(target, usher.url).href))!.status();
  }

  /** Does what leads to another page. @returns the status of that page */
  async arrive(act: () => Promise<unknown>): Promise<number> {
    const [response] = await Promise.all([this.page.waitForNavigation(), act()]);
    if (!response!.headers().refresh) return response!.status();
    // A page between Usher and another site, which leads on by itself.
    await this.page.waitForURL((url) => url.href !== response!.url());
    return this.#arrivals.at(-1)!.status();
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  press = (name: string): Promise<number> => this.arrive(() => this.button(name).click());
  reload = async (): Promise<number> => (await this.page.reload())!.status();
  heading = (): Promise<string> => textOf(this.page.getByRole('heading', { level: 1 }));
  words = (): Promise<string> => textOf(this.page.getByRole('main'));
  /** Path and query of the page. */
  get place(): string {
    const { origin, pathname, search } = new URL(this.page.url());
    return `${origin === usher.url ? '' : origin}${pathname}${search}`;
  }

  /** Opens the newest email to an address that has such a subject, in a tab of its own. */
  async openEmail(email: string, subject: RegExp): Promise<Page> {
    await usher.until(`an email to ${email}`, async () =>
      (await usher.messages(email)).some(({ Subject }) => subject.test(Subject)),
    );
    const tab = this.page.url() === 'about:blank' ? this.page : await this.context.newPage();
    await tab.goto(`${usher.inbox}/?recipient=${encodeURIComponent(email)}`);
    await tab.getByRole('link', { name: subject }).first().click();
    return tab;
  }

  /** Follows the link of the newest invitation as from a mail program, which has it opened in a tab. */
  async followLink(email: string, organization = 'Acme'): Promise<void> {
    const link = await usher.linkTo(email, subjectOf(organization));
    if (this.page.url() !== 'about:blank') this.page = await this.context.newPage();
    await this.goto(link);
  }

  /** Opens the newest invitation in the inbox, another site in this browser, and follows its link, which opens a tab. */
  async followLinkInInbox(email: string, organization = 'Acme'): Promise<void> {
    const inbox = await this.openEmail(email, subjectOf(organization));
    const mail = inbox.frameLocator('iframe');
    const link = mail.getByRole('link', { name: 'View the invitation' });
    [this.page] = await Promise.all([this.context.waitForEvent('page'), clickInFrame(mail, link)]);
    await this.page.waitForLoadState();
  }

  /** Signs in on the identity provider's page. */
  async signIn(email: string): Promise<number> {
    expect(new URL(this.page.url()).origin).toBe(usher.provider.url);
    await this.page.getByLabel('Email address').fill(email);
    await this.page.getByLabel('Password').fill(password);
    return this.press('Sign in');
  }

  /** Signs in on the identity provider's page, but stops on the way back. @returns Usher's URL that comes next */
  async signInUpToCallback(email: string): Promise<string> {
    const { request } = this.context;
    const form = { email, password };
    let answer = await request.post(this.page.url(), { form, maxRedirects: 0 });
    for (;;) {
      const next = new URL(answer.headers().location!, usher.provider.url);
      if (next.origin === usher.url) return next.href;
      answer = await request.get(next.href, { maxRedirects: 0 });
    }
  }

  /** Goes to sign up, with the address that is suggested. */
  async signUp(name: string): Promise<void> {
    await this.arrive(() => this.page.getByRole('link', { name: 'Create an account' }).click());
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByLabel('Password').fill(password);
    await this.press('Create account');
  }

  /** Looks up the code in the inbox, in another tab, and enters it. */
  async verify(email: string): Promise<number> {
    const inbox = await this.openEmail(email, /code/i);
    const [code] = /\b\d{6}\b/.exec(await textOf(inbox.locator('pre')))!;
    await this.page.getByLabel('Verification code').fill(code!);
    return this.press('Verify');
  }

  /** Presses Join, and Try again as long as the page says that the engine takes its time: on a busy machine it may. */
  async join(organization = 'Acme'): Promise<void> {
    await this.press(`Join ${organization}`);
    while ((await this.heading()) === 'We cannot reach the engine') await this.press('Try again');
    expect(this.place).toBe(`/?joined=${organization.toLowerCase()}`);
    expect(await this.words()).toContain(`Welcome to ${organization}. You are a member now.`);
  }

  /** Presses the tabulator until something with this text has the focus, and then Enter. */
  async choose(text: string | RegExp, within: { locator(selector: string): Locator } = this.page): Promise<void> {
    const focused = within.locator(':focus');
    for (let i = 0; i < 40; i++) {
      await this.page.keyboard.press('Tab');
      if ((await focused.count()) > 0 && ((await focused.textContent()) ?? '').trim().match(text)) break;
    }
    expect((await focused.textContent())!.trim()).toMatch(text);
    await this.page.keyboard.press('Enter');
  }

  /**
   * Holds the page as it came against axe, and against the edges of the window, wide and narrow. In every light and width
   * each page is looked at where pages are drawn without an Usher behind them (test/pages/browser.test.ts).
   */
  async inspect(name: string): Promise<void> {
    const [url, body] = [this.page.url(), await this.page.content()];
    await laboratory.route(url, (route) => route.fulfill({ body, contentType: 'text/html' }));
    await laboratory.goto(url);
    for (const [colorScheme, width] of [
      ['light', 1200],
      ['dark', 320],
    ] as const) {
      await laboratory.setViewportSize({ width, height: 800 });
      await laboratory.emulateMedia({ colorScheme });
      await takePicture(laboratory, `${name}-${colorScheme}-${width}`);
      expect(await laboratory.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    expect(await accessibilityFaults(laboratory)).toEqual([]);
    await laboratory.unroute(url);
  }

  /**
   * Closes the browser. By then it must have asked nobody but Usher, the identity provider and the inbox; met no breach
   * of a content security policy; and the token of a link must have been in that one request to `/i/` alone: in no
   * other URL, header or body, and in no tab's history.
   */
  async leave(): Promise<void> {
    const visited: string[] = [];
    for (const tab of this.context.pages()) {
      const session = await this.context.newCDPSession(tab);
      const { entries } = await session.send('Page.getNavigationHistory');
      visited.push(...entries.map(({ url }) => url));
    }
    const contents = await Promise.all(this.#sent.map(({ content }) => content));
    const tokens = await Promise.all(this.#sent.map(({ token }) => token));
    await this.context.close();

    expect([usher.url, usher.provider.url, usher.inbox]).toEqual(expect.arrayContaining([...new Set(this.asked)]));
    // Chromium reports every answer of 4xx and 5xx too.
    expect(this.#complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
    for (const token of new Set(tokens)) {
      if (!token) continue;
      expect(contents.filter((text, i) => tokens[i] !== token && text.includes(token))).toEqual([]);
      expect(visited.filter((url) => url.includes(token))).toEqual([]);
    }
  }
}
