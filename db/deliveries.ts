import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { DeliveryKind, DeliveryStatus } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { insertEvent } from './events.ts';
import type { InvitationId } from './ids.ts';
import { resumable, type Span } from './invitations.ts';
import { insertMany, pagesOf } from './many.ts';
import { noticesOf } from './notices.ts';
import { isOfRestore } from './restored.ts';

/** All emails about an invitation: those of its chart, and a former invitee's request to the inviter. */
export type AnyDeliveryKind = DeliveryKind | 'resend_request';

export interface DeliveriesTable {
  invitation_id: InvitationId;
  /** Counts the deliveries of an invitation from 1. */
  ordinal: number;
  generation: number;
  kind: AnyDeliveryKind;
  status: DeliveryStatus;
  /** Why it is in trouble: a code of the provider's, never its text, which quotes addresses. */
  detail: string | null;
  queued_at: Generated<Date>;
  /** Set before the provider is called: from then on it may have been sent. */
  attempted_at: Date | null;
  /** Since when its status is what it is, once it has been attempted: by our clock, or by the provider's of what it reports. */
  settled_at: Date | null;
  provider_message_id: string | null;
  /** The provider's time of the report that says whether it arrived. */
  reported_at: Date | null;
  /** The provider's time of the first report that it was opened. */
  opened_at: Date | null;
  /** Set while the run may not know that it came into trouble, or out of it. */
  untold_at: Date | null;
}
export type Delivery = Selectable<DeliveriesTable>;

export interface DeliveryKey {
  invitation: InvitationId;
  ordinal: number;
}

/**
 * The metadata by which a delivery is found at the provider, and reported by it. A backup may lack some that are out: their
 * ordinals come again after a restore, the generation does not.
 */
export const deliveryRef = ({
  invitation_id,
  ordinal,
  generation,
}: Pick<Delivery, 'invitation_id' | 'ordinal' | 'generation'>) =>
  isOfRestore(generation) ? `${invitation_id}/${ordinal}/${generation}` : `${invitation_id}/${ordinal}`;

export type NewDelivery = DeliveryKey & { generation: number; kind: AnyDeliveryKind };

/** A delivery as a row, before anybody has attempted it. */
export const queuedRow = (delivery: NewDelivery) => ({
  invitation_id: delivery.invitation,
  ordinal: delivery.ordinal,
  generation: delivery.generation,
  kind: delivery.kind,
  status: 'queued' as const,
  detail: null,
  attempted_at: null,
  settled_at: null,
  provider_message_id: null,
});

export async function queueDelivery(trx: Transaction<Database>, delivery: NewDelivery): Promise<void> {
  await trx.insertInto('deliveries').values(queuedRow(delivery)).execute();
}

/** Queues many at once. */
export async function queueDeliveries(trx: Transaction<Database>, deliveries: readonly NewDelivery[]): Promise<void> {
  for (const page of pagesOf(deliveries)) await insertMany('deliveries', page.map(queuedRow)).execute(trx);
}

const at = (db: Kysely<Database>, { invitation, ordinal }: DeliveryKey) =>
  db.updateTable('deliveries').where('invitation_id', '=', invitation).where('ordinal', '=', ordinal);

/** What tells rows of these deliveries. */
const areAmong = (deliveries: readonly DeliveryKey[]) =>
  sql<boolean>`(invitation_id, ordinal) in (select * from unnest(
    ${deliveries.map((d) => d.invitation)}::text[], ${deliveries.map((d) => d.ordinal)}::integer[]))`;

/**
 * Marks first attempts before the provider is called: of the deliveries that are queued and have never been attempted.
 *
 * @returns those it has marked, with the mark
 */
export async function markFirstAttempts(
  db: Kysely<Database>,
  deliveries: readonly DeliveryKey[],
): Promise<{ marked: DeliveryKey[]; mark: Date }> {
  // To the millisecond, as it will be read back and compared.
  const mark = new Date();
  const marked = await db
    .updateTable('deliveries')
    .set({ attempted_at: mark })
    .where('status', '=', 'queued')
    .where('attempted_at', 'is', null)
    .where(areAmong(deliveries))
    .returning(['invitation_id as invitation', 'ordinal'])
    .execute();
  return { marked, mark };
}

/**
 * Marks an attempt before the provider is called, if no other attempt has been marked since the row was read: an attempt
 * that its engine has given up may still be running.
 *
 * @param before `attempted_at` as read
 * @returns the mark; undefined when another attempt came first, or the delivery has been settled
 */
export async function markAttempted(
  db: Kysely<Database>,
  key: DeliveryKey,
  before: Date | null,
): Promise<Date | undefined> {
  // To the millisecond, as it will be read back and compared.
  const mark = new Date();
  const { numUpdatedRows } = await at(db, key)
    .set({ attempted_at: mark })
    .where('status', '=', 'queued')
    .where(sql<boolean>`attempted_at is not distinct from ${before}`)
    .executeTakeFirst();
  return numUpdatedRows === 1n ? mark : undefined;
}

/**
 * Takes a mark back: the provider surely did not take the messages, so they need not be looked for. Those of later
 * attempts stay.
 */
export async function unmarkAttempted(
  db: Kysely<Database>,
  deliveries: readonly DeliveryKey[],
  mark: Date,
): Promise<void> {
  if (deliveries.length === 0) return;
  await db
    .updateTable('deliveries')
    .set({ attempted_at: null })
    .where('status', '=', 'queued')
    .where('attempted_at', '=', mark)
    .where(areAmong(deliveries))
    .execute();
}

/** How a delivery ended. */
export interface Settled extends DeliveryKey {
  status: 'sent' | 'failed';
  /** Why it failed: a code. */
  detail: string | null;
  providerMessageId: string | null;
}

/**
 * Records how queued deliveries ended, each with a note in the audit log; of what failed the inviter is told. What is settled
 * already stays as it is.
 */
export async function settleDeliveries(db: Kysely<Database>, ended: readonly Settled[]): Promise<void> {
  if (ended.length === 0) return;
  // One statement, and so one transaction, for all tables and for all of them.
  await sql`
    with settled as (
      update deliveries d
      set status = e.status, detail = e.detail, provider_message_id = e.message, settled_at = now()
      from unnest(
        ${ended.map((e) => e.invitation)}::text[], ${ended.map((e) => e.ordinal)}::integer[],
        ${ended.map((e) => e.status)}::text[], ${ended.map((e) => e.detail)}::text[],
        ${ended.map((e) => e.providerMessageId)}::text[]
      ) e (invitation, ordinal, status, detail, message)
      where d.invitation_id = e.invitation and d.ordinal = e.ordinal and d.status = 'queued'
      returning d.invitation_id, d.ordinal, d.kind, d.status, d.detail
    ), noticed as (${noticesOf(
      'undeliverable',
      // Overtaken, there is another one, or nobody to send it to.
      sql`select s.invitation_id, s.ordinal from settled s
        where s.status = 'failed' and s.kind <> 'resend_request' and s.detail not in ('superseded', 'erased')`,
    )})
    insert into events (organization_id, invitation_id, type, detail, actor_kind)
    select i.organization_id, i.id, s.kind || '_' || s.status, s.detail, 'system'
    from settled s join invitations i on i.id = s.invitation_id
  `.execute(db);
}

/** How many deliveries are queued; no more than `most` are counted. */
export async function countQueued(db: Kysely<Database>, most: number): Promise<number> {
  const queued = db.selectFrom('deliveries').select('ordinal').where('status', '=', 'queued').limit(most);
  const { count } = await db
    .selectFrom(queued.as('queued'))
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Deliveries that are queued and were so within a span of time (after one time, until another), oldest first. Those to
 * which a batch is yet to come, within its first hour, are the batch's.
 *
 * @param after the last of the page before
 */
export const listQueuedDeliveries = (
  db: Kysely<Database>,
  span: Span,
  after: { place: string; id: InvitationId; ordinal: number } | undefined,
  limit: number,
) =>
  db
    .selectFrom('deliveries')
    .innerJoin('invitations', 'invitations.id', 'deliveries.invitation_id')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select([...resumable, 'deliveries.ordinal', 'deliveries.kind', 'deliveries.attempted_at'])
    // As text, since a Date would drop the microseconds by which pages are told apart.
    .select(sql<string>`deliveries.queued_at::text`.as('place'))
    .select((e) =>
      e
        .or([
          e('deliveries.kind', '=', 'resend_request'),
          e.and([e('state', '=', 'pending'), e('delivery_ordinal', '=', e.ref('deliveries.ordinal'))]),
        ])
        .as('wanted'),
    )
    .leftJoin('batches', (j) =>
      j
        .onRef('batches.id', '=', 'batch_id')
        .on('batches.finished_at', 'is', null)
        .on('batches.cancelled_at', 'is', null)
        .on('batches.created_at', '>', sql<Date>`now() - interval '1 hour'`)
        .on(sql<boolean>`invitations.id > coalesce(started_through, '')`),
    )
    .where('batches.id', 'is', null)
    .where('deliveries.status', '=', 'queued')
    .where('queued_at', '>', span.after)
    .where('queued_at', '<=', span.until)
    .$if(after !== undefined, (q) =>
      q.where(
        sql<boolean>`(queued_at, invitation_id, deliveries.ordinal) > (${after?.place}::timestamptz, ${after?.id}, ${after?.ordinal})`,
      ),
    )
    .orderBy('queued_at')
    .orderBy('invitation_id')
    .orderBy('deliveries.ordinal')
    .limit(limit)
    .execute();

/**
 * Settles deliveries that were overtaken before anybody attempted them. One that is attempted meanwhile stays queued.
 *
 * @returns how many it settled
 */
export const settleSuperseded = (db: Kysely<Database>, deliveries: readonly DeliveryKey[]): Promise<number> =>
  deliveries.length === 0
    ? Promise.resolve(0)
    : db.transaction().execute(async (trx) => {
        const settled = await trx
          .updateTable('deliveries')
          .from('invitations')
          .set({ status: 'failed', detail: 'superseded', settled_at: sql`now()` })
          .whereRef('invitations.id', '=', 'deliveries.invitation_id')
          .where('deliveries.status', '=', 'queued')
          .where('attempted_at', 'is', null)
          .where(areAmong(deliveries))
          .returning(['invitation_id', 'organization_id', 'kind'])
          .execute();
        for (const { invitation_id, organization_id, kind } of settled) {
          await insertEvent(trx, {
            organization: organization_id,
            invitation: invitation_id,
            sequence: null,
            type: `${kind}_failed`,
            detail: 'superseded',
            by: { kind: 'system', id: null },
          });
        }
        return settled.length;
      });
