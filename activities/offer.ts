import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { Invitation } from '../db/invitations.ts';
import { type Act, invitationStart, type Outcome, workflowTypes } from '../workflows/contract.ts';

/** How long one invitation may take, ms. */
const patienceMs = 10_000;

/** Offers an event to an invitation through its own workflow, and waits for what becomes of it. @throws what Temporal says */
export const offer = <TInput extends Act>(
  temporal: Client,
  row: Pick<Invitation, 'id' | 'organization_slug' | 'state' | 'expires_at'>,
  update: UpdateDefinition<Outcome, [TInput]>,
  input: TInput,
): Promise<Outcome> =>
  temporal.withDeadline(Date.now() + patienceMs, () =>
    temporal.workflow.executeUpdateWithStart(update, {
      updateId: input.request,
      args: [input],
      startWorkflowOperation: new WithStartWorkflowOperation(
        workflowTypes.invitation,
        invitationStart({
          id: row.id,
          organization: row.organization_slug,
          state: row.state,
          expiresAt: row.expires_at,
        }),
      ),
    }),
  );
