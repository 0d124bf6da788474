import { assign, fromPromise, initialTransition, type SnapshotFrom, setup } from 'xstate';

/**
 * The invitation's chart: the only place that says which event is allowed in which state.
 *
 * The workflow executes it, the API and the pages ask it, the tests walk it, the docs draw it. It is pure: time comes
 * in with every event as `at` (epoch ms), so delays are differences between absolute deadlines and that time.
 *
 * Custom actions are *effects*: the chart names them, `commit` carries them out in the transaction that records the
 * transition. A transition that names none changes nothing that is not in Postgres already (a delivery's outcome is
 * written by whoever learns of it) and is not recorded.
 */

/** The states of an invitation as stored in its row. */
export const invitationStates = ['pending', 'accepted', 'declined', 'expired', 'revoked'] as const;
export type InvitationState = (typeof invitationStates)[number];

/** How far the email got. `queued` until the provider took it; `failed` when it never will. */
export const deliveryStatuses = ['queued', 'sent', 'delivered', 'opened', 'bounced', 'complained', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** The emails of the chart; `reminder` repeats the link while the invitation waits. */
export type DeliveryKind = 'invitation' | 'reminder';

/** Who did it. `id` is an account, member or API key id; null for the system itself. */
export interface Actor {
  kind: 'member' | 'account' | 'api_key' | 'support' | 'system';
  id: string | null;
}

/** What the chart knows of an invitation: exactly what its row holds. Times are epoch ms, durations ms. */
export interface InvitationFacts {
  state: InvitationState;
  /** Links of a lower generation are dead. */
  generation: number;
  /** Raised by each change of the invited address; an accept names the one it was matched against. */
  emailVersion: number;
  expiresIn: number;
  expiresAt: number;
  /** Times of reminders still to come, ascending. */
  reminders: readonly number[];
  /** The current delivery; `ordinal` counts all deliveries of this invitation from 1. */
  delivery: { ordinal: number; kind: DeliveryKind; status: DeliveryStatus };
  /** Ended, and known for whom no more: there is nobody to send it to. */
  erased?: true;
}

/** What people, programs and the mail provider say to an invitation. */
export type InvitationEvent =
  /** `receivedAt`: when the API took the request; it decides whether it came in time. */
  | { type: 'accept'; account: string; emailVersion: number; receivedAt: number }
  /** A decline by a person carries the same facts as an accept; one by an operator's hand carries none. */
  | { type: 'decline'; account?: string; emailVersion?: number; receivedAt?: number }
  | { type: 'revoke' }
  /** `reminders`: ms after the sending, when the organization wants others than the usual ones. */
  | { type: 'resend'; expiresIn?: number; replaceLink?: boolean; reminders?: readonly number[] }
  /** `amendment` names the row that says what changes, written against the address of `emailVersion`. */
  | { type: 'amend'; amendment: string; emailChanged: boolean; emailVersion: number }
  | { type: 'delivery'; ordinal: number; status: 'delivered' | 'bounced' | 'complained' | 'failed' };

export type InvitationEventType = InvitationEvent['type'];

/** Why an event was not taken. Each is a problem type of the API. */
export type InvitationRefusal =
  | 'invitation_accepted'
  | 'invitation_declined'
  | 'invitation_expired'
  | 'invitation_revoked'
  | 'invitation_erased'
  | 'email_changed'
  | 'event_unknown';

/** An effect of a transition, carried out inside its transaction. */
export type InvitationEffect =
  | { type: 'record'; params: { event: InvitationAuditEvent } }
  | { type: 'reserveSeats' }
  | { type: 'assignSeats' }
  | { type: 'releaseSeats' }
  | { type: 'grantMembership'; params: { account: string } }
  | { type: 'applyAmendment'; params: { amendment: string } }
  | { type: 'queueDelivery'; params: { ordinal: number; kind: DeliveryKind } };

/** Names of the audit events that transitions write. */
export type InvitationAuditEvent = 'accepted' | 'declined' | 'expired' | 'revoked' | 'resent' | 'reminded' | 'amended';

const hour = 3_600_000;
const day = 24 * hour;

/**
 * When to remind: halfway, and a day before the end, unless the organization wants it otherwise; none within an hour of the
 * start, the end, or each other.
 *
 * @param from epoch ms at which the invitation is sent
 * @param until epoch ms at which it expires
 * @param after ms after the sending; none: nobody is reminded. @default the usual times
 * @returns epoch ms, ascending
 */
export function reminderTimes(from: number, until: number, after?: readonly number[]): number[] {
  const usual = () => [from + Math.floor((until - from) / 2), until - day];
  const wanted = (after?.map((ms) => from + ms) ?? usual()).sort((a, b) => a - b);
  return wanted.filter((time, i) => {
    const previous = i === 0 ? from : wanted[i - 1]!;
    return time - previous >= hour && time - from >= hour && until - time >= hour;
  });
}

/**
 * The facts of an invitation that has just been created.
 *
 * @param at epoch ms
 * @param expiresIn ms
 * @param reminders ms after the sending. @default the usual times
 */
export function createdFacts(at: number, expiresIn: number, reminders?: readonly number[]): InvitationFacts {
  return {
    state: 'pending',
    generation: 1,
    emailVersion: 1,
    expiresIn,
    expiresAt: at + expiresIn,
    reminders: reminderTimes(at, at + expiresIn, reminders),
    delivery: { ordinal: 1, kind: 'invitation', status: 'queued' },
  };
}

type Stamped = { at: number };
type ChartEvent = InvitationEvent & Stamped;

/** The time of an event; the initial one carries it in its input. */
const timeOf = (event: unknown): number => {
  const e = event as { at?: number; input?: Stamped };
  return e.at ?? e.input?.at ?? 0;
};

const inTime = (facts: InvitationFacts, event: { receivedAt?: number }) =>
  event.receivedAt === undefined || event.receivedAt < facts.expiresAt;
const sameAddress = (facts: InvitationFacts, event: { emailVersion?: number }) =>
  event.emailVersion === undefined || event.emailVersion === facts.emailVersion;

/** The result of one delivery, as its actor reports it. */
export type DeliveryOutcome = { ordinal: number; status: DeliveryStatus };

/** Of a delivery that will not reach anybody. */
export const troubles: readonly DeliveryStatus[] = ['bounced', 'complained', 'failed'];
export const isTrouble = (status: DeliveryStatus): boolean => troubles.includes(status);
/** The trouble that a delivery is in; null: none. */
export const troubleOf = (status: DeliveryStatus): DeliveryStatus | null => (isTrouble(status) ? status : null);

const next = (facts: InvitationFacts, kind: DeliveryKind): InvitationFacts['delivery'] => ({
  ordinal: facts.delivery.ordinal + 1,
  kind,
  status: 'queued',
});

const chart = setup({
  types: {
    context: {} as InvitationFacts,
    events: {} as ChartEvent,
    input: {} as { facts: InvitationFacts } & Stamped,
    tags: {} as 'closed',
  },
  actors: {
    /** Sends one delivery, however long it takes; never fails. */
    deliver: fromPromise<DeliveryOutcome, { ordinal: number }>(() => Promise.reject(new Error('run by the workflow'))),
  },
  guards: {
    is: ({ context }, state: InvitationState) => context.state === state,
    isQueued: ({ context }, kind: DeliveryKind) =>
      context.delivery.status === 'queued' && context.delivery.kind === kind,
    isNotErased: ({ context }) => !context.erased,
    isTroubled: ({ context }) => isTrouble(context.delivery.status),
    isBeforeExpiry: ({ context, event }) => timeOf(event) < context.expiresAt,
    inTimeAndSameAddress: ({ context, event }) =>
      inTime(context, event as { receivedAt?: number }) && sameAddress(context, event as { emailVersion?: number }),
    sameAddress: ({ context, event }) => sameAddress(context, event as { emailVersion?: number }),
    readdresses: ({ context, event }) => event.type === 'amend' && event.emailChanged && sameAddress(context, event),
    outcomeIsTrouble: ({ event }) => isTrouble((event as unknown as { output: DeliveryOutcome }).output.status),
    ofCurrentDelivery: ({ context, event }) =>
      event.type === 'delivery' && event.ordinal === context.delivery.ordinal && !isTrouble(event.status),
    troubleOfCurrentDelivery: ({ context, event }) =>
      event.type === 'delivery' && event.ordinal === context.delivery.ordinal && isTrouble(event.status),
  },
  actions: {
    record: (_, _params: { event: InvitationAuditEvent }) => {},
    reserveSeats: () => {},
    assignSeats: () => {},
    releaseSeats: () => {},
    grantMembership: (_, _params: { account: string }) => {},
    applyAmendment: (_, _params: { amendment: string }) => {},
    queueDelivery: (_, _params: InvitationFacts['delivery']) => {},
    become: assign({ state: (_, state: InvitationState) => state }),
    raiseGeneration: assign({ generation: ({ context }) => context.generation + 1 }),
    renew: assign(({ context, event }) => {
      const resend = event as { expiresIn?: number; replaceLink?: boolean; reminders?: readonly number[] };
      const at = timeOf(event);
      const expiresIn = resend.expiresIn ?? context.expiresIn;
      return {
        state: 'pending' as const,
        generation: context.generation + (resend.replaceLink ? 1 : 0),
        expiresIn,
        expiresAt: at + expiresIn,
        reminders: reminderTimes(at, at + expiresIn, resend.reminders),
        delivery: next(context, 'invitation'),
      };
    }),
    readdress: assign(({ context, event }) => ({
      emailVersion: context.emailVersion + 1,
      generation: context.generation + 1,
      // Nobody is reminded, the moment they are invited, of what their predecessor's address kept waiting.
      reminders: context.reminders.filter((time) => time > timeOf(event)),
      delivery: next(context, 'invitation'),
    })),
    remind: assign(({ context, event }) => ({
      // After an outage several reminders may be due: one is enough.
      reminders: context.reminders.filter((time) => time > timeOf(event)),
      delivery: next(context, 'reminder'),
    })),
    noteOutcome: assign(({ context, event }) => ({
      delivery: { ...context.delivery, status: (event as unknown as { output: DeliveryOutcome }).output.status },
    })),
    noteFeedback: assign(({ context, event }) => ({
      delivery: { ...context.delivery, status: (event as Extract<InvitationEvent, { type: 'delivery' }>).status },
    })),
  },
  delays: {
    expiry: ({ context, event }) => context.expiresAt - timeOf(event),
    /** Infinite when no reminder is left: the interpreter arms no timer for it. */
    reminder: ({ context, event }) => (context.reminders[0] ?? Number.POSITIVE_INFINITY) - timeOf(event),
  },
});

/** Sends the current delivery. */
const delivery = {
  id: 'delivery',
  src: 'deliver',
  input: ({ context }: { context: InvitationFacts }) => ({ ordinal: context.delivery.ordinal }),
  onDone: [
    { guard: 'outcomeIsTrouble', target: 'undeliverable', actions: 'noteOutcome' },
    { target: 'waiting', actions: 'noteOutcome' },
  ],
} as const;

/** Revives what has ended: as invited anew, with seats reserved again. */
const renewal = {
  guard: 'isNotErased',
  target: 'pending',
  actions: [
    'renew',
    { type: 'record', params: { event: 'resent' } },
    'reserveSeats',
    { type: 'queueDelivery', params: ({ context }: { context: InvitationFacts }) => context.delivery },
  ],
} as const;

export const invitationChart = chart.createMachine({
  id: 'invitation',
  context: ({ input }) => ({ ...input?.facts }),
  initial: 'routing',
  states: {
    /** Every run resumes from its row: the facts say where. */
    routing: {
      always: [
        { guard: { type: 'is', params: 'pending' }, target: 'pending' },
        { guard: { type: 'is', params: 'accepted' }, target: 'accepted' },
        { guard: { type: 'is', params: 'declined' }, target: 'declined' },
        { guard: { type: 'is', params: 'expired' }, target: 'expired' },
        { target: 'revoked' },
      ],
    },
    pending: {
      initial: 'routing',
      after: {
        expiry: {
          target: 'expired',
          actions: [
            { type: 'become', params: 'expired' },
            { type: 'record', params: { event: 'expired' } },
            'releaseSeats',
          ],
        },
      },
      on: {
        accept: {
          guard: 'inTimeAndSameAddress',
          target: 'accepted',
          actions: [
            { type: 'become', params: 'accepted' },
            { type: 'record', params: { event: 'accepted' } },
            { type: 'grantMembership', params: ({ event }) => ({ account: event.account }) },
            'assignSeats',
          ],
        },
        decline: {
          guard: 'inTimeAndSameAddress',
          target: 'declined',
          actions: [
            { type: 'become', params: 'declined' },
            { type: 'record', params: { event: 'declined' } },
            'releaseSeats',
          ],
        },
        revoke: {
          target: 'revoked',
          actions: [
            { type: 'become', params: 'revoked' },
            'raiseGeneration',
            { type: 'record', params: { event: 'revoked' } },
            'releaseSeats',
          ],
        },
        resend: {
          // Only re-entering re-arms the expiry of `pending`.
          target: 'pending',
          reenter: true,
          actions: [
            'renew',
            { type: 'record', params: { event: 'resent' } },
            { type: 'queueDelivery', params: ({ context }) => context.delivery },
          ],
        },
        amend: [
          {
            guard: 'readdresses',
            target: '.sending',
            actions: [
              'readdress',
              { type: 'record', params: { event: 'amended' } },
              { type: 'applyAmendment', params: ({ event }) => ({ amendment: event.amendment }) },
              { type: 'queueDelivery', params: ({ context }) => context.delivery },
            ],
          },
          {
            guard: 'sameAddress',
            actions: [
              { type: 'record', params: { event: 'amended' } },
              { type: 'applyAmendment', params: ({ event }) => ({ amendment: event.amendment }) },
            ],
          },
        ],
        delivery: [
          { guard: 'troubleOfCurrentDelivery', target: '.undeliverable', actions: 'noteFeedback' },
          { guard: 'ofCurrentDelivery', target: '.waiting', actions: 'noteFeedback' },
        ],
      },
      states: {
        routing: {
          always: [
            { guard: { type: 'isQueued', params: 'invitation' }, target: 'sending' },
            { guard: { type: 'isQueued', params: 'reminder' }, target: 'reminding' },
            { guard: 'isTroubled', target: 'undeliverable' },
            { target: 'waiting' },
          ],
        },
        sending: { invoke: delivery },
        waiting: {
          after: {
            reminder: {
              // After an outage the expiry may be due as well: nobody is reminded of a dead link.
              guard: 'isBeforeExpiry',
              target: 'reminding',
              actions: [
                'remind',
                { type: 'record', params: { event: 'reminded' } },
                { type: 'queueDelivery', params: ({ context }) => context.delivery },
              ],
            },
          },
        },
        reminding: { invoke: delivery },
        undeliverable: {},
      },
    },
    accepted: { type: 'final', tags: 'closed' },
    declined: { type: 'final', tags: 'closed' },
    // Ended, but a resend revives them: not final for the chart, only closed for the run.
    expired: { tags: 'closed', on: { resend: renewal } },
    revoked: { tags: 'closed', on: { resend: renewal } },
  },
});

export type InvitationSnapshot = SnapshotFrom<typeof invitationChart>;

/** The chart's snapshot of a stored invitation at a time (epoch ms). */
export function snapshotOf(facts: InvitationFacts, at: number): InvitationSnapshot {
  return initialTransition(invitationChart, { facts, at })[0];
}

/** Whether the chart takes an event now. A finished snapshot takes none. */
export function takes(snapshot: InvitationSnapshot, event: InvitationEvent & Stamped): boolean {
  return snapshot.status === 'active' && snapshot.can(event);
}

const sample = (type: InvitationEventType, facts: InvitationFacts, at: number): ChartEvent => {
  switch (type) {
    case 'accept':
      return { type, account: '', emailVersion: facts.emailVersion, receivedAt: at, at };
    case 'amend':
      return { type, amendment: '', emailChanged: true, emailVersion: facts.emailVersion, at };
    case 'delivery':
      return { type, ordinal: facts.delivery.ordinal, status: 'delivered', at };
    case 'decline':
      return { type, receivedAt: at, at };
    case 'revoke':
    case 'resend':
      return { type, at };
    default:
      return type satisfies never;
  }
};

/** The events that people may raise, in the order in which buttons are shown. */
export const peoplesEvents = ['accept', 'decline', 'resend', 'amend', 'revoke'] as const;
export type PeoplesEvent = (typeof peoplesEvents)[number];

/** Which of {@link peoplesEvents} a stored invitation takes at a time (epoch ms): advice for buttons, not a promise. */
export function allowedEvents(facts: InvitationFacts, at: number): PeoplesEvent[] {
  const snapshot = snapshotOf(facts, at);
  return peoplesEvents.filter((type) => takes(snapshot, sample(type, facts, at)));
}

/** Why an event is not taken now, by what is stored; undefined when it is. @param at epoch ms */
export function refusalNow(facts: InvitationFacts, event: InvitationEvent, at: number): InvitationRefusal | undefined {
  const snapshot = snapshotOf(facts, at);
  return takes(snapshot, { ...event, at }) ? undefined : refusalOf(snapshot, event);
}

/** Why the chart does not take an event; call it only when {@link takes} said no. */
export function refusalOf(snapshot: InvitationSnapshot, event: { type: string }): InvitationRefusal {
  const { state, erased } = snapshot.context;
  if (erased) return 'invitation_erased';
  if (state !== 'pending') return `invitation_${state}`;
  const facts = snapshot.context;
  if (!inTime(facts, event as { receivedAt?: number })) return 'invitation_expired';
  if (!sameAddress(facts, event as { emailVersion?: number })) return 'email_changed';
  return 'event_unknown';
}
