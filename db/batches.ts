import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { BatchKind } from '../workflows/contract.ts';
import type { Database } from './database.ts';
import { queueDeliveries } from './deliveries.ts';
import { findEventByRequest, insertEvent, insertEvents } from './events.ts';
import {
  type BatchId,
  type InvitationId,
  idAt,
  type LicensePoolId,
  type OrganizationId,
  type ReasonId,
} from './ids.ts';
import { type Amendment, insertInvitations, type NewInvitation, uninsertInvitations } from './invitations.ts';
import { reserveManySeats } from './licenses.ts';
import { insertMany, pagesOf } from './many.ts';
import { memberMailboxes } from './members.ts';
import { type Page, pageOf } from './paging.ts';

/**
 * `all`: one row that is refused refuses them all. `valid`: the others are invited.
 */
export const batchModes = ['all', 'valid'] as const;
export type BatchMode = (typeof batchModes)[number];

export const batchKinds = ['invite', 'resend', 'revoke', 'amend'] as const satisfies BatchKind[];
export type ActKind = Exclude<BatchKind, 'invite'>;

/** How the act of a batch is carried out, the same for every row. */
export interface BatchAct {
  /** Of a resend. ms */
  expiresIn?: number;
  /** Of a resend. */
  replaceLink?: boolean;
  /** Of a resend: ms after the sending, whatever the hour; absent: the usual times. */
  reminders?: number[];
  /** Of an amend. */
  changes?: Pick<Amendment, 'role' | 'teams' | 'poolIds' | 'locale'>;
  reason?: ReasonId;
}

export interface BatchesTable {
  id: BatchId;
  organization_id: OrganizationId;
  kind: Generated<BatchKind>;
  act: BatchAct | null;
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
  /** Of an act: how many rows have their result, and of how many that says why not. */
  acted: Generated<number>;
  refused: Generated<number>;
  /** When there was nothing left to do; a cancel finds something again. */
  finished_at: Date | null;
  cancelled_at: Date | null;
  cancelled_by_kind: Actor['kind'] | null;
  cancelled_by_id: string | null;
}

/** An invitation that an act of a batch is to be carried out on. */
export interface BatchActsTable {
  batch_id: BatchId;
  /** Counts from 1. */
  position: number;
  /** As it was asked for: there may be none. */
  invitation_id: InvitationId;
  /** `done`, or the code of why not; null until it is known. */
  result: string | null;
}

/** What became of a row of the request, without its address; a detail may quote what else was written. */
export type RowResult = { invitation: InvitationId } | { code: string; detail?: string };

/** What can befall a row in the transaction that invites the others. */
export type RowRefusal = 'already_invited' | 'already_member' | 'no_seat_left' | 'license_ended';

/** An invitation to be, and the pools in which it takes seats. */
export type NewRow = NewInvitation & { poolIds: readonly LicensePoolId[] };

interface NewBatch {
  id: BatchId;
  organization: OrganizationId;
  mode: BatchMode;
  size: number;
  by: Actor;
  createdAt: Date;
}

/** What the audit log says of a batch that is made. */
const created: Record<BatchKind, string> = {
  invite: 'batch_created',
  resend: 'many_resent',
  revoke: 'many_revoked',
  amend: 'many_amended',
};

/** The row of a batch, and its event. @throws Error when the request has made a batch already */
async function insertRow(
  trx: Transaction<Database>,
  { id, organization, by, ...batch }: NewBatch & { kind: BatchKind; act: BatchAct | null },
  request: string,
): Promise<void> {
  await trx
    .insertInto('batches')
    .values({
      id,
      organization_id: organization,
      kind: batch.kind,
      act: batch.act && (JSON.stringify(batch.act) as never),
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
    type: created[batch.kind],
    by,
    request,
    reason: batch.act?.reason ?? null,
  });
  if (!noted) throw new Error('the request has made a batch already');
}

/**
 * Invites many: as creating one invitation does, with statements that take them all.
 *
 * @param invitations in the order in which seats are given to them
 * @returns those that it did not invite
 * @throws Error when the request has made a batch already
 */
export async function insertBatch(
  trx: Transaction<Database>,
  batch: NewBatch,
  invitations: readonly NewRow[],
  requestKey: string,
): Promise<Map<InvitationId, RowRefusal>> {
  const { id, organization, by } = batch;
  const refused = new Map<InvitationId, RowRefusal>();
  await insertRow(trx, { ...batch, kind: 'invite', act: null }, requestKey);
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

/** The batch that a request has made. */
export async function findBatchByRequest(db: Kysely<Database>, requestKey: string): Promise<Batch | undefined> {
  const id = (await findEventByRequest(db, requestKey))?.target_id as BatchId | null | undefined;
  return id ? findBatch(db, id) : undefined;
}

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

/**
 * Makes a batch that carries out an act on many invitations.
 *
 * @param rows in their order; those whose result is known already are refused
 * @throws Error when the request has made a batch already
 */
export async function insertActs(
  trx: Transaction<Database>,
  batch: NewBatch & { kind: ActKind; act: BatchAct },
  rows: readonly { invitation: InvitationId; result: string | null }[],
  request: string,
): Promise<void> {
  await insertRow(trx, batch, request);
  const acts = rows.map(({ invitation, result }, i) => ({
    batch_id: batch.id,
    position: i + 1,
    invitation_id: invitation,
    result,
  }));
  for (const page of pagesOf(acts)) await insertMany('batch_acts', page).execute(trx);
  const refused = rows.filter(({ result }) => result !== null).length;
  await trx
    .updateTable('batches')
    .set({ acted: refused, refused, ...(refused === rows.length ? { finished_at: sql`created_at` } : {}) })
    .where('id', '=', batch.id)
    .execute();
}

/** The next invitations that the act of a batch is to be carried out on. */
export const nextActs = async (db: Kysely<Database>, id: BatchId, limit: number): Promise<InvitationId[]> =>
  (
    await db
      .selectFrom('batch_acts')
      .select('invitation_id')
      .where('batch_id', '=', id)
      .where('result', 'is', null)
      .orderBy('position')
      .limit(limit)
      .execute()
  ).map((row) => row.invitation_id);

/** Notes what became of rows that had no result yet. */
export async function keepActResults(
  db: Kysely<Database>,
  id: BatchId,
  results: readonly { invitation: InvitationId; result: string }[],
): Promise<void> {
  await sql`
    with known as (
      update batch_acts set result = given.result
      from json_to_recordset(${JSON.stringify(results)}::json) as given (invitation text, result text)
      where batch_id = ${id} and invitation_id = given.invitation and batch_acts.result is null
      returning batch_acts.result
    )
    update batches set
      acted = acted + (select count(*) from known),
      refused = refused + (select count(*) from known where result <> 'done')
    where id = ${id}
  `.execute(db);
}

/** Gives all rows of a cancelled batch that have none this result. */
export async function cancelActs(db: Kysely<Database>, id: BatchId): Promise<void> {
  await sql`
    with known as (
      update batch_acts set result = 'cancelled'
      where batch_id = ${id} and result is null
        and exists (select from batches where id = ${id} and cancelled_at is not null)
      returning 1
    )
    update batches set
      acted = acted + (select count(*) from known),
      refused = refused + (select count(*) from known)
    where id = ${id}
  `.execute(db);
}

/** What became of the rows of a batch that carries out an act, in their order, after a cursor (a row). */
export async function listActResults(
  db: Kysely<Database>,
  id: BatchId,
  filter: { refused?: boolean },
  page: { after: number; limit: number },
): Promise<
  Page<{ position: number; invitation_id: InvitationId; result: string | null; email: string | null }, number>
> {
  const rows = await db
    .selectFrom('batch_acts')
    .innerJoin('batches', 'batches.id', 'batch_id')
    // What is of another organization is not to be seen.
    .leftJoin('invitations', (j) =>
      j
        .onRef('invitations.id', '=', 'batch_acts.invitation_id')
        .onRef('invitations.organization_id', '=', 'batches.organization_id'),
    )
    .select(['position', 'batch_acts.invitation_id', 'result', 'email'])
    .where('batch_acts.batch_id', '=', id)
    .where('position', '>', page.after)
    .$if(filter.refused === true, (q) => q.where('result', '<>', 'done'))
    .orderBy('position')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.position, undefined);
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
 * Cancels a batch, once or again: who was invited by it and is open now is to be taken back, and an act is carried out on no
 * more. A request that has cancelled before does nothing, nor does one when an act has been carried out on all.
 */
export const cancelBatch = (
  db: Kysely<Database>,
  batch: Pick<Selectable<BatchesTable>, 'id' | 'kind' | 'organization_id'>,
  act: { by: Actor; request: string; reason?: ReasonId | null },
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    const { finished_at } = await trx
      .selectFrom('batches')
      .select('finished_at')
      .where('id', '=', batch.id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (batch.kind !== 'invite' && finished_at) return;
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

/** Rows of acts forgotten by one statement. */
const forgottenAtOnce = 20_000;

/** Forgets what became of each row of old acts; how many were done stays. Returns of how many rows. */
export async function forgetActResults(db: Kysely<Database>, days: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from batch_acts using (
      select batch_id, position from batch_acts
      join batches on batches.id = batch_id and finished_at is not null
      where batch_id < ${idAt('bat', Date.now() - days * 86_400_000)}
      order by batch_id, position limit ${forgottenAtOnce}
    ) as old
    where batch_acts.batch_id = old.batch_id and batch_acts.position = old.position
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** Batches that should be under way, oldest first. */
export const listUnfinishedBatches = (
  db: Kysely<Database>,
  limit: number,
): Promise<Pick<Selectable<BatchesTable>, 'id' | 'kind'>[]> =>
  db
    .selectFrom('batches')
    .select(['id', 'kind'])
    .where('finished_at', 'is', null)
    // Who has just been answered is about to start it.
    .where(sql<boolean>`coalesce(cancelled_at, created_at) < now() - interval '1 minute'`)
    .orderBy('id')
    .limit(limit)
    .execute();

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
      when kind <> 'invite' then acted = size
      when cancelled_at is null then not exists (
        select from invitations where batch_id = batches.id and invitations.id > coalesce(started_through, ''))
      else not exists (select from invitations where batch_id = batches.id and state = 'pending') end
    returning true as finished
  `.execute(db);
  return rows.length > 0;
}
