import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { WebhookInput } from './contract.ts';

export interface WebhookActivities {
  /** Sends what is due to the endpoint, for some seconds; false when nothing is left that is due now. */
  sendDue(input: WebhookInput): Promise<boolean>;
  /** Tells the organization's owners that the endpoint is disabled, if it is and they have not been told. */
  tellOwners(input: WebhookInput): Promise<void>;
}

const { sendDue, tellOwners } = proxyActivities<WebhookActivities>({
  startToCloseTimeout: '2m',
  // How long it takes until another worker goes on where one died.
  heartbeatTimeout: '10s',
  retry: { maximumInterval: '30s' },
});

/**
 * Sends what is due to an endpoint, and ends. What waits for a later attempt waits in Postgres, where workers look every
 * second: so a run sleeps on nothing, whatever comes in meanwhile need not wake it, and one that was lost is started again by
 * the next look.
 */
export async function webhook(input: WebhookInput): Promise<void> {
  while (await sendDue(input)) if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof webhook>(input);
  await tellOwners(input);
}
