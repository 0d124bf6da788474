import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { InvitationId } from '../db/ids.ts';
import { findInvitation } from '../db/invitations.ts';
import { type Act, invitationStart, revokeUpdate, workflowTypes } from '../workflows/contract.ts';

/** How long one invitation may take, ms. */
const patienceMs = 10_000;

/**
 * Revokes an invitation through its own workflow, if it is pending. One that is revived meanwhile is taken back again, when
 * it is asked again.
 *
 * @param act.request begins the request key
 * @throws what Temporal says
 */
export async function takeBack(
  { db, temporal }: { db: Kysely<Database>; temporal: Client },
  id: InvitationId,
  act: Act,
): Promise<void> {
  const row = await findInvitation(db, id);
  if (row?.state !== 'pending') return;
  const request = `${act.request}/${id}/${row.sequence}`;
  await temporal.withDeadline(Date.now() + patienceMs, () =>
    temporal.workflow.executeUpdateWithStart(revokeUpdate, {
      updateId: request,
      args: [{ ...act, request }],
      startWorkflowOperation: new WithStartWorkflowOperation(
        workflowTypes.invitation,
        invitationStart({
          id,
          organization: row.organization_slug,
          state: row.state,
          expiresAt: row.expires_at,
        }),
      ),
    }),
  );
}
