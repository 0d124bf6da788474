import { sleep } from '@temporalio/workflow';
import { invitation as compatible } from '../../../workflows/invitation.ts';

/** A deliberately incompatible invitation: what the gate must not let through. */
export async function invitation(input: Parameters<typeof compatible>[0]): Promise<void> {
  await sleep('1 minute');
  await compatible(input);
}
