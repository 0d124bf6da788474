import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { upsertAccount } from '../../db/accounts.ts';
import { requestErasure } from '../../db/erasure.ts';
import { insertReason } from '../../db/events.ts';
import { type AccountId, type InvitationId, newId } from '../../db/ids.ts';
import { insertAmendment } from '../../db/invitations.ts';
import { insertMember, type Role } from '../../db/members.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { forgetExpired } from '../../db/requests.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { erasureStart, invitationWorkflowId, workflowTypes } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { searchPersonalData } from '../setup/personal-data.ts';
import { startUsher, type Usher } from '../setup/usher.ts';
import { operateOn } from './operate.ts';

/** What is left of a person who was erased: nothing that names them, anywhere. */

let usher: Usher;
let operate: ReturnType<typeof operateOn>;
beforeAll(async () => {
  usher = await startUsher({ worker: { retentionDays: 30 } });
  operate = operateOn({ USHER_DATABASE_URL: usher.runUrl, TEMPORAL_ADDRESS: usher.temporal.address });
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

const join = (organization: Organization, account: AccountId, role: Role) =>
  usher.db
    .transaction()
    .execute((trx) => insertMember(trx, { organization: organization.id, account, role, teams: [], invitation: null }));
const get = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body;
const sent = (id: string) => usher.until('sent', async () => (await get(id)).delivery.status === 'sent');
/** Accepts as the signed-in person. */
const accept = async (id: string, session: string) => {
  const { status } = await usher.call(`/v1/invitations/${id}/accept`, { body: {}, session });
  expect(status).toBe(200);
};

/** The text columns of all tables. */
async function textColumns(): Promise<{ table: string; column: string }[]> {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as table, column_name as column from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely%' and data_type in ('text', 'jsonb', 'ARRAY', 'bytea')
    order by 1, 2
  `.execute(usher.db);
  return rows;
}

/** Where a pattern occurs in the database: `table.column`. */
async function whereIs(pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const { table, column } of await textColumns()) {
    const { rows } = await sql<{ text: string }>`
      select ${sql.ref(column)}::text as text from ${sql.table(table)} where ${sql.ref(column)} is not null
    `.execute(usher.db);
    if (rows.some(({ text }) => pattern.test(text))) found.push(`${table}.${column}`);
  }
  return found;
}

/** Columns that hold ids, codes, numbers, and what organizations call themselves and their things, and their signs. */
const impersonal =
  /^(admission|limits|logos|seats|organizations|webhooks|webhook_messages)\.|^license_pools\.product$|\.(id|\w+_id|pool_ids|role|staff_role|state|status|kind|\w+_kind|type|locale|reminders|scopes|key|hash|id_hash|body_hash|request_key|decided_by|created_by|origins)$|^events\.detail$|^batches\.(mode|\w+_through)$|^batch_acts\.result$/;

test('a person who was in every table is in none; the log keeps what happened, and the address can be invited anew', async () => {
  const { db } = usher;
  const address = 'Ada.Lovelace@Example.COM';
  const name = 'Ada Lovelace-Byron';
  const trace = /lovelace|byron/i;
  const account = await upsertAccount(db, {
    issuer: 'https://idp.example',
    subject: 'the subject of lovelace',
    email: address,
    emailVerified: true,
    name,
  });
  // Another account with the same address, at another provider.
  const { session } = await usher.person(address);
  const inOrganization = async (slug: string) => {
    const organization = await ensureOrganization(db, { slug, name: slug });
    const key = await usher.apiKey({ organization });
    const invite = (body: object) => usher.call(`/v1/organizations/${slug}/invitations`, { key, body });
    return { organization, key, invite };
  };
  const [globex, initech] = [await inOrganization('globex'), await inOrganization('initech')];
  await join(globex.organization, account.id, 'admin');

  // One she accepted, with a seat, and one that waits.
  const toAda = {
    email: address,
    message: 'Welcome Ms Lovelace',
    metadata: { who: name },
    licenses: ['studio'],
    redirectUrl: 'https://acme.example/for?who=ada.lovelace%40example.com',
  };
  const invite = () => usher.call('/v1/organizations/acme/invitations', { body: toAda, idempotencyKey: 'invite-ada' });
  const accepted = await invite();
  await sent(accepted.body.id);
  await accept(accepted.body.id, session);
  const waiting = await initech.invite({ email: address });
  expect(waiting.status).toBe(201);

  // What she wrote to Bob, and what others wrote of her.
  const bob = await globex.invite({
    email: 'bob@example.com',
    metadata: { manager: 'ada.lovelace@example.com', other: 'bada.lovelace@example.com.au' },
  });
  await usher.until('sent', async () => {
    const { body } = await usher.call(`/v1/invitations/${bob.body.id}`, { key: globex.key });
    return body.delivery.status === 'sent';
  });
  const mention = 'said of ada.lovelace@example.com';
  await db
    .updateTable('invitations')
    .set({ inviter_id: account.id, created_by_kind: 'member', message: 'Yours, Byron' })
    .where('id', '=', bob.body.id)
    .execute();
  await db.updateTable('deliveries').set({ detail: mention }).where('invitation_id', '=', bob.body.id).execute();
  await db
    .updateTable('members')
    .set({ teams: [mention] })
    .where('account_id', '=', account.id)
    .execute();
  await db.updateTable('sessions').set({ id_token: mention }).execute();
  await db
    .updateTable('api_keys')
    .set({ name: mention })
    .where('organization_id', '=', globex.organization.id)
    .execute();
  await db
    .updateTable('license_pools')
    .set({ name: mention })
    .where('organization_id', '=', usher.organization.id)
    .execute();
  const mentioned = await usher.call('/v1/organizations/globex/invitation-batches', {
    key: globex.key,
    body: { mode: 'valid', invitations: [{ email: 'bob@example.com', licenses: [mention] }] },
  });
  expect(mentioned.status).toBe(202);
  const act = { changes: { teams: [mention] } };
  await db
    .updateTable('batches')
    .set({ act: JSON.stringify(act) as never })
    .where('id', '=', mentioned.body.id)
    .execute();
  await insertReason(db, 'ADA.lovelace@example.com has called');
  const changes = { email: address, mailbox: mailboxOf(address)! };
  await insertAmendment(db, { id: newId('amd'), invitation: bob.body.id, changes });

  // Every column that can hold something of a person does, so that one that is added is seen here.
  const columns = (await textColumns()).map(({ table, column }) => `${table}.${column}`);
  const planted = await whereIs(trace);
  const later = ['erasures.addresses', 'erasures.mailbox', 'accounts.issuer', 'invitations.teams'];
  expect(columns.filter((c) => !impersonal.test(c) && !planted.includes(c) && !later.includes(c))).toEqual([]);

  const dry = await operate('erase', address, '--reason', 'Ticket 1', '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toMatch(
    /accounts: 2.*memberships that end: 2.*seats that are freed: 1.*invitations to them: 2, .*: 1/s,
  );
  expect(await whereIs(trace)).toEqual(planted);
  const unasked = await operate('erase', address, '--reason', 'Ticket 1');
  expect([unasked.code, unasked.stderr.split('\n')[0]]).toEqual([1, 'Nothing was done.']);
  expect((await operate('erase', address, '--yes')).stderr).toContain("required option '--reason <text>'");
  expect(await whereIs(trace)).toEqual(planted);

  const done = await operate('erase', address, '--reason', 'Wish of ada.lovelace@example.com', '--yes');
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toMatch(/erased\n$/);

  // What is left is the other address, of which hers is a part.
  expect(await whereIs(/ada\.lovelace@example\.com(?!\.au)|ada\.lovelace%40/i)).toEqual([]);
  expect(await whereIs(trace)).toEqual(['invitations.metadata']);
  expect((await get(bob.body.id)).code).toBe('invitation_not_found');
  const about = await db
    .selectFrom('invitations')
    .select(['metadata', 'message'])
    .where('id', '=', bob.body.id)
    .executeTakeFirstOrThrow();
  expect(about).toEqual({ metadata: { manager: 'erased', other: 'bada.lovelace@example.com.au' }, message: null });
  const histories = await searchPersonalData(usher.temporal.client, db, usher.log, ['ovelace', 'Byron']);
  expect(histories).toEqual([]);

  // The fact without the person.
  const events = (await usher.call('/v1/organizations/acme/events?limit=100')).body.items;
  const reason = { reason: 'Wish of erased', actor: { kind: 'support', id: null } };
  expect(events.find((e: { type: string }) => e.type === 'member_removed')).toMatchObject({
    ...reason,
    detail: 'erased',
  });
  expect(events.find((e: { type: string }) => e.type === 'invitation_erased')).toMatchObject({
    ...reason,
    target: { kind: 'invitation', id: accepted.body.id },
  });
  const waited = await usher.call(`/v1/invitations/${waiting.body.id}/events`, { key: initech.key });
  expect(waited.body.items.map((e: { type: string }) => e.type)).toEqual(
    expect.arrayContaining(['revoked', 'invitation_erased']),
  );
  const erasedAccounts = await db
    .selectFrom('events')
    .select('target_id')
    .where('type', '=', 'account_erased')
    .execute();
  expect(erasedAccounts.map((e) => e.target_id)).toContain(account.id);

  // How it is shown; the seat is free; the request is not done again.
  expect(await get(accepted.body.id)).toMatchObject({
    email: 'erased',
    state: 'accepted',
    message: null,
    metadata: {},
    allowed: [],
  });
  const pool = await db
    .selectFrom('license_pools')
    .select(['reserved', 'assigned'])
    .where('product', '=', 'studio')
    .executeTakeFirstOrThrow();
  expect(pool).toEqual({ reserved: 0, assigned: 0 });
  const again = await invite();
  expect([again.status, again.body.id, again.body.email]).toEqual([201, accepted.body.id, 'erased']);
  expect(await usher.call('/v1/me/invitations', { session })).toMatchObject({ status: 401 });

  // Whoever comes back is somebody new.
  const anew = await usher.invite(address, { licenses: ['studio'] });
  const back = await usher.person(address);
  expect(back.account.id).not.toBe(account.id);
  await accept(anew.id, back.session);
  expect((await get(anew.id)).state).toBe('accepted');
});

test('an invitee who never joined: a link leads nowhere, and nothing revives it', async () => {
  const { id } = await usher.invite('never@example.com');
  const link = await usher.linkTo('never@example.com');
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
  expect((await get(id)).allowed).toEqual(['resend']);
  await operate('erase', 'never@example.com', '--reason', 'Ticket 2', '--yes');
  expect((await get(id)).allowed).toEqual([]);
  for (const verb of ['resend', 'revoke'])
    expect(await usher.call(`/v1/invitations/${id}/${verb}`, { body: {} })).toMatchObject({
      status: 409,
      body: { code: 'invitation_erased' },
    });
  const opened = await fetch(`${usher.url}${link}`, { redirect: 'manual' });
  const cookie = opened.headers.getSetCookie()[0]!.split(';')[0]!;
  const page = await fetch(new URL(opened.headers.get('location')!, usher.url), {
    headers: { cookie },
    redirect: 'manual',
  });
  expect(await page.text()).not.toContain('erased');
  // A hand in Temporal's pages cannot either.
  const run = await usher.temporal.client.workflow.signalWithStart(workflowTypes.invitation, {
    signal: 'resend',
    taskQueue: 'usher',
    workflowId: invitationWorkflowId(id),
    args: [{ id }],
  });
  await run.result();
  expect((await get(id)).state).toBe('revoked');
});

test('the database itself keeps what was erased from being sent to again', async () => {
  const revived = usher.db
    .updateTable('invitations')
    .set({ state: 'pending' })
    .where('erased_at', 'is not', null)
    .execute();
  await expect(revived).rejects.toMatchObject({ constraint: 'invitations_erased_stay_ended' });
});

test('whoever alone owns an organization stays until there is another owner', async () => {
  const alone = await operate('erase', 'owner@acme.example', '--reason', 'Ticket 3', '--yes');
  expect(alone.code).toBe(1);
  expect(alone.stderr).toMatch(/^Nobody else owns acme. Make another member an owner first; nothing was done.\n/);

  // Should the other one leave meanwhile, it waits, having taken nobody's organization away.
  const hooli = await ensureOrganization(usher.db, { slug: 'hooli', name: 'Hooli' });
  const [one, two] = [await usher.person('one@example.com'), await usher.person('two@example.com')];
  await join(hooli, one.account.id, 'owner');
  const id = await requestErasure(usher.db, { mailbox: mailboxOf('one@example.com')!, account: null }, 'Ticket 4');
  const run = await usher.temporal.client.workflow.start(workflowTypes.erasure, erasureStart(id));
  await usher.until('it to wait', async () => {
    const { pendingActivities } = (await run.describe()).raw;
    return pendingActivities?.some((a) => a.lastFailure?.applicationFailureInfo?.type === 'last_owner');
  });
  await join(hooli, two.account.id, 'owner');
  await run.result();
  expect(
    await usher.db.selectFrom('accounts').select('name').where('id', '=', one.account.id).executeTakeFirst(),
  ).toEqual({
    name: 'A former member',
  });
});

test('an account whose address is not verified is erased alone: the address may be another’s', async () => {
  const { account } = await usher.person('shared@example.com', { verified: false });
  const { id } = await usher.invite('shared@example.com');
  expect((await operate('erase', account.id, '--reason', 'Ticket 5', '--yes')).code).toBe(0);
  expect(await get(id)).toMatchObject({ state: 'pending', email: 'shared@example.com' });
  const row = await usher.db
    .selectFrom('accounts')
    .select(['email', 'mailbox', 'subject'])
    .where('id', '=', account.id)
    .executeTakeFirst();
  expect(row).toEqual({ email: 'erased', mailbox: '', subject: account.id });
  expect((await operate('erase', 'nobody', '--reason', 'x', '--yes')).stderr).toMatch(/^That is neither an address/);
});

test('emails go on in the name of an inviter who was erased, and requests to them go nowhere', async () => {
  const inviter = await usher.person('inviter@example.com');
  await join(usher.organization, inviter.account.id, 'admin');
  const invite = (email: string) =>
    usher.call('/v1/organizations/acme/invitations', { body: { email }, session: inviter.session });
  const [{ body: open }, { body: dead }] = [await invite('open@example.com'), await invite('dead@example.com')];
  await sent(open.id);
  await usher.call(`/v1/invitations/${dead.id}/revoke`, { body: {} });
  await operate('erase', 'inviter@example.com', '--reason', 'Ticket 6', '--yes');
  await usher.call(`/v1/invitations/${open.id}/resend`, { body: {} });
  await sent(open.id);
  const [newest] = await usher.messages('open@example.com');
  expect(newest).toMatchObject({ Subject: 'A former member invited you to join Acme' });

  await usher.db
    .insertInto('deliveries')
    .values({ invitation_id: dead.id, ordinal: -1, generation: 1, kind: 'resend_request', status: 'queued' } as never)
    .execute();
  const delivery = await usher.temporal.client.workflow.start(workflowTypes.delivery, {
    taskQueue: 'usher',
    workflowId: 'a request to nobody',
    args: [{ invitation: dead.id, ordinal: -1 }],
  });
  await delivery.result();
  const row = await usher.db
    .selectFrom('deliveries')
    .select(['status', 'detail'])
    .where('ordinal', '=', -1)
    .executeTakeFirst();
  expect(row).toEqual({ status: 'failed', detail: 'erased' });
});

test('what is held about an address is exported, and of others nothing', async () => {
  const { account, session } = await usher.person('export@example.com');
  const invitation = await usher.invite('export@example.com', { licenses: ['studio'], metadata: { note: 'mine' } });
  await sent(invitation.id);
  await accept(invitation.id, session);
  await join(await ensureOrganization(usher.db, { slug: 'export', name: 'Export' }), account.id, 'owner');
  await usher.call(`/v1/invitations/${(await usher.invite('other@example.com')).id}/revoke`, { body: {} });

  const { stdout, code } = await operate('export', 'EXPORT@example.com', '--reason', 'Ticket 7');
  expect(code).toBe(0);
  const held = JSON.parse(stdout);
  expect(held).toMatchObject({
    of: 'EXPORT@example.com',
    accounts: [{ id: account.id, email: 'export@example.com', name: 'export', email_verified: true }],
    memberships: [{ organization: 'acme' }, { organization: 'export', role: 'owner' }],
    seats: [{ product: 'studio' }],
    sessions: [{ account: account.id }],
    invitations: [{ id: invitation.id, email: 'export@example.com', metadata: { note: 'mine' }, state: 'accepted' }],
    emails: [{ invitation: invitation.id, status: 'sent' }],
  });
  expect(held.events.map((e: { type: string }) => e.type)).toEqual(['created', 'invitation_sent', 'accepted']);
  expect(stdout).not.toMatch(/owner@acme|other@example|id_token|id_hash/);
  const looked = await usher.db.selectFrom('events').selectAll().where('type', '=', 'exported').execute();
  expect(looked).toMatchObject([{ target_id: account.id, actor_kind: 'support', reason_id: expect.any(String) }]);
});

describe('retention', () => {
  const ended = async (email: string, daysAgo: number) => {
    const { id } = await usher.invite(email);
    await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
    await usher.db
      .updateTable('invitations')
      .set({ decided_at: new Date(Date.now() - daysAgo * 86_400_000) })
      .where('id', '=', id)
      .execute();
    return id as InvitationId;
  };
  const run = () =>
    usher.temporal.client.workflow.execute(workflowTypes.retention, {
      taskQueue: 'usher',
      workflowId: `retention ${Math.random()}`,
    });
  const keep = (days: number | null) =>
    usher.db.updateTable('organizations').set({ retention_days: days }).where('slug', '=', 'acme').execute();

  test('erases what ended longer ago than the installation says, and nothing else', async () => {
    const old = await ended('old@example.com', 31);
    const young = await ended('young@example.com', 29);
    const { id: open } = await usher.invite('open-long@example.com');
    const { session } = await usher.person('joined@example.com');
    const joined = await usher.invite('joined@example.com', { redirectUrl: 'https://acme.example/start' });
    await accept(joined.id, session);
    await usher.db
      .updateTable('invitations')
      .set({ decided_at: new Date(0) })
      .where('id', '=', joined.id)
      .execute();
    expect(await run()).toEqual({ erased: 2, unfinished: 0 });
    expect((await Promise.all([old, young, open, joined.id].map(get))).map((i) => i.email)).toEqual([
      'erased',
      'young@example.com',
      'open-long@example.com',
      'erased',
    ]);
    // They are a member still, and their home page leads where it led.
    const home = await usher.call('/', {
      key: '',
      headers: { cookie: `usher_${new URL(usher.url).port}_session=${session}` },
    });
    expect(home.body).toContain('https://acme.example/start');
    const events = (await usher.call(`/v1/invitations/${old}/events`)).body.items;
    expect(events.at(-1)).toMatchObject({ type: 'invitation_erased', detail: 'retention', actor: { kind: 'system' } });
    expect(await run()).toEqual({ erased: 0, unfinished: 0 });
  });

  test('heeds what an organization says of its own', async () => {
    const old = await ended('forever@example.com', 1_000);
    await keep(0);
    expect(await run()).toMatchObject({ erased: 0 });
    await keep(2_000);
    expect(await run()).toMatchObject({ erased: 0 });
    await keep(900);
    expect(await run()).toMatchObject({ erased: 1 });
    await keep(null);
    expect((await get(old)).email).toBe('erased');
  });

  test('takes up an erasure whose workflow was lost', async () => {
    const { account } = await usher.person('lost@example.com');
    await requestErasure(usher.db, { mailbox: mailboxOf('lost@example.com')!, account: null }, 'Ticket 8');
    expect(await run()).toEqual({ erased: 0, unfinished: 1 });
    await usher.until('the erasure', async () => {
      const row = await usher.db.selectFrom('accounts').select('email').where('id', '=', account.id).executeTakeFirst();
      return row?.email === 'erased';
    });
  });
});

test('what an amend was to change goes: at once when it is done, after a day when it was refused', async () => {
  const { id } = await usher.invite('amend@example.com');
  await sent(id);
  const amend = (body: object) => usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body });
  expect((await amend({ email: 'amended@example.com' })).status).toBe(200);
  const rows = () => usher.db.selectFrom('amendments').selectAll().where('invitation_id', '=', id).execute();
  expect(await rows()).toEqual([]);
  expect((await amend({ email: 'owner@acme.example' })).body.code).toBe('already_member');
  expect(await rows()).toMatchObject([{ changes: { email: 'owner@acme.example' } }]);
  await forgetExpired(usher.db);
  expect(await rows()).toHaveLength(1);
  await usher.db
    .updateTable('amendments')
    .set({ created_at: new Date(Date.now() - 25 * 3_600_000) })
    .execute();
  await forgetExpired(usher.db);
  expect(await rows()).toEqual([]);
  // An Update that comes so late is refused, not repeated for ever.
  const late = usher.temporal.client.workflow.getHandle(invitationWorkflowId(id));
  const input = {
    by: { kind: 'system', id: null },
    request: 'late',
    emailChanged: false,
    emailVersion: 2,
    amendment: newId('amd'),
  };
  expect(await late.executeUpdate('amend', { args: [input] })).toEqual({ status: 'refused', code: 'event_unknown' });
});
