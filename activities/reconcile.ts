import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { listStuckDeliveries } from '../db/deliveries.ts';
import { forgetExpired } from '../db/requests.ts';
import { deliveryStart, invitationStart, reloadSignal, stateQuery, workflowTypes } from '../workflows/contract.ts';
import type { ReconcileActivities } from '../workflows/reconcile.ts';

/** Younger than this, a queued delivery is probably just being sent, ms. */
const stuckAfter = 30_000;
const atMost = 500;
/** How long one invitation may take, ms: a run that cannot answer must not keep the others waiting. */
const patienceMs = 10_000;

export function createReconcileActivities({
  db,
  temporal,
}: {
  db: Kysely<Database>;
  temporal: Client;
}): ReconcileActivities {
  return {
    async startUnstarted() {
      // An invitation whose workflow never started shows as a delivery that stays queued; so does one whose workflow
      // lost the task that queued it, together with its server, and waits in the state before.
      const stuck = await listStuckDeliveries(db, stuckAfter, atMost);
      const start = async ({ id, ordinal, kind, state, slug, expires_at, sequence }: (typeof stuck)[number]) => {
        if (kind === 'resend_request') {
          await temporal.workflow.start(workflowTypes.delivery, deliveryStart({ invitation: id, ordinal }));
          return;
        }
        const run = await temporal.workflow.start(
          workflowTypes.invitation,
          invitationStart({ id, organization: slug, state, expiresAt: expires_at }),
        );
        // Asked first: a query leaves no trace in a history that may be asked every minute.
        if ((await run.query(stateQuery)).sequence !== sequence) await run.signal(reloadSignal);
      };
      const outcomes = await Promise.allSettled(
        stuck.map((delivery) => temporal.withDeadline(Date.now() + patienceMs, () => start(delivery))),
      );
      return outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
    },
    forgetExpired: () => forgetExpired(db),
  };
}
