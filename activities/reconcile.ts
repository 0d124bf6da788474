import { Context, log, metricMeter } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/database.ts';
import { listQueuedDeliveries, settleSuperseded } from '../db/deliveries.ts';
import { findPending, listOverdue, type Span } from '../db/invitations.ts';
import { forgetExpired } from '../db/requests.ts';
import { type InvitationId, invitationWorkflowId, workflowTypes } from '../workflows/contract.ts';
import type { ReconcileActivities } from '../workflows/reconcile.ts';
import { dueSpans } from './due.ts';
import { createPace, type Pace, type Resumed, resumeDelivery, resumeInvitation } from './resume.ts';

interface Deps {
  db: Kysely<Database>;
  temporal: Client;
  /** How many rows are read at a time. @default 500 */
  pageSize?: number;
}

/** How something was noticed. */
type Found = 'delivery_queued' | 'delivery_superseded' | 'overdue' | 'run_terminated' | 'run_failed' | 'run_timed_out';

/** One run: what its parts share. */
interface Run extends Required<Deps> {
  /** When the last run looked, by the database's clock; 0 if it is not known. ms */
  since: number;
  now: number;
  pace: Pace;
  count(found: Found, outcome: Resumed | 'settled', times?: number): void;
}

/** Visibility is late, and its clock is another: closed runs are looked at once more. ms */
const overlapMs = 120_000;

/** Finds what a crash or an outage left behind. Each find is counted by the metric `usher_reconciler_finds`. */
export function createReconcileActivities({ db, temporal, pageSize = 500 }: Deps): ReconcileActivities {
  return {
    async reconcile(mark) {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 5_000);
      try {
        const finds = metricMeter.createCounter(
          'usher_reconciler_finds',
          'finds',
          'What the reconciler found, by how, and by what became of it',
        );
        const found: Record<string, number> = {};
        const now = await timeOf(db);
        const run: Run = {
          db,
          temporal,
          pageSize,
          since: mark ? Date.parse(mark.since) : 0,
          now,
          pace: createPace(context.cancellationSignal),
          count(how, outcome, times = 1) {
            if (times === 0) return;
            finds.add(times, { found: how, outcome });
            const key = `${how}.${outcome}`;
            found[key] = (found[key] ?? 0) + times;
          },
        };
        await queuedDeliveries(run);
        await overdueInvitations(run);
        await closedRuns(run);
        await run.pace.end();
        await forgetExpired(db);
        if (Object.keys(found).length > 0) log.info('the reconciler found something', { found });
        return { since: new Date(now).toISOString(), pool: null, found };
      } finally {
        clearInterval(beat);
      }
    },
  };
}

/**
 * An invitation whose workflow never started shows as a delivery that stays queued. So does one whose run lost the task
 * that queued it, together with its server, and waits in the state before; and one that ended or was overtaken meanwhile.
 */
async function queuedDeliveries({ db, temporal, pageSize, pace, count, since, now }: Run): Promise<void> {
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
        await pace.begin(async () => count(found, await resumeInvitation({ db, temporal }, delivery, found)));
      }
    }
  }
}

/** Their runs are lost, or cannot work. */
async function overdueInvitations({ db, temporal, pageSize, pace, count, since, now }: Run): Promise<void> {
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
async function closedRuns({ db, temporal, pageSize, pace, count, since }: Run): Promise<void> {
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

/** The database's clock, ms. */
async function timeOf(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select now()`.execute(db);
  return rows[0]!.now.getTime();
}
