import { proxyActivities } from '@temporalio/workflow';
import type { ErasureInput } from './contract.ts';

export interface ErasureActivities {
  /** Takes back pending invitations to the person, each through its own workflow; how many. */
  revokePending(input: ErasureInput): Promise<number>;
  /** Erases some of the person's invitations that have ended; how many. */
  eraseInvitationsOf(input: ErasureInput): Promise<number>;
  /** Erases the person's accounts; false while there are invitations. */
  eraseAccounts(input: ErasureInput): Promise<boolean>;
  /** Erases mentions of the person, and last what the erasure itself knows of them. */
  eraseMentions(input: ErasureInput): Promise<void>;
}

const { revokePending, eraseInvitationsOf, eraseAccounts, eraseMentions } = proxyActivities<ErasureActivities>({
  startToCloseTimeout: '1h',
  // How long it takes until another worker goes on where one died.
  heartbeatTimeout: '10s',
  retry: { maximumInterval: '5m' },
});

/**
 * Erases a person; however often it is broken off, it goes on until it is done. It knows only the id of the row that says
 * who it is, which its last step blanks.
 */
export async function erasure(input: ErasureInput): Promise<void> {
  do {
    while ((await revokePending(input)) > 0);
    while ((await eraseInvitationsOf(input)) > 0);
  } while (!(await eraseAccounts(input)));
  await eraseMentions(input);
}
