import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { insertEvent } from '../db/events.ts';
import { findPending, type Resumable } from '../db/invitations.ts';
import {
  type BatchId,
  type BatchKind,
  batchStart,
  batchType,
  type DeliveryInput,
  deliveryStart,
  type InvitationStatus,
  invitationStart,
  invitationWorkflowId,
  reloadSignal,
  stateQuery,
  workflowTypes,
} from '../workflows/contract.ts';
import type { Found } from './finds.ts';

/** Gets going again what has no run, or one that is behind its row: for the reconciler and the sweep. */

/**
 * How many a second are looked at, on average, so that what an outage left behind comes back as a stream and not as a
 * herd: 12,000 a minute. Retries of what waits for the mail provider keep to it too.
 */
export const perSecond = 200;
/** How many at a time: a Temporal that is slow is asked less. */
const atOnce = 50;
/** How long Temporal may take to start a run, ms. The client repeats what is refused for the moment. */
const startPatienceMs = 20_000;
/** How long a run may take to say where it stands, ms: one that cannot must not keep the others waiting. */
const queryPatienceMs = 5_000;

/**
 * - `started`: it had no run.
 * - `reloaded`: its run was behind its row, or waits for an email that was lost, and was told to look.
 * - `running`: all is well; it waits for something else, such as the mail provider.
 * - `unanswered`: it has a run that does not say where it stands: its tasks fail, or no worker takes them.
 */
export type Resumed = 'started' | 'reloaded' | 'running' | 'unanswered';

/**
 * Starts the run of a pending invitation, which resumes from its row, or has it look at its row, if it is behind that.
 * What it mended it notes in the audit log.
 *
 * @param found how it was noticed
 * @param lags tells, of what its run says, that it is behind though it has all transitions. @default it never is
 * @throws what Postgres says, or Temporal of a start: it is not the invitation's fault
 */
export async function resumeInvitation(
  { db, temporal }: { db: Kysely<Database>; temporal: Client },
  invitation: Resumable,
  found: Found | 'restored',
  lags: (status: InvitationStatus) => boolean = () => false,
): Promise<Resumed> {
  const { id, slug, state, expires_at } = invitation;
  const options = invitationStart({ id, organization: slug, state, expiresAt: expires_at });
  const outcome = (await starts(temporal, workflowTypes.invitation, options))
    ? 'started'
    : await reloadIfBehind(db, temporal, invitation, lags).catch(() => 'unanswered' as const);
  if (outcome === 'started' || outcome === 'reloaded') {
    await insertEvent(db, {
      organization: invitation.organization_id,
      invitation: id,
      sequence: null,
      type: 'reconciled',
      detail: found,
      by: { kind: 'system', id: null },
      // Found again it says nothing new, until the invitation has moved on.
      request: `reconciled/${id}/${invitation.sequence}/${found}`,
    });
  }
  return outcome;
}

/** Starts the workflow of a delivery that no chart waits for. @throws what Temporal says */
export const resumeDelivery = async (temporal: Client, delivery: DeliveryInput): Promise<Resumed> =>
  (await starts(temporal, workflowTypes.delivery, deliveryStart(delivery))) ? 'started' : 'running';

/** Starts the workflow of a batch. @throws what Temporal says */
export const resumeBatch = async (
  temporal: Client,
  { id, kind }: { id: BatchId; kind: BatchKind },
): Promise<Resumed> => ((await starts(temporal, batchType(kind), batchStart(id))) ? 'started' : 'running');

/** True when it was not there. */
const starts = (temporal: Client, type: string, options: WorkflowStartOptions): Promise<boolean> =>
  temporal
    .withDeadline(Date.now() + startPatienceMs, () =>
      temporal.workflow.start(type, { ...options, workflowIdConflictPolicy: 'FAIL' }),
    )
    .then(
      () => true,
      (error) => {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      },
    );

const reloadIfBehind = (
  db: Kysely<Database>,
  temporal: Client,
  { id, sequence }: Resumable,
  lags: (status: InvitationStatus) => boolean,
): Promise<Resumed> =>
  temporal.withDeadline(Date.now() + queryPatienceMs, async () => {
    const run = temporal.workflow.getHandle(invitationWorkflowId(id));
    // Asked first: a query leaves no trace in the history of a run that may be asked again and again.
    const status = await run.query(stateQuery);
    if (status.state === null) return 'running';
    if (!lags(status)) {
      if (status.sequence === sequence) return 'running';
      // The row may have moved on since it was listed.
      const [now] = await findPending(db, [id]);
      if (!now || now.sequence === status.sequence) return 'running';
    }
    await run.signal(reloadSignal);
    return 'reloaded';
  });

export interface Pace {
  /** Begins a piece of work when it is its turn. @throws when the signal is aborted, or what earlier work threw */
  begin(work: () => Promise<void>): Promise<void>;
  /** Waits for all that has begun. @throws what any of it threw */
  end(): Promise<void>;
}

/** Begins work at a bounded rate, with jitter, and so much at a time. */
export function createPace(signal: AbortSignal): Pace {
  const underWay = new Set<Promise<void>>();
  let failure: unknown;
  let turn = performance.now();
  return {
    async begin(work) {
      while (underWay.size >= atOnce) await Promise.race(underWay);
      // Timers are late by a millisecond or so, which the next turns catch up.
      turn = Math.max(turn, performance.now() - 100) + (2 * Math.random() * 1_000) / perSecond;
      const early = turn - performance.now();
      if (early > 0) await sleep(early, undefined, { signal });
      signal.throwIfAborted();
      if (failure) throw failure;
      const working = work()
        .catch((error) => {
          failure ??= error;
        })
        .finally(() => underWay.delete(working));
      underWay.add(working);
    },
    async end() {
      await Promise.all(underWay);
      if (failure) throw failure;
    },
  };
}
