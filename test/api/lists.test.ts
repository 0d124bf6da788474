import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What is read: lists and their pages, events, one's own invitations, links to copy, and what describes the API. */

let usher: Usher;
let other: Organization;
beforeAll(async () => {
  usher = await startUsher();
  other = await ensureOrganization(usher.db, { slug: 'other', name: 'Other' });
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

const list = '/v1/organizations/acme/invitations';
const post = (id: string, verb: string, body: unknown = {}) => usher.call(`/v1/invitations/${id}/${verb}`, { body });
const personOf = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' },
});
/** An invitation without a workflow. @param expiresIn ms */
const pending = (email: string, organization: Organization, expiresIn: number) =>
  insertPending(usher.db, {
    organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn,
    requestKey: `${email} ${organization.slug}`,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
const hour = 3_600_000;

type Item = { id: string; email: string };
/** Every page of a list, by its cursors. */
async function pages(path: string, options: { session?: string } = {}): Promise<Item[][]> {
  const found: Item[][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? path : `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`;
    const { status, body } = await usher.call(from, options);
    expect(status, JSON.stringify(body)).toBe(200);
    found.push(body.items);
    cursor = body.cursor;
  }
  return found;
}

describe('the list of invitations', () => {
  const emails = Array.from({ length: 7 }, (_, i) => `page-${i}@example.com`);
  const newestFirst = [...emails].reverse();
  beforeAll(async () => {
    for (const email of emails) await usher.invite(email, { role: 'billing_manager' });
  });

  test('comes in pages, newest first, each invitation once', async () => {
    const found = await pages(`${list}?role=billing_manager&limit=3`);
    expect(found.map((p) => p.map((i) => i.email))).toEqual([
      newestFirst.slice(0, 3),
      newestFirst.slice(3, 6),
      newestFirst.slice(6),
    ]);
  });

  test('has no next page when the last one is full', async () => {
    const found = await pages(`${list}?role=billing_manager&limit=7`);
    expect(found.map((p) => p.length)).toEqual([7]);
  });

  test('has 50 to a page unless told otherwise', async () => {
    await Promise.all(Array.from({ length: 51 }, (_, i) => pending(`many-${i}@example.com`, other, hour)));
    const session = await ownerOf(other);
    const found = await pages('/v1/organizations/other/invitations', { session });
    expect(found.map((p) => p.length)).toEqual([50, 1]);
    expect(new Set(found.flat().map((i) => i.id)).size).toBe(51);
  });

  test('goes on where it was, whatever has been added or has ended meanwhile', async () => {
    const first = await usher.call(`${list}?role=billing_manager&limit=3`);
    await usher.invite('meanwhile@example.com', { role: 'billing_manager' });
    await post(first.body.items[2].id, 'revoke');
    const second = await usher.call(`${list}?role=billing_manager&limit=3&cursor=${first.body.cursor}`);
    expect(second.body.items.map((i: Item) => i.email)).toEqual(newestFirst.slice(3, 6));
  });

  test('shows an invitation as it is shown alone', async () => {
    const { body } = await usher.call(`${list}?email=page-0@example.com`);
    expect(body.items).toHaveLength(1);
    await usher.until('sent', async () => {
      const alone = await usher.call(`/v1/invitations/${body.items[0].id}`);
      return alone.body.delivery.status === 'sent';
    });
    const [item] = (await usher.call(`${list}?email=page-0@example.com`)).body.items;
    expect((await usher.call(`/v1/invitations/${item.id}`)).body).toEqual(item);
  });

  test('is empty for an organization that has invited nobody', async () => {
    const nobody = await ensureOrganization(usher.db, { slug: 'nobody', name: 'Nobody' });
    const answer = await usher.call('/v1/organizations/nobody/invitations', {
      key: await usher.apiKey({ organization: nobody }),
    });
    expect(answer).toMatchObject({ status: 200, body: { items: [], cursor: null } });
  });
});

describe('the filters', () => {
  let before: string;
  beforeAll(async () => {
    await ensureLicensePool(usher.db, {
      organization: usher.organization.id,
      product: 'viewer',
      name: 'Viewer',
      kind: 'floating',
      quantity: 0,
    });
    before = new Date().toISOString();
    await fetch(`${usher.inbox}/sandbox/settings`, {
      method: 'PUT',
      body: JSON.stringify({
        failures: [{ match: { recipient: 'filter-failed@example.com' }, count: 1, response: 406 }],
      }),
      headers: { 'content-type': 'application/json' },
    });
    const [accepted, declined, revoked, failed] = await Promise.all([
      usher.invite('filter-accepted@example.com', { licenses: ['studio'], role: 'admin' }),
      usher.invite('filter-declined@example.com', { licenses: ['viewer'] }),
      usher.invite('filter-revoked@example.com', { licenses: ['studio', 'viewer'] }),
      usher.invite('filter-failed@example.com'),
    ]);
    const is = (id: string, ...statuses: string[]) =>
      usher.until(`${id} ${statuses}`, async () =>
        statuses.includes((await usher.call(`/v1/invitations/${id}`)).body.delivery.status),
      );
    await Promise.all([accepted, declined, revoked].map(({ id }) => is(id, 'sent')));
    await is(failed.id, 'failed');
    const answers = [
      await post(accepted.id, 'accept', personOf('filter-accepted@example.com')),
      await post(declined.id, 'decline', personOf('filter-declined@example.com')),
      await post(revoked.id, 'revoke'),
    ];
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200]);
  });

  test.each([
    ['', ['accepted', 'declined', 'failed', 'revoked']],
    ['state=accepted', ['accepted']],
    ['state=declined', ['declined']],
    ['state=revoked', ['revoked']],
    ['state=pending', ['failed']],
    ['state=expired', []],
    ['delivery=failed', ['failed']],
    ['delivery=sent', ['accepted', 'declined', 'revoked']],
    ['role=admin', ['accepted']],
    ['license=studio', ['accepted', 'revoked']],
    ['license=viewer', ['declined', 'revoked']],
    ['license=viewer&state=revoked', ['revoked']],
    // The same mailbox, however it is spelt.
    ['email=Filter-Declined@EXAMPLE.com', ['declined']],
    ['email=not-invited@example.com', []],
  ])('%j finds %j', async (filter, names) => {
    const { status, body } = await usher.call(`${list}?${new URLSearchParams(`createdAfter=${before}&${filter}`)}`);
    expect(status).toBe(200);
    expect(body.items.map((i: Item) => i.email).sort()).toEqual(names.map((name) => `filter-${name}@example.com`));
  });

  test('find nothing created before a time to come', async () => {
    const soon = new Date(Date.now() + hour).toISOString();
    expect((await usher.call(`${list}?createdAfter=${soon}`)).body.items).toEqual([]);
  });

  test('by a licence that the organization has not', async () => {
    expect(await usher.call(`${list}?license=nonsense`)).toMatchObject({
      status: 400,
      body: { code: 'unknown_license' },
    });
  });
});

describe('a link to copy', () => {
  /** What the page of an invitation answers to a browser that came by this link. */
  async function follow(url: string, session: string) {
    const token = url.replace(`${usher.url}/i/`, '');
    const led = await usher.call(`/i/${token}`, { key: null });
    expect(led.status).toBe(303);
    const cookies = led.headers.getSetCookie().map((c) => c.split(';')[0]);
    const page = led.headers.get('location')!;
    return usher.call(page, {
      session,
      headers: { cookie: [`usher_${new URL(usher.url).port}_session=${session}`, ...cookies].join('; ') },
    });
  }

  test('leads to the invitation, and says in the audit log who copied it', async () => {
    const { id, generation } = await usher.invite('copied@example.com');
    const { body, status } = await post(id, 'link');
    expect(status).toBe(200);
    expect(body).toEqual({ url: expect.stringMatching(`^${usher.url}/i/[\\w-]+$`), generation });
    expect(new URL(body.url).pathname).toBe(await usher.linkTo('copied@example.com'));
    const { session } = await usher.person('copied@example.com');
    const page = await follow(body.url, session);
    expect(page.status).toBe(200);
    expect(page.body).toContain('Join Acme');

    const { body: events } = await usher.call(`/v1/invitations/${id}/events`);
    const [key] = await usher.db.selectFrom('api_keys').select('id').orderBy('created_at').limit(1).execute();
    expect(events.items.filter((e: { type: string }) => e.type === 'link_copied')).toEqual([
      expect.objectContaining({ sequence: null, detail: null, actor: { kind: 'api_key', id: key!.id } }),
    ]);
    expect(usher.log.join('')).not.toContain(body.url.split('/i/')[1]);
  });

  test('changes nothing but the audit log', async () => {
    const { id } = await usher.invite('copied-often@example.com');
    await usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');
    const row = await usher.call(`/v1/invitations/${id}`);
    await post(id, 'link');
    expect((await usher.call(`/v1/invitations/${id}`)).body).toEqual(row.body);
  });

  test('of before the address changed is dead, of after it lives', async () => {
    const { id } = await usher.invite('copied-old@example.com');
    const { session } = await usher.person('somebody@example.com');
    const old = (await post(id, 'link')).body;
    const amended = await usher.call(`/v1/invitations/${id}`, {
      method: 'PATCH',
      body: { email: 'copied-new@example.com' },
    });
    expect(amended.status).toBe(200);
    const fresh = (await post(id, 'link')).body;
    expect(fresh.generation).toBe(old.generation + 1);
    const dead = await follow(old.url, session);
    expect(dead.status).toBe(410);
    expect(dead.body).not.toContain('copied-');
    // Live, but of another account: it names both addresses.
    const live = await follow(fresh.url, session);
    expect(live.status).toBe(403);
    expect(live.body).toContain('copied-new@example.com');
  });

  test('lives through a resend, unless that replaces it', async () => {
    const { id } = await usher.invite('copied-resent@example.com');
    const { session } = await usher.person('copied-resent@example.com');
    const { url } = (await post(id, 'link')).body;
    await post(id, 'resend');
    expect((await follow(url, session)).status).toBe(200);
    expect((await post(id, 'link')).body.url).toBe(url);
    await post(id, 'resend', { replaceLink: true });
    const replaced = (await post(id, 'link')).body;
    expect(replaced.url).not.toBe(url);
    const stranger = await usher.person('stranger@example.com');
    expect((await follow(url, stranger.session)).status).toBe(410);
    expect((await follow(replaced.url, session)).status).toBe(200);
  });
});

describe('the events of an invitation', () => {
  test('come in pages, oldest first, with who did what', async () => {
    const { id } = await usher.invite('events@example.com');
    await usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');
    await post(id, 'link');
    const { account } = await usher.person('events@example.com');
    const { session } = await usher.person('events@example.com');
    const joined = await usher.call(`/v1/invitations/${id}/accept`, { body: {}, session });
    expect(joined.status).toBe(200);

    const all = (await usher.call(`/v1/invitations/${id}/events`)).body;
    expect(all.cursor).toBeNull();
    expect(all.items.map((e: object) => ({ ...e, id: 0, at: '' }))).toMatchObject([
      { type: 'created', sequence: 1, actor: { kind: 'api_key' } },
      { type: 'invitation_sent', sequence: null, actor: { kind: 'system', id: null } },
      { type: 'link_copied', sequence: null, actor: { kind: 'api_key' } },
      { type: 'accepted', sequence: 2, actor: { kind: 'account', id: account.id } },
    ]);
    const times = all.items.map((e: { at: string }) => e.at);
    expect([...times].sort()).toEqual(times);
    expect((await pages(`/v1/invitations/${id}/events?limit=2`)).map((p) => p.length)).toEqual([2, 2]);
    expect((await pages(`/v1/invitations/${id}/events?limit=3`)).flat()).toEqual(all.items);
    // The invitee sees the invitation, not its organization's audit log.
    expect((await usher.call(`/v1/invitations/${id}`, { session })).status).toBe(200);
    expect((await usher.call(`/v1/invitations/${id}/events`, { session })).status).toBe(403);
  });
});

describe('one’s own invitations', () => {
  test('are the pending ones of one’s verified mailbox, in every organization, and nobody else’s', async () => {
    const email = 'Mine@Bücher.example';
    const acme = await usher.invite(email);
    const { id: there } = await pending('mine@xn--bcher-kva.example', other, hour);
    const third = await ensureOrganization(usher.db, { slug: 'third', name: 'Third' });
    await pending(email, third, 0); // over already
    const ended = await ensureOrganization(usher.db, { slug: 'fourth', name: 'Fourth' });
    const key = await usher.apiKey({ organization: ended });
    const gone = await usher.call('/v1/organizations/fourth/invitations', { body: { email }, key });
    await usher.call(`/v1/invitations/${gone.body.id}/revoke`, { body: {}, key });

    const mine = await usher.person('MINE@bücher.example');
    const found = await pages('/v1/me/invitations?limit=1', { session: mine.session });
    expect(found.map((p) => p.map((i) => i.id))).toEqual([[there], [acme.id]]);
    expect(found.flat()).toMatchObject([
      { organization: 'other', state: 'pending' },
      { organization: 'acme', state: 'pending' },
    ]);

    const unverified = await usher.person('mine@bücher.example', { verified: false });
    const somebody = await usher.person('mine@bucher.example');
    for (const { session } of [unverified, somebody]) {
      expect((await usher.call('/v1/me/invitations', { session })).body).toEqual({ items: [], cursor: null });
    }
    expect(await usher.call('/v1/me/invitations', { key })).toMatchObject({
      status: 403,
      body: { code: 'not_allowed' },
    });
    expect((await usher.call('/v1/me/invitations', { key: null })).status).toBe(401);
  });
});

describe('what describes the API', () => {
  const openapi = async () => (await usher.call('/openapi.json', { key: null })).body;

  test('is a valid OpenAPI 3.1 document', async () => {
    const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, 'openapi-3.1.json'), 'utf8'));
    const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    const document = await openapi();
    validate(document);
    expect(validate.errors).toBeNull();
    // The schema that judges can say no.
    expect(validate({ ...document, paths: { '/v1': { get: { responses: { 200: {} } } } } })).toBe(false);
    const { paths } = document as { paths: Record<string, Record<string, { security?: unknown; responses: object }>> };
    for (const [route, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        expect(operation, `${method} ${route}`).toMatchObject({ summary: expect.any(String), tags: expect.any(Array) });
        const statuses = ['400', '401', '429', '500', '503'];
        expect(Object.keys(operation.responses), `${method} ${route}`).toEqual(expect.arrayContaining(statuses));
      }
    }
  });

  test('names every route of /v1, and no other', async () => {
    const { paths } = await openapi();
    const documented = Object.entries(paths as Record<string, object>).flatMap(([route, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${route}`),
    );
    expect(documented.sort()).toEqual(routes().filter((route) => route.includes(' /v1/')));
    expect(documented).toContain('PATCH /v1/invitations/{id}');
  });

  test('describes the answers that are given', async () => {
    const document = await openapi();
    const { paths } = document;
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    // References lead from the root of the document.
    const compile = (schema: object) => ajv.compile({ ...schema, components: document.components });
    const { id } = await usher.invite('described@example.com', { licenses: ['studio'], metadata: { a: 'b' } });
    const answers = {
      '/v1/organizations/{organization}/invitations': list,
      '/v1/invitations/{id}': `/v1/invitations/${id}`,
      '/v1/invitations/{id}/events': `/v1/invitations/${id}/events`,
    };
    for (const [route, target] of Object.entries(answers)) {
      const { responses } = paths[route].get;
      const { body } = await usher.call(target);
      const validate = compile(responses['200'].content['application/json'].schema);
      expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
      const problem = await usher.call(target, { key: null });
      const describes = compile(responses['401'].content['application/problem+json'].schema);
      expect(describes(problem.body), JSON.stringify(describes.errors)).toBe(true);
    }
  });

  test('can be read by people', async () => {
    const page = await usher.call('/docs/', { key: null });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.body).toContain('/openapi.json');
    expect((await usher.call('/docs/errors/nonsense', { key: null })).status).toBe(404);
  });
});

test('it says that it lives and that it is ready', async () => {
  expect(await usher.call('/healthz', { key: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await usher.call('/readyz', { key: null })).toMatchObject({
    status: 200,
    body: { status: 'ready', missing: [] },
  });
});

test('every answer has a request id of its own, by which the log finds it', async () => {
  const answers = [];
  for (const target of ['/', '/v1/nowhere', '/healthz', list, '/v1/invitations/inv_none']) {
    // What a caller says its id is does not count.
    answers.push(await usher.call(target, { headers: { 'x-request-id': 'mine', 'request-id': 'mine' } }));
  }
  const ids = answers.map((a) => a.headers.get('x-request-id')!);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  for (const { status, body, headers } of answers) {
    if (status >= 400) expect(body.requestId).toBe(headers.get('x-request-id'));
  }
  for (const id of ids) await usher.until(`${id} in the log`, async () => usher.log.some((line) => line.includes(id)));
});

test('every answer forbids caching, framing, sniffing and telling where one came from', async () => {
  for (const target of ['/', '/console', list, '/v1/nowhere', '/nowhere', '/openapi.json', '/i/nonsense']) {
    const { headers } = await usher.call(target, { key: target.startsWith('/v1') ? usher.key : null });
    expect(Object.fromEntries(headers), target).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': expect.stringMatching(/^(same-origin|no-referrer)$/),
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
    });
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('reading changes nothing', async () => {
  const { id } = await usher.invite('read-only@example.com');
  await usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');
  const before = await stateOf(usher.db, id);
  const reads = routes().filter((route) => route.startsWith('GET /') && !route.includes('*'));
  expect(reads.length).toBeGreaterThan(10);
  const { session } = await usher.person('read-only@example.com');
  for (const route of reads) {
    const target = route
      .slice('GET '.length)
      .replace('{organization}', 'acme')
      .replace('{id}', id)
      .replace('{token}', usher.links.token({ invitation: id, generation: 1 }));
    for (const who of [{ key: null }, { key: usher.key }, { session }]) await usher.call(target, who);
  }
  expect(await stateOf(usher.db, id)).toBe(before);
});

/** Every route the app has, as the OpenAPI document writes them: `GET /v1/invitations/{id}`. */
function routes(): string[] {
  // A tree, whose branches are drawn with four characters a level.
  const tree = usher.app.printRoutes({ commonPrefix: false });
  const at: string[] = [];
  const found: string[] = [];
  for (const line of tree.split('\n')) {
    const [, branch, rest] = /^((?:[│├└ ][─ ]{2} )*)(.+)$/.exec(line) ?? [];
    if (!rest) continue;
    const level = branch!.length / 4;
    const [, segment, methods] = /^(.*?)(?: \(([A-Z, ]+)\))?$/.exec(rest)!;
    at.splice(level - 1, at.length, segment!);
    const route = at.join('').replace(/:(\w+)/g, '{$1}');
    for (const method of methods?.split(', ') ?? []) if (method !== 'HEAD') found.push(`${method} ${route}`);
  }
  return found.sort();
}

/** A session of an owner of the organization. */
async function ownerOf(organization: Organization): Promise<string> {
  const { account, session } = await usher.person(`owner@${organization.slug}.example`);
  await usher.db.transaction().execute((trx) =>
    insertMember(trx, {
      organization: organization.id,
      account: account.id,
      role: 'owner',
      teams: [],
      invitation: null,
    }),
  );
  return session;
}
