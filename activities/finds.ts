import type { Client } from '@temporalio/client';
import { type Kysely, sql } from 'kysely';
import { listUnfinishedBatches } from '../db/batches.ts';
import type { Database } from '../db/database.ts';
import { listQueuedDeliveries, settleSuperseded } from '../db/deliveries.ts';
import { listUntold, noteTold } from '../db/feedback.ts';
import type { LicensePoolId } from '../db/ids.ts';
import { findPending, listOverdue, listPending, type Span } from '../db/invitations.ts';
import { findMiscounted, type Recounted, recountSeats } from '../db/licenses.ts';
import { type DeliveryStatus, troubleOf } from '../statecharts/invitation.ts';
import {
  type InvitationId,
  type InvitationStatus,
  invitationWorkflowId,
  workflowTypes,
} from '../workflows/contract.ts';
import { dueSpans } from './due.ts';
import { type Pace, type Resumed, resumeBatch, resumeDelivery, resumeInvitation } from './resume.ts';

/** What the reconciler and the sweep look for. Each find is counted, by how it was noticed and by what became of it. */

/** How something was noticed. */
export type Found =
  | 'delivery_queued'
  | 'delivery_superseded'
  | 'feedback_untold'
  | 'overdue'
  | 'run_terminated'
  | 'run_failed'
  | 'run_timed_out'
  | 'batch_unfinished'
  | 'swept'
  | 'seats_miscounted';

export type Became = Resumed | 'settled' | Recounted['outcome'];

/** One look at everything: what its parts share. */
export interface Look {
  db: Kysely<Database>;
  temporal: Client;
  /** How many rows are read at a time. */
  pageSize: number;
  /** What was looked at last time, by the database's clock; 0: nothing. ms */
  since: number;
  /** ms */
  now: number;
  pace: Pace;
  count(found: Found, became: Became, times?: number): void;
}

/** Visibility is late, and its clock is another: closed runs are looked at once more. ms */
const overlapMs = 120_000;

/**
 * An invitation whose workflow never started shows as a delivery that stays queued. So does one whose run lost the task
 * that queued it, together with its server, and waits in the state before; and one that ended or was overtaken meanwhile.
 */
export async function queuedDeliveries({ db, temporal, pageSize, pace, count, since, now }: Look): Promise<void> {
  const list = (span: Span, after?: Awaited<ReturnType<typeof listQueuedDeliveries>>[number]) =>
    listQueuedDeliveries(db, span, after, pageSize);
  for await (const page of pagesOf(dueSpans(since, now), pageSize, list)) {
    const overtaken = page.filter((d) => !d.wanted && !d.attempted_at);
    const keys = overtaken.map((d) => ({ invitation: d.id, ordinal: d.ordinal }));
    count('delivery_superseded', 'settled', await settleSuperseded(db, keys));
    for (const delivery of page) {
      const { id, ordinal, wanted, attempted_at, kind } = delivery;
      const key = { invitation: id, ordinal };
      if (!wanted) {
        // It may have been sent: its own workflow finds that out.
        if (attempted_at)
          await pace.begin(async () => count('delivery_superseded', await resumeDelivery(temporal, key)));
      } else if (kind === 'resend_request') {
        await pace.begin(async () => count('delivery_queued', await resumeDelivery(temporal, key)));
      } else {
        const found = 'delivery_queued';
        // Queued for so long it was lost, had it been handed over.
        const lags = (run: InvitationStatus) => run.delivery === 'handed_over';
        await pace.begin(async () => count(found, await resumeInvitation({ db, temporal }, delivery, found, lags)));
      }
    }
  }
}

/** For so long whoever took the feedback is left to tell the run itself, ms. */
const tellingMs = 10_000;

/**
 * Emails that came into trouble, or out of it, by what the provider told: whoever took that has told the run, or has died, or
 * could not reach Temporal. It is asked until it knows.
 */
export async function untoldFeedback({ db, temporal, pageSize, pace, count, now }: Look): Promise<void> {
  const found = 'feedback_untold';
  for (;;) {
    const page = await listUntold(db, new Date(now - tellingMs), pageSize);
    for (const delivery of page) {
      const { id, ordinal, status, wanted, untold_at } = delivery;
      const lags = (run: InvitationStatus) => troubleOf(run.delivery as DeliveryStatus) !== troubleOf(status);
      await pace.begin(async () => {
        // Of an email that was followed by another nobody waits to hear.
        const outcome = wanted ? await resumeInvitation({ db, temporal }, delivery, found, lags) : 'running';
        if (outcome !== 'running') count(found, outcome);
        await noteTold(db, { invitation: id, ordinal }, untold_at, outcome === 'running');
      });
    }
    // None of these is listed again: they know, or have been asked since.
    await pace.end();
    if (page.length < pageSize) return;
  }
}

/** Their runs are lost, or cannot work. */
export async function overdueInvitations({ db, temporal, pageSize, pace, count, since, now }: Look): Promise<void> {
  const list = (span: Span, after?: Awaited<ReturnType<typeof listOverdue>>[number]) =>
    listOverdue(db, span, after, pageSize);
  for await (const page of pagesOf(dueSpans(since, now), pageSize, list)) {
    for (const invitation of page)
      await pace.begin(async () => count('overdue', await resumeInvitation({ db, temporal }, invitation, 'overdue')));
  }
}

const badEnds: Partial<Record<string, Found>> = {
  TERMINATED: 'run_terminated',
  FAILED: 'run_failed',
  TIMED_OUT: 'run_timed_out',
};

/** Runs that were ended though their invitations were not. */
export async function closedRuns({ db, temporal, pageSize, pace, count, since }: Look): Promise<void> {
  const workflows = temporal.workflow.list({
    pageSize,
    query: [
      `WorkflowType = '${workflowTypes.invitation}'`,
      `ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut')`,
      ...(since > 0 ? [`CloseTime > '${new Date(since - overlapMs).toISOString()}'`] : []),
    ].join(' AND '),
  });
  const prefix = invitationWorkflowId('' as InvitationId);
  const flush = async (closed: Map<InvitationId, Found>) => {
    for (const invitation of await findPending(db, [...closed.keys()])) {
      const found = closed.get(invitation.id)!;
      await pace.begin(async () => count(found, await resumeInvitation({ db, temporal }, invitation, found)));
    }
  };
  let closed = new Map<InvitationId, Found>();
  for await (const { workflowId, status } of workflows) {
    const found = badEnds[status.name];
    const id = workflowId.slice(prefix.length) as InvitationId;
    // The newest run of each comes first.
    if (!found || !workflowId.startsWith(prefix) || closed.has(id)) continue;
    closed.set(id, found);
    if (closed.size < pageSize) continue;
    await flush(closed);
    closed = new Map();
  }
  await flush(closed);
}

/** The pages of each span, one after the other. */
async function* pagesOf<T>(
  spans: Span[],
  pageSize: number,
  list: (span: Span, after?: T) => Promise<T[]>,
): AsyncGenerator<T[]> {
  for (const span of spans) {
    let page = await list(span);
    while (page.length > 0) {
      yield page;
      page = page.length < pageSize ? [] : await list(span, page.at(-1));
    }
  }
}

/**
 * All pending invitations, by id.
 *
 * @param after the one up to which they have been looked at
 * @param looked is told after each page up to which it came
 */
export async function pendingInvitations(
  { db, temporal, pageSize, pace, count }: Look,
  after: InvitationId | undefined,
  looked: (last: InvitationId) => void,
): Promise<void> {
  for (let last = after; ; ) {
    const page = await listPending(db, last, pageSize);
    for (const invitation of page)
      await pace.begin(async () => count('swept', await resumeInvitation({ db, temporal }, invitation, 'swept')));
    // Only what has ended counts.
    await pace.end();
    last = page.at(-1)?.id;
    if (!last) return;
    looked(last);
  }
}

/** Batches whose workflow never started, or was ended. */
export async function unfinishedBatches({ db, temporal, pageSize, pace, count }: Look): Promise<void> {
  for (const batch of await listUnfinishedBatches(db, pageSize))
    await pace.begin(async () => count('batch_unfinished', await resumeBatch(temporal, batch)));
}

/** How many seats are counted at a time: few enough to be read within a second. */
const seatsAtATime = 100_000;

/**
 * A page of licence pools whose counters are compared with their seats, and set right.
 *
 * @param after the pool up to which they have been compared; null: from the first
 * @param report is told of each pool that disagreed
 * @returns where to go on; null: all have been compared
 */
export async function seatCounters(
  { db, count }: Pick<Look, 'db' | 'count'>,
  after: LicensePoolId | null,
  report: (pool: Recounted) => void,
): Promise<LicensePoolId | null> {
  const { miscounted, last } = await findMiscounted(db, after, seatsAtATime);
  for (const id of miscounted) {
    const pool = await recountSeats(db, id);
    if (!pool) continue;
    count('seats_miscounted', pool.outcome);
    report(pool);
  }
  return last;
}

/** The database's clock, ms. */
export async function timeOf(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select now()`.execute(db);
  return rows[0]!.now.getTime();
}
