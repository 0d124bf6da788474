import { type Context, context } from '@opentelemetry/api';
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { type UpdateDefinition, WorkflowNotFoundError } from '@temporalio/common';
import type { FastifyBaseLogger } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { findEventByRequest } from '../db/events.ts';
import { factsOf, findInvitation, type Invitation } from '../db/invitations.ts';
import { type InvitationEvent, refusalNow } from '../statecharts/invitation.ts';
import { subjectOf } from '../telemetry/log.ts';
import { invitationRefusals } from '../telemetry/metrics.ts';
import {
  type Act,
  type BatchId,
  type BatchKind,
  batchStart,
  batchType,
  type DeliveryInput,
  deliveryStart,
  invitationStart,
  invitationWorkflowId,
  type Outcome,
  reloadSignal,
  taskQueue,
  workflowTypes,
} from '../workflows/contract.ts';
import type { Turn } from './idempotency.ts';
import { Problem } from './problem.ts';

/** How long a caller waits for the engine, ms: some of the time that a request has is left to answer it. */
const usualPatienceMs = 1_500;
/**
 * How many offers are with the engine at a time. In a burst more would not be taken sooner: each would wait there past its
 * caller's patience, and be offered again.
 */
const offersAtOnce = 48;
/** How long an offer waits for its turn, ms, and, where that was in vain, how long at most until it is repeated, s. */
const longestLineMs = 400;
const latestRepeat = 10;

/** How long a call takes that nobody waits for, ms, before it is given up. */
const giveUpMs = 5_000;
/** How many runs are being started at a time: more would not be faster. */
const startsAtOnce = 16;
/** How many wait for their turn, and how long, ms. The reconciler sees to what has waited for a minute, and to all others. */
const mostWaiting = 20_000;
const longestWaitMs = 60_000;

/** A worker without work asks for some every minute, ms. */
const idleMs = 90_000;
/** Temporal's number for the workflow tasks of a queue. */
const workflowTasks = 1;

export interface Engine {
  /**
   * Offers an event to an invitation and waits for what becomes of it. Refuses by the row where that suffices, so that
   * ended invitations answer without the engine.
   *
   * @param turn whether the request may have taken effect before. @default 'again', it may
   * @throws Problem `engine_unreachable` when the outcome is not known: it may still take effect
   */
  offer<TInput extends Act>(
    invitation: Invitation,
    update: UpdateDefinition<Outcome, [TInput]>,
    event: TInput & InvitationEvent,
    turn?: Turn,
  ): Promise<Outcome>;
  /**
   * Starts an invitation's workflow without waiting: some at a time, in the order in which they come. What fails here the
   * reconciler starts.
   */
  start(invitation: Pick<Invitation, 'id' | 'organization_slug' | 'state' | 'expires_at'>): void;
  /** An outcome was told by Postgres and not by the engine: its run may have lost the task that made it, and looks. */
  catchUp(invitation: Pick<Invitation, 'id'>): void;
  /** Starts the workflow of a batch without waiting; what fails here the reconciler starts. */
  startBatch(batch: { id: BatchId; kind: BatchKind }): void;
  /** Has the workflow of a batch that was changed look again, or starts it: one that is just ending would not see the change. */
  reloadBatch(batch: { id: BatchId; kind: BatchKind }): void;
  /** Starts the workflow of a delivery beside the chart, without waiting. */
  deliver(delivery: DeliveryInput): void;
  /** What does not answer within a second; a worker is missing when none has asked for work for a while. */
  missing(): Promise<'temporal' | 'worker' | undefined>;
  /** Waits for what has been begun: a few seconds at most. */
  close(): Promise<void>;
}

/**
 * What the API asks of Temporal.
 *
 * @param patienceMs how long a caller waits for it. After that the outcome is unknown, and Postgres is asked. @default 1500
 */
export function createEngine({
  db,
  temporal,
  log,
  patienceMs = usualPatienceMs,
}: {
  db: Kysely<Database>;
  temporal: Client;
  log: FastifyBaseLogger;
  patienceMs?: number | undefined;
}): Engine {
  const turns = createTurns(offersAtOnce);
  const starting = new Set<Promise<unknown>>();
  /** Calls that the client has not ended, those included that nobody waits for any more. */
  const calls = new Set<Promise<unknown>>();
  // The client may still wait for its next try when the deadline has passed, where connections are refused.
  const within = async <T>(ms: number, call: () => Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('Temporal did not answer in time')), ms + 50);
    });
    const asked = temporal.withDeadline(Date.now() + ms, call);
    calls.add(asked);
    asked.catch(() => undefined).finally(() => calls.delete(asked));
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  };

  const notStarted = (id: string, error: string) =>
    log.warn({ ...subjectOf(id), error }, 'not started now; the reconciler will');
  const startSoon = (id: string, start: () => Promise<unknown>): Promise<void> => {
    const promise = within(giveUpMs, start)
      .then(
        () => undefined,
        (error) => notStarted(id, String((error as Error).name)),
      )
      .finally(() => starting.delete(promise));
    starting.add(promise);
    return promise;
  };

  const waiting: { id: string; start: ReturnType<typeof options>; since: number; cause: Context }[] = [];
  let lanes = 0;
  /** Starts one after the other until none waits. */
  const lane = async () => {
    lanes += 1;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { id, start, since, cause } = next;
      if (Date.now() - since > longestWaitMs) notStarted(id, 'too long a wait');
      else
        await context.with(cause, () => startSoon(id, () => temporal.workflow.start(workflowTypes.invitation, start)));
    }
    lanes -= 1;
  };

  const options = (i: Parameters<Engine['start']>[0]) =>
    invitationStart({ id: i.id, organization: i.organization_slug, state: i.state, expiresAt: i.expires_at });

  const catchUp: Engine['catchUp'] = ({ id }) =>
    void startSoon(id, () =>
      temporal.workflow
        .getHandle(invitationWorkflowId(id))
        .signal(reloadSignal)
        .catch((error) => {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }),
    );

  /** What the row alone says: the outcome of a known request, or a refusal; undefined while only the engine can tell. */
  const fromPostgres = async (invitation: Invitation, event: InvitationEvent & Act): Promise<Outcome | undefined> => {
    const known = await findEventByRequest(db, event.request);
    if (known?.sequence) {
      catchUp(invitation);
      return { status: 'taken', sequence: known.sequence };
    }
    return refusedBy(invitation, event);
  };
  const refusedBy = (invitation: Invitation, event: InvitationEvent & Act): Outcome | undefined => {
    const code = refusalNow(factsOf(invitation), event, Date.now());
    return code && { status: 'refused', code };
  };

  const offer: Engine['offer'] = async (invitation, update, event, turn = 'again') => {
    const told = turn === 'again' ? await fromPostgres(invitation, event) : refusedBy(invitation, event);
    if (told) return told;
    const { type: _, ...input } = event;
    const until = Date.now() + patienceMs;
    if (!(await turns.begin(longestLineMs))) throw tooMany();
    try {
      return await within(until - Date.now(), () =>
        temporal.workflow.executeUpdateWithStart(update, {
          // Dedups while the run lasts; beyond it the request key in the audit row does.
          updateId: event.request,
          args: [input as never],
          startWorkflowOperation: new WithStartWorkflowOperation(workflowTypes.invitation, options(invitation)),
        }),
      );
    } catch (error) {
      // A time-out, a run that closed under the Update, a server that is down: unknown, each of them. Postgres knows.
      log.warn({ invitation: invitation.id, error: (error as Error).name }, 'the engine gave no outcome');
      const now = await findInvitation(db, invitation.id);
      const outcome = now && (await fromPostgres(now, event));
      if (outcome) return outcome;
      throw new Problem(
        'engine_unreachable',
        'The request may still take effect. Nothing was lost; repeat it with the same Idempotency-Key.',
      );
    } finally {
      turns.end();
    }
  };

  return {
    async offer(invitation, update, event, turn) {
      const outcome = await offer(invitation, update, event, turn);
      if (outcome.status === 'refused') invitationRefusals.inc({ event: event.type, code: outcome.code });
      return outcome;
    },
    start(invitation) {
      if (waiting.length >= mostWaiting) return notStarted(invitation.id, 'too many wait');
      waiting.push({ id: invitation.id, start: options(invitation), since: Date.now(), cause: context.active() });
      if (lanes < startsAtOnce) void lane();
    },
    catchUp,
    startBatch: ({ id, kind }) => void startSoon(id, () => temporal.workflow.start(batchType(kind), batchStart(id))),
    reloadBatch: ({ id, kind }) =>
      void startSoon(id, () =>
        temporal.workflow.signalWithStart(batchType(kind), { ...batchStart(id), signal: reloadSignal }),
      ),
    deliver: (delivery) =>
      void startSoon(delivery.invitation, () =>
        temporal.workflow.start(workflowTypes.delivery, deliveryStart(delivery)),
      ),
    missing: () =>
      within(1_000, () =>
        temporal.workflowService.describeTaskQueue({
          namespace: temporal.options.namespace,
          taskQueue: { name: taskQueue },
          taskQueueType: workflowTasks,
        }),
      ).then(
        ({ pollers }) => {
          const last =
            1_000 * Math.max(0, ...(pollers ?? []).map((poller) => Number(poller.lastAccessTime?.seconds ?? 0)));
          return Date.now() - last < idleMs ? undefined : 'worker';
        },
        () => 'temporal',
      ),
    async close() {
      const end = Date.now() + giveUpMs;
      while (waiting.length > 0 && Date.now() < end) await Promise.race(starting);
      for (const { id } of waiting.splice(0)) notStarted(id, 'the API ends');
      await Promise.all(starting);
      // A try that its timer begins on a closed connection would end the process.
      await Promise.allSettled(calls);
    },
  };
}

/** Repeated by all at the same time it would be the same burst again. */
const tooMany = () =>
  new Problem(
    'engine_unreachable',
    'Too many are ahead: this try was not begun. Nothing was lost; repeat it with the same Idempotency-Key.',
    undefined,
    { 'retry-after': String(2 + Math.floor(Math.random() * (latestRepeat - 1))) },
  );

/** Lets so many go on at a time; the others wait in line. */
function createTurns(places: number) {
  const line = new Set<() => void>();
  let free = places;
  return {
    /** @returns false when it was not its turn within so many ms; otherwise it is to `end` */
    async begin(ms: number): Promise<boolean> {
      if (free > 0) {
        free -= 1;
        return true;
      }
      return new Promise((resolve) => {
        const go = () => {
          clearTimeout(timer);
          resolve(true);
        };
        const timer = setTimeout(() => {
          line.delete(go);
          resolve(false);
        }, ms);
        line.add(go);
      });
    },
    end() {
      const [next] = line;
      if (next) {
        line.delete(next);
        next();
      } else free += 1;
    },
  };
}
