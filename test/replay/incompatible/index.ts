import { sleep } from '@temporalio/workflow';
import * as compatible from '../../../workflows/index.ts';

/** A deliberately incompatible change: what the gate must not let through. */
const late =
  <TArgs extends unknown[], TResult>(workflow: (...args: TArgs) => Promise<TResult>) =>
  async (...args: TArgs): Promise<TResult> => {
    await sleep('1 minute');
    return workflow(...args);
  };

export const invitation = late(compatible.invitation);
export const delivery = late(compatible.delivery);
export const reconcile = late(compatible.reconcile);
export const batch = late(compatible.batch);
export const acts = late(compatible.acts);
export const webhook = late(compatible.webhook);
