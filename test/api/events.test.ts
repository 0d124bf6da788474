import { afterAll, beforeAll, expect, test } from 'vitest';
import { revokeApiKey } from '../../db/api-keys.ts';
import { insertEvent, insertReason } from '../../db/events.ts';
import type { ApiKeyId } from '../../db/ids.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { findBreaches } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** The audit log, as its organization reads it. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

const events = (query = '', o = {}) => usher.call(`/v1/organizations/acme/events${query}`, o);
/** The newest event of a type. */
const newest = async (type: string) => (await events(`?type=${type}`)).body.items.at(-1);
const sent = (id: string) =>
  usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');

test('every act names its actor, its target, its time and the X-Request-Id of the request that it was', async () => {
  const created = await usher.call('/v1/organizations/acme/invitations', { body: { email: 'every@example.com' } });
  const { id } = created.body;
  await sent(id);
  const acts = [
    ['amended', await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { teams: ['Blue'] } })],
    ['link_copied', await usher.call(`/v1/invitations/${id}/link`, { method: 'POST' })],
    ['revoked', await usher.call(`/v1/invitations/${id}/revoke`, { body: {} })],
    ['resent', await usher.call(`/v1/invitations/${id}/resend`, { body: {}, idempotencyKey: 'last' })],
  ] as const;
  const key = (await usher.db.selectFrom('api_keys').select('id').executeTakeFirstOrThrow()).id;
  for (const [type, answer] of [['created', created], ...acts] as const) {
    expect(answer.status).toBeLessThan(300);
    expect(await newest(type)).toEqual({
      id: expect.any(Number),
      type,
      sequence: type === 'link_copied' ? null : expect.any(Number),
      detail: null,
      actor: { kind: 'api_key', id: key },
      target: { kind: 'invitation', id },
      request: answer.headers.get('x-request-id'),
      reason: null,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  }
  // What nobody asked for has no request.
  await sent(id);
  expect(await newest('invitation_sent')).toMatchObject({ actor: { kind: 'system', id: null }, request: null });
});

test('a repeat is known by the X-Request-Id of the first try', async () => {
  const create = () =>
    usher.call('/v1/organizations/acme/invitations', {
      body: { email: 'repeat@example.com' },
      idempotencyKey: 'twice',
    });
  const [first, again] = [await create(), await create()];
  expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  expect((await newest('created')).request).toBe(first.headers.get('x-request-id'));
  expect(usher.log.some((line) => line.includes(`"repeats":"${first.headers.get('x-request-id')}"`))).toBe(true);
});

test('copying a link again under its Idempotency-Key is the same link, and one event', async () => {
  const { id } = await usher.invite('link@example.com');
  const copy = (idempotencyKey: string, body: object = {}) =>
    usher.call(`/v1/invitations/${id}/link`, { body, idempotencyKey });
  const copies = async () => (await usher.call(`/v1/invitations/${id}/events`)).body.items.length;
  const before = await copies();
  const [first, again] = [await copy('copy'), await copy('copy')];
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect([first, again].map((a) => a.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  await sent(id);
  const types = (await usher.call(`/v1/invitations/${id}/events`)).body.items.map((e: { type: string }) => e.type);
  expect(types.filter((type: string) => type === 'link_copied')).toHaveLength(1);
  await copy('another');
  expect(await copies()).toBeGreaterThan(before + 1);
  const kept = await usher.db.selectFrom('requests').select('body').where('body', 'is not', null).execute();
  expect(JSON.stringify(kept)).not.toContain(first.body.url);
});

test('a former invitee who asks the inviter is noted with their request', async () => {
  const { id } = await usher.invite('ask@example.com');
  await sent(id);
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
  const { session } = await usher.person('ask@example.com');
  const headers = { cookie: `usher_${new URL(usher.url).port}_session=${session}` };
  const page = await usher.call(`/invitations/${id}`, { key: '', headers });
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)![1]!;
  const [cookie] = page.headers.getSetCookie().map((c) => c.split(';')[0]);
  const asked = await fetch(`${usher.url}/invitations/${id}/ask-to-resend`, {
    method: 'POST',
    headers: { cookie: `${headers.cookie}; ${cookie}`, origin: usher.url },
    body: new URLSearchParams({ _csrf: csrf, invitation: id }),
  });
  expect(asked.status).toBe(200);
  expect((await newest('resend_requested')).request).toBe(asked.headers.get('x-request-id'));
});

test('keys are made and ended with an event each', async () => {
  await usher.apiKey({ scopes: ['read'] });
  const made = await newest('key_created');
  expect(made).toMatchObject({
    actor: { kind: 'account', id: usher.owner.id },
    target: { kind: 'api_key', id: expect.stringMatching(/^key_/) },
  });
  for (const _ of [1, 2]) await revokeApiKey(usher.db, made.target.id as ApiKeyId, { kind: 'support', id: null });
  const ended = (await events('?type=key_revoked')).body.items;
  expect(ended).toMatchObject([{ target: made.target, actor: { kind: 'support', id: null } }]);
});

test('for the support it says why', async () => {
  const reason = await insertReason(usher.db, 'Ticket 4711');
  await insertEvent(usher.db, {
    organization: usher.organization.id,
    target: { kind: 'organization', id: usher.organization.id },
    type: 'looked_at',
    by: { kind: 'support', id: null },
    reason,
  });
  expect(await newest('looked_at')).toMatchObject({ reason: 'Ticket 4711', target: { kind: 'organization' } });
});

test('is filtered and paged', async () => {
  const all: { id: number; at: string }[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const { body }: { body: { items: { id: number; at: string }[]; cursor: string | null } } = await events(
      `?limit=3&cursor=${cursor}`,
    );
    expect(body.items.length).toBeLessThanOrEqual(3);
    all.push(...body.items);
    cursor = body.cursor;
  }
  // Emails are still under way: what has come since is no part of it.
  const last = all.at(-1)!.id;
  const rows = await usher.db.selectFrom('events').select('id').where('id', '<=', last).orderBy('id').execute();
  expect(all.map((e) => e.id)).toEqual(rows.map((r) => r.id));

  const middle = all[Math.floor(all.length / 2)]!;
  const ids = async (query: string) =>
    (await events(`?limit=100&${query}`)).body.items.map((e: { id: number }) => e.id);
  // Of two that happen at once the first to begin may be the last to be written.
  const those = (wanted: (at: string) => boolean) => all.filter((e) => wanted(e.at)).map((e) => e.id);
  const since = (await ids(`since=${middle.at}`)).filter((id: number) => id <= last);
  expect(since).toContain(middle.id);
  expect(since).toEqual(those((at) => at >= middle.at));
  expect(await ids(`until=${middle.at}`)).toEqual(those((at) => at < middle.at));
  expect(await ids('actor=nobody')).toEqual([]);
  const own = await ids(`actor=${usher.owner.id}`);
  expect(own.length).toBeGreaterThan(0);
  expect(own.length).toBeLessThan(all.length);
});

test('is read from the newest on, by whom by their address, and about what', async () => {
  const { account, session } = await usher.person('olga@acme.example');
  await usher.db.transaction().execute((trx) =>
    insertMember(trx, {
      organization: usher.organization.id,
      account: account.id,
      role: 'owner',
      teams: [],
      invitation: null,
    }),
  );
  const invited = await usher.call('/v1/organizations/acme/invitations', {
    session,
    body: { email: 'by@olga.example' },
  });
  const { id } = invited.body;
  await sent(id);
  const about = await events(`?target=${id}&order=newest&limit=1`);
  expect(about.body).toMatchObject({ items: [{ type: 'invitation_sent' }], cursor: expect.any(String) });
  const rest = await events(`?target=${id}&order=newest&cursor=${about.body.cursor}`);
  expect(rest.body).toMatchObject({ items: [{ type: 'created' }], cursor: null });
  expect((await events('?actor=nobody@acme.example')).body.items).toEqual([]);
  for (const actor of ['Olga@ACME.example', rest.body.items[0].actor.id])
    expect((await events(`?actor=${actor}`)).body.items).toMatchObject([{ type: 'created', target: { id } }]);
  const key = await newest('key_created');
  expect((await events(`?target=${key.target.id}`)).body.items).toContainEqual(key);
});

test('is for owners and admins of the organization, and for keys that may read', async () => {
  const other = await ensureOrganization(usher.db, { slug: 'other', name: 'Other' });
  const stranger = await usher.apiKey({ organization: other });
  expect((await usher.call('/v1/organizations/other/events', { key: stranger })).body.items).toMatchObject([
    { type: 'key_created' },
  ]);
  const answer = async (o: object, query = '') => {
    const { status, body } = await events(query, o);
    return [status, body.code];
  };
  const person = async (email: string, role: 'admin' | 'member') => {
    const { account, session } = await usher.person(email);
    await usher.db.transaction().execute((trx) =>
      insertMember(trx, {
        organization: usher.organization.id,
        account: account.id,
        role,
        teams: [],
        invitation: null,
      }),
    );
    return { session };
  };
  expect(await answer({ key: '' })).toEqual([401, 'not_authenticated']);
  expect(await answer({ key: stranger })).toEqual([404, 'not_found']);
  expect(await answer({ key: await usher.apiKey({ scopes: ['invite', 'manage', 'act'] }) })).toEqual([
    403,
    'scope_missing',
  ]);
  expect(await answer({ key: await usher.apiKey({ role: 'member', scopes: ['read'] }) })).toEqual([403, 'not_allowed']);
  expect(await answer({ key: await usher.apiKey({ role: 'admin', scopes: ['read'] }) })).toEqual([200, undefined]);
  expect(await answer({ session: (await usher.person('nobody@example.com')).session })).toEqual([404, 'not_found']);
  expect(await answer(await person('member@acme.example', 'member'))).toEqual([403, 'not_allowed']);
  expect(await answer(await person('admin@acme.example', 'admin'))).toEqual([200, undefined]);
  expect((await usher.call('/v1/organizations/nowhere/events')).body.code).toBe('not_found');
  for (const query of ['?cursor=x', '?since=yesterday', '?limit=101', '?colour=red'])
    expect(await answer({}, query)).toEqual([400, 'invalid_request']);
});
