import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Html } from '../../api/pages/layout.ts';
import { languages, wordsFor } from '../../languages/words.ts';
import { accessibilityFaults, rulesOfColours } from '../setup/accessibility.ts';
import { launchBrowser, takePicture } from '../setup/browser.ts';
import { casts, pagesOf } from './views.ts';

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

let browser: Browser;
let server: Server;
let origin: string;

const castNames = Object.keys(casts) as (keyof typeof casts)[];
const rendered: ReadonlyMap<string, Html> = new Map(
  castNames.flatMap((cast) => Object.entries(pagesOf(casts[cast])).map(([name, page]) => [`/${cast}/${name}`, page])),
);
const otherLanguages = languages.filter((language) => language !== 'en');
/** The pages of invitees, who read them in other languages too. */
const translated: ReadonlyMap<string, Html> = new Map(
  otherLanguages.flatMap((language) =>
    Object.entries(pagesOf(casts.everyday, wordsFor(language)))
      .filter(([name]) => !/^(console|support)/.test(name))
      .map(([name, page]) => [`/${language}/${name}`, page]),
  ),
);
const logo = sharp({ create: { width: 64, height: 32, channels: 3, background: '#b91c1c' } })
  .png()
  .toBuffer();
const files: Record<string, string> = {
  '/static/usher.css': 'text/css',
  '/static/favicon.svg': 'image/svg+xml',
  '/static/console.js': 'text/javascript',
};

beforeAll(async () => {
  server = createServer(async ({ url = '' }, response) => {
    // Any picture will do.
    if (url.startsWith('/logos/')) {
      response.writeHead(200, { 'content-type': 'image/png' }).end(await logo);
      return;
    }
    if (url.startsWith('/colors/')) {
      response.writeHead(200, { 'content-type': 'text/css' }).end(':root:root{--accent:#7c2d12}');
      return;
    }
    const type = files[url];
    // What the console frames; pages say where it is by their own addresses.
    if (url.endsWith('/email')) {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>An email</p>');
      return;
    }
    const body = type
      ? await readFile(new URL(`../../api/pages${url}`, import.meta.url))
      : (rendered.get(url) ?? translated.get(url));
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': type ?? 'text/html; charset=utf-8',
      'content-security-policy': policy,
    });
    response.end(body instanceof Buffer ? body : String(await body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => server.close(resolve));
});

/** What the checks use of an element in the browser; the project has no DOM types. */
interface BrowserElement {
  outerHTML: string;
  scrollWidth: number;
  clientWidth: number;
  ownerDocument: { defaultView: { getComputedStyle(element: BrowserElement): { outlineStyle: string } } };
  getBoundingClientRect(): { left: number; right: number; height: number };
  closest(selector: string): BrowserElement | null;
  querySelectorAll(selector: string): Iterable<BrowserElement>;
}

/** The faults of a page's layout and content, found in the browser; without a locator, for which Playwright loads much into each page. */
const faultsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { document } = globalThis as unknown as { document: { documentElement: BrowserElement } };
    const html = document.documentElement;
    const found: string[] = [];
    const { scrollWidth, clientWidth } = html;
    if (scrollWidth > clientWidth) found.push(`scrolls sideways: ${scrollWidth} > ${clientWidth}`);
    for (const element of html.querySelectorAll('.button, .link, .brand')) {
      const { height } = element.getBoundingClientRect();
      if (height < 44) found.push(`${element.outerHTML} is ${height}px high`);
    }
    for (const element of html.querySelectorAll('main *')) {
      const { right, left } = element.getBoundingClientRect();
      if (element.closest('.visually-hidden')) continue;
      if (right > clientWidth + 0.5 || left < -0.5) found.push(`leaves the window: ${element.outerHTML.slice(0, 200)}`);
    }
    for (const element of html.querySelectorAll(
      'script:not([src]), img:not([src^="/logos/"]), iframe:not([sandbox]), object, [style], [onerror]',
    )) {
      found.push(element.outerHTML);
    }
    return found;
  });

/** Pages that show most of what people supply: of the casts that differ in nothing else, axe sees only these. */
const fullest = ['invitation', 'wrong-account', 'home', 'console-invitations'];

/** The everyday cast is shown in both lights in either width, the others where there is least room. */
const looks = castNames.flatMap((cast) => [
  { cast, width: 320, colorScheme: 'light', otherScheme: 'dark' } as const,
  ...(cast === 'everyday' ? [{ cast, width: 1200, colorScheme: 'dark', otherScheme: 'light' } as const] : []),
]);

describe('in the browser, pages of a cast', () => {
  test.each(looks)(
    'that is $cast are accessible, and fit, at $width px in $colorScheme',
    async ({ cast, width, colorScheme, otherScheme }) => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const trouble: unknown[] = [];
      let path = '';
      page.on('console', (message) => trouble.push({ path, console: message.text() }));
      page.on('pageerror', (error) => trouble.push({ path, error: error.message }));
      page.on('request', (request) => {
        if (!request.url().startsWith(`${origin}/`)) trouble.push({ path, request: request.url() });
      });
      for (path of rendered.keys()) {
        if (!path.startsWith(`/${cast}/`)) continue;
        await page.emulateMedia({ colorScheme });
        await page.goto(origin + path);
        for (const fault of await faultsOf(page)) trouble.push({ path, fault });
        await takePicture(page, `${path.slice(1).replace('/', '-')}-${colorScheme}-${width}`);
        if (cast !== 'everyday' && !fullest.some((name) => path.endsWith(`/${name}`))) continue;
        // Of the console, dark is looked at in the other width, for its colours: its pages are made of the same parts.
        const isConsole = path.includes('/console-');
        const rules = isConsole && colorScheme === 'dark' ? rulesOfColours : undefined;
        for (const fault of await accessibilityFaults(page, rules)) trouble.push({ path, colorScheme, fault });
        if (cast !== 'everyday' || isConsole) continue;
        await page.emulateMedia({ colorScheme: otherScheme });
        await takePicture(page, `${path.slice(1).replace('/', '-')}-${otherScheme}-${width}`);
        for (const fault of await accessibilityFaults(page, rulesOfColours))
          trouble.push({ path, colorScheme: otherScheme, fault });
      }
      await context.close();
      expect(trouble).toEqual([]);
    },
    120_000,
  );
});

test.each(otherLanguages)('in %s, the pages of invitees fit where there is least room', async (language) => {
  const page = await browser.newPage({ viewport: { width: 320, height: 800 } });
  const trouble: unknown[] = [];
  for (const path of translated.keys()) {
    if (!path.startsWith(`/${language}/`)) continue;
    await page.goto(origin + path);
    for (const fault of await faultsOf(page)) trouble.push({ path, fault });
    await takePicture(page, path.slice(1).replace('/', '-'));
  }
  await page.close();
  expect(trouble).toEqual([]);
});

test('the keyboard reaches everything in order, beginning with the skip link', async () => {
  const page = await browser.newPage();
  await page.goto(`${origin}/everyday/invitation`);
  const reached: (string | null)[] = [];
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press('Tab');
    reached.push(await page.locator(':focus').textContent());
  }
  expect(reached).toEqual([
    'Skip to content',
    'Usher home',
    'Sign out',
    'Switch account',
    `Join ${casts.everyday.organization}`,
    'Decline',
  ]);
  await page.keyboard.press('Shift+Tab');
  const outline = await page.locator(':focus').evaluate((focused) => {
    const element = focused as unknown as BrowserElement;
    return element.ownerDocument.defaultView.getComputedStyle(element).outlineStyle;
  });
  expect(outline).toBe('solid');
  await page.close();
});

test('the join button is called exactly Join and the organization’s name', async () => {
  const page = await browser.newPage();
  await page.goto(`${origin}/everyday/invitation`);
  await expect(
    page.getByRole('button', { name: `Join ${casts.everyday.organization}`, exact: true }).count(),
  ).resolves.toBe(1);
  await page.close();
});
