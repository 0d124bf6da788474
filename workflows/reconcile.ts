import { proxyActivities } from '@temporalio/workflow';

export interface ReconcileActivities {
  /** Starts what a crash left unstarted; how many. */
  startUnstarted(): Promise<number>;
  /** Deletes answers kept for replays, sign-ins and sessions that are past their time; how many rows. */
  forgetExpired(): Promise<number>;
}

const { startUnstarted, forgetExpired } = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '1m',
  retry: { maximumAttempts: 3 },
});

/** Run by a Schedule; what it finds, it starts, and every run resumes from its row. */
export async function reconcile(): Promise<{ started: number; forgotten: number }> {
  return { started: await startUnstarted(), forgotten: await forgetExpired() };
}
