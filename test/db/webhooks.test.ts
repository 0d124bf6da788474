import { type CompiledQuery, Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { eventOptions } from '../../api/pages/console/event-words.ts';
import { upsertAccount } from '../../db/accounts.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { insertEvent, insertEvents, type NewEvent } from '../../db/events.ts';
import { type InvitationId, type LicensePoolId, type MemberId, newId, type OrganizationId } from '../../db/ids.ts';
import { assignSeats, ensureLicensePool, findLicensePools } from '../../db/licenses.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import {
  dueWebhooks,
  forgetMessages,
  insertWebhook,
  lockWebhook,
  nextMessages,
  nextProbes,
  type WebhookType,
} from '../../db/webhooks.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { freshDatabase } from '../setup/database.ts';

/** What the audit log tells the endpoints of an organization. */

let url: string;
let db: Kysely<Database>;
let organization: OrganizationId;
let other: OrganizationId;
/** Pending, with a seat reserved; its member-to-be has none. */
let invitation: InvitationId;
/** Of another invitation, with a seat. */
let member: MemberId;
let thread: InvitationId;
let pool: LicensePoolId;
const by = { kind: 'system', id: null } as const;
const everything = { types: [] as WebhookType[], secret: 'whsec_AAAA', url: 'https://app.example.com' };
const all = newId('whk');

beforeAll(async () => {
  ({ url } = await freshDatabase());
  db = createDatabase(url, 5, 60_000);
  organization = (await ensureOrganization(db, { slug: 'acme', name: 'Acme' })).id;
  other = (await ensureOrganization(db, { slug: 'other', name: 'Other' })).id;
  const person = (name: string) =>
    upsertAccount(db, { issuer: 'i', subject: name, email: `${name}@example.com`, emailVerified: true, name });
  const owner = await person('owner');
  await ensureLicensePool(db, { organization, product: 'studio', name: 'Studio', kind: 'named', quantity: 5 });
  pool = (await findLicensePools(db, organization, ['studio']))[0]!.id;
  const invite = async (email: string) =>
    (
      await insertPending(db, {
        organization: { id: organization },
        standing: { role: 'owner', account: owner.id, by },
        expiresIn: 86_400_000,
        requestKey: email,
        email,
        mailbox: mailboxOf(email)!,
        role: 'member',
        poolIds: [pool],
      })
    ).id;
  invitation = await invite('ada@example.com');
  thread = await invite('bob@example.com');
  const { id: account } = await person('bob');
  await db.transaction().execute(async (trx) => {
    member = await insertMember(trx, { organization, account, role: 'member', teams: [], invitation: thread });
    await assignSeats(trx, thread, member);
    await insertWebhook(trx, { id: all, organization_id: organization, ...everything });
    await insertWebhook(trx, {
      id: newId('whk'),
      organization_id: organization,
      ...everything,
      types: ['license.released'],
    });
    await insertWebhook(trx, { id: newId('whk'), organization_id: other, ...everything });
    const removed = newId('whk');
    await insertWebhook(trx, { id: removed, organization_id: organization, ...everything });
    await trx.updateTable('webhooks').set({ removed_at: new Date() }).where('id', '=', removed).execute();
  });
});
afterAll(() => db?.destroy());

class Undone extends Error {}

/** What is told in a transaction, which is then undone: by whom, what, about what. */
async function toldBy(work: (trx: Transaction<Database>) => Promise<unknown>) {
  let told: { webhook_id: string; type: string; thread: string; pool_id: string | null }[] = [];
  await db
    .transaction()
    .execute(async (trx) => {
      await work(trx);
      told = await trx
        .selectFrom('webhook_messages')
        .select(['webhook_id', 'type', 'thread', 'pool_id'])
        .orderBy('position')
        .execute();
      throw new Undone();
    })
    .catch((error) => {
      if (!(error instanceof Undone)) throw error;
    });
  return told;
}

const nothing: WebhookType[] = [];
const ofInvitation = { kind: 'invitation' as const };
/** Every type of the audit log, what it is about, and what an endpoint that is told everything is told of it. */
const told: Record<string, { kind: string; tells: WebhookType[]; detail?: string }> = {
  created: { ...ofInvitation, tells: ['invitation.created'] },
  accepted: { ...ofInvitation, tells: ['invitation.accepted', 'member.joined', 'license.assigned'] },
  declined: { ...ofInvitation, tells: ['invitation.declined'] },
  expired: { ...ofInvitation, tells: ['invitation.expired'] },
  revoked: { ...ofInvitation, tells: ['invitation.revoked'] },
  resent: { ...ofInvitation, tells: ['invitation.resent'] },
  // That the reminder was sent is what is told.
  reminded: { ...ofInvitation, tells: nothing },
  amended: { ...ofInvitation, tells: ['invitation.amended'] },
  link_copied: { ...ofInvitation, tells: nothing },
  resend_requested: { ...ofInvitation, tells: nothing },
  invitation_sent: { ...ofInvitation, tells: ['invitation.sent'] },
  invitation_failed: { ...ofInvitation, tells: ['invitation.bounced'], detail: 'postmark_406' },
  invitation_delivered: { ...ofInvitation, tells: ['invitation.delivered'] },
  invitation_opened: { ...ofInvitation, tells: nothing },
  invitation_bounced: { ...ofInvitation, tells: ['invitation.bounced'], detail: 'HardBounce' },
  invitation_complained: { ...ofInvitation, tells: ['invitation.bounced'] },
  reminder_delivered: { ...ofInvitation, tells: ['invitation.delivered'] },
  reminder_opened: { ...ofInvitation, tells: nothing },
  reminder_bounced: { ...ofInvitation, tells: ['invitation.bounced'] },
  reminder_complained: { ...ofInvitation, tells: ['invitation.bounced'] },
  reminder_sent: { ...ofInvitation, tells: ['invitation.reminded'] },
  reminder_failed: { ...ofInvitation, tells: ['invitation.bounced'], detail: 'postmark_406' },
  resend_request_sent: { ...ofInvitation, tells: nothing },
  resend_request_failed: { ...ofInvitation, tells: nothing },
  reconciled: { ...ofInvitation, tells: nothing },
  invitation_erased: { ...ofInvitation, tells: nothing },
  batch_created: { kind: 'batch', tells: nothing },
  batch_cancelled: { kind: 'batch', tells: nothing },
  many_resent: { kind: 'batch', tells: nothing },
  many_revoked: { kind: 'batch', tells: nothing },
  many_amended: { kind: 'batch', tells: nothing },
  member_role_changed: { kind: 'member', tells: ['member.changed'] },
  member_teams_changed: { kind: 'member', tells: ['member.changed'] },
  member_removed: { kind: 'member', tells: ['member.removed', 'license.released'] },
  seat_assigned: { kind: 'member', tells: ['license.assigned'], detail: 'lic_other' },
  seat_unassigned: { kind: 'member', tells: ['license.released'], detail: 'lic_other' },
  license_created: { kind: 'license_pool', tells: nothing },
  license_changed: { kind: 'license_pool', tells: nothing },
  organization_changed: { kind: 'organization', tells: nothing },
  organization_suspended: { kind: 'organization', tells: nothing },
  organization_resumed: { kind: 'organization', tells: nothing },
  key_created: { kind: 'api_key', tells: nothing },
  key_revoked: { kind: 'api_key', tells: nothing },
  webhook_created: { kind: 'webhook', tells: nothing },
  webhook_changed: { kind: 'webhook', tells: nothing },
  webhook_removed: { kind: 'webhook', tells: nothing },
  webhook_secret_rotated: { kind: 'webhook', tells: nothing },
  webhook_disabled: { kind: 'webhook', tells: nothing },
  webhook_enabled: { kind: 'webhook', tells: nothing },
  webhook_tested: { kind: 'webhook', tells: nothing },
  webhook_messages_resent: { kind: 'webhook', tells: nothing },
};

test('of every type of the audit log it is known whether webhooks are told', () => {
  expect(Object.keys(told).sort()).toEqual(
    eventOptions()
      .map(({ value }) => value)
      .sort(),
  );
});

test.each(Object.entries(told))(
  '%s tells what it means, where it is recorded',
  async (type, { kind, tells, detail = null }) => {
    const event = { organization, type, detail, by };
    const messages = await toldBy((trx) =>
      insertEvent(
        trx,
        kind === 'invitation'
          ? { ...event, invitation, sequence: 99 }
          : { ...event, target: { kind: kind as never, id: kind === 'member' ? member : 'x' } },
      ),
    );
    const ofAll = messages.filter(({ webhook_id }) => webhook_id === all);
    expect(ofAll.map((message) => message.type)).toEqual(tells);
    // The other one is told of released seats alone; a removed one, and another organization's, of nothing.
    expect(messages.length - ofAll.length).toBe(tells.filter((t) => t === 'license.released').length);
    const about = kind === 'invitation' ? invitation : thread;
    for (const message of messages) expect(message.thread).toBe(about);
    for (const message of ofAll)
      expect(message.pool_id).toBe(message.type.startsWith('license.') ? (detail ?? pool) : null);
  },
);

test('an email that was overtaken has not bounced', async () => {
  for (const detail of ['superseded', 'erased'])
    expect(
      await toldBy((trx) =>
        insertEvent(trx, { organization, type: 'invitation_failed', detail, by, invitation, sequence: null }),
      ),
    ).toEqual([]);
});

test('whoever holds an endpoint holds nobody up who tells it something', async () => {
  await db.transaction().execute(async (holding) => {
    await lockWebhook(holding, organization, all);
    const messages = await toldBy(async (trx) => {
      await sql`set local lock_timeout = '5s'`.execute(trx);
      await insertEvent(trx, { organization, type: 'revoked', by, invitation, sequence: null });
    });
    expect(messages).toHaveLength(1);
  });
});

test('many rows of one statement tell in their order', async () => {
  const events = Array.from(
    { length: 3_000 },
    (_, i): NewEvent => ({
      organization: i % 3 === 0 ? other : organization,
      type: 'seat_assigned',
      detail: `lic_${i}`,
      target: { kind: 'member', id: member },
      by,
    }),
  );
  const messages = await toldBy((trx) => insertEvents(trx, events));
  expect(messages.map((message) => message.pool_id)).toEqual(events.map(({ detail }) => detail));
});

test('what is due is found by index, of each thread the first, and forgotten when it is old', async () => {
  const asked: CompiledQuery[] = [];
  const pool = new Pool({ connectionString: url, max: 1 });
  const looking = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void asked.push(query),
  });
  try {
    // Of 10,000 messages to one endpoint that is disabled, and as many to one that has taken them, two are due to others.
    const [dead, idle] = [newId('whk'), newId('whk')];
    await db.transaction().execute(async (trx) => {
      for (const id of [dead, idle]) await insertWebhook(trx, { id, organization_id: other, ...everything });
      await trx
        .updateTable('webhooks')
        .set({ disabled_at: new Date(), disabled_why: 'by_hand', told_at: new Date() })
        .where('id', '=', dead)
        .execute();
    });
    await sql`
      insert into webhook_messages (webhook_id, type, thread, state)
      select case when n % 2 = 0 then ${sql.lit(dead)} else ${sql.lit(idle)} end, 'invitation.sent', n,
        case when n % 2 = 0 then 'waiting' else 'delivered' end
      from generate_series(1, 20000) n
    `.execute(db);
    const say = (type: string, invitation: InvitationId) =>
      insertEvent(db, { organization, type, by, invitation, sequence: null });
    await say('link_copied', invitation);
    await say('revoked', invitation);
    await say('resent', invitation);
    await say('revoked', thread);
    for (const table of ['webhooks', 'webhook_messages'] as const)
      await sql`vacuum analyze ${sql.table(table)}`.execute(db);

    expect(await dueWebhooks(looking, 100)).toEqual([all]);
    expect(await dueWebhooks(looking, 100, all)).toEqual([]);
    const due = await nextMessages(looking, all, 10);
    expect(due.map(({ type, thread }) => [type, thread])).toEqual([
      ['invitation.revoked', invitation],
      ['invitation.revoked', thread],
    ]);
    // Of one type, one shows how an endpoint in trouble fares: the one that was tried the least.
    await db.updateTable('webhook_messages').set({ attempts: 1 }).where('position', '=', due[0]!.position).execute();
    expect((await nextProbes(looking, all, 10)).map(({ position }) => position)).toEqual([due[1]!.position]);
    for (const query of asked) {
      const { rows } = await db.executeQuery<{ 'QUERY PLAN': string }>({ ...query, sql: `explain ${query.sql}` });
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).not.toMatch(/Seq Scan on webhook_messages/);
    }
    // What waits for a later attempt, or behind one that does, is not due.
    await db
      .updateTable('webhook_messages')
      .set({ next_attempt_at: new Date(Date.now() + 60_000) })
      .where(
        'position',
        'in',
        due.map((message) => message.position),
      )
      .execute();
    expect(await dueWebhooks(looking, 100)).toEqual([]);
    expect(await nextMessages(looking, all, 10)).toEqual([]);

    expect(await forgetMessages(db, 30)).toBe(0);
    await sql`
      update webhook_messages set created_at = now() - interval '31 days' where position <= (
        select min(position) + 9 from webhook_messages)
    `.execute(db);
    expect(await forgetMessages(db, 30)).toBe(10);
  } finally {
    await looking.destroy();
  }
});
