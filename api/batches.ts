import { setImmediate as letOthers } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import {
  type Batch,
  type BatchCounts,
  type BatchMode,
  cancelBatch as cancel,
  countBatches,
  findBatch,
  findBatchByRequest,
  insertBatch,
  keepResults,
  type NewRow,
  type RowResult,
} from '../db/batches.ts';
import type { Database } from '../db/database.ts';
import { type BatchId, type InvitationId, type LicensePoolId, newId } from '../db/ids.ts';
import { type Amendment, pendingMailboxes } from '../db/invitations.ts';
import { findLicensePools, type LicensePool, withoutSeat } from '../db/licenses.ts';
import { memberMailboxes, type Role } from '../db/members.ts';
import type { Organization } from '../db/organizations.ts';
import { refusalOf } from '../db/refusal.ts';
import type { Mailbox } from '../identity/mailbox.ts';
import { createdFacts } from '../statecharts/invitation.ts';
import { invitationEvents } from '../telemetry/metrics.ts';
import type { Standing } from './caller.ts';
import { readInvitationCsv } from './invitation-csv.ts';
import { expiresInMs, type InvitationDeps, remindersFromNow, requireActive, usualsOf, written } from './invitations.ts';
import { Problem, type ProblemCode, problems } from './problem.ts';
import { type BatchBody, type BatchPreviewBody, BatchRow, type BatchRowBody } from './schemas.ts';

/** Many invitations by one request: what callers can do with batches. Routes and pages call these. */

/** The most rows of a batch. */
export const mostRows = 10_000;
/** So many are checked before others have their turn: checking them all at once would hold everybody up. */
const atOnce = 500;

/** A row of the request: what it asks for, or what is wrong with how it was written. */
export type RequestedRow = { line?: number } & ({ input: BatchRow } | { email?: string; refusal: Refusal });
interface Refusal {
  code: ProblemCode | 'duplicate';
  detail?: string;
}
/** Why each row of the request is refused, where it is. */
type Refusals = (Refusal | undefined)[];

/** A row that may be invited as far as it says by itself. */
interface Candidate {
  /** Its place in the request. */
  index: number;
  email: string;
  mailbox: Mailbox;
  role: Role;
  poolIds: LicensePoolId[];
  expiresIn: number;
  rest: Omit<Amendment, 'email' | 'mailbox' | 'role' | 'poolIds'>;
}

/**
 * Invites many: a result for every row, in one transaction; then a workflow sends their emails and starts theirs. A
 * request key that has made a batch before finds it again.
 *
 * @throws Problem `batch_refused` when one that is `all` has a row that cannot be invited; `rate_limited`
 */
export async function createBatch(
  { db, engine, limits }: InvitationDeps,
  organization: Organization,
  standing: Standing,
  { mode, rows }: { mode: BatchMode; rows: readonly RequestedRow[] },
  requestKey: string,
): Promise<{ batch: Batch; results: BatchRowBody[] }> {
  const known = await findBatchByRequest(db, requestKey);
  if (known) return { batch: known, results: resultsOf(known.results, rows) };
  requireActive(organization);

  const sifted = await sift(db, organization, standing, rows);
  const { refusals } = sifted;
  let { candidates } = sifted;
  const requireAll = () => {
    if (mode === 'all' && refusals.some(Boolean)) throw batchRefused(rows, refusals);
  };
  requireAll();
  const tired = await limits.recipients(
    candidates.map(({ mailbox }) => mailbox),
    organization,
  );
  candidates = without(refusals, candidates, ({ mailbox }) => tired.get(mailbox));
  requireAll();
  if (candidates.length > 0)
    await limits.emails({
      organization,
      inviter: standing.account,
      client: standing.client,
      request: requestKey,
      times: candidates.length,
    });

  const id = newId('bat');
  const createdAt = new Date();
  const invitations = await invitationsOf(candidates, organization, standing, createdAt);
  try {
    const created = await db.transaction().execute(async (trx) => {
      const { by } = standing;
      const batch = { id, organization: organization.id, mode, size: rows.length, by, createdAt };
      const refused = await insertBatch(trx, batch, invitations, requestKey);
      for (const [i, { index }] of candidates.entries()) {
        const code = refused.get(invitations[i]!.id);
        if (code) refusals[index] = { code };
      }
      requireAll();
      const ids = new Map(candidates.map(({ index }, i) => [index, invitations[i]!.id]));
      await keepResults(
        trx,
        id,
        refusals.map((refusal, index) => refusal ?? { invitation: ids.get(index)! }),
      );
      return invitations.length - refused.size;
    });
    invitationEvents.inc({ event: 'created' }, created);
  } catch (error) {
    // The same request at the same time: the other one made it.
    const twin = await findBatchByRequest(db, requestKey).catch(() => undefined);
    if (twin) return { batch: twin, results: resultsOf(twin.results, rows) };
    const refusal = refusalOf(error);
    if (refusal) throw new Problem(refusal);
    throw error;
  }
  const batch = await requireBatch(db, id);
  if (!batch.finished_at) engine.startBatch(batch);
  return { batch, results: resultsOf(batch.results, rows) };
}

/**
 * What would become of the rows of a request, if it were made now; nothing is changed. Limits on how often are not looked at.
 *
 * @throws Problem `organization_suspended`
 */
export async function previewBatch(
  { db }: Pick<InvitationDeps, 'db'>,
  organization: Organization,
  standing: Standing,
  rows: readonly RequestedRow[],
): Promise<BatchPreviewBody> {
  requireActive(organization);
  const { refusals } = await sift(db, organization, standing, rows);
  const refused = refusals.filter(Boolean).length;
  return {
    counts: { rows: rows.length, valid: rows.length - refused, refused },
    results: rows.map((row, i) => {
      const refusal = refusals[i];
      return { ...placed(row, i), ...(refusal ? told(refusal) : { result: 'valid' }) };
    }),
  };
}

/** Which rows can be invited, as far as can be seen without inviting them, and why the others cannot. */
async function sift(
  db: Kysely<Database>,
  organization: Organization,
  standing: Standing,
  rows: readonly RequestedRow[],
): Promise<{ candidates: Candidate[]; refusals: Refusals }> {
  const refusals: Refusals = rows.map((row) => ('refusal' in row ? row.refusal : undefined));
  const pools = await poolsOf(db, organization, rows);
  let candidates = await candidatesOf(organization, standing, rows, pools, refusals);
  const mailboxes = candidates.map(({ mailbox }) => mailbox);
  const [pending, members] = await Promise.all([
    pendingMailboxes(db, organization.id, mailboxes),
    memberMailboxes(db, organization.id, mailboxes),
  ]);
  candidates = without(refusals, candidates, ({ mailbox }) =>
    members.has(mailbox) ? { code: 'already_member' } : pending.has(mailbox) ? { code: 'already_invited' } : undefined,
  );
  const seatless = withoutSeat(candidates, pools);
  candidates = without(refusals, candidates, (candidate) => {
    const code = seatless.get(candidate);
    return code && { code };
  });
  return { candidates, refusals };
}

/** Takes out candidates that are refused, and notes why. */
const without = (
  refusals: Refusals,
  candidates: readonly Candidate[],
  refusalOfRow: (candidate: Candidate) => Refusal | undefined,
): Candidate[] =>
  candidates.filter((candidate) => {
    const refusal = refusalOfRow(candidate);
    if (refusal) refusals[candidate.index] = refusal;
    return !refusal;
  });

/**
 * The rows of a CSV file, each held against the schema of a row.
 *
 * @param request compiles it
 * @throws Problem `invalid_csv`
 */
export function rowsOfCsv(request: FastifyRequest, text: string): RequestedRow[] {
  const validate = request.compileValidationSchema(BatchRow, 'body');
  return readInvitationCsv(text, mostRows).map(({ line, input }) => {
    if (input.email === undefined)
      return { line, refusal: { code: 'invalid_email', detail: 'The row has no address.' } };
    if (validate(input)) return { line, input: input as unknown as BatchRow };
    const detail = (validate.errors ?? [])
      .slice(0, 5)
      .map(({ instancePath, message = 'is not valid' }) => `${instancePath.slice(1)} ${message}`.trim())
      .join('; ');
    return { line, email: String(input.email), refusal: { code: 'invalid_request', detail: `${detail}.` } };
  });
}

/** Every pool that a row names. */
function poolsOf(db: Kysely<Database>, organization: Organization, rows: readonly RequestedRow[]) {
  const products = rows.flatMap((row) => ('input' in row ? (row.input.licenses ?? []) : []));
  return findLicensePools(db, organization.id, [...new Set(products)]);
}

/** What each row asks for; of those that cannot be had as they are, notes why. */
async function candidatesOf(
  organization: Organization,
  standing: Standing,
  rows: readonly RequestedRow[],
  pools: readonly LicensePool[],
  refusals: Refusals,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const usual = usualsOf(organization);
  const unsaid = { role: 'member', ...(usual.locale ? { locale: usual.locale } : {}) } as const;
  const places = new Map<Mailbox, number>();
  for (const [index, row] of rows.entries()) {
    if (index % atOnce === atOnce - 1) await letOthers();
    if (!('input' in row)) continue;
    try {
      const { expiresIn, ...input } = row.input;
      const {
        email,
        mailbox,
        role,
        poolIds = [],
        ...rest
      } = written(organization, standing, { ...unsaid, ...input }, pools);
      const ms = expiresInMs(expiresIn) ?? usual.expiresIn;
      const first = places.get(mailbox!);
      if (first !== undefined) {
        refusals[index] = { code: 'duplicate', detail: `Its address is that of row ${first + 1}.` };
        continue;
      }
      places.set(mailbox!, index);
      candidates.push({ index, email: email!, mailbox: mailbox!, role: role!, poolIds, expiresIn: ms, rest });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refusals[index] = { code: error.code, ...(error.detail === undefined ? {} : { detail: error.detail }) };
    }
  }
  return candidates;
}

async function invitationsOf(
  candidates: readonly Candidate[],
  organization: Organization,
  standing: Standing,
  createdAt: Date,
): Promise<NewRow[]> {
  // Most of a batch live equally long; but each may live for as long as it likes.
  const reminders = new Map<number, number[]>();
  for (const { expiresIn } of candidates) {
    if (reminders.has(expiresIn)) continue;
    if (reminders.size % atOnce === atOnce - 1) await letOthers();
    reminders.set(expiresIn, remindersFromNow(organization, expiresIn));
  }
  // Ids ascend with the rows, so that lists show them in their order.
  const ids = candidates.map(() => newId('inv')).sort() as InvitationId[];
  return candidates.map(({ email, mailbox, role, poolIds, expiresIn, rest }, i) => ({
    id: ids[i]!,
    organization_id: organization.id,
    email,
    mailbox,
    role,
    teams: rest.teams ?? [],
    pool_ids: poolIds,
    poolIds,
    message: rest.message ?? null,
    locale: rest.locale ?? null,
    redirect_url: rest.redirectUrl ?? null,
    metadata: rest.metadata ?? {},
    inviter_id: standing.account,
    created_by_kind: standing.by.kind,
    created_by_id: standing.by.id,
    facts: createdFacts(createdAt.getTime(), expiresIn, reminders.get(expiresIn)),
    createdAt,
  }));
}

/** What is wrong with a row, and what to do about it. */
export const detailOf = ({ code, detail }: Refusal): string =>
  detail ?? (code === 'duplicate' ? 'Its address is that of a row before.' : `${problems[code].title}.`);

/** Where a row is, for whoever wrote it. */
const placeOf = ({ line }: RequestedRow, index: number) =>
  line === undefined ? `body/invitations/${index}` : `line ${line}`;

/** One row that cannot be invited refuses them all. */
function batchRefused(rows: readonly RequestedRow[], refusals: readonly (Refusal | undefined)[]): Problem {
  const errors = refusals.flatMap((refusal, i) =>
    refusal ? [{ path: placeOf(rows[i]!, i), code: refusal.code, message: detailOf(refusal) }] : [],
  );
  const those = errors.length === 1 ? '1 row' : `${errors.length} rows`;
  return new Problem(
    'batch_refused',
    `${those} of ${rows.length} cannot be invited, so nobody was. Correct them or leave them out, or send them with mode "valid", which invites the others.`,
    errors,
  );
}

/** Every row of the request with its result. */
const resultsOf = (results: readonly RowResult[] | null, rows: readonly RequestedRow[]): BatchRowBody[] =>
  (results ?? []).map((result, i) => {
    const place = placed(rows[i], i);
    if ('invitation' in result) return { ...place, result: 'invited' as const, invitation: result.invitation };
    return { ...place, ...told(result as Refusal) };
  });

/** Which row of the request it is, as callers see it. */
const placed = (row: RequestedRow | undefined, index: number) => {
  const email = row && ('input' in row ? row.input.email : row.email);
  return {
    row: index + 1,
    ...(row?.line === undefined ? {} : { line: row.line }),
    ...(email === undefined ? {} : { email }),
  };
};

/** Why a row is refused, as callers see it. */
const told = (refusal: Refusal) => ({ result: refusal.code, detail: detailOf(refusal) });

/** @throws Problem `batch_not_found` */
export async function requireBatch(db: Kysely<Database>, id: BatchId): Promise<Batch> {
  const batch = await findBatch(db, id);
  if (!batch) throw new Problem('batch_not_found');
  return batch;
}

/** A batch as callers see it. */
const batchBody = (batch: Batch, counts: BatchCounts): BatchBody => ({
  id: batch.id,
  organization: batch.organization_slug,
  kind: batch.kind,
  mode: batch.mode,
  state: batch.cancelled_at ? 'cancelled' : batch.finished_at ? 'completed' : 'running',
  createdAt: batch.created_at.toISOString(),
  finishedAt: batch.finished_at?.toISOString() ?? null,
  counts:
    batch.kind === 'invite'
      ? withDone(batch.size, batch.size - counts.invited, counts)
      : { rows: batch.size, done: batch.acted, refused: batch.refused, ...counts },
});

const withDone = (rows: number, refused: number, counts: BatchCounts): BatchBody['counts'] => ({
  rows,
  done: refused + counts.mailed + counts.undeliverable,
  refused,
  ...counts,
});

/** Batches as callers see them. */
export async function batchBodies(db: Kysely<Database>, batches: readonly Batch[]): Promise<BatchBody[]> {
  const counts = await countBatches(
    db,
    batches.map((batch) => batch.id),
  );
  return batches.map((batch) => batchBody(batch, counts.get(batch.id)!));
}

/** A batch as callers see it now. @throws Problem `batch_not_found` */
export async function batchNow(db: Kysely<Database>, id: BatchId): Promise<BatchBody> {
  const [body] = await batchBodies(db, [await requireBatch(db, id)]);
  return body!;
}

/** Takes back what is still open of a batch, through the workflow of each; an act is carried out on no more. */
export async function cancelBatch(
  { db, engine }: InvitationDeps,
  batch: Batch,
  act: Parameters<typeof cancel>[2],
): Promise<BatchBody> {
  await cancel(db, batch, act);
  engine.reloadBatch(batch);
  return batchNow(db, batch.id);
}
