import { proxyActivities } from '@temporalio/workflow';

export interface RetentionActivities {
  /** Erases some of the invitations that ended longer ago than they are kept; how many. */
  eraseEnded(): Promise<number>;
  /** Starts erasures that are not finished and whose workflow is lost; how many are not finished. */
  resumeErasures(): Promise<number>;
}

const { eraseEnded, resumeErasures } = proxyActivities<RetentionActivities>({
  startToCloseTimeout: '1m',
  retry: { maximumInterval: '5m' },
});

/** So that no history grows without end; the rest is for the next day. */
const mostPages = 1_000;

/** Run by a Schedule, every day. */
export async function retention(): Promise<{ erased: number; unfinished: number }> {
  let erased = 0;
  for (let page = 0; page < mostPages; page++) {
    const some = await eraseEnded();
    if (some === 0) break;
    erased += some;
  }
  return { erased, unfinished: await resumeErasures() };
}
