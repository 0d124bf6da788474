import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { listStuckDeliveries } from '../db/deliveries.ts';
import { forgetExpired } from '../db/requests.ts';
import { deliveryStart, invitationStart, workflowTypes } from '../workflows/contract.ts';
import type { ReconcileActivities } from '../workflows/reconcile.ts';

/** Younger than this, a queued delivery is probably just being sent, ms. */
const stuckAfter = 30_000;
const atMost = 500;

export function createReconcileActivities({
  db,
  temporal,
}: {
  db: Kysely<Database>;
  temporal: Client;
}): ReconcileActivities {
  return {
    async startUnstarted() {
      // An invitation whose workflow never started shows as a delivery that stays queued.
      const stuck = await listStuckDeliveries(db, stuckAfter, atMost);
      for (const { id, ordinal, kind, state, slug, expires_at } of stuck) {
        if (kind === 'resend_request') {
          await temporal.workflow.start(workflowTypes.delivery, deliveryStart({ invitation: id, ordinal }));
        } else {
          await temporal.workflow.start(
            workflowTypes.invitation,
            invitationStart({ id, organization: slug, state, expiresAt: expires_at }),
          );
        }
      }
      return stuck.length;
    },
    forgetExpired: () => forgetExpired(db),
  };
}
