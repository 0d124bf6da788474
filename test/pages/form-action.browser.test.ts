import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../setup/browser.ts';
import { until } from '../setup/until.ts';

/** Why Usher leaves by a page, not by a redirect: Chromium holds form-action against every redirect after a form. */

const servers: ReturnType<typeof createServer>[] = [];
const serve = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
let site: string;
let company: string;
let arrived: string[];
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  company = await serve((request, response) => {
    arrived.push(request.url!);
    response.setHeader('content-type', 'text/html').end('<title>Company</title>');
  });
  // An identity provider that sends everybody on to that of their company.
  const provider = await serve((_, response) => response.writeHead(303, { location: `${company}/sign-in` }).end());
  site = await serve((request, response) => {
    const [, policy, way] = /^\/(\w+)\/(\w*)/.exec(request.url!)!;
    const policies: Record<string, string> = { self: "'self'", provider: `'self' ${provider}` };
    response.setHeader('content-security-policy', `default-src 'none'; form-action ${policies[policy!]}`);
    response.setHeader('content-type', 'text/html');
    if (way === 'redirect') return response.writeHead(303, { location: provider }).end();
    if (way === 'refresh') return response.setHeader('refresh', `0;url=${provider}`).end('<title>Between</title>');
    const form = (to: string) => `<form method="post" action="/${policy}/${to}"><button>${to}</button></form>`;
    return response.end(`<title>Form</title>${form('redirect')}${form('refresh')}`);
  });
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test.each([
  ['self', 'redirect', false],
  // Naming the provider does not help: it leads on.
  ['provider', 'redirect', false],
  ['self', 'refresh', true],
])('form-action %s, %s: they arrive: %o', async (policy, way, arrives) => {
  arrived = [];
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(`${site}/${policy}/`);
  await page.getByRole('button', { name: way }).click();
  if (arrives) await page.waitForURL(`${company}/sign-in`);
  else await until('the refusal', async () => complaints.some((text) => text.includes('form-action')));
  expect(arrived.includes('/sign-in')).toBe(arrives);
  if (arrives) {
    // The page between leaves no trace to fall back on.
    await page.goBack();
    expect(await page.title()).toBe('Form');
  }
  await context.close();
});
