import { activityInfo, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import {
  advanceBatch,
  cancelActs,
  cancelBatch,
  findBatch,
  finishBatch,
  keepActResults,
  nextActs,
  nextOfBatch,
  openOfCancelled,
} from '../db/batches.ts';
import type { Database } from '../db/database.ts';
import { settleSuperseded } from '../db/deliveries.ts';
import { transitionsOf } from '../db/events.ts';
import type { InvitationId } from '../db/ids.ts';
import { findInvitations, findResumables } from '../db/invitations.ts';
import type { BatchActivities } from '../workflows/batch.ts';
import { invitationStart, workflowTypes } from '../workflows/contract.ts';
import { createAct } from './act.ts';
import { createBackOff, type DeliveryDeps, tryAgain } from './delivery.ts';
import { attemptTogether, leftToRuns, togetherAt } from './first-attempts.ts';
import { beating } from './heartbeat.ts';
import { createPace } from './resume.ts';
import { takeBack } from './take-back.ts';

/** How many a step takes on. */
const pageSize = 500;
/** How long Temporal may take to start a run, ms. */
const startPatienceMs = 20_000;
/** How often a page is mailed before it is left to the invitations' own workflows: some minutes. */
const mailAttempts = 8;

/** On how many invitations an act is carried out until their results are kept. */
const actsAtOnce = 100;
/** How often is tried what goes wrong, such as an invitation whose run cannot go on: some minutes. */
const actAttempts = 8;

/** What the workflow of a batch does. Everything can be done again. */
export function createBatchActivities(deps: DeliveryDeps & { temporal: Client }): BatchActivities {
  const { db, temporal } = deps;
  const nextDelay = createBackOff(deps);

  return {
    mailSome: beating(async ({ id }) => {
      const ids = await nextOfBatch(db, id, 'mailed_through', togetherAt(deps.mail));
      if (ids.length === 0) return false;
      const ended = await attemptTogether(
        deps,
        ids.map((invitation) => ({ invitation, ordinal: 1 })),
      );
      // What the provider does not take for now is tried again, together: better than each by itself. Of whatever else went
      // wrong the invitation's own run finds out more.
      const [untaken] = ended.flatMap(({ result }) =>
        result.status === 'not_sent' && !leftToRuns.has(result.code) ? [result] : [],
      );
      if (untaken && activityInfo().attempt < mailAttempts)
        throw tryAgain(untaken.code, untaken.retryAfterMs ?? (await nextDelay()));
      await advanceBatch(db, id, 'mailed_through', ids.at(-1)!);
      return true;
    }),

    startSome: beating(async ({ id }) => {
      const ids = await nextOfBatch(db, id, 'started_through', pageSize);
      if (ids.length === 0) return false;
      const pace = createPace(Context.current().cancellationSignal);
      for (const { id: invitation, slug: organization, state, expires_at: expiresAt } of await findResumables(db, ids))
        if (state === 'pending')
          await pace.begin(async () => {
            const options = invitationStart({ id: invitation, organization, state, expiresAt });
            await temporal.withDeadline(Date.now() + startPatienceMs, () =>
              temporal.workflow.start(workflowTypes.invitation, options),
            );
          });
      await pace.end();
      await advanceBatch(db, id, 'started_through', ids.at(-1)!);
      return true;
    }),

    takeBackSome: beating(async ({ id }) => {
      const { by, ids } = await openOfCancelled(db, id, pageSize);
      // Else a run that begins only to be revoked would send its email first.
      await settleSuperseded(
        db,
        ids.map((invitation) => ({ invitation, ordinal: 1 })),
      );
      const pace = createPace(Context.current().cancellationSignal);
      for (const invitation of ids)
        await pace.begin(() => takeBack({ db, temporal }, invitation, { by, request: `batch/${id}/revoke` }));
      await pace.end();
      return ids.length > 0;
    }),

    actSome: beating(async ({ id }) => {
      const ids = await nextActs(db, id, actsAtOnce);
      const batch = ids.length > 0 ? await findBatch(db, id) : undefined;
      if (!batch) return false;
      if (batch.cancelled_at) {
        await cancelActs(db, id);
        return false;
      }
      const rows = new Map((await findInvitations(db, ids)).map((row) => [row.id, row]));
      const requestOf = (invitation: InvitationId) => `batch/${id}/${invitation}`;
      // What was done before its result could be kept.
      const known = await transitionsOf(db, ids.map(requestOf));
      const act = createAct(deps, batch);
      const results: { invitation: InvitationId; result: string }[] = [];
      let failure: unknown;
      const pace = createPace(Context.current().cancellationSignal);
      for (const invitation of ids)
        await pace.begin(async () => {
          const row = rows.get(invitation);
          const request = requestOf(invitation);
          try {
            if (row?.organization_id !== batch.organization_id)
              results.push({ invitation, result: 'invitation_not_found' });
            else if (known.has(request)) results.push({ invitation, result: 'done' });
            else results.push({ invitation, result: await act(row, request) });
          } catch (error) {
            failure = error;
          }
        });
      await pace.end();
      // Those that fail are tried again beside the next, and together when there are no others.
      if (results.length === 0) {
        if (activityInfo().attempt < actAttempts) throw failure;
        results.push(...ids.map((invitation) => ({ invitation, result: 'engine_unreachable' })));
      }
      await keepActResults(db, id, results);
      return true;
    }),

    finishBatch: ({ id }) => finishBatch(db, id),

    async cancelBatch({ id }) {
      const batch = await findBatch(db, id);
      const { workflowExecution, activityId } = activityInfo();
      const request = `cancel/${workflowExecution?.runId}/${activityId}`;
      if (batch) await cancelBatch(db, batch, { by: { kind: 'system', id: null }, request });
    },
  };
}
