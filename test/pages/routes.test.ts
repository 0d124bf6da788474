import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from '../../api/app.ts';
import type { InvitationId } from '../../db/ids.ts';
import { createProviders, mainSettings } from '../../identity/providers.ts';
import { stateOf } from '../setup/consistency.ts';
import { routesOf } from '../setup/routes.ts';
import { type Answer, startUsher, type Usher } from '../setup/usher.ts';

/** Every route of the pages, as the app itself lists them: one that is added and not told of here fails these tests. */

let usher: Usher;
/** One invitation in each standing, by id. */
let pending: string;
let token: string;
let invitee: string;
let batch: string;
let inviter: string;
let license: string;
let member: string;
let apiKey: string;
let webhook: string;
/** What it was told. */
let message: string;
beforeAll(async () => {
  usher = await startUsher({ withProvider: true });
  const { id } = await usher.invite('ada@example.com', { message: 'Hello' });
  pending = id;
  token = (await usher.linkTo('ada@example.com')).slice('/i/'.length);
  invitee = (await usher.person('ada@example.com')).session;
  const rows = { mode: 'all', invitations: [{ email: 'bob@example.com' }] };
  batch = (await usher.call('/v1/organizations/acme/invitation-batches', { body: rows })).body.id;
  inviter = usher.owner.id;
  [license] = (await usher.call('/v1/organizations/acme/licenses')).body.items.map(({ id }: { id: string }) => id);
  [member] = (await usher.call('/v1/organizations/acme/members')).body.items.map(({ id }: { id: string }) => id);
  const url = 'http://127.0.0.1:9/';
  webhook = (await usher.call('/v1/organizations/acme/webhooks', { body: { url } })).body.id;
  await usher.call(`/v1/organizations/acme/webhooks/${webhook}/test`, { body: {} });
  message = (await usher.call(`/v1/organizations/acme/webhooks/${webhook}/messages`)).body.items[0].id;
  apiKey = (await usher.db.selectFrom('api_keys').select('id').executeTakeFirstOrThrow()).id;
});
afterAll(() => usher?.close());

const isApi = (path: string) => /^\/(v1|webhooks|openapi|healthz|readyz|metrics)\b/.test(path);

const routes = () => routesOf(usher.app).filter((route) => !isApi(route.split(' ')[1]!));

/** Everything that the pages are, with what makes each a real request of theirs. */
const gets = (): Record<string, string> => ({
  'GET /': '/',
  'GET /console': '/console',
  'GET /console/:organization': '/console/acme',
  'GET /console/:organization/api-keys': '/console/acme/api-keys',
  'GET /console/:organization/api-keys/:id/revoke': `/console/acme/api-keys/${apiKey}/revoke`,
  'GET /console/:organization/api-keys/new': '/console/acme/api-keys/new',
  'GET /console/:organization/batches': '/console/acme/batches',
  'GET /console/:organization/batches/:id': `/console/acme/batches/${batch}`,
  'GET /console/:organization/batches/:id/cancel': `/console/acme/batches/${batch}/cancel`,
  'GET /console/:organization/events': '/console/acme/events',
  'GET /console/:organization/invitations': '/console/acme/invitations',
  'GET /console/:organization/invitations/:id': `/console/acme/invitations/${pending}`,
  'GET /console/:organization/invitations/:id/amend': `/console/acme/invitations/${pending}/amend`,
  'GET /console/:organization/invitations/:id/revoke': `/console/acme/invitations/${pending}/revoke`,
  'GET /console/:organization/invitations/revoke': `/console/acme/invitations/revoke?invitedBy=${inviter}`,
  'GET /console/:organization/invite': '/console/acme/invite',
  'GET /console/:organization/invite/csv': '/console/acme/invite/csv',
  'GET /console/:organization/licenses': '/console/acme/licenses',
  'GET /console/:organization/licenses/:id': `/console/acme/licenses/${license}`,
  'GET /console/:organization/licenses/:id/change': `/console/acme/licenses/${license}/change`,
  'GET /console/:organization/licenses/new': '/console/acme/licenses/new',
  'GET /console/:organization/members': '/console/acme/members',
  'GET /console/:organization/members/:member': `/console/acme/members/${member}`,
  'GET /console/:organization/members/:member/remove': `/console/acme/members/${member}/remove`,
  'GET /console/:organization/settings': '/console/acme/settings',
  'GET /console/:organization/settings/emails/:language': '/console/acme/settings/emails/de',
  'GET /console/:organization/settings/suspension': '/console/acme/settings/suspension',
  'GET /console/:organization/webhooks': '/console/acme/webhooks',
  'GET /console/:organization/webhooks/:id': `/console/acme/webhooks/${webhook}`,
  'GET /console/:organization/webhooks/:id/change': `/console/acme/webhooks/${webhook}/change`,
  'GET /console/:organization/webhooks/:id/messages/:message': `/console/acme/webhooks/${webhook}/messages/${message}`,
  'GET /console/:organization/webhooks/:id/remove': `/console/acme/webhooks/${webhook}/remove`,
  'GET /console/:organization/webhooks/:id/rotate': `/console/acme/webhooks/${webhook}/rotate`,
  'GET /console/:organization/webhooks/new': '/console/acme/webhooks/new',
  'GET /docs/errors/:code': '/docs/errors/not_found',
  'GET /i/:token': `/i/${token}`,
  'GET /invitations/:id': `/invitations/${pending}`,
  'GET /invitations/:id/decline': `/invitations/${pending}/decline`,
  'GET /support': '/support?find=ada%40example.com',
  'GET /sign-in/callback': '/sign-in/callback?code=a&state=b',
  'GET /sign-in/callback/:provider': '/sign-in/callback/another?code=a&state=b',
});
const posts = (): Record<string, { path: string; form: Record<string, string> }> => ({
  'POST /console/:organization/api-keys': { path: '/console/acme/api-keys', form: { name: 'Eve', scopes: 'read' } },
  'POST /console/:organization/api-keys/:id/revoke': { path: `/console/acme/api-keys/${apiKey}/revoke`, form: {} },
  'POST /console/:organization/batches/:id/cancel': { path: `/console/acme/batches/${batch}/cancel`, form: {} },
  'POST /console/:organization/invitations/selected': {
    path: '/console/acme/invitations/selected',
    form: { ids: pending, act: 'revoke', confirmed: 'yes' },
  },
  'POST /console/:organization/invitations/revoke': {
    path: '/console/acme/invitations/revoke',
    form: { invitedBy: inviter },
  },
  'POST /console/:organization/licenses': {
    path: '/console/acme/licenses',
    form: { product: 'posted', quantity: '1' },
  },
  'POST /console/:organization/licenses/:id/assign': {
    path: `/console/acme/licenses/${license}/assign`,
    form: { addresses: 'owner@acme.example' },
  },
  'POST /console/:organization/licenses/:id/change': {
    path: `/console/acme/licenses/${license}/change`,
    form: { quantity: '1' },
  },
  'POST /console/:organization/members/:member/change': {
    path: `/console/acme/members/${member}/change`,
    form: { teams: 'Posted' },
  },
  'POST /console/:organization/members/:member/licenses': {
    path: `/console/acme/members/${member}/licenses`,
    form: { licenses: license },
  },
  'POST /console/:organization/members/seats': {
    path: '/console/acme/members/seats',
    form: { ids: member, to: license, confirmed: 'yes' },
  },
  'POST /console/:organization/members/selected': {
    path: '/console/acme/members/selected',
    form: { ids: member, act: 'remove', confirmed: 'yes' },
  },
  'POST /console/:organization/invite': { path: '/console/acme/invite', form: { addresses: 'eve@example.com' } },
  'POST /console/:organization/invite/csv': {
    path: '/console/acme/invite/csv',
    form: { csv: 'email\neve@example.com' },
  },
  'POST /console/:organization/invitations/:id/amend': {
    path: `/console/acme/invitations/${pending}/amend`,
    form: {},
  },
  'POST /console/:organization/invitations/:id/link': {
    path: `/console/acme/invitations/${pending}/link`,
    form: {},
  },
  'POST /console/:organization/invitations/:id/resend': {
    path: `/console/acme/invitations/${pending}/resend`,
    form: {},
  },
  'POST /console/:organization/invitations/:id/revoke': {
    path: `/console/acme/invitations/${pending}/revoke`,
    form: {},
  },
  'POST /console/:organization/settings': { path: '/console/acme/settings', form: { name: 'Eve' } },
  'POST /console/:organization/settings/emails/:language': {
    path: '/console/acme/settings/emails/de',
    form: { subject: 'Eve' },
  },
  'POST /console/:organization/settings/emails/:language/email': {
    path: '/console/acme/settings/emails/de/email',
    form: { subject: 'Eve' },
  },
  'POST /console/:organization/settings/logo': { path: '/console/acme/settings/logo', form: {} },
  'POST /console/:organization/settings/logo/remove': { path: '/console/acme/settings/logo/remove', form: {} },
  'POST /console/:organization/settings/suspension': {
    path: '/console/acme/settings/suspension',
    form: { suspended: 'yes', reason: 'Eve' },
  },
  'POST /console/:organization/webhooks': { path: '/console/acme/webhooks', form: { url: 'https://eve.example' } },
  'POST /console/:organization/webhooks/:id/change': {
    path: `/console/acme/webhooks/${webhook}/change`,
    form: { url: 'https://eve.example' },
  },
  'POST /console/:organization/webhooks/:id/messages/:message/resend': {
    path: `/console/acme/webhooks/${webhook}/messages/${message}/resend`,
    form: {},
  },
  'POST /console/:organization/webhooks/:id/remove': { path: `/console/acme/webhooks/${webhook}/remove`, form: {} },
  'POST /console/:organization/webhooks/:id/resend': { path: `/console/acme/webhooks/${webhook}/resend`, form: {} },
  'POST /console/:organization/webhooks/:id/rotate': { path: `/console/acme/webhooks/${webhook}/rotate`, form: {} },
  'POST /console/:organization/webhooks/:id/test': { path: `/console/acme/webhooks/${webhook}/test`, form: {} },
  'POST /console/:organization/webhooks/:id/turn': {
    path: `/console/acme/webhooks/${webhook}/turn`,
    form: { to: 'off' },
  },
  'POST /invitations/:id/accept': { path: `/invitations/${pending}/accept`, form: { invitation: pending } },
  'POST /invitations/:id/decline': { path: `/invitations/${pending}/decline`, form: { invitation: pending } },
  'POST /invitations/:id/ask-to-resend': {
    path: `/invitations/${pending}/ask-to-resend`,
    form: { invitation: pending },
  },
  'POST /sign-in': { path: '/sign-in', form: { invitation: pending } },
  'POST /sign-out': { path: '/sign-out', form: {} },
  'POST /sign-out-everywhere': { path: '/sign-out-everywhere', form: {} },
});
/**
 * No pages of Usher's own making, with policies of their own: files, the API's reference, and emails, as the console frames
 * them.
 */
const others = (route: string) =>
  /^GET \/(static\/\*|logos\/:file|colors\/:file|docs)$/.test(route) ||
  /^GET \/docs\/(?!errors)/.test(route) ||
  /^GET .*\/email$/.test(route);

const cookieOf = (session?: string, link = true) =>
  [
    ...(session ? [`usher_${new URL(usher.url).port}_session=${session}`] : []),
    ...(link ? [`usher_${new URL(usher.url).port}_link_${pending}=${token}`] : []),
  ].join('; ');
const get = (path: string, session?: string) => usher.call(path, { key: null, headers: { cookie: cookieOf(session) } });
const post = (path: string, cookie: string, form: Record<string, string>, headers = {}) =>
  usher.call(path, {
    method: 'POST',
    body: new URLSearchParams(form).toString(),
    key: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, ...headers },
  });
/** A page's token, with the cookies that belong to it. */
async function opened(session: string): Promise<{ cookie: string; csrf: string }> {
  const page = await get('/', session);
  const set = page.headers.getSetCookie().map((c) => c.split(';')[0]);
  return { cookie: [cookieOf(session), ...set].join('; '), csrf: /name="_csrf" value="([^"]+)"/.exec(page.body)![1]! };
}

test('every route of the pages is known to these tests', () => {
  expect(routes().filter((route) => route !== 'GET /' && !others(route))).toEqual(
    [...Object.keys(gets()), ...Object.keys(posts())].filter((route) => route !== 'GET /').sort(),
  );
});

describe('a form', () => {
  test('is refused without a token, with an invented one, with another account’s and with another browser’s', async () => {
    const mine = await opened(invitee);
    const anotherBrowser = await opened((await usher.person('ada@example.com')).session);
    const anotherAccount = await opened((await usher.person('eve@example.com')).session);
    const sessions = () => usher.db.selectFrom('sessions').select('account_id').orderBy('id_hash').execute();
    const before = [await stateOf(usher.db, pending), await sessions()];
    for (const [route, { path, form }] of Object.entries(posts())) {
      const attempts: [string, string, Record<string, string>][] = [
        ['no token', mine.cookie, form],
        ['an empty one', mine.cookie, { ...form, _csrf: '' }],
        ['an invented one', mine.cookie, { ...form, _csrf: 'AbCdEfGh-IjKlMnOpQrStUvWxYz0123456789abcdefg' }],
        ['another browser’s', mine.cookie, { ...form, _csrf: anotherBrowser.csrf }],
        ['another account’s', mine.cookie, { ...form, _csrf: anotherAccount.csrf }],
        [
          'another account’s, with its cookie',
          `${cookieOf(invitee)}; ${anotherAccount.cookie.split('; ').at(-1)}`,
          { ...form, _csrf: anotherAccount.csrf },
        ],
        ['no cookie of its own', cookieOf(invitee), { ...form, _csrf: mine.csrf }],
      ];
      for (const [what, cookie, fields] of attempts) {
        for (const headers of [{}, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }]) {
          const answer = await post(path, cookie, fields, headers);
          expect([answer.status, answer.body.includes('form has expired')], `${route}, ${what}`).toEqual([403, true]);
          expect(answer.headers.getSetCookie().join(), `${route}, ${what}`).not.toMatch(/session|login|link/);
        }
      }
    }
    expect([await stateOf(usher.db, pending), await sessions()]).toEqual(before);
  });

  test('is refused as JSON, as text and as a multipart body: other sites can send the last two without asking', async () => {
    const { cookie } = await opened(invitee);
    const before = await stateOf(usher.db, pending);
    for (const { path, form } of Object.values(posts())) {
      for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
        const answer = await usher.call(path, {
          method: 'POST',
          body: JSON.stringify(form),
          key: null,
          headers: { 'content-type': type, cookie },
        });
        expect([400, 403, 415], `${path} as ${type}`).toContain(answer.status);
      }
    }
    expect(await stateOf(usher.db, pending)).toBe(before);
  });
});

describe('a page', () => {
  const check = (route: string, { headers, body }: Answer) => {
    const policy = Object.fromEntries(
      (headers.get('content-security-policy') ?? '').split(';').map((d) => {
        const [name, ...sources] = d.trim().split(' ');
        return [name!, sources];
      }),
    );
    expect(policy, route).toMatchObject({
      'default-src': ["'none'"],
      'style-src': ["'self'"],
      'img-src': ["'self'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
    });
    // The console has a script, of its own.
    if (policy['script-src']) {
      expect(route).toMatch(/^(GET|POST) \/console\/:/);
      expect(policy, route).toMatchObject({
        'script-src': ["'self'"],
        'connect-src': ["'self'"],
        'frame-src': ["'self'"],
      });
      expect(String(body).match(/<script[^>]*>/g) ?? [], route).toEqual(
        String(body).includes('class="console-head"') ? ['<script type="module" src="/static/console.js">'] : [],
      );
    }
    expect(JSON.stringify(policy), route).not.toMatch(/unsafe|\*|data:|blob:/);
    expect(Object.fromEntries(headers), route).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': expect.stringMatching(/^(same-origin|no-referrer)$/),
    });
    expect(String(body).replace('<script type="module" src="/static/console.js"></script>', ''), route).not.toMatch(
      /<script|<style|\sstyle=|\son[a-z]+=|javascript:/i,
    );
    expect(String(body), route).not.toContain(token);
  };

  test('allows no inline code and no frame around it, whoever sees it and whatever it says', async () => {
    const people = [undefined, invitee, (await usher.person('eve@example.com')).session];
    for (const [route, path] of Object.entries(gets())) {
      for (const session of people) {
        for (const variant of [
          path,
          `${path.split('?')[0]}x`,
          path.replace(/inv_\w+/, 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q'),
        ])
          check(`${route} ${variant}`, await get(variant, session));
      }
    }
    for (const [route, { path, form }] of Object.entries(posts())) check(route, await post(path, '', form));
    check('none', await get('/there/is/nothing'));
  });
});

const cookieNames = /^usher_\d+_(session|csrf|link_inv_\w{26}|login_[\w-]{1,16})$/;
test('every cookie that the app sets is for this site alone, and hidden from scripts', async () => {
  const mine = await opened(invitee);
  const answers = [
    await get('/'),
    await usher.call(`/i/${token}`, { key: null }),
    await post('/sign-in', mine.cookie, { invitation: pending, _csrf: mine.csrf }),
    await get(`/invitations/${pending}`),
    await post('/sign-out', mine.cookie, { _csrf: mine.csrf }),
  ];
  invitee = (await usher.person('ada@example.com')).session;
  const lines = answers.flatMap((a) => a.headers.getSetCookie());
  const kinds = lines.map((line) => {
    const [pair, ...attributes] = line.split('; ');
    expect(attributes, line).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'SameSite=Lax']));
    expect(attributes.join(), line).not.toContain('Domain');
    return cookieNames.exec(pair!.split('=')[0]!)![1]!.split('_')[0];
  });
  expect(new Set(kinds)).toEqual(new Set(['session', 'csrf', 'link', 'login']));
});

test('over https every one of them is __Host-, secure, and the site is remembered to be so', async () => {
  const publicUrl = 'https://usher.example';
  const app = await buildApp({
    db: usher.db,
    temporal: usher.temporal.client,
    links: usher.links,
    providers: createProviders(
      [mainSettings({ issuer: usher.issuer, clientId: 'usher', clientSecret: 'a secret between the two' })],
      `${publicUrl}/sign-in/callback`,
    ),
    bearers: { read: () => Promise.reject(new Error('not used')) } as never,
    publicUrl,
    cookieKey: randomBytes(32),
    logger: usher.app.log,
  });
  try {
    const answers = [
      await app.inject('/'),
      await app.inject(`/i/${token}`),
      await app.inject({
        url: `/invitations/${pending}`,
        headers: { cookie: `__Host-usher_link_${pending}=${token}` },
      }),
    ];
    const lines = answers.flatMap((a) => a.headers['set-cookie'] ?? []);
    expect(new Set(lines.map((line) => /^__Host-usher_([a-z]+)/.exec(line)?.[1]))).toEqual(
      new Set(['csrf', 'link', 'login']),
    );
    for (const line of lines) expect(line).toMatch(/; Path=\/.*; HttpOnly; Secure; SameSite=Lax$/);
    for (const { headers } of answers) expect(headers['strict-transport-security']).toContain('max-age=31536000');
  } finally {
    await app.close();
  }
});

test('no parameter leads to another site', async () => {
  const targets = [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    '%2f%2fevil.example',
  ];
  const names = [
    'returnTo',
    'return_to',
    'redirect',
    'redirect_uri',
    'next',
    'url',
    'joined',
    'cursor',
    'state',
    'iss',
    'code',
    'invitation',
    'prompt',
    'login_hint',
  ];
  const mine = await opened(invitee);
  const ours = [new URL(usher.url).origin, new URL(usher.issuer).origin];
  const follow = (what: string, { headers }: Answer) => {
    const location = headers.get('location');
    if (location !== null) expect(ours, `${what} led to ${location}`).toContain(new URL(location, usher.url).origin);
    // What the provider is told to send people back to is ours in any case.
    if (location?.startsWith(usher.issuer)) {
      const back = new URL(location).searchParams.get('redirect_uri') ?? usher.url;
      expect(new URL(back).origin).toBe(ours[0]);
    }
    expect(location ?? '').not.toMatch(/evil|javascript/);
  };
  for (const target of targets) {
    for (const session of [undefined, invitee]) {
      for (const [route, path] of Object.entries(gets())) {
        const query = new URLSearchParams(names.map((name): [string, string] => [name, target])).toString();
        follow(route, await get(`${path}${path.includes('?') ? '&' : '?'}${query}`, session));
      }
      for (const path of [
        `//evil.example/%2f..`,
        `/console/${encodeURIComponent(target)}`,
        `/i/${encodeURIComponent(target)}`,
        `/invitations/${encodeURIComponent(target)}`,
      ])
        follow(path, await usher.call(path, { key: null, headers: { cookie: cookieOf(session) } }));
    }
    for (const [route, { path, form }] of Object.entries(posts())) {
      if (/accept|decline|sign-out/.test(path)) continue;
      const hostile = Object.fromEntries(names.map((name) => [name, target]));
      follow(
        route,
        await post(
          path,
          mine.cookie,
          { ...hostile, ...form, _csrf: mine.csrf },
          { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
        ),
      );
      follow(route, await post(path, mine.cookie, { ...form, ...hostile, _csrf: mine.csrf }));
    }
  }
});

describe('a page is in the language', () => {
  const languageOf = async (path: string, language: string, session?: string) => {
    const headers = { cookie: cookieOf(session), 'accept-language': language };
    const { body } = await usher.call(path, { key: null, headers });
    return /<html lang="(\w+)">/.exec(body)?.[1];
  };
  const inLocale = (locale: string | null) =>
    usher.db
      .updateTable('invitations')
      .set({ locale })
      .where('id', '=', pending as InvitationId)
      .execute();

  test.each([
    ['es;q=0.5, fr-CA', 'fr'],
    ['de;q=0, es', 'es'],
    ['ja, DE-at;q=0.1', 'de'],
    ['ja, *', 'en'],
    [';;q=,,=" ', 'en'],
    ['', 'en'],
  ])('that the browser likes best of ours: %j', async (accepted, language) => {
    expect(await languageOf('/', accepted)).toBe(language);
    expect(await languageOf('/nowhere', accepted)).toBe(language);
  });

  test('of the invitation, where it is about one', async () => {
    const path = `/invitations/${pending}`;
    for (const [locale, language] of [
      ['de-CH', 'de'],
      ['ja', 'fr'],
      ['no-locale', 'fr'],
      [null, 'fr'],
      ['en', 'en'],
    ] as const) {
      await inLocale(locale);
      for (const page of [path, `${path}/decline`]) expect(await languageOf(page, 'fr', invitee)).toBe(language);
    }
    await inLocale('es');
    const eve = await usher.person('eve@example.com');
    expect(await languageOf(path, 'fr', eve.session)).toBe('es');
    await inLocale(null);
  });

  test('of the browser, when something goes wrong; and the console is in English', async () => {
    const { cookie } = await opened(invitee);
    const refused = await post('/sign-out', cookie, {}, { 'accept-language': 'es' });
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('El formulario ha caducado')]);
    expect(await languageOf('/console/acme', 'de', invitee)).toBe('en');
  });
});
