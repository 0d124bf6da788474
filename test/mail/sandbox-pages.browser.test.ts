import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { invitationEmail } from '../../mail/templates/invitation-email.ts';
import { accessibilityFaults } from '../setup/accessibility.ts';
import { clickInFrame, launchBrowser } from '../setup/browser.ts';
import { message, postmark, release, sandbox, sentTo } from './with-sandbox.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function open(url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  release(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** A sandbox with one invitation in it. */
async function sandboxWithInvitation({
  link = 'https://usher.example/i/token',
  smuggled = '',
  to = 'grace@navy.example',
}) {
  const { url } = await sandbox();
  const email = await invitationEmail({
    kind: 'invitation',
    organization: 'Acme <script>',
    inviter: { name: 'Ada', email: 'ada@acme.example' },
    role: 'member',
    licenses: [{ name: 'Studio', ended: false }],
    message: 'Hello',
    url: link,
    expiresAt: new Date('2026-12-08T09:00:00Z'),
    email: to,
    locale: 'en',
  });
  const html = email.html.replace('</body>', `${smuggled}</body>`);
  await postmark({ url }).send(message({ ...email, to, html }));
  const [{ MessageID }] = (await sentTo(url, to)).Messages;
  return { url, html, path: `/inbox/${MessageID}` };
}

it('an email runs nothing and loads nothing, and its link opens a tab that knows nothing of the inbox', async () => {
  const asked: { path: string; referrer: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url!, referrer: request.headers.referer });
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Invitation</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  release(() => {
    server.closeAllConnections();
    server.close();
  });
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const smuggled = `<script>document.body.textContent = "owned"</script><img src="${elsewhere}/pixel"><link rel="stylesheet" href="${elsewhere}/style">`;
  const { url, path } = await sandboxWithInvitation({ link: `${elsewhere}/i/token`, smuggled });
  const page = await open(url + path);
  const email = page.frameLocator('iframe');
  expect(await email.getByRole('heading').textContent()).toBe('You are invited to join Acme <script>');
  expect(asked).toEqual([]);

  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    clickInFrame(email, email.getByRole('link', { name: 'View the invitation' })),
  ]);
  await tab.waitForLoadState();
  expect(await tab.title()).toBe('Invitation');
  expect(await tab.evaluate('window.opener')).toBeNull();
  expect(asked[0]).toEqual({ path: '/i/token', referrer: undefined });
  expect(new URL(page.url()).pathname).toBe(path);
});

it.each(['light', 'dark'] as const)('axe finds no fault in the pages and the email, in %s', async (colorScheme) => {
  const { url, path, html } = await sandboxWithInvitation({});
  const page = await open(url, { colorScheme });
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Ada invited you' }).click();
  await page.waitForURL(url + path);
  // axe cannot run inside the frame, which allows no scripts: the email is looked at by itself below.
  await page.evaluate("document.querySelector('iframe').remove()");
  expect(await accessibilityFaults(page)).toEqual([]);

  const email = await open('about:blank', { colorScheme });
  await email.setContent(html);
  // The accessibility guidelines only: the advice on landmarks is for pages.
  const guidelines = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  expect(await accessibilityFaults(email, guidelines)).toEqual([]);
});

it.each([320, 1200])('nothing is wider than a window of %i', async (width) => {
  const { url, path, html } = await sandboxWithInvitation({ to: `${'long.'.repeat(12)}name@navy.example` });
  const page = await open(url, { viewport: { width, height: 700 } });
  const overflows = () => page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  expect(await overflows()).toBe(false);
  await page.goto(url + path);
  expect(await overflows()).toBe(false);
  await page.goto('about:blank');
  await page.setContent(html);
  expect(await overflows()).toBe(false);
});
