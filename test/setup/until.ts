import type { WorkflowHandle } from '@temporalio/client';
import type { QueryDefinition } from '@temporalio/common';

/** Waits until a condition holds, asking every 25 ms. @throws after a minute: it will not come */
export async function until<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Asks again as long as the engine takes its time, as a busy machine's does: repeating does no harm. */
export const decided = <T extends { status: number }>(ask: () => Promise<T>): Promise<T> =>
  until('the engine', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });

/**
 * Asks a run something; undefined while it has a task to do. A worker that keeps no runs would leave off the task for the
 * answer, and lose what its local activities did (SDK 1.24): asked again and again, the run would never get on.
 */
export async function asked<T>(run: WorkflowHandle, query: QueryDefinition<T>): Promise<T | undefined> {
  const { raw } = await run.describe();
  if (raw.pendingWorkflowTask) return undefined;
  return run.query(query).catch((error: Error) => {
    // The task came in between.
    if (error.message.includes('Missing associated machine for LocalActivity')) return undefined;
    throw error;
  });
}
