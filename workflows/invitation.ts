import { ApplicationFailure } from '@temporalio/common';
import {
  CancellationScope,
  continueAsNew,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type Actor,
  allowedEvents,
  type DeliveryOutcome,
  deliveryStatuses,
  type InvitationEffect,
  type InvitationEvent,
  type InvitationFacts,
  type InvitationSnapshot,
  invitationChart,
  isTrouble,
  refusalOf,
  troubleOf,
} from '../statecharts/invitation.ts';
import { chartVersion, presentFacts } from '../statecharts/versions.ts';
import {
  type AcceptInput,
  type AccountId,
  type Act,
  acceptUpdate,
  amendUpdate,
  type DeliveryInput,
  declineSignal,
  declineUpdate,
  deliverySignal,
  type HandedOver,
  type InvitationId,
  type InvitationInput,
  type InvitationStatus,
  type ReasonId,
  type Refusal,
  reloadSignal,
  resendSignal,
  resendUpdate,
  revokeSignal,
  revokeUpdate,
  type StoredInvitation,
  searchAttributes,
  stateQuery,
} from './contract.ts';
import { type Committed, durableMachine } from './durable-machine.ts';

/** A transition of an invitation, for one transaction. */
export interface InvitationTransition {
  invitation: InvitationId;
  sequence: number;
  /** Of the facts; absent in histories of 0.1.0, which knew one. */
  chartVersion?: number;
  facts: InvitationFacts;
  effects: InvitationEffect[];
  by: Actor;
  /** The account that accepts or declines. */
  account: AccountId | null;
  /** The key under which the request is known; null for what no request caused. */
  request: string | null;
  /** The row that says why the support did it. */
  reason?: ReasonId;
}

export interface InvitationActivities {
  /**
   * The row of an invitation; null when there is none. Says also which transition a request has made, if it has.
   *
   * @param isFirst whether a run begins, for which a delivery that nobody has attempted is handed over
   */
  load(
    id: InvitationId,
    request: string | null,
    isFirst?: boolean,
  ): Promise<(StoredInvitation & { taken?: number }) | null>;
  /** Records a transition and carries out its effects in one transaction; hands over the delivery that it queues. */
  commit(transition: InvitationTransition): Promise<Committed<StoredInvitation, Refusal> & HandedOver>;
}

export interface DeliveryActivities {
  /** Sends a delivery unless it has been sent. Fails only on what a retry can mend. */
  deliver(delivery: DeliveryInput): Promise<DeliveryOutcome>;
}

const patience = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

// A local activity costs the engine nothing but a marker. One that retries for long would hold its workflow task, and
// every Update behind it, so after 5 s of trouble the same goes on as a regular activity, which operators see.
const local = proxyLocalActivities<InvitationActivities>({
  startToCloseTimeout: '2s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '50ms', backoffCoefficient: 2, maximumInterval: '1s' },
});
const regular = proxyActivities<InvitationActivities>({ startToCloseTimeout: '10s', retry: patience });

// As runs of 0.1.0 made the first attempt, and those of the workflow `delivery` do: it may hold the workflow task for half
// a second, no longer, and is not repeated here.
const firstAttempt = proxyLocalActivities<DeliveryActivities>({
  startToCloseTimeout: '500ms',
  scheduleToCloseTimeout: '500ms',
  retry: { maximumAttempts: 1 },
});
const furtherAttempts = proxyActivities<DeliveryActivities>({
  startToCloseTimeout: '30s',
  // Of trouble with the provider the activity says itself when to go on.
  retry: patience,
  // The chart does not wait for a send that it has left.
  cancellationType: 'ABANDON',
});

/** Runs a local activity when those before it are done. */
type InTurn = <T>(run: () => Promise<T>) => Promise<T>;

/**
 * Local activities of a run go one after the other. Two at once can end in one order and be replayed in the other, that in
 * which they began, and the commands that follow then differ from history: the run would be stuck for good. Nobody waits
 * longer for it, since a workflow task ends with the last of its local activities in any case.
 */
function oneAtATime(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const mine = last.then(run);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Sends one delivery, however long it takes. */
export async function sendDelivery(delivery: DeliveryInput, inTurn: InTurn = (run) => run()): Promise<DeliveryOutcome> {
  try {
    // Not cancelled when the chart leaves it: Temporal fails the workflow task if the result has come with it already
    // (https://github.com/temporalio/sdk-rust/issues/705). Half a second is soon over, and the result is dropped.
    return await CancellationScope.nonCancellable(() => inTurn(() => firstAttempt.deliver(delivery)));
  } catch {
    return await furtherAttempts.deliver(delivery);
  }
}

const system: Actor = { kind: 'system', id: null };

/** One invitation, from its row to its end. */
export async function invitation({ id }: InvitationInput): Promise<void> {
  const { runId } = workflowInfo();
  const inTurn = oneAtATime();
  let signals = 0;
  /** What became of the delivery that the last activity found queued. */
  let handedOver: number | null | undefined;
  /** The delivery that the worker sends beside this run. */
  let inHand: number | undefined;
  /** A Signal has no request of its own; its place in the run makes it repeatable without doing it twice. */
  const bySignal = (): Act => ({ by: system, request: `signal/${runId}/${++signals}` });

  const machine = durableMachine({
    machine: invitationChart,
    load: async (event): Promise<(StoredInvitation & { taken?: number }) | null> => {
      const request = (event as Partial<Act> | undefined)?.request ?? null;
      const isFirst = machine.snapshot === undefined;
      const row = await inTurn(() => local.load(id, request, isFirst)).catch(() => regular.load(id, request, isFirst));
      handedOver = row?.handedOver;
      return row;
    },
    // Handed over, and still not sent, of which it may be told before it has taken note that it handed over; or its email came
    // into trouble, or out of it.
    isBehind: ({ context }, { facts: { delivery } }) =>
      (delivery.ordinal === inHand && delivery.status === 'queued') ||
      // Runs that looked at their row before this was so did not adopt it.
      (troubleOf(delivery.status) !== troubleOf(context.delivery.status) && patched('trouble of the row')),
    input: (row: StoredInvitation, at) => ({ facts: presentFacts(row), at }),
    commit: async ({ sequence, event, effects, context }): Promise<Committed<StoredInvitation, Refusal>> => {
      const { by, request, account, reason } = event as Partial<AcceptInput>;
      const transition: InvitationTransition = {
        invitation: id,
        sequence,
        chartVersion,
        facts: context,
        effects: effects as InvitationEffect[],
        by: by ?? system,
        account: account ?? null,
        request: request ?? null,
        ...(reason ? { reason } : {}),
      };
      const committed = await inTurn(() => local.commit(transition)).catch(() => regular.commit(transition));
      handedOver = 'row' in committed ? committed.row.handedOver : committed.handedOver;
      return committed;
    },
    actors: {
      async deliver({ ordinal }: { ordinal: number }): Promise<DeliveryOutcome> {
        const delivery = { invitation: id, ordinal };
        if (handedOver === undefined) return sendDelivery(delivery, inTurn);
        inHand = handedOver === ordinal ? ordinal : undefined;
        return inHand ? { ordinal, status: 'queued' } : furtherAttempts.deliver(delivery);
      },
    },
    refusal: (snapshot, event): Refusal => (snapshot ? refusalOf(snapshot, event) : 'invitation_not_found'),
    cancelEvent: { type: 'revoke', at: 0 },
    closed: (snapshot) => snapshot.hasTag('closed'),
    changed: (snapshot, before) => {
      upsertChanges(snapshot, before);
      setCurrentDetails(details(standingOf(snapshot, machine.sequence)));
    },
    continueAsNew: () => continueAsNew<typeof invitation>({ id }),
  });

  /** `at` is stamped by the interpreter. */
  const offer = (event: InvitationEvent & Act) => machine.offer({ ...event, at: 0 });

  setHandler(acceptUpdate, (input) => offer({ ...input, type: 'accept' }), {
    validator: shape('account', 'emailVersion', 'receivedAt', 'by', 'request'),
  });
  setHandler(declineUpdate, (input) => offer({ ...input, type: 'decline' }), {
    validator: shape('account', 'emailVersion', 'receivedAt', 'by', 'request'),
  });
  setHandler(resendUpdate, (input) => offer({ ...input, type: 'resend' }), { validator: shape('by', 'request') });
  setHandler(revokeUpdate, (input) => offer({ ...input, type: 'revoke' }), { validator: shape('by', 'request') });
  setHandler(amendUpdate, (input) => offer({ ...input, type: 'amend' }), {
    validator: shape('amendment', 'emailChanged', 'emailVersion', 'by', 'request'),
  });
  // Signal handlers only enqueue, and believe no argument: one that threw would fail the workflow task for ever.
  setHandler(declineSignal, () => void offer({ ...bySignal(), type: 'decline' }));
  setHandler(resendSignal, () => void offer({ ...bySignal(), type: 'resend' }));
  setHandler(revokeSignal, () => void offer({ ...bySignal(), type: 'revoke' }));
  setHandler(deliverySignal, (feedback) => {
    const event = deliveryEvent(feedback);
    if (event) void offer({ ...bySignal(), ...event });
  });
  setHandler(reloadSignal, machine.reload);
  setDefaultSignalHandler(() => undefined);
  setHandler(stateQuery, () => statusOf(machine.snapshot, machine.sequence));

  await machine.run();
}

/** A validator of an Update's shape. Only that: whether it is allowed the loop decides, which sees no stale state. */
const shape =
  (...fields: string[]) =>
  (input: unknown) => {
    const missing = fields.filter((field) => (input as Record<string, unknown> | undefined)?.[field] === undefined);
    if (missing.length > 0) {
      throw ApplicationFailure.nonRetryable(`the update lacks ${missing.join(', ')}`, 'malformed_update');
    }
  };

/** Reads feedback of a delivery; undefined when it is none. */
function deliveryEvent(feedback: unknown): Extract<InvitationEvent, { type: 'delivery' }> | undefined {
  if (typeof feedback !== 'object' || feedback === null) return undefined;
  const { ordinal, status } = feedback as Record<string, unknown>;
  const known = deliveryStatuses.filter((s) => s === 'delivered' || isTrouble(s)) as readonly unknown[];
  if (typeof ordinal !== 'number' || !known.includes(status)) return undefined;
  return { type: 'delivery', ordinal, status: status as 'delivered' };
}

function upsertChanges({ context }: InvitationSnapshot, before: InvitationSnapshot | undefined): void {
  // Upserts are dear, so only what changed within the run; what the row said at the start came with the start, but for its
  // email: it may have come into trouble before there was a run. A starter that gave none is in a namespace that knows none.
  const { typedSearchAttributes: given } = workflowInfo();
  if (given.getAll().length === 0) return;
  const { state, expiresAt, delivery } = context;
  const trouble = troubleOf(context.delivery.status);
  const troubleBefore = before
    ? troubleOf(before.context.delivery.status)
    : (given.get(searchAttributes.delivery) ?? null);
  // Runs that began before this was so have no such command in their history.
  if (!before && (trouble === troubleBefore || !patched('trouble at the start'))) return;
  const changes = [
    ...(before && state !== before.context.state ? [{ key: searchAttributes.state, value: state }] : []),
    ...(before && expiresAt !== before.context.expiresAt
      ? [{ key: searchAttributes.expiresAt, value: new Date(expiresAt) }]
      : []),
    ...(trouble !== troubleBefore ? [{ key: searchAttributes.delivery, value: trouble }] : []),
  ];
  if (changes.length > 0) upsertSearchAttributes(changes);
}

function statusOf(snapshot: InvitationSnapshot | undefined, sequence: number): InvitationStatus {
  return snapshot
    ? { ...standingOf(snapshot, sequence), allowed: allowedEvents(snapshot.context, Date.now()) }
    : { state: null, at: 'loading', allowed: [], delivery: null, expiresAt: null, nextReminderAt: null, sequence };
}

/** The part of the status that costs nothing to know. */
function standingOf(snapshot: InvitationSnapshot, sequence: number): Omit<InvitationStatus, 'allowed'> {
  const { context, value } = snapshot;
  const { status } = context.delivery;
  const reminder = context.reminders[0];
  return {
    state: context.state,
    at: typeof value === 'string' ? value : Object.entries(value).flat().join('.'),
    delivery: status === 'queued' && snapshot.matches({ pending: 'waiting' }) ? 'handed_over' : status,
    expiresAt: new Date(context.expiresAt).toISOString(),
    nextReminderAt: reminder === undefined || context.state !== 'pending' ? null : new Date(reminder).toISOString(),
    sequence,
  };
}

/** The workflow's details in the Temporal UI, as Markdown: made at every change, so of what is at hand. */
const details = (s: Omit<InvitationStatus, 'allowed'>): string =>
  [
    `**${s.at}** (sequence ${s.sequence})`,
    `- delivery: ${s.delivery}`,
    `- expires: ${s.expiresAt}`,
    `- next reminder: ${s.nextReminderAt ?? 'none'}`,
    '- allowed: what the query `state` says',
    `- signals: \`resend\`, \`decline\`, \`revoke\`; cancelling revokes`,
  ].join('\n');
