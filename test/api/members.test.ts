import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertApiKey, newApiKey } from '../../db/api-keys.ts';
import { type AccountId, newId } from '../../db/ids.ts';
import { insertMember, type Role } from '../../db/members.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type CallOptions, startUsher, type Usher } from '../setup/usher.ts';

/** Members: who is listed, who may change or remove whom, and what becomes of those who leave. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

interface Person {
  id: string;
  account: AccountId;
  session: string;
}
let count = 0;
/** An organization of the test's own, since in `acme` there are others. */
const anOrganization = () => ensureOrganization(usher.db, { slug: `org-${++count}`, name: `Organization ${count}` });
async function member(
  organization: Organization,
  role: Role,
  more: { email?: string; teams?: string[] } = {},
): Promise<Person> {
  const { account, session } = await usher.person(more.email ?? `person-${++count}@example.com`);
  const id = await usher.db.transaction().execute((trx) =>
    insertMember(trx, {
      organization: organization.id,
      account: account.id,
      role,
      teams: more.teams ?? [],
      invitation: null,
    }),
  );
  return { id, account: account.id, session };
}
const path = ({ slug }: Organization, of = '') => `/v1/organizations/${slug}/members${of && `/${of}`}`;
const patch = (organization: Organization, by: Person, of: Person | undefined, body: object, more: CallOptions = {}) =>
  usher.call(path(organization, of?.id), { method: 'PATCH', session: by.session, body, ...more });
const remove = (organization: Organization, by: Person, of: Person) =>
  usher.call(path(organization, of.id), { method: 'DELETE', session: by.session });
const eventsOf = async (id: string) =>
  usher.db.selectFrom('events').selectAll().where('target_id', '=', id).orderBy('id').execute();
const code = ({ status, body }: { status: number; body: { code?: string } }) => `${status} ${body.code ?? ''}`.trim();

describe('the list', () => {
  let organization: Organization;
  let owner: Person;
  const list = async (query = '', session = owner.session) => {
    const { status, body } = await usher.call(`${path(organization)}?${query}`, { session });
    expect(status, JSON.stringify(body)).toBe(200);
    return body as { items: { id: string; email: string; name: string }[]; cursor: string | null };
  };
  const emails = async (query: string) => (await list(query)).items.map((m) => m.email.split('@')[0]);
  beforeAll(async () => {
    organization = await anOrganization();
    owner = await member(organization, 'owner', { email: 'olga@listed.example' });
    await member(organization, 'admin', { email: 'ann@listed.example', teams: ['Design', 'Press'] });
    await member(organization, 'billing_manager', { email: 'bill@listed.example' });
    await member(organization, 'member', { email: 'mia_100%@listed.example', teams: ['Press'] });
    const gone = await member(organization, 'member', { email: 'gus@listed.example' });
    expect((await remove(organization, owner, gone)).status).toBe(200);
    await usher.db
      .updateTable('members')
      .set({ joined_at: new Date('2020-01-01') })
      .where('id', '=', owner.id as never)
      .execute();
    await usher.db
      .updateTable('accounts')
      .set({ seen_at: new Date('2021-01-01') })
      .where('email', '=', 'ann@listed.example')
      .execute();
    await usher.db.updateTable('accounts').set({ seen_at: null }).where('email', 'like', 'mia%listed%').execute();
  });

  test.each([
    ['', ['mia_100%', 'bill', 'ann', 'olga']],
    ['state=active', ['mia_100%', 'bill', 'ann', 'olga']],
    ['state=removed', ['gus']],
    ['role=admin', ['ann']],
    ['team=Press', ['mia_100%', 'ann']],
    ['email=ANN@Listed.example', ['ann']],
    ['email=gus@listed.example', []],
    ['email=gus@listed.example&state=removed', ['gus']],
    [`email=${'a'.repeat(60)}@${'long.'.repeat(20)}example`, []],
    ['search=LISTED.ex', ['mia_100%', 'bill', 'ann', 'olga']],
    ['search=nn', ['ann']],
    ['search=_1', ['mia_100%']],
    ['search=0%25', ['mia_100%']],
    ['search=%25%25', []],
    ['joinedBefore=2020-01-02T00:00:00Z', ['olga']],
    ['joinedAfter=2020-01-02T00:00:00Z&role=member', ['mia_100%']],
    ['lastAccessBefore=2021-01-02T00:00:00Z', ['mia_100%', 'ann']],
    ['lastAccessAfter=2021-01-02T00:00:00Z', ['bill', 'olga']],
  ])('with "%s" has %j', async (query, expected) => {
    expect(await emails(query)).toEqual(expected);
  });

  test('has of an address whose it is, and not who only says so', async () => {
    const theirs = await anOrganization();
    const { session } = await member(theirs, 'owner');
    const { id } = await member(theirs, 'member', { email: 'rea@real.example' });
    const { account } = await member(theirs, 'member');
    await usher.db
      .updateTable('accounts')
      .set({ email: 'rea@real.example', mailbox: 'rea@real.example' as never, email_verified: false })
      .where('id', '=', account)
      .execute();
    const found = await usher.call(`${path(theirs)}?email=Rea@real.example`, { session });
    expect(found).toMatchObject({ status: 200, body: { items: [{ id }], cursor: null } });
    expect(code(await usher.call(`${path(theirs)}?email=rea@localhost`, { session }))).toBe('400 invalid_email');
  });

  test('has who holds a seat of a licence', async () => {
    const { body } = await usher.call(`/v1/organizations/acme/members?license=studio`);
    expect(body.items).toEqual([]);
    const { id } = await usher.invite('seated@example.com', { licenses: ['studio'] });
    const { session } = await usher.person('seated@example.com');
    await usher.call(`/v1/invitations/${id}/accept`, { method: 'POST', session });
    const after = await usher.call(`/v1/organizations/acme/members?license=studio`);
    expect(after.body.items).toMatchObject([{ email: 'seated@example.com', licenses: ['studio'], invitation: id }]);
    expect(await usher.call(`/v1/organizations/acme/members?license=none`)).toMatchObject({
      status: 400,
      body: { code: 'unknown_license' },
    });
  });

  test('comes in pages, each member once, and shows each as alone', async () => {
    const found: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof list>> = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
      found.push(...page.items);
      cursor = page.cursor;
    }
    expect(found).toEqual((await list()).items);
    const [first] = found as { id: string }[];
    expect((await usher.call(path(organization, first!.id), { session: owner.session })).body).toEqual(first);
    expect((await usher.call(path(organization, 'me'), { session: owner.session })).body.email).toBe(
      'olga@listed.example',
    );
  });

  test('comes as CSV, in which no cell is a formula', async () => {
    await usher.db
      .updateTable('accounts')
      .set({ name: '=HYPERLINK("https://evil.example")' })
      .where('email', '=', 'bill@listed.example')
      .execute();
    const { status, body, headers } = await usher.call(`${path(organization)}.csv`, { session: owner.session });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const [head, ...rows] = String(body).trimEnd().split('\r\n');
    expect(head).toBe('id,name,email,role,teams,licenses,state,joinedAt,lastAccessAt,removedAt,account,invitation');
    expect(rows.map((row) => /,([^,]+)@listed/.exec(row)![1])).toEqual(['mia_100%', 'bill', 'ann', 'olga']);
    expect(rows[1]).toContain(`,"'=HYPERLINK(""https://evil.example"")",`);
    expect(rows[2]).toContain(',"Design, Press",');
    const filtered = await usher.call(`${path(organization)}.csv?state=removed`, { session: owner.session });
    expect(String(filtered.body).trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('roles and teams', () => {
  let organization: Organization;
  let owner: Person;
  let admin: Person;
  let person: Person;
  beforeAll(async () => {
    organization = await anOrganization();
    owner = await member(organization, 'owner');
    admin = await member(organization, 'admin');
    person = await member(organization, 'member', { teams: ['Design'] });
  });

  test('are changed, with an event each that says who did it', async () => {
    const changed = await patch(organization, admin, person, { teams: ['Press'], role: 'admin' });
    expect(changed).toMatchObject({ status: 200, body: { id: person.id, role: 'admin', teams: ['Press'] } });
    await patch(organization, owner, person, { role: 'member', reason: 'Ticket 3' });
    await patch(organization, owner, person, { teams: ['Design'] });
    // So it is already.
    await patch(organization, owner, person, { role: 'member', teams: ['Design'] });
    expect((await eventsOf(person.id)).map((e) => [e.type, e.detail, e.actor_id])).toEqual([
      ['member_role_changed', 'admin', admin.id],
      ['member_role_changed', 'member', owner.id],
      ['member_teams_changed', null, owner.id],
    ]);
    const { body } = await usher.call(`/v1/organizations/${organization.slug}/events?type=member_role_changed`, {
      session: owner.session,
    });
    expect(body.items[1]).toMatchObject({ reason: 'Ticket 3', target: { kind: 'member', id: person.id } });
  });

  test.each([
    [
      'an admin makes nobody an owner',
      () => patch(organization, admin, person, { role: 'owner' }),
      '403 role_too_high',
    ],
    ['an admin changes no owner', () => patch(organization, admin, owner, { teams: ['X'] }), '403 role_too_high'],
    ['an admin removes no owner', () => remove(organization, admin, owner), '403 role_too_high'],
    ['nobody changes their own role', () => patch(organization, admin, admin, { role: 'member' }), '403 own_role'],
    ['an owner changes not theirs either', () => patch(organization, owner, owner, { role: 'admin' }), '403 own_role'],
    ['members change nobody', () => patch(organization, person, admin, { teams: [] }), '403 not_allowed'],
    ['members remove nobody', () => remove(organization, person, admin), '403 not_allowed'],
    [
      'a billing manager belongs to no team',
      () => patch(organization, owner, person, { role: 'billing_manager', teams: ['Press'] }),
      '400 invalid_request',
    ],
    [
      'a team is no link',
      () => patch(organization, owner, person, { teams: ['https://evil.example'] }),
      '400 unsafe_text',
    ],
    ['nothing is no change', () => patch(organization, owner, person, { reason: 'none' }), '400 invalid_request'],
    [
      'another organization’s member is unknown',
      async () => patch(await anOrganization(), owner, person, {}),
      '400 invalid_request',
    ],
    [
      'nor are members of others',
      async () => patch(organization, owner, await member(await anOrganization(), 'member'), { role: 'admin' }),
      '404 not_found',
    ],
  ])('%s', async (_, act, expected) => {
    const before = await usher.call(path(organization), { session: owner.session });
    expect(code(await act())).toBe(expected);
    expect((await usher.call(path(organization), { session: owner.session })).body.items).toEqual(before.body.items);
  });

  test('whoever becomes a billing manager leaves their teams', async () => {
    const other = await member(organization, 'member', { teams: ['Design'] });
    const { body } = await patch(organization, owner, other, { role: 'billing_manager' });
    expect(body).toMatchObject({ role: 'billing_manager', teams: [] });
  });

  test('one’s own teams are one’s own to change, for those who may', async () => {
    expect((await patch(organization, admin, admin, { teams: ['Admins'] })).body.teams).toEqual(['Admins']);
  });

  test('a key grants no more than its role, and not to whoever made it', async () => {
    const secret = newApiKey();
    const key = { secret, organization: organization.id, name: 'x', role: 'admin', createdBy: admin.account } as const;
    await insertApiKey(usher.db, { ...key, scopes: ['manage'] });
    const call = (of: Person, body: object) =>
      usher.call(path(organization, of.id), { method: 'PATCH', key: secret, body });
    expect(code(await call(person, { role: 'owner' }))).toBe('403 role_too_high');
    expect(code(await call(admin, { role: 'member' }))).toBe('403 own_role');
    expect(code(await call(person, { teams: ['Keys'] }))).toBe('200');
  });
});

describe('who is removed', () => {
  test('has no access from then on, nor have the keys they made; their seat is free, and an invitation brings them back', async () => {
    const organization = usher.organization;
    const seats = async () => {
      const pool = await usher.db
        .selectFrom('license_pools')
        .selectAll()
        .where('product', '=', 'studio')
        .executeTakeFirstOrThrow();
      return pool.assigned;
    };
    const before = await seats();
    const { id: invitation } = await usher.invite('leaver@example.com', { role: 'admin', licenses: ['studio'] });
    const { account, session } = await usher.person('leaver@example.com');
    await usher.call(`/v1/invitations/${invitation}/accept`, { method: 'POST', session });
    const me = await usher.call(path(organization, 'me'), { session });
    expect(me.body).toMatchObject({ role: 'admin', licenses: ['studio'], state: 'active' });
    expect(await seats()).toBe(before + 1);
    const secret = newApiKey();
    const key = { secret, organization: organization.id, name: 'x', role: 'member', createdBy: account.id } as const;
    await insertApiKey(usher.db, { ...key, scopes: ['read'] });
    const invitations = '/v1/organizations/acme/invitations';
    expect((await usher.call(invitations, { session })).status).toBe(200);
    expect((await usher.call(invitations, { key: secret })).status).toBe(200);

    const removed = await usher.call(path(organization, me.body.id), { method: 'DELETE' });
    expect(removed).toMatchObject({ status: 200, body: { state: 'removed', licenses: [], role: 'admin' } });
    expect(code(await usher.call(invitations, { session }))).toBe('404 not_found');
    expect(code(await usher.call(invitations, { key: secret }))).toBe('401 not_authenticated');
    expect(await seats()).toBe(before);
    expect((await usher.call('/', { session })).body).not.toContain('Acme');
    // Again: it is so.
    expect((await usher.call(path(organization, me.body.id), { method: 'DELETE' })).body).toEqual(removed.body);
    expect((await eventsOf(me.body.id)).map((e) => e.type)).toEqual(['member_removed']);
    const change = await usher.call(path(organization, me.body.id), { method: 'PATCH', body: { role: 'member' } });
    expect(code(change)).toBe('409 member_removed');

    const { id: back } = await usher.invite('leaver@example.com', { licenses: ['studio'] });
    await usher.call(`/v1/invitations/${back}/accept`, { method: 'POST', session });
    expect((await usher.call(path(organization, 'me'), { session })).body).toMatchObject({
      role: 'member',
      invitation: back,
      licenses: ['studio'],
    });
    const history = await usher.call(`${path(organization)}?state=removed&search=leaver`);
    expect(history.body.items.map((m: { id: string }) => m.id)).toEqual([me.body.id]);
  });

  test('may have gone by themselves, in whatever role', async () => {
    const organization = await anOrganization();
    const owner = await member(organization, 'owner');
    const person = await member(organization, 'member');
    const left = await usher.call(path(organization, 'me'), { method: 'DELETE', session: person.session });
    expect(left).toMatchObject({ status: 200, body: { id: person.id, state: 'removed' } });
    expect((await eventsOf(person.id)).map((e) => [e.type, e.actor_id])).toEqual([['member_removed', person.id]]);
    expect(code(await usher.call(path(organization, 'me'), { session: person.session }))).toBe('404 not_found');
    expect(code(await usher.call(path(organization, 'me'), { session: owner.session }))).toBe('200');
  });

  test('demoted, loses the keys that may grant more than they may', async () => {
    const organization = await anOrganization();
    const owner = await member(organization, 'owner');
    const second = await member(organization, 'owner');
    const keyOf = async (role: Role) => {
      const secret = newApiKey();
      const key = { secret, organization: organization.id, name: role, role, createdBy: second.account };
      await insertApiKey(usher.db, { ...key, scopes: ['read'] });
      return secret;
    };
    const [high, low] = [await keyOf('owner'), await keyOf('admin')];
    expect((await patch(organization, owner, second, { role: 'admin' })).status).toBe(200);
    const read = (key: string) => usher.call(`/v1/organizations/${organization.slug}/invitations`, { key });
    expect([code(await read(high)), code(await read(low))]).toEqual(['401 not_authenticated', '200']);
  });
});

describe('several at a time', () => {
  test('are changed or removed, all of them or none', async () => {
    const organization = await anOrganization();
    const owner = await member(organization, 'owner');
    const admin = await member(organization, 'admin');
    const people = [await member(organization, 'member'), await member(organization, 'member')];
    const members = people.map((p) => p.id);
    const promoted = await patch(
      organization,
      owner,
      undefined,
      { members, role: 'admin' },
      { idempotencyKey: 'promote' },
    );
    expect(promoted.body.items.map((m: { role: string }) => m.role)).toEqual(['admin', 'admin']);
    const again = await patch(
      organization,
      owner,
      undefined,
      { members, role: 'admin' },
      { idempotencyKey: 'promote' },
    );
    expect(again.body).toEqual(promoted.body);
    for (const id of members) expect((await eventsOf(id)).map((e) => e.type)).toEqual(['member_role_changed']);

    const mixed = await patch(organization, admin, undefined, { members: [...members, owner.id], state: 'removed' });
    expect(mixed).toMatchObject({
      status: 403,
      body: { code: 'role_too_high', errors: [{ path: 'body/members/2', message: 'Their role is above yours.' }] },
    });
    const { body } = await usher.call(path(organization), { session: owner.session });
    expect(body.items).toHaveLength(4);
    const gone = await patch(organization, admin, undefined, { members, state: 'removed' });
    expect(gone.body.items.map((m: { state: string }) => m.state)).toEqual(['removed', 'removed']);
    const unknown = await patch(organization, owner, undefined, { members: [admin.id, newId('mem')], role: 'member' });
    expect(unknown).toMatchObject({
      status: 400,
      body: { code: 'unknown_member', errors: [{ path: 'body/members/1' }] },
    });
    for (const body of [
      { members, state: 'removed', role: 'member' },
      { members: Array.from({ length: 101 }, () => newId('mem')), state: 'removed' },
      { members: [], role: 'member' },
    ])
      expect(code(await patch(organization, owner, undefined, body))).toBe('400 invalid_request');
  });
});

describe('an organization keeps an owner', () => {
  const owners = async ({ id }: Organization) =>
    (
      await usher.db
        .selectFrom('members')
        .select('id')
        .where('organization_id', '=', id)
        .where('role', '=', 'owner')
        .where('removed_at', 'is', null)
        .execute()
    ).length;

  test('who can neither leave nor be demoted', async () => {
    const organization = await anOrganization();
    const owner = await member(organization, 'owner');
    const key = await usher.apiKey({ organization });
    expect(code(await remove(organization, owner, owner))).toBe('409 last_owner');
    const demote = usher.call(path(organization, owner.id), { method: 'PATCH', key, body: { role: 'admin' } });
    expect(code(await demote)).toBe('409 last_owner');
    const second = await member(organization, 'owner');
    const both = { members: [owner.id, second.id], state: 'removed' };
    expect(code(await usher.call(path(organization), { method: 'PATCH', key, body: both }))).toBe('409 last_owner');
    expect(code(await remove(organization, owner, owner))).toBe('200');
    expect(await owners(organization)).toBe(1);
  });

  test('whatever is done to the tables by hand', async () => {
    const organization = await anOrganization();
    const owner = await member(organization, 'owner');
    const { db } = usher;
    const id = owner.id as `mem_${string}`;
    for (const act of [
      () => db.updateTable('members').set({ removed_at: sql`now()` }).where('id', '=', id).execute(),
      () => db.updateTable('members').set({ role: 'admin' }).where('id', '=', id).execute(),
      () => db.deleteFrom('members').where('id', '=', id).execute(),
    ])
      await expect(act()).rejects.toMatchObject({ constraint: 'members_keep_an_owner' });
    await db
      .updateTable('members')
      .set({ teams: ['A'] })
      .where('id', '=', id)
      .execute();
  });

  test('whoever of two leaves, or removes or demotes the other, at the same time', async () => {
    const pairs: ((organization: Organization, own: Person, other: Person) => ReturnType<typeof patch>)[][] = [
      [(o, own) => remove(o, own, own), (o, own) => remove(o, own, own)],
      [remove, remove],
      [remove, (o, own, other) => patch(o, own, other, { role: 'member' })],
      [
        (o, own, other) => patch(o, own, other, { role: 'admin' }),
        (o, own, other) => patch(o, own, other, { role: 'admin' }),
      ],
    ];
    const outcomes: string[] = [];
    for (const [first, second] of [...pairs, ...pairs, ...pairs]) {
      const organization = await anOrganization();
      const [a, b] = [await member(organization, 'owner'), await member(organization, 'owner')];
      const answers = (await Promise.all([first!(organization, a, b), second!(organization, b, a)])).map(code);
      expect(await owners(organization), JSON.stringify(answers)).toBe(1);
      expect(answers.filter((answer) => answer === '200').length, JSON.stringify(answers)).toBe(1);
      outcomes.push(...answers);
    }
    // Refused as the last one, or since they were no owner or no member any more when it was their turn.
    for (const answer of outcomes)
      expect(answer).toMatch(/^(200|409 last_owner|404 not_found|403 (not_allowed|role_too_high))$/);
  });
});

describe('pending invitations', () => {
  const warnings = async (id: string) =>
    (await usher.call(`/v1/invitations/${id}`)).body.warnings.map((w: { code: string }) => w.code);
  const inviteAs = async (person: Person, email: string, role: Role) => {
    const body = { email, role };
    const answer = await usher.call('/v1/organizations/acme/invitations', { session: person.session, body });
    expect(answer.status).toBe(201);
    return answer.body.id as string;
  };

  test('stay when their inviter is demoted or removed, say so, and all of theirs can be revoked at once', async () => {
    const organization = usher.organization;
    const inviter = await member(organization, 'owner');
    const other = await member(organization, 'admin');
    const low = await inviteAs(inviter, 'low@example.com', 'member');
    const high = await inviteAs(inviter, 'high@example.com', 'admin');
    const theirs = await inviteAs(other, 'theirs@example.com', 'admin');
    expect([await warnings(low), await warnings(high)]).toEqual([[], []]);
    const byKey = { key: usher.key };
    await usher.call(path(organization, inviter.id), { method: 'PATCH', ...byKey, body: { role: 'billing_manager' } });
    expect([await warnings(low), await warnings(high)]).toEqual([[], ['inviter_demoted']]);
    await usher.call(path(organization, inviter.id), { method: 'DELETE', ...byKey });
    expect([await warnings(low), await warnings(high)]).toEqual([['inviter_removed'], ['inviter_removed']]);

    const list = await usher.call(`/v1/organizations/acme/invitations?state=pending&invitedBy=${inviter.account}`);
    expect(list.body.items.map((i: { id: string }) => i.id)).toEqual([high, low]);
    const revoke = () =>
      usher.call('/v1/organizations/acme/invitations/revoke', {
        body: { invitedBy: inviter.account, reason: 'Ticket 5' },
        idempotencyKey: 'all-of-theirs',
      });
    expect(await revoke()).toMatchObject({ status: 200, body: { revoked: 2, more: false } });
    expect((await revoke()).body).toEqual({ revoked: 2, more: false });
    const states = async (ids: string[]) =>
      Promise.all(ids.map(async (id) => (await usher.call(`/v1/invitations/${id}`)).body.state));
    expect(await states([low, high, theirs])).toEqual(['revoked', 'revoked', 'pending']);
    const { body: events } = await usher.call(`/v1/invitations/${low}/events`);
    expect(events.items.find((e: { type: string }) => e.type === 'revoked')).toMatchObject({ reason: 'Ticket 5' });
    expect(await warnings(low)).toEqual([]);
  });

  test('close when the person has become a member another way, and their seats are free', async () => {
    const organization = usher.organization;
    const reserved = async () =>
      (
        await usher.db
          .selectFrom('license_pools')
          .select('reserved')
          .where('product', '=', 'studio')
          .executeTakeFirstOrThrow()
      ).reserved;
    const before = await reserved();
    const { id } = await usher.invite('moving@example.com', { licenses: ['studio'] });
    expect(await reserved()).toBe(before + 1);
    // A member under another address, who has the invited one from now on.
    const person = await member(organization, 'member', { email: 'moving@example.com' });
    const accept = await usher.call(`/v1/invitations/${id}/accept`, { method: 'POST', session: person.session });
    expect(code(accept)).toBe('409 already_member');
    await usher.until('it is closed', async () => (await usher.call(`/v1/invitations/${id}`)).body.state === 'revoked');
    expect(await reserved()).toBe(before);
    const { body: events } = await usher.call(`/v1/invitations/${id}/events`);
    expect(events.items.find((e: { type: string }) => e.type === 'revoked')).toMatchObject({
      actor: { kind: 'system' },
      reason: 'The person is a member already.',
    });
  });
});
