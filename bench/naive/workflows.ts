import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { createActivities } from './worker.ts';

const { sendEmail, addMember } = proxyActivities<ReturnType<typeof createActivities>>({
  startToCloseTimeout: '1 minute',
});

export const accept = defineSignal<[string]>('accept');

export async function invitation(id: string, email: string): Promise<string> {
  let account: string | undefined;
  setHandler(accept, (by) => {
    account = by;
  });
  await sendEmail(id, email);
  if (!(await condition(() => account !== undefined, '7 days'))) return 'expired';
  await addMember(id, account!);
  return 'accepted';
}
