import { proxyActivities, workflowInfo } from '@temporalio/workflow';

/** What one run leaves for the next. Without it all is looked at again, which does no harm. */
export interface ReconcileMark {
  /** ISO 8601, by the database's clock: what was due before has been looked at. */
  since: string;
  /** The licence pool up to which counters have been checked; null: all. */
  pool: string | null;
}

export interface Reconciled extends ReconcileMark {
  /** How many were found how, and what became of them: `delivery_queued.started`. */
  found: Record<string, number>;
}

export interface ReconcileActivities {
  /** Finds what a crash or an outage left behind, gets it going again, and forgets what is past its time. */
  reconcile(mark: ReconcileMark | null): Promise<Reconciled>;
}

const activities = proxyActivities<ReconcileActivities>({
  // After a long outage there is much to do, at a bounded rate.
  startToCloseTimeout: '3h',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumAttempts: 3 },
});

/** Run by a Schedule every minute, or by hand, then without a mark. */
export async function reconcile(): Promise<Reconciled> {
  return activities.reconcile(markOf(workflowInfo().lastResult));
}

/** The mark in the last result; null when there is none, or it is an older version's. */
function markOf(result: unknown): ReconcileMark | null {
  const { since, pool } = (result ?? {}) as Partial<ReconcileMark>;
  return typeof since === 'string' ? { since, pool: typeof pool === 'string' ? pool : null } : null;
}
