import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { queueDeliveries } from './deliveries.ts';
import { insertEvent, insertEvents } from './events.ts';
import type { BatchId, InvitationId, LicensePoolId, OrganizationId, ReasonId } from './ids.ts';
import { insertInvitations, type NewInvitation, uninsertInvitations } from './invitations.ts';
import { reserveManySeats } from './licenses.ts';
import { memberMailboxes } from './members.ts';
import { type Page, pageOf } from './paging.ts';

/**
 * `all`: one row that is refused refuses them all. `valid`: the others are invited.
 */
export const batchModes = ['all', 'valid'] as const;
export type BatchMode = (typeof batchModes)[number];

export interface BatchesTable {
  id: BatchId;
  organization_id: OrganizationId;
  mode: BatchMode;
  /** How many rows the request had. */
  size: number;
  /** What became of each row, in their order; null once the request has been forgotten. */
  results: RowResult[] | null;
  created_by_kind: Actor['kind'];
  created_by_id: string | null;
  created_at: Date;
  /** Up to which invitation the first emails have been sent, or left to the invitations' own workflows. */
  mailed_through: InvitationId | null;
  /** Up to which invitation the workflows have been started. */
  started_through: InvitationId | null;
  /** When there was nothing left to do; a cancel finds something again. */
  finished_at: Date | null;
  cancelled_at: Date | null;
  cancelled_by_kind: Actor['kind'] | null;
  cancelled_by_id: string | null;
}

/** What became of a row of the request, without its address; a detail may quote what else was written. */
export type RowResult = { invitation: InvitationId } | { code: string; detail?: string };

/** What can befall a row in the transaction that invites the others. */
export type RowRefusal = 'already_invited' | 'already_member' | 'no_seat_left' | 'license_ended';

/** An invitation to be, and the pools in which it takes seats. */
export type NewRow = NewInvitation & { poolIds: readonly LicensePoolId[] };

/**
 * Invites many: as creating one invitation does, with statements that take them all.
 *
 * @param invitations in the order in which seats are given to them
 * @returns those that it did not invite
 * @throws Error when the request has made a batch already
 */
export async function insertBatch(
  trx: Transaction<Database>,
  batch: { id: BatchId; organization: OrganizationId; mode: BatchMode; size: number; by: Actor; createdAt: Date },
  invitations: readonly NewRow[],
  requestKey: string,
): Promise<Map<InvitationId, RowRefusal>> {
  const { id, organization, by } = batch;
  const refused = new Map<InvitationId, RowRefusal>();
  await trx
    .insertInto('batches')
    .values({
      id,
      organization_id: organization,
      mode: batch.mode,
      size: batch.size,
      results: null,
      created_by_kind: by.kind,
      created_by_id: by.id,
      created_at: batch.createdAt,
      mailed_through: null,
      started_through: null,
      finished_at: null,
      cancelled_at: null,
      cancelled_by_kind: null,
      cancelled_by_id: null,
    })
    .execute();
  const noted = await insertEvent(trx, {
    organization,
    target: { kind: 'batch', id },
    type: 'batch_created',
    by,
    request: requestKey,
  });
  if (!noted) throw new Error('the request has made a batch already');
  const inserted = await insertInvitations(
    trx,
    invitations.map(({ poolIds: _, ...invitation }) => ({ ...invitation, batch: id })),
  );
  const candidates = invitations.filter((invitation) => inserted.has(invitation.id));
  for (const invitation of invitations) if (!inserted.has(invitation.id)) refused.set(invitation.id, 'already_invited');
  // Asked after the insert, which waits for whoever is accepting another invitation of a mailbox just now.
  const members = await memberMailboxes(
    trx,
    organization,
    candidates.map((invitation) => invitation.mailbox),
  );
  const strangers = candidates.filter(({ mailbox }) => !members.has(mailbox as Mailbox));
  const without = await reserveManySeats(trx, strangers);
  for (const candidate of candidates) {
    const refusal = members.has(candidate.mailbox) ? 'already_member' : without.get(candidate);
    if (refusal) refused.set(candidate.id, refusal);
  }
  await uninsertInvitations(
    trx,
    candidates.filter((c) => refused.has(c.id)).map((c) => c.id),
  );
  const kept = candidates.filter((c) => !refused.has(c.id));
  await insertEvents(
    trx,
    kept.map((invitation, i) => ({
      organization,
      invitation: invitation.id,
      sequence: 1,
      type: 'created',
      by,
      request: `${requestKey}/${i + 1}`,
    })),
  );
  await queueDeliveries(
    trx,
    kept.map(({ id: invitation, facts }) => ({ invitation, generation: facts.generation, ...facts.delivery })),
  );
  return refused;
}

/** Keeps what became of the rows of a batch. One that has invited nobody is finished. */
export async function keepResults(trx: Transaction<Database>, id: BatchId, results: RowResult[]): Promise<void> {
  const isEmpty = results.every((result) => 'code' in result);
  await trx
    .updateTable('batches')
    .set({ results: JSON.stringify(results) as never, ...(isEmpty ? { finished_at: sql`created_at` } : {}) })
    .where('id', '=', id)
    .execute();
}

const selectBatches = (db: Kysely<Database>) =>
  db
    .selectFrom('batches')
    .innerJoin('organizations', 'organizations.id', 'batches.organization_id')
    .selectAll('batches')
    .select('slug as organization_slug');

export type Batch = Awaited<ReturnType<ReturnType<typeof selectBatches>['executeTakeFirstOrThrow']>>;

export const findBatch = (db: Kysely<Database>, id: BatchId): Promise<Batch | undefined> =>
  selectBatches(db).where('batches.id', '=', id).executeTakeFirst();

/** An organization's batches, newest first, before a cursor (a batch id). */
export async function listBatches(
  db: Kysely<Database>,
  organization: OrganizationId,
  page: { before?: BatchId; limit: number },
): Promise<Page<Batch, BatchId>> {
  const rows = await selectBatches(db)
    .where('organization_id', '=', organization)
    .$if(page.before !== undefined, (q) => q.where('batches.id', '<', page.before!))
    .orderBy('batches.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.id, undefined);
}

/** Where the invitations of batches stand. */
export interface BatchCounts {
  invited: number;
  /** Whose first email the provider took. */
  mailed: number;
  /** Whose first email never will be, or came back. */
  undeliverable: number;
  /** Whose workflow was started. */
  started: number;
  pending: number;
  accepted: number;
  declined: number;
  expired: number;
  revoked: number;
}

export async function countBatches(db: Kysely<Database>, ids: readonly BatchId[]): Promise<Map<BatchId, BatchCounts>> {
  const { rows } = await sql<BatchCounts & { id: BatchId }>`
    select batches.id, count(invitations.id) as invited,
      count(*) filter (where status not in ('queued', 'failed', 'bounced', 'complained')) as mailed,
      count(*) filter (where status in ('failed', 'bounced', 'complained')) as undeliverable,
      count(*) filter (where invitations.id <= started_through) as started,
      count(*) filter (where state = 'pending') as pending,
      count(*) filter (where state = 'accepted') as accepted,
      count(*) filter (where state = 'declined') as declined,
      count(*) filter (where state = 'expired') as expired,
      count(*) filter (where state = 'revoked') as revoked
    from batches
    left join invitations on batch_id = batches.id
    left join deliveries on invitation_id = invitations.id and ordinal = 1
    where batches.id = any(${ids})
    group by batches.id
  `.execute(db);
  return new Map(rows.map(({ id, ...counts }) => [id, counts]));
}

/**
 * Cancels a batch, once or again: what is open now is to be taken back. A request that has cancelled before does nothing.
 */
export const cancelBatch = (
  db: Kysely<Database>,
  batch: Pick<Selectable<BatchesTable>, 'id' | 'organization_id'>,
  act: { by: Actor; request: string; reason?: ReasonId | null },
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    const noted = await insertEvent(trx, {
      organization: batch.organization_id,
      target: { kind: 'batch', id: batch.id },
      type: 'batch_cancelled',
      ...act,
    });
    if (!noted) return;
    await trx
      .updateTable('batches')
      .set({
        cancelled_at: sql`now()`,
        cancelled_by_kind: act.by.kind,
        cancelled_by_id: act.by.id,
        finished_at: null,
      })
      .where('id', '=', batch.id)
      .execute();
  });

/** Forgets the results of batches whose requests are forgotten. Returns of how many. */
export async function forgetResults(db: Kysely<Database>, hours: number): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('batches')
    .set({ results: null })
    .where('results', 'is not', null)
    .where('created_at', '<', sql<Date>`now() - make_interval(hours => ${hours})`)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Batches that should be under way, oldest first. */
export const listUnfinishedBatches = async (db: Kysely<Database>, limit: number): Promise<BatchId[]> =>
  (
    await db
      .selectFrom('batches')
      .select('id')
      .where('finished_at', 'is', null)
      // Who has just been answered is about to start it.
      .where(sql<boolean>`coalesce(cancelled_at, created_at) < now() - interval '1 minute'`)
      .orderBy('id')
      .limit(limit)
      .execute()
  ).map((row) => row.id);

type Stage = 'mailed_through' | 'started_through';

/**
 * The next invitations of a batch, as far as a stage of its workflow has come; none once it has been cancelled. What is
 * started has been mailed before.
 */
export async function nextOfBatch(
  db: Kysely<Database>,
  id: BatchId,
  stage: Stage,
  limit: number,
): Promise<InvitationId[]> {
  const rows = await db
    .selectFrom('batches')
    .innerJoin('invitations', 'batch_id', 'batches.id')
    .select('invitations.id')
    .where('batches.id', '=', id)
    .where('cancelled_at', 'is', null)
    .where(sql<boolean>`invitations.id > coalesce(${sql.ref(stage)}, '')`)
    .$if(stage === 'started_through', (q) => q.whereRef('invitations.id', '<=', 'mailed_through'))
    .orderBy('invitations.id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Notes how far a stage has come; never back. */
export async function advanceBatch(
  db: Kysely<Database>,
  id: BatchId,
  stage: Stage,
  through: InvitationId,
): Promise<void> {
  await db
    .updateTable('batches')
    .set({ [stage]: sql`greatest(${sql.ref(stage)}, ${through})` })
    .where('id', '=', id)
    .execute();
}

/** Some invitations that a cancelled batch has open, and who cancelled it. */
export async function openOfCancelled(
  db: Kysely<Database>,
  id: BatchId,
  limit: number,
): Promise<{ by: Actor; ids: InvitationId[] }> {
  const rows = await db
    .selectFrom('batches')
    .innerJoin('invitations', 'batch_id', 'batches.id')
    .select(['invitations.id', 'cancelled_by_kind', 'cancelled_by_id'])
    .where('batches.id', '=', id)
    .where('cancelled_at', 'is not', null)
    .where('state', '=', 'pending')
    .orderBy('invitations.id')
    .limit(limit)
    .execute();
  const { cancelled_by_kind: kind = 'system', cancelled_by_id = null } = rows[0] ?? {};
  return { by: { kind: kind ?? 'system', id: cancelled_by_id }, ids: rows.map((row) => row.id) };
}

/** Finishes a batch if nothing is left to do. Returns false when there is: it may have been cancelled just now. */
export async function finishBatch(db: Kysely<Database>, id: BatchId): Promise<boolean> {
  const { rows } = await sql<{ finished: boolean }>`
    update batches set finished_at = coalesce(finished_at, now())
    where id = ${id} and case
      when cancelled_at is null then not exists (
        select from invitations where batch_id = batches.id and invitations.id > coalesce(started_through, ''))
      else not exists (select from invitations where batch_id = batches.id and state = 'pending') end
    returning true as finished
  `.execute(db);
  return rows.length > 0;
}
