import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { revokeApiKey } from '../../db/api-keys.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { createLinks } from '../../identity/links.ts';
import { stateOf } from '../setup/consistency.ts';
import { type Answer, type CallOptions, startUsher, type Usher } from '../setup/usher.ts';

/** What is wrong gets a clear problem, with a page of its own, and changes nothing. */

let usher: Usher;
let memberKey: string;
let readKey: string;
let foreignKey: string;
let revokedKey: string;
// biome-ignore lint/suspicious/noExplicitAny: a body
let pending: any;

beforeAll(async () => {
  usher = await startUsher({ seats: 2 });
  const { db, organization } = usher;
  const { account } = await usher.person('already-member@example.com');
  await db.transaction().execute((trx) =>
    insertMember(trx, {
      organization: organization.id,
      account: account.id,
      role: 'member',
      teams: [],
      invitation: null,
    }),
  );
  await ensureLicensePool(db, {
    organization: organization.id,
    product: 'empty',
    name: 'Empty',
    kind: 'named',
    quantity: 0,
  });
  await ensureLicensePool(db, {
    organization: organization.id,
    product: 'ended',
    name: 'Ended',
    kind: 'named',
    quantity: 5,
  });
  await db
    .updateTable('license_pools')
    .set({ expires_at: new Date(0) })
    .where('product', '=', 'ended')
    .execute();
  memberKey = await usher.apiKey({ role: 'member' });
  readKey = await usher.apiKey({ scopes: ['read'] });
  const other = await ensureOrganization(db, { slug: 'other', name: 'Other' });
  foreignKey = await usher.apiKey({ organization: other });
  revokedKey = await usher.apiKey({});
  const { id } = await db
    .selectFrom('api_keys')
    .select('id')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  await revokeApiKey(db, id, { kind: 'system', id: null });
  pending = await usher.invite('already-invited@bücher.example');
  await usher.until(
    'sent',
    async () => (await usher.call(`/v1/invitations/${pending.id}`)).body.delivery.status === 'sent',
  );
});
afterAll(() => usher?.close());

const create = (body: unknown, options: CallOptions = {}) =>
  usher.call('/v1/organizations/acme/invitations', { body, ...options });

/** Makes the request and checks the problem, its page, and that nothing has changed. */
async function expectProblem(ask: () => Promise<Answer>, status: number, code: string): Promise<Answer> {
  const before = await stateOf(usher.db);
  const answer = await ask();
  expect([answer.status, answer.body.code], JSON.stringify(answer.body)).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({ type: `/docs/errors/${code}`, status, title: expect.any(String) });
  expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  expect((await usher.call(answer.body.type)).status).toBe(200);
  expect(await stateOf(usher.db)).toBe(before);
  return answer;
}

describe('creating', () => {
  const email = 'new@example.com';
  test.each([
    ['no JSON', '{"email": ', 400, 'invalid_request'],
    ['a prototype', '{"email":"a@example.com","__proto__":{"role":"owner"}}', 400, 'invalid_request'],
    ['a list', [], 400, 'invalid_request'],
    ['null', 'null', 400, 'invalid_request'],
    ['nothing', {}, 400, 'invalid_request'],
    ['an unknown property', { email, admin: true }, 400, 'invalid_request'],
    ['a number for an address', { email: 7 }, 400, 'invalid_request'],
    ['a number for a message', { email, message: 7 }, 400, 'invalid_request'],
    ['null for a role', { email, role: null }, 400, 'invalid_request'],
    ['a role that is none', { email, role: 'king' }, 400, 'invalid_request'],
    ['too many teams', { email, teams: Array.from({ length: 21 }, (_, i) => `t${i}`) }, 400, 'invalid_request'],
    ['a long message', { email, message: 'x'.repeat(1001) }, 400, 'invalid_request'],
    ['metadata that is nested', { email, metadata: { a: { b: 'c' } } }, 400, 'invalid_request'],
    [
      'metadata with too many keys',
      { email, metadata: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, ''])) },
      400,
      'invalid_request',
    ],
    ['a body of 65 KiB', { email, message: 'x'.repeat(65 * 1024) }, 413, 'too_large'],
    ['an unknown licence', { email, licenses: ['nonsense'] }, 400, 'unknown_license'],
    ['a licence without a seat', { email, licenses: ['empty'] }, 409, 'no_seat_left'],
    ['a licence that has ended', { email, licenses: ['ended'] }, 409, 'license_ended'],
    ['one seat that is there and one that is not', { email, licenses: ['studio', 'empty'] }, 409, 'no_seat_left'],
    ['an expiry of a minute', { email, expiresIn: 'PT1M' }, 400, 'invalid_request'],
    ['an expiry of a year', { email, expiresIn: 'P365D' }, 400, 'invalid_request'],
    ['an expiry in months', { email, expiresIn: 'P1M' }, 400, 'invalid_request'],
    ['an expiry that is none', { email, expiresIn: 'P' }, 400, 'invalid_request'],
    ['an expiry that is none either', { email, expiresIn: 'P1DT' }, 400, 'invalid_request'],
    ['a redirect elsewhere', { email, redirectUrl: 'https://evil.example/' }, 400, 'redirect_not_allowed'],
    [
      'a redirect that looks near',
      { email, redirectUrl: 'https://acme.example@evil.example/' },
      400,
      'redirect_not_allowed',
    ],
    ['a script for a redirect', { email, redirectUrl: 'javascript:alert(1)' }, 400, 'invalid_request'],
    ['a link in the message', { email, message: 'Sign in at https://evil.example' }, 400, 'unsafe_text'],
    ['a domain in the message', { email, message: 'Visit evil.com today' }, 400, 'unsafe_text'],
    ['markup in the message', { email, message: '<b>Hello</b>' }, 400, 'unsafe_text'],
    ['a control character', { email, message: 'Hello\u0007' }, 400, 'unsafe_text'],
    ['U+0000', { email, message: 'Hello\u0000' }, 400, 'invalid_request'],
    ['U+0000 in a note', { email, metadata: { a: '\u0000' } }, 400, 'invalid_request'],
    ['half a surrogate pair', `{"email":"new@example.com","message":"\\ud800"}`, 400, 'invalid_request'],
    ['half a surrogate pair in an address', `{"email":"a\\udc00@example.com"}`, 400, 'invalid_request'],
    ['sixty thousand brackets', '['.repeat(60_000), 400, 'invalid_request'],
    ['deep nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 400, 'invalid_request'],
    [
      'deep nesting in a note',
      `{"email":"new@example.com","metadata":{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`,
      400,
      'invalid_request',
    ],
    ['reordered text', { email, message: 'Hello \u202eolleh' }, 400, 'unsafe_text'],
    ['a link for a team', { email, teams: ['www.evil.example'] }, 400, 'unsafe_text'],
    ['a member', { email: 'Already-Member@EXAMPLE.com' }, 409, 'already_member'],
    ['an invited address', { email: 'already-invited@bücher.example' }, 409, 'already_invited'],
    ['an invited address spelt in ASCII', { email: 'Already-Invited@xn--bcher-kva.example' }, 409, 'already_invited'],
  ] as const)('%s', async (_, body, status, code) => {
    await expectProblem(() => create(body), status, code);
  });

  test.each([
    'plain',
    'two@@example.com',
    'a b@example.com',
    'a@example',
    '@example.com',
    'a@',
    'a@-example.com',
    'a@exa mple.com',
    'a@127.0.0.1',
    'a@[127.0.0.1]',
    '"quoted"@example.com',
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com,b@example.com',
    'a..b@example.com',
    '.a@example.com',
    `${'x'.repeat(65)}@example.com`,
    `a@${'x'.repeat(64)}.example`,
    'Name <a@example.com>',
  ])('the address %j', async (email) => {
    // Too short or too long for any address is found by the schema already.
    const code = email.length < 3 || email.length > 254 ? 'invalid_request' : 'invalid_email';
    await expectProblem(() => create({ email }), 400, code);
    const change = () => usher.call(`/v1/invitations/${pending.id}`, { method: 'PATCH', body: { email } });
    await expectProblem(change, 400, code);
  });

  test('an address is another one when it only looks alike', async () => {
    // Kelvin sign, dotless i, full-width letters: toLowerCase or lower() would make some of them equal.
    const lookAlikes = [
      'kelvin@example.com',
      '\u212aelvin@example.com',
      'k\u0131m@example.com',
      'kim@example.com',
      '\uff4bim@example.com',
    ];
    const answers = [];
    for (const email of lookAlikes) answers.push(await create({ email }));
    expect(answers.map((a) => a.status)).toEqual(lookAlikes.map(() => 201));
    expect(new Set(answers.map((a) => a.body.id)).size).toBe(lookAlikes.length);
    const queued = () => usher.db.selectFrom('deliveries').select('ordinal').where('status', '=', 'queued').execute();
    await usher.until('all sent', async () => (await queued()).length === 0);
    // In a domain UTS 46 says what is the same, and there it is.
    await expectProblem(() => create({ email: 'kelvin@EXAMPLE.\uff43om' }), 409, 'already_invited');
  });

  test('a role above the inviter’s', async () => {
    await expectProblem(() => create({ email, role: 'admin' }, { key: memberKey }), 403, 'role_too_high');
    const change = () =>
      usher.call(`/v1/invitations/${pending.id}`, { method: 'PATCH', body: { role: 'owner' }, key: memberKey });
    await expectProblem(change, 403, 'role_too_high');
  });

  test('a body that is no JSON by its type', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const ask = () => create('email=a@example.com', { headers: { 'content-type': type } });
      await expectProblem(ask, 415, 'unsupported_media_type');
    }
  });
});

describe('callers', () => {
  test('without a key, with a wrong and with a revoked one', async () => {
    for (const key of [null, 'usher_sk_wrong', 'something', revokedKey]) {
      await expectProblem(() => create({ email: 'a@example.com' }, { key }), 401, 'not_authenticated');
    }
  });

  test('a key without the scope', async () => {
    await expectProblem(() => create({ email: 'a@example.com' }, { key: readKey }), 403, 'scope_missing');
    await expectProblem(
      () => usher.call(`/v1/invitations/${pending.id}/revoke`, { body: {}, key: readKey }),
      403,
      'scope_missing',
    );
    await expectProblem(
      () => usher.call(`/v1/invitations/${pending.id}/link`, { body: {}, key: readKey }),
      403,
      'scope_missing',
    );
  });

  test('of another organization are told the same as of what does not exist', async () => {
    const stranger = await usher.person('stranger@example.com');
    const none = 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q';
    const account = { issuer: 'https://idp.example', subject: 's', email: 's@example.com', emailVerified: true };
    const requests: [path: string, options: CallOptions][] = [
      ['/v1/organizations/ORG/invitations', {}],
      ['/v1/organizations/ORG/invitations', { body: { email: 'a@example.com' } }],
      ['/v1/invitations/ID', {}],
      ['/v1/invitations/ID/events', {}],
      ['/v1/invitations/ID/link', { body: {} }],
      ['/v1/invitations/ID/resend', { body: {} }],
      ['/v1/invitations/ID/revoke', { body: {} }],
      ['/v1/invitations/ID/accept', { body: { account } }],
      ['/v1/invitations/ID/decline', { body: { account } }],
      ['/v1/invitations/ID', { method: 'PATCH', body: { teams: [] } }],
    ];
    for (const who of [{ key: foreignKey }, { session: stranger.session }]) {
      for (const [path, options] of requests) {
        const body = 'session' in who && options.body && /accept|decline/.test(path) ? {} : options.body;
        const ask = (organization: string, id: string) => () =>
          usher.call(path.replace('ORG', organization).replace('ID', id), {
            ...options,
            ...(body ? { body } : {}),
            ...who,
          });
        const code = path.includes('ID') ? 'invitation_not_found' : 'not_found';
        const { requestId: _, ...there } = (await expectProblem(ask('acme', pending.id), 404, code)).body;
        const { requestId: __, ...nowhere } = (await expectProblem(ask('nowhere', none), 404, code)).body;
        expect(there, path).toEqual(nowhere);
      }
    }
  });

  test('a key may not speak for an account of those who sign in to Usher itself', async () => {
    const { account } = await usher.person('known-account@example.com');
    const said = {
      issuer: account.issuer,
      subject: account.subject,
      email: 'already-invited@bücher.example',
      emailVerified: true,
    };
    await expectProblem(
      () => usher.call(`/v1/invitations/${pending.id}/accept`, { body: { account: said } }),
      403,
      'issuer_not_allowed',
    );
  });

  test('a person’s session from another site', async () => {
    const { session } = await usher.person('already-invited@bücher.example');
    for (const origin of ['https://evil.example', 'null', '']) {
      const ask = () => usher.call(`/v1/invitations/${pending.id}/accept`, { body: {}, session, headers: { origin } });
      await expectProblem(ask, 403, 'form_expired');
    }
  });
});

test.each([
  ['a cursor that is none', '?cursor=nonsense', 400, 'invalid_request'],
  ['a limit of 0', '?limit=0', 400, 'invalid_request'],
  ['a limit of 101', '?limit=101', 400, 'invalid_request'],
  ['a state that is none', '?state=lost', 400, 'invalid_request'],
  ['an unknown filter', '?colour=red', 400, 'invalid_request'],
  ['an address that is none', '?email=nonsense', 400, 'invalid_email'],
  ['a time that is none', '?createdAfter=yesterday', 400, 'invalid_request'],
])('a list with %s', async (_, query, status, code) => {
  await expectProblem(() => usher.call(`/v1/organizations/acme/invitations${query}`), status, code);
});

describe('links', () => {
  const follow = (token: string) => usher.call(`/i/${token}`, { key: null });

  test('forged, truncated, padded, foreign and respelt ones are all unknown, in the same words', async () => {
    const good = usher.links.token({ invitation: pending.id, generation: 1 });
    const foreign = createLinks(usher.url, [Buffer.alloc(32, 7)]).token({ invitation: pending.id, generation: 1 });
    // base64url leaves bits of the last letter free: another spelling of the same bytes is not the same link.
    const respelt = good.slice(0, -1) + String.fromCharCode(good.charCodeAt(good.length - 1) + 1);
    const flipped = `${good.slice(0, 20)}${good[20] === 'A' ? 'B' : 'A'}${good.slice(21)}`;
    const none = usher.links.token({ invitation: 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q', generation: 1 });
    const answers = [];
    for (const token of [foreign, flipped, respelt, good.slice(0, -1), `${good}A`, 'x', none, '..%2f..%2fetc']) {
      answers.push(await follow(token));
    }
    expect(answers.map((a) => a.status)).toEqual(answers.map(() => 404));
    const words = (html: string) => html.replace(/name="_csrf" value="[^"]*"/g, '');
    expect(new Set(answers.map((a) => words(a.body))).size).toBe(1);
    expect((await follow(good)).status).toBe(303);
  });

  test('following one changes nothing, and puts it into a cookie of that invitation alone', async () => {
    const before = await stateOf(usher.db);
    const answer = await follow(usher.links.token({ invitation: pending.id, generation: 1 }));
    expect(answer.headers.get('location')).toBe(`/invitations/${pending.id}`);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    const cookie = answer.headers.getSetCookie().find((c) => c.includes(`link_${pending.id}`));
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect(await stateOf(usher.db)).toBe(before);
  });
});

describe('the form of a page', () => {
  /** Opens the page of an invitation as a browser of its own: its cookies, and the token of its form. */
  async function open(session: string) {
    const cookie = `usher_${new URL(usher.url).port}_session=${session}`;
    const page = await usher.call(`/invitations/${pending.id}`, { session });
    expect(page.status).toBe(200);
    const cookies = [cookie, ...page.headers.getSetCookie().map((c) => c.split(';')[0])].join('; ');
    return { cookies, token: /name="_csrf" value="([^"]+)"/.exec(page.body)![1]! };
  }
  const submit = (cookies: string, form: Record<string, string>) =>
    usher.call(`/invitations/${pending.id}/decline`, {
      body: new URLSearchParams(form).toString(),
      key: null,
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: cookies, origin: usher.url },
    });

  test('without its token, with one of another browser, account or invitation, does nothing', async () => {
    const { session } = await usher.person('already-invited@bücher.example');
    const mine = await open(session);
    const elsewhere = await open((await usher.person('already-invited@bücher.example')).session);
    const invitation = pending.id;
    const before = await stateOf(usher.db);
    const forms: [string, Record<string, string>][] = [
      [mine.cookies, { invitation }],
      [mine.cookies, { invitation, _csrf: '' }],
      [mine.cookies, { invitation, _csrf: 'nonsense' }],
      [mine.cookies, { invitation, _csrf: elsewhere.token }],
      // Its own token, without the cookie that the token belongs to.
      [mine.cookies.split('; ')[0]!, { invitation, _csrf: mine.token }],
    ];
    for (const [cookies, form] of forms) {
      const answer = await submit(cookies, form);
      expect([answer.status, answer.body.includes('form has expired')], JSON.stringify(form)).toEqual([403, true]);
    }
    const crossed = await submit(mine.cookies, {
      invitation: 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q',
      _csrf: mine.token,
    });
    expect([crossed.status, crossed.body.includes('form has expired')]).toEqual([403, true]);
    expect(await stateOf(usher.db)).toBe(before);
  });

  test('sent again after it was taken, changes nothing more', async () => {
    const { session } = await usher.person('already-invited@bücher.example');
    const { cookies, token } = await open(session);
    const form = { invitation: pending.id, _csrf: token };
    const first = await submit(cookies, form);
    expect(first.status).toBe(303);
    expect((await usher.call(`/v1/invitations/${pending.id}`)).body.state).toBe('declined');
    const before = await stateOf(usher.db);
    // The page that says how it stands.
    expect((await submit(cookies, form)).status).toBe(410);
    expect(await stateOf(usher.db)).toBe(before);
  });
});

test.each(['https://evil.example', 'Acme <b>', 'Visit evil.com', '', 'x'.repeat(101), 'A\u0007'])(
  'no organization is named %j',
  async (name) => {
    await expect(ensureOrganization(usher.db, { slug: 'bad', name })).rejects.toThrow('organization name');
  },
);

test('of millions of things where thousands may be, one fault is found, whoever sends them', async () => {
  const invitations = Array.from({ length: 4_000_000 }, () => 0);
  const body = { mode: 'all', invitations };
  const answer = await usher.call('/v1/organizations/acme/invitation-batches', { key: null, body });
  expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'body/invitations' }] });
});
