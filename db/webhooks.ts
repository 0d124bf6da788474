import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from './database.ts';
import { insertEvent } from './events.ts';
import type { InvitationId, LicensePoolId, MemberId, MessageId, OrganizationId, WebhookId } from './ids.ts';
import { type Page, pageOf } from './paging.ts';

/** What an endpoint can be told. The database's function `tell_webhooks` says of which rows of the audit log each comes. */
export const webhookTypes = [
  'invitation.created',
  'invitation.sent',
  'invitation.delivered',
  'invitation.bounced',
  'invitation.reminded',
  'invitation.accepted',
  'invitation.declined',
  'invitation.expired',
  'invitation.revoked',
  'invitation.resent',
  'invitation.amended',
  'member.joined',
  'member.changed',
  'member.removed',
  'license.assigned',
  'license.released',
] as const;
export type WebhookType = (typeof webhookTypes)[number];
/** What is sent to try an endpoint. */
export const testType = 'webhook.test';

/** `failed`: it was tried for long enough, while others got through. */
export const messageStates = ['waiting', 'delivered', 'failed'] as const;
export type MessageState = (typeof messageStates)[number];

/** Why an endpoint is disabled: nothing got through for days, it answered 410 (gone), or somebody wanted it so. */
export const disabledWhys = ['failing', 'gone', 'by_hand'] as const;
export type DisabledWhy = (typeof disabledWhys)[number];

export interface WebhooksTable {
  id: WebhookId;
  organization_id: OrganizationId;
  url: string;
  /** What it is told; empty: everything. */
  types: WebhookType[];
  /** `whsec_…`: signs what is sent, so it is kept as it is. */
  secret: string;
  /** The one before, which signs too until then. */
  previous_secret: string | null;
  previous_secret_until: Date | null;
  created_at: Generated<Date>;
  /** Since when nothing has got through. */
  failing_since: Date | null;
  /** How often in a row. */
  failures: Generated<number>;
  /** Until when it is left in peace. */
  retry_at: Date | null;
  disabled_at: Date | null;
  disabled_why: DisabledWhy | null;
  /** When it was last begun to tell the owners that it is disabled, and when all had been told. */
  telling_since: Date | null;
  told_at: Date | null;
  removed_at: Date | null;
}
export type Webhook = Selectable<WebhooksTable>;

export interface WebhookMessagesTable {
  /** Orders what an endpoint is told. */
  position: Generated<number>;
  id: Generated<MessageId>;
  webhook_id: WebhookId;
  type: WebhookType | typeof testType;
  /** What it is about: messages of a thread are sent one after the other. */
  thread: string;
  /** The row of the audit log that it tells of; null for a test. */
  event_id: number | null;
  invitation_id: InvitationId | null;
  member_id: MemberId | null;
  pool_id: LicensePoolId | null;
  state: Generated<MessageState>;
  attempts: Generated<number>;
  next_attempt_at: Generated<Date>;
  /** Since when it is tried. */
  first_attempted_at: Date | null;
  last_attempted_at: Date | null;
  /** The last answer: its HTTP status, or a code of what went wrong. Never text of the receiver's. */
  last_answer: string | null;
  created_at: Generated<Date>;
}
export type WebhookMessage = Selectable<WebhookMessagesTable>;

/** For how long a secret that was replaced goes on signing. */
export const overlapHours = 24;
/** For how long one message is tried while others get through, and an endpoint with which none does. */
export const triedDays = 3;

/** Makes an endpoint. */
export async function insertWebhook(
  trx: Transaction<Database>,
  webhook: Pick<Webhook, 'id' | 'organization_id' | 'url' | 'types' | 'secret'>,
): Promise<void> {
  await trx.insertInto('webhooks').values(webhook).execute();
}

const selectWebhooks = (db: Kysely<Database>, organization: OrganizationId) =>
  db.selectFrom('webhooks').selectAll().where('organization_id', '=', organization).where('removed_at', 'is', null);

/** Endpoints of an organization, newest first, before a cursor (an endpoint's id). */
export async function listWebhooks(
  db: Kysely<Database>,
  organization: OrganizationId,
  page: { before?: WebhookId; limit: number },
): Promise<Page<Webhook, WebhookId>> {
  const rows = await selectWebhooks(db, organization)
    .$if(page.before !== undefined, (q) => q.where('id', '<', page.before!))
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.id, undefined);
}

export const findWebhook = (
  db: Kysely<Database>,
  organization: OrganizationId,
  id: WebhookId,
): Promise<Webhook | undefined> => selectWebhooks(db, organization).where('id', '=', id).executeTakeFirst();

/** The same, held until the transaction ends; that it is told of something need not wait. */
export const lockWebhook = (
  trx: Transaction<Database>,
  organization: OrganizationId,
  id: WebhookId,
): Promise<Webhook | undefined> =>
  selectWebhooks(trx, organization).where('id', '=', id).forNoKeyUpdate().executeTakeFirst();

/** The endpoint that a request has made, if it has made one. */
export const findWebhookByRequest = (db: Kysely<Database>, request: string): Promise<Webhook | undefined> =>
  db
    .selectFrom('webhooks')
    .selectAll('webhooks')
    .innerJoin('events', 'target_id', 'webhooks.id')
    .where('request_key', '=', request)
    .executeTakeFirst();

/** How many endpoints an organization has. */
export const countWebhooks = async (db: Kysely<Database>, organization: OrganizationId): Promise<number> => {
  const { count } = await db
    .selectFrom('webhooks')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('organization_id', '=', organization)
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
};

type Change = Partial<Pick<Webhook, 'url' | 'types' | 'disabled_at' | 'disabled_why'>>;

/** Changes what an endpoint is, and what it is told. */
export async function updateWebhook(trx: Transaction<Database>, id: WebhookId, change: Change): Promise<void> {
  await trx.updateTable('webhooks').set(change).where('id', '=', id).execute();
}

/** Disables an endpoint by somebody's wish: what it would be told waits. */
export const disableWebhook = (trx: Transaction<Database>, id: WebhookId): Promise<unknown> =>
  trx
    .updateTable('webhooks')
    .set({ disabled_at: sql`now()`, disabled_why: 'by_hand', told_at: sql`now()` })
    .where('id', '=', id)
    .execute();

/** Enables an endpoint again: what has waited is sent. */
export async function enableWebhook(trx: Transaction<Database>, id: WebhookId): Promise<void> {
  await trx
    .updateTable('webhooks')
    .set({ disabled_at: null, disabled_why: null, telling_since: null, told_at: null })
    .where('id', '=', id)
    .execute();
  await tryAnew(trx, id);
}

/** Has an endpoint tried as if it were new, and what has waited for it too, the oldest first. */
export async function tryAnew(trx: Transaction<Database>, id: WebhookId): Promise<void> {
  await trx
    .updateTable('webhooks')
    .set({ failing_since: null, failures: 0, retry_at: null })
    .where('id', '=', id)
    .execute();
  await trx
    .updateTable('webhook_messages')
    .set({ attempts: 0, first_attempted_at: null, next_attempt_at: sql`now()` })
    .where('webhook_id', '=', id)
    .where('state', '=', 'waiting')
    .where('attempts', '>', 0)
    .execute();
}

/** Has an endpoint in trouble tried now, which may still be. */
export async function tryNow(trx: Transaction<Database>, id: WebhookId): Promise<void> {
  await trx.updateTable('webhooks').set({ retry_at: null }).where('id', '=', id).execute();
}

/**
 * Gives an endpoint a new secret; the one before signs too for {@link overlapHours}. Within them it goes on alone: the one
 * that is replaced then may have been lost on the way, and the receiver still have the one before.
 */
export async function rotateSecret(trx: Transaction<Database>, id: WebhookId, secret: string): Promise<void> {
  const overlaps = sql`previous_secret_until > now()`;
  await trx
    .updateTable('webhooks')
    .set({
      secret,
      previous_secret: sql`case when ${overlaps} then previous_secret else secret end`,
      previous_secret_until: sql<Date>`case when ${overlaps} then previous_secret_until
        else now() + make_interval(hours => ${overlapHours}) end`,
    })
    .where('id', '=', id)
    .execute();
}

/** Forgets secrets that sign no more. */
export async function forgetSecrets(db: Kysely<Database>): Promise<void> {
  await db
    .updateTable('webhooks')
    .set({ previous_secret: null, previous_secret_until: null })
    .where('previous_secret_until', '<=', sql<Date>`now()`)
    .execute();
}

/** Removes an endpoint: it is told nothing any more, and its secrets are gone. */
export async function removeWebhook(trx: Transaction<Database>, id: WebhookId): Promise<void> {
  await trx
    .updateTable('webhooks')
    .set({ removed_at: sql`now()`, secret: '', previous_secret: null })
    .where('id', '=', id)
    .execute();
}

/** Queues a message that tells nothing, to try an endpoint. Others do not wait for it. */
export const insertTest = (trx: Transaction<Database>, webhook: WebhookId, thread: string): Promise<WebhookMessage> =>
  trx
    .insertInto('webhook_messages')
    .values({ webhook_id: webhook, type: testType, thread })
    .returningAll()
    .executeTakeFirstOrThrow();

/** Condition of a message that waits: nothing of its thread stands before it. */
const isNext = sql<boolean>`webhook_messages.position = (
  select position from webhook_messages as those
  where those.webhook_id = webhook_messages.webhook_id and those.thread = webhook_messages.thread
    and those.state = 'waiting'
  order by position limit 1
)`;

/**
 * Endpoints for which something is to be done now: to send what is due, or to tell owners that one is disabled. It costs a
 * look at an index, and one more for each endpoint that has something waiting.
 *
 * @param after the last of those that were found before. @default the first are looked for
 */
export async function dueWebhooks(
  db: Kysely<Database>,
  limit: number,
  after: WebhookId | '' = '',
): Promise<WebhookId[]> {
  const { rows } = await sql<{ id: WebhookId }>`
    with recursive waiting as (
      (select webhook_id as id from webhook_messages
        where state = 'waiting' and webhook_id > ${after} order by webhook_id limit 1)
      union all
      select (
        select webhook_id from webhook_messages
        where state = 'waiting' and webhook_id > waiting.id order by webhook_id limit 1
      ) from waiting where waiting.id is not null
    )
    (select webhooks.id from waiting join webhooks using (id)
    -- Endpoint by endpoint: joined, Postgres may read all messages.
    cross join lateral (
      select from webhook_messages
      where webhook_id = webhooks.id and state = 'waiting' and next_attempt_at <= now() and ${isNext}
      limit 1
    ) as due
    where disabled_at is null and removed_at is null and (retry_at is null or retry_at <= now())
    limit ${limit})
    union all
    (select id from webhooks
    where disabled_at is not null and told_at is null and removed_at is null and id > ${after}
    order by id limit ${limit})
    order by id limit ${limit}
  `.execute(db);
  return rows.map(({ id }) => id);
}

/** An endpoint that may be sent to now. */
export const findReceptive = (db: Kysely<Database>, id: WebhookId): Promise<Webhook | undefined> =>
  db
    .selectFrom('webhooks')
    .selectAll()
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .where('removed_at', 'is', null)
    .where((e) => e.or([e('retry_at', 'is', null), e('retry_at', '<=', sql<Date>`now()`)]))
    .executeTakeFirst();

const dueTo = (db: Kysely<Database>, id: WebhookId) =>
  db
    .selectFrom('webhook_messages')
    .selectAll()
    .where('webhook_id', '=', id)
    .where('state', '=', 'waiting')
    .where('next_attempt_at', '<=', sql<Date>`now()`)
    .where(isNext);

/** What is due to an endpoint, of each thread the first. */
export const nextMessages = (db: Kysely<Database>, id: WebhookId, limit: number): Promise<WebhookMessage[]> =>
  dueTo(db, id).orderBy('next_attempt_at').orderBy('position').limit(limit).execute();

/**
 * What shows whether an endpoint in trouble still is: of what is due one message of each type, the least attempted, so that
 * none that is always refused stands before the others. A test comes first.
 */
export const nextProbes = (db: Kysely<Database>, id: WebhookId, limit: number): Promise<WebhookMessage[]> =>
  db
    .selectFrom(
      dueTo(db, id).distinctOn('type').orderBy('type').orderBy('attempts').orderBy('position').as('webhook_messages'),
    )
    .selectAll()
    .orderBy((e) => e('type', '=', testType), 'desc')
    .orderBy('attempts')
    .orderBy('position')
    .limit(limit)
    .execute();

/** What an attempt at a message came to. */
export interface Attempted {
  position: number;
  /** Its HTTP status, or a code. */
  answer: string;
  /** `waiting`: it is tried again in so many ms. */
  became: { state: 'delivered' | 'failed' } | { state: 'waiting'; againInMs: number };
}

/** Notes what attempts came to. */
export async function noteAttempts(trx: Transaction<Database>, attempts: readonly Attempted[]): Promise<void> {
  const rows = attempts.map(({ position, answer, became }) => ({
    position,
    answer,
    state: became.state,
    again_in_ms: 'againInMs' in became ? became.againInMs : 0,
  }));
  await sql`
    update webhook_messages set
      state = came.state, attempts = attempts + 1, last_answer = came.answer, last_attempted_at = now(),
      first_attempted_at = coalesce(first_attempted_at, now()),
      next_attempt_at = now() + came.again_in_ms * interval '1 millisecond'
    from json_to_recordset(${JSON.stringify(rows)}::json) as came (position bigint, answer text, state text, again_in_ms float)
    where webhook_messages.position = came.position and webhook_messages.state = 'waiting'
  `.execute(trx);
}

/** Notes that something got through. After an outage what has waited is due at once. @param pauseMs that it asked for */
export async function noteReceived(trx: Transaction<Database>, id: WebhookId, pauseMs: number): Promise<void> {
  const retryAt = pauseMs > 0 ? sql`now() + ${pauseMs} * interval '1 millisecond'` : sql`null`;
  await sql`
    with recovered as (
      update webhooks set failing_since = null, failures = 0, retry_at = ${retryAt} from webhooks as before
      where webhooks.id = ${id} and before.id = webhooks.id
      returning before.failing_since
    )
    update webhook_messages set next_attempt_at = now()
    where webhook_id = ${id} and state = 'waiting' and next_attempt_at > now()
      -- Not at every success beside one message that is always refused.
      and (select failing_since < now() - interval '1 minute' from recovered)
  `.execute(trx);
}

/** Notes that nothing got through, until when the endpoint is left in peace, or why it is disabled. */
export async function noteFailure(
  trx: Transaction<Database>,
  webhook: Pick<Webhook, 'id' | 'organization_id'>,
  o: { againInMs: number; disable?: 'failing' | 'gone' },
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('webhooks')
    .set({
      failing_since: sql`coalesce(failing_since, now())`,
      failures: sql`failures + 1`,
      retry_at: sql<Date>`now() + ${o.againInMs} * interval '1 millisecond'`,
      ...(o.disable ? { disabled_at: sql`now()`, disabled_why: o.disable } : {}),
    })
    .where('id', '=', webhook.id)
    .where('disabled_at', 'is', null)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (!o.disable || numUpdatedRows === 0n) return;
  await insertEvent(trx, {
    organization: webhook.organization_id,
    target: { kind: 'webhook', id: webhook.id },
    type: 'webhook_disabled',
    detail: o.disable,
    by: { kind: 'system', id: null },
  });
}

/** An endpoint whose disabling its organization's owners are to be told of. */
export const findUntold = (db: Kysely<Database>, id: WebhookId) =>
  db
    .selectFrom('webhooks')
    .innerJoin('organizations', 'organizations.id', 'organization_id')
    .select(['webhooks.id', 'webhooks.organization_id', 'url', 'disabled_why', 'failing_since', 'telling_since'])
    .select(['organizations.name as organization_name', 'languages', sql<Date>`disabled_at`.as('disabled_at')])
    .where('webhooks.id', '=', id)
    .where('disabled_at', 'is not', null)
    .where('told_at', 'is', null)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
export type Untold = NonNullable<Awaited<ReturnType<typeof findUntold>>>;

/** Notes that owners are being told, from now on: whoever tries again looks first who has been. */
export async function noteTelling(db: Kysely<Database>, { id }: Pick<Untold, 'id'>): Promise<void> {
  await db.updateTable('webhooks').set({ telling_since: sql`now()` }).where('id', '=', id).execute();
}

/** Notes that all have been told, unless it was enabled meanwhile. */
export async function noteTold(db: Kysely<Database>, { id }: Pick<Untold, 'id'>): Promise<void> {
  await db
    .updateTable('webhooks')
    .set({ told_at: sql`now()` })
    .where('id', '=', id)
    .where('telling_since', 'is not', null)
    .execute();
}

/** What an endpoint was told, newest first, before a cursor (a position). */
export async function listMessages(
  db: Kysely<Database>,
  webhook: WebhookId,
  filter: { state?: MessageState },
  page: { before?: number; limit: number },
): Promise<Page<WebhookMessage, number>> {
  const rows = await db
    .selectFrom('webhook_messages')
    .selectAll()
    .where('webhook_id', '=', webhook)
    .$if(filter.state !== undefined, (q) => q.where('state', '=', filter.state!))
    .$if(page.before !== undefined, (q) => q.where('position', '<', page.before!))
    .orderBy('position', 'desc')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.position, undefined);
}

export const findMessage = (
  db: Kysely<Database>,
  webhook: WebhookId,
  id: MessageId,
): Promise<WebhookMessage | undefined> =>
  db
    .selectFrom('webhook_messages')
    .selectAll()
    .where('webhook_id', '=', webhook)
    .where('id', '=', id)
    .executeTakeFirst();

/** As new, under its old id. */
const sentAgain = {
  state: 'waiting',
  attempts: 0,
  first_attempted_at: null,
  next_attempt_at: sql<Date>`now()`,
} as const;

/** Has a message sent once more, whatever became of it. */
export async function resendMessage(trx: Transaction<Database>, { position }: WebhookMessage): Promise<void> {
  await trx.updateTable('webhook_messages').set(sentAgain).where('position', '=', position).execute();
}

/** Has what failed since a time sent once more, the oldest first. Returns how many; fewer than `limit` when none is left. */
export async function resendFailed(
  trx: Transaction<Database>,
  webhook: WebhookId,
  since: Date,
  limit: number,
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('webhook_messages')
    .set(sentAgain)
    .where('position', 'in', (q) =>
      q
        .selectFrom('webhook_messages')
        .select('position')
        .where('webhook_id', '=', webhook)
        .where('state', '=', 'failed')
        .where('created_at', '>=', since)
        .orderBy('position')
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** The member that an accepted invitation has made. */
export const memberOfInvitation = async (db: Kysely<Database>, id: InvitationId): Promise<MemberId | undefined> =>
  (
    await db
      .selectFrom('invitations')
      .innerJoin('members', (j) =>
        j
          .onRef('members.organization_id', '=', 'invitations.organization_id')
          .onRef('members.account_id', '=', 'invitations.decided_by')
          .onRef('members.invitation_id', '=', 'invitations.id'),
      )
      .select('members.id')
      .where('invitations.id', '=', id)
      .executeTakeFirst()
  )?.id;

/** Messages forgotten by one statement. */
const forgottenAtOnce = 5_000;

/** Forgets messages, whatever became of them. Returns how many; they stand in the order of their age. */
export async function forgetMessages(db: Kysely<Database>, days: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from webhook_messages using (
      select position from webhook_messages order by position limit ${forgottenAtOnce}
    ) as oldest
    where webhook_messages.position = oldest.position
      and webhook_messages.created_at < now() - make_interval(days => ${days})
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}
