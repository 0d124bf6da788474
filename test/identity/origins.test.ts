import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerTrust } from '../../db/organizations.ts';
import { isOrigin, mayLeadTo } from '../../identity/origins.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** Where an invitation may lead its member: nowhere but where the organization is at home. */

const home = {
  home_url: 'https://acme.example/home',
  origins: ['https://app.acme.example', 'https://acme.example:8443', 'http://localhost:3000'],
};

const urls: [url: string, allowed: boolean][] = [
  ['https://acme.example/', true],
  ['https://acme.example/welcome?a=b#c', true],
  ['https://ACME.example/welcome', true],
  ['https://acme.example:443/', true],
  ['https://app.acme.example/x', true],
  ['https://acme.example:8443/x', true],
  ['http://localhost:3000/x', true],
  ['http://acme.example/', false],
  ['https://acme.example:444/', false],
  ['https://www.acme.example/', false],
  ['https://sub.app.acme.example/', false],
  ['https://acme.example.evil.example/', false],
  ['https://evil.example/acme.example', false],
  ['https://evil.example\\@acme.example/', false],
  ['https://acme.example@evil.example/', false],
  ['https://user:secret@acme.example/', false],
  ['https://acme.example./', false],
  ['https://\u0430cme.example/', false],
  ['http://localhost:3001/', false],
  ['http://localhost/', false],
  ['https://localhost:3000/', false],
  ['//acme.example/', false],
  ['/home', false],
  ['javascript:alert(1)//https://acme.example', false],
  ['data:text/html,https://acme.example', false],
  ['ftp://acme.example/', false],
  ['https:', false],
  ['', false],
];

test.each(urls)('%s may be led to: %o', (url, allowed) => {
  expect(mayLeadTo(url, home)).toBe(allowed);
});

test('a home that is not https leads nowhere, but on this machine', () => {
  const led = (home_url: string, url: string) => mayLeadTo(url, { home_url, origins: [] });
  expect(led('http://acme.example/', 'http://acme.example/')).toBe(false);
  expect(led('http://127.0.0.1:80/', 'http://127.0.0.1/x')).toBe(true);
  expect(led('http://app.localhost:3000/', 'http://app.localhost:3000/x')).toBe(true);
  expect(led('http://127.0.0.1.evil.example/', 'http://127.0.0.1.evil.example/')).toBe(false);
  expect(led('http://localhost.evil.example/', 'http://localhost.evil.example/')).toBe(false);
  expect(led('nonsense', 'nonsense')).toBe(false);
  expect(mayLeadTo('https://acme.example/', { home_url: null, origins: [] })).toBe(false);
});

test.each([
  ['https://app.acme.example', true],
  ['https://app.acme.example:8443', true],
  ['http://localhost:3000', true],
  ['http://[::1]:3000', true],
  ['https://app.acme.example/', false],
  ['https://app.acme.example/x', false],
  ['https://app.acme.example:443', false],
  ['https://APP.acme.example', false],
  ['https://*.acme.example', false],
  ['https://b\u00fccher.example', false],
  ['http://app.acme.example', false],
  ['https://user@app.acme.example', false],
  ['app.acme.example', false],
  ['null', false],
  ['*', false],
])('%s can be registered as an origin: %o', (origin, expected) => {
  expect(isOrigin(origin)).toBe(expected);
});

describe('in a running Usher', () => {
  let usher: Usher;
  beforeAll(async () => {
    usher = await startUsher();
    await register(home.origins);
  });
  afterAll(() => usher?.close());
  const register = (origins: string[]) => registerTrust(usher.db, 'acme', { origins }, [usher.issuer]);

  test('a redirect URL is held against the origins when inviting and when amending', async () => {
    const { id } = await usher.invite('patched@example.com');
    for (const [i, [redirectUrl, allowed]] of urls.entries()) {
      const created = await usher.call('/v1/organizations/acme/invitations', {
        body: { email: `created-${i}@example.com`, redirectUrl },
      });
      const amended = await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { redirectUrl } });
      const codes = [created, amended].map(({ status, body }) => (status < 400 ? 'taken' : body.code));
      if (allowed) expect(codes, redirectUrl).toEqual(['taken', 'taken']);
      else expect(['redirect_not_allowed', 'invalid_request'], redirectUrl).toContain(codes[0]);
      expect(codes[0], redirectUrl).toBe(codes[1]);
    }
  });

  /** Joins on the page. @returns where the answer leads, and the home page */
  const join = async (email: string, redirectUrl: string, before = async () => {}) => {
    const { id } = await usher.invite(email, { redirectUrl });
    const { session } = await usher.person(email);
    const name = `usher_${new URL(usher.url).port}_session`;
    let cookie = `${name}=${session}`;
    const request = async (path: string, form?: Record<string, string>) => {
      const response = await fetch(`${usher.url}${path}`, {
        redirect: 'manual',
        headers: { cookie },
        ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
      });
      for (const line of response.headers.getSetCookie()) cookie += `; ${line.split(';')[0]}`;
      return { headers: response.headers, status: response.status, text: await response.text() };
    };
    const page = await request(`/invitations/${id}`);
    const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.text)![1]!;
    await before();
    const press = () => decided(() => request(`/invitations/${id}/accept`, { _csrf, invitation: id }));
    const answers = [await press(), await press()];
    const leads = answers.map(({ headers }) => headers.get('refresh') ?? headers.get('location'));
    return { leads, text: answers[0]!.text, home: (await request('/')).text };
  };

  test('whoever joins is led there, also when they press twice, by a page that names the site', async () => {
    const to = 'https://app.acme.example/welcome?to=ada&x=1';
    const { leads, text, home } = await join('led@example.com', to);
    expect(leads).toEqual([`0;url=${to}`, `0;url=${to}`]);
    expect(text).toContain('Welcome to <bdi>Acme</bdi>');
    expect(text).toContain('<strong><bdi>app.acme.example</bdi></strong>');
    expect(home).toContain('href="https://app.acme.example/welcome?to=ada&amp;x=1"');
  });

  test('an origin that has been taken away meanwhile is not followed: they are led home', async () => {
    const to = 'https://app.acme.example/welcome';
    const { leads, home } = await join('late@example.com', to, async () => void (await register([])));
    expect(leads).toEqual(['/?joined=acme', '/?joined=acme']);
    expect(home).not.toContain('app.acme.example');
    expect(home).toContain('href="https://acme.example/home"');
    await register(['https://app.acme.example']);
    expect((await join('again@example.com', to)).leads[0]).toBe(`0;url=${to}`);
  });

  test('no page lets a form lead anywhere but to Usher', async () => {
    for (const path of ['/', '/i/none', '/console/nowhere', '/nothing']) {
      const { headers } = await fetch(`${usher.url}${path}`, { redirect: 'manual' });
      expect(headers.get('content-security-policy'), path).toContain("form-action 'self';");
    }
  });

  test('no request can name a place to be led to', async () => {
    for (const path of [
      '/?joined=//evil.example',
      '/console?returnTo=https://evil.example',
      '/sign-in/callback?state=x&returnTo=//evil.example',
    ]) {
      const { headers } = await fetch(`${usher.url}${path}`, { redirect: 'manual' });
      expect(`${headers.get('location')} ${headers.get('refresh')}`, path).not.toContain('evil.example');
    }
  });
});
