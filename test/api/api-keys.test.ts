import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revokeKeysAbove } from '../../db/api-keys.ts';
import { insertMember, type Role } from '../../db/members.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ withWorker: false });
});
afterAll(() => usher?.close());

const keys = '/v1/organizations/acme/api-keys';
const make = (body: object, more: object = {}) => usher.call(keys, { body: { name: 'test', ...body }, ...more });
const revoke = (id: string, more: object = {}) => usher.call(`${keys}/${id}`, { method: 'DELETE', ...more });
const events = async (id: string) =>
  (await usher.call('/v1/organizations/acme/events?limit=100')).body.items
    .filter((e: { target: { id: string } }) => e.target.id === id)
    .map((e: { type: string; detail: string | null; actor: object; request: string }) => e);

test('a key is made with what it may, shown once, works, and ends at once', async () => {
  const made = await make({ role: 'admin', scopes: ['read', 'invite'] });
  expect(made).toMatchObject({
    status: 201,
    body: {
      id: expect.stringMatching(/^key_/),
      organization: 'acme',
      name: 'test',
      role: 'admin',
      scopes: ['read', 'invite'],
      createdBy: { email: 'owner@acme.example' },
      expiresAt: null,
      revokedAt: null,
      secret: expect.stringMatching(/^usher_sk_[\w-]{43}$/),
    },
  });
  const { id, secret } = made.body;
  expect((await usher.call('/v1/me', { key: secret })).body).toEqual({
    kind: 'api_key',
    id,
    name: 'test',
    organization: 'acme',
    role: 'admin',
    scopes: ['read', 'invite'],
  });
  const ended = await revoke(id);
  expect(ended).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) } });
  expect((await usher.call('/v1/me', { key: secret })).status).toBe(401);
  expect((await revoke(id)).body).toEqual(ended.body);

  const log = await events(id);
  expect(log).toMatchObject([
    { type: 'key_created', detail: 'admin read,invite', request: made.headers.get('x-request-id') },
    { type: 'key_revoked', request: ended.headers.get('x-request-id') },
  ]);
  expect(log[0].actor).toMatchObject({ kind: 'api_key' });
});

test('a key ends by itself when it is made to, and so do those that it makes', async () => {
  const { body } = await make({ scopes: ['read'], expiresAt: new Date(Date.now() + 60_000).toISOString() });
  expect((await usher.call('/v1/me', { key: body.secret })).status).toBe(200);
  const own = await make({ scopes: ['manage'], role: 'admin', expiresAt: '2100-01-01T00:00:00Z' });
  const by = (expiresAt?: string) =>
    make({ scopes: ['manage'], ...(expiresAt && { expiresAt }) }, { key: own.body.secret });
  const outlived = {
    status: 400,
    body: { detail: expect.stringContaining('Your key ends at 2100-01-01T00:00:00.000Z') },
  };
  expect(await by()).toMatchObject(outlived);
  expect(await by('2100-01-01T00:00:01Z')).toMatchObject(outlived);
  expect(await by('2100-01-01T00:00:00Z')).toMatchObject({ status: 201 });
  await usher.db.updateTable('api_keys').set({ expires_at: new Date() }).where('id', '=', body.id).execute();
  expect((await usher.call('/v1/me', { key: body.secret })).status).toBe(401);
  await revoke(body.id);
  const past = await make({ scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' });
  expect(past).toMatchObject({ status: 400, body: { detail: 'expiresAt must be a time to come.' } });
});

test('its secret is in one answer alone: not in repeats, the list, the log, or the database', async () => {
  const more = { idempotencyKey: 'once' };
  const [a, b] = await Promise.all([make({ scopes: ['read'] }, more), make({ scopes: ['read'] }, more)]);
  expect(a.body.id).toBe(b.body.id);
  const secrets = [a.body.secret, b.body.secret].filter(Boolean);
  expect(secrets).toHaveLength(1);
  const again = await make({ scopes: ['read'] }, more);
  expect(again).toMatchObject({ status: 201, body: { id: a.body.id, secret: null } });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await make({ scopes: ['invite'] }, more)).toMatchObject({ status: 422 });

  const { body } = await usher.call(`${keys}?limit=100`);
  expect(body.items.filter(({ id }: { id: string }) => id === a.body.id)).toHaveLength(1);
  const { rows } = await usher.db.executeQuery<{ kept: string }>({
    sql: `select jsonb_agg(t)::text as kept from (select to_jsonb(k) t from api_keys k union all select to_jsonb(e) from events e
      union all select to_jsonb(r) from requests r) all_rows`,
    parameters: [],
  } as never);
  for (const place of [JSON.stringify(body), usher.log.join(''), rows[0]!.kept]) {
    expect(place.length).toBeGreaterThan(100);
    expect(place).not.toContain(secrets[0]);
  }
});

test('nobody gives more than they may', async () => {
  const { body: manager } = await make({ role: 'admin', scopes: ['manage', 'read'] });
  const by = { key: manager.secret };
  expect(await make({ role: 'owner', scopes: ['read'] }, by)).toMatchObject({
    status: 403,
    body: { code: 'role_too_high' },
  });
  expect(await make({ scopes: ['read', 'act'] }, by)).toMatchObject({ status: 403, body: { code: 'scope_too_high' } });
  expect(await make({ role: 'admin', scopes: ['read'] }, by)).toMatchObject({ status: 201 });
  // The scopes of the staff are no organization's to give.
  expect(await make({ scopes: ['support'] })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(await make({ scopes: ['read'], name: 'see https://evil.example' })).toMatchObject({
    body: { code: 'unsafe_text' },
  });
});

test('people make keys in their own name', async () => {
  const { account, session } = await usher.person('admin@acme.example');
  await usher.db
    .insertInto('members')
    .values({
      id: 'mem_01k9xqj2v3e8gt0d5w6m7n8p9q',
      organization_id: usher.organization.id,
      account_id: account.id,
      role: 'admin',
      invitation_id: null,
      removed_at: null,
    })
    .execute();
  expect(await make({ role: 'owner', scopes: ['read'] }, { session })).toMatchObject({
    body: { code: 'role_too_high' },
  });
  const made = await make({ role: 'admin', scopes: ['act'] }, { session });
  expect(made).toMatchObject({ status: 201, body: { createdBy: { email: 'admin@acme.example' } } });
  expect((await events(made.body.id))[0].actor).toEqual({ kind: 'member', id: 'mem_01k9xqj2v3e8gt0d5w6m7n8p9q' });
});

test('whoever is demoted or removed while they make a key makes none, nor does a key of theirs', async () => {
  const { account, session } = await usher.person('leaving@acme.example');
  const id = await usher.db.transaction().execute((trx) =>
    insertMember(trx, {
      ...{ organization: usher.organization.id, account: account.id },
      ...{ role: 'admin', teams: [], invitation: null },
    }),
  );
  const wanted = { role: 'admin', scopes: ['manage'] };
  const { body: theirs } = await make(wanted, { session });
  /** What making a key is answered that began before somebody else's change of its maker is committed. */
  const madeDuring = async (change: { role?: Role; removed_at?: Date }, more: object) => {
    const { answer } = await usher.db.transaction().execute(async (trx) => {
      await trx.updateTable('members').set(change).where('id', '=', id).execute();
      const answer = make(wanted, more);
      await usher.until('it waits for what becomes of its maker', async () => {
        const { rows } = await sql`select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(usher.db);
        return rows.length > 0;
      });
      const of = { organization: usher.organization.id, account: account.id, role: change.role ?? null };
      await revokeKeysAbove(trx, of, { kind: 'member', id });
      // Wrapped: it comes after the commit.
      return { answer };
    });
    return answer;
  };
  expect(await madeDuring({ role: 'member' }, { key: theirs.secret })).toMatchObject({ status: 401 });
  await usher.db.updateTable('members').set({ role: 'admin' }).where('id', '=', id).execute();
  expect(await madeDuring({ role: 'member' }, { session })).toMatchObject({ body: { code: 'not_allowed' } });
  await usher.db.updateTable('members').set({ role: 'admin' }).where('id', '=', id).execute();
  expect(await madeDuring({ removed_at: new Date() }, { session })).toMatchObject({ body: { code: 'not_found' } });
  const kept = usher.db.selectFrom('api_keys').select('id').where('created_by', '=', account.id);
  expect(await kept.where('revoked_at', 'is', null).execute()).toEqual([]);
});

test('a key of another organization is as one that does not exist', async () => {
  const other = await ensureOrganization(usher.db, { slug: 'other', name: 'Other' });
  const theirs = await usher.apiKey({ organization: other });
  const { body } = await make({ scopes: ['read'] });
  expect((await revoke(body.id, { key: theirs })).status).toBe(404);
  const elsewhere = await usher.call(`/v1/organizations/other/api-keys/${body.id}`, { method: 'DELETE', key: theirs });
  const none = await usher.call('/v1/organizations/other/api-keys/key_none', { method: 'DELETE', key: theirs });
  expect([elsewhere.status, elsewhere.body.code, elsewhere.body.detail]).toEqual([
    404,
    none.body.code,
    none.body.detail,
  ]);
  expect((await usher.call('/v1/me', { key: body.secret })).status).toBe(200);
});

test('lists are read in pages, and there is an end to how many may live', async () => {
  let { items, cursor } = (await usher.call(`${keys}?limit=2`)).body;
  const ids = items.map(({ id }: { id: string }) => id);
  while (cursor) {
    ({ items, cursor } = (await usher.call(`${keys}?limit=2&cursor=${cursor}`)).body);
    ids.push(...items.map(({ id }: { id: string }) => id));
  }
  expect(ids).toEqual([...new Set(ids)].sort().reverse());
  const live = (await usher.call(`${keys}?limit=100`)).body.items.filter(
    (k: { revokedAt: string | null }) => !k.revokedAt,
  );
  for (let i = live.length; i < 100; i++) await usher.apiKey({ scopes: ['read'] });
  expect(await make({ scopes: ['read'] })).toMatchObject({ status: 409, body: { code: 'too_many_api_keys' } });
  await revoke(live[0].id);
  expect((await make({ scopes: ['read'] })).status).toBe(201);
});
