import fc from 'fast-check';
import type { DeliveryKind, DeliveryStatus, InvitationState } from '../../statecharts/invitation.ts';
import type { Outcome, Refusal } from '../../workflows/contract.ts';

/**
 * What one organization's invitations must come to, in plain words: one event after the other, no chart, no database, no
 * engine. Written from the rules, not from the code; the property tests hold chart, commit and workflow against it.
 */

const hour = 3_600_000;
const day = 24 * hour;

/** Whoever owns a mailbox is the account of that name; an `unverified` one merely says so, of ann's. */
export type Mailbox = 'ann' | 'bob' | 'cleo';
export type Person = Mailbox | 'unverified';

export interface Modelled {
  mailbox: Mailbox;
  /** Whether it comes with a seat of the pool. */
  licensed: boolean;
  state: InvitationState;
  generation: number;
  emailVersion: number;
  lifetime: number;
  deadline: number;
  reminders: number[];
  /** The current one is the last. */
  mails: { kind: DeliveryKind; generation: number }[];
  delivery: DeliveryStatus;
  /** The audit log; its length is the sequence. */
  log: string[];
  decidedBy: Person | null;
}

export interface World {
  now: number;
  /** Seats of the pool. */
  seats: number;
  invitations: Modelled[];
  /** Who joined, and by which invitation. */
  members: Map<Person, number>;
  /** Which requests have been carried out, and as which transition of their invitation. */
  done: Map<string, number>;
}

export const newWorld = (now: number, seats: number): World => ({
  now,
  seats,
  invitations: [],
  members: new Map(),
  done: new Map(),
});

/** What happens. Times are epoch ms, durations ms. */
export type Act =
  | { do: 'invite'; mailbox: Mailbox; licensed: boolean; lifetime: number }
  | { do: 'accept'; to: number; by: Person; receivedAt: number; seen: number }
  /** By nobody that is known: an operator's hand. */
  | { do: 'decline'; to: number; by: Person | null; receivedAt: number; seen: number }
  | { do: 'revoke'; to: number }
  | { do: 'resend'; to: number; lifetime?: number; replaceLink?: boolean }
  /** `moves`: whether the mailbox is another than the one that was seen. */
  | { do: 'amend'; to: number; mailbox?: Mailbox; licensed?: boolean; moves: boolean; seen: number }
  | { do: 'feedback'; to: number; ordinal: number; status: 'delivered' | 'bounced' | 'complained' | 'failed' };

export type Answer = Outcome;

const refused = (code: Refusal): Answer => ({ status: 'refused', code });

const pendingFor = (world: World, mailbox: Mailbox) =>
  world.invitations.some((i) => i.state === 'pending' && i.mailbox === mailbox);

/** Pending ones hold a seat, and so do those who joined with one. */
export const seatsHeld = ({ invitations }: World, state: 'pending' | 'accepted'): number =>
  invitations.filter((i) => i.licensed && i.state === state).length;
const noSeatLeft = (world: World) => seatsHeld(world, 'pending') + seatsHeld(world, 'accepted') >= world.seats;

/** Halfway and a day before the end, none within an hour of the start, the end or each other. */
function remindersFrom(start: number, lifetime: number): number[] {
  const end = start + lifetime;
  const halfway = start + Math.floor(lifetime / 2);
  const dayBefore = end - day;
  const [first, second] = halfway < dayBefore ? [halfway, dayBefore] : [dayBefore, halfway];
  const fits = (time: number) => time - start >= hour && end - time >= hour;
  return [...(fits(first) ? [first] : []), ...(fits(second) && second - first >= hour ? [second] : [])];
}

function queueMail(i: Modelled, kind: DeliveryKind) {
  i.mails.push({ kind, generation: i.generation });
  i.delivery = 'queued';
}

/** Carries out an act. Repeated under a key that was carried out, it changes nothing and is answered the same. */
export function perform(world: World, act: Act, key?: string): Answer {
  const known = key === undefined ? undefined : world.done.get(key);
  if (known !== undefined) return { status: 'taken', sequence: known };
  const answer = carryOut(world, act);
  if (key !== undefined && answer.status === 'taken') world.done.set(key, answer.sequence);
  return answer;
}

function carryOut(world: World, act: Act): Answer {
  const { now } = world;
  if (act.do === 'invite') {
    if ([...world.members.keys()].includes(act.mailbox)) return refused('already_member');
    if (pendingFor(world, act.mailbox)) return refused('already_invited');
    if (act.licensed && noSeatLeft(world)) return refused('no_seat_left');
    const { mailbox, licensed, lifetime } = act;
    const invitation: Modelled = {
      mailbox,
      licensed,
      lifetime,
      state: 'pending',
      generation: 1,
      emailVersion: 1,
      deadline: now + lifetime,
      reminders: remindersFrom(now, lifetime),
      mails: [],
      delivery: 'queued',
      log: ['created'],
      decidedBy: null,
    };
    queueMail(invitation, 'invitation');
    world.invitations.push(invitation);
    return { status: 'taken', sequence: 1 };
  }
  const i = world.invitations[act.to]!;
  const taken = (event: string): Answer => ({ status: 'taken', sequence: i.log.push(event) });
  if (i.state !== 'pending') {
    if (act.do !== 'resend' || i.state === 'accepted' || i.state === 'declined')
      return refused(`invitation_${i.state}`);
    if (pendingFor(world, i.mailbox)) return refused('already_invited');
    if (world.members.has(i.mailbox)) return refused('already_member');
    if (i.licensed && noSeatLeft(world)) return refused('no_seat_left');
  }
  switch (act.do) {
    case 'accept':
    case 'decline':
      if (act.receivedAt >= i.deadline) return refused('invitation_expired');
      if (act.seen !== i.emailVersion) return refused('email_changed');
      if (act.do === 'accept') {
        if (act.by === 'unverified' && i.mailbox === 'ann') return refused('email_unverified');
        if (act.by !== i.mailbox) return refused('wrong_account');
        if (world.members.has(act.by)) return refused('already_member');
        world.members.set(act.by, act.to);
      }
      i.state = act.do === 'accept' ? 'accepted' : 'declined';
      i.decidedBy = act.by;
      return taken(i.state);
    case 'revoke':
      i.state = 'revoked';
      i.generation += 1;
      return taken('revoked');
    case 'resend':
      i.state = 'pending';
      if (act.replaceLink) i.generation += 1;
      i.lifetime = act.lifetime ?? i.lifetime;
      i.deadline = now + i.lifetime;
      i.reminders = remindersFrom(now, i.lifetime);
      queueMail(i, 'invitation');
      return taken('resent');
    case 'amend': {
      if (act.seen !== i.emailVersion) return refused('email_changed');
      if (act.moves && pendingFor(world, act.mailbox!)) return refused('already_invited');
      if (act.moves && world.members.has(act.mailbox!)) return refused('already_member');
      if (act.licensed && !i.licensed && noSeatLeft(world)) return refused('no_seat_left');
      i.licensed = act.licensed ?? i.licensed;
      if (act.moves) {
        i.mailbox = act.mailbox!;
        i.emailVersion += 1;
        i.generation += 1;
        i.reminders = i.reminders.filter((time) => time > now);
        queueMail(i, 'invitation');
      }
      return taken('amended');
    }
    case 'feedback':
      if (act.ordinal !== i.mails.length) return refused('event_unknown');
      i.delivery = act.status;
      return { status: 'taken', sequence: i.log.length };
    default:
      return act satisfies never;
  }
}

/** The provider has answered the current mail of an invitation; nobody waits for it when it has ended, or the mail was overtaken. */
export function settle(i: Modelled, status: 'sent' | 'failed'): void {
  if (i.state === 'pending' && i.delivery === 'queued') i.delivery = status;
}

/** Nobody is reminded while a mail is under way, or when none gets through. */
export const due = (i: Modelled): number | undefined => {
  if (i.state !== 'pending') return undefined;
  const remindable = ['sent', 'delivered', 'opened'].includes(i.delivery);
  return Math.min(i.deadline, (remindable ? i.reminders[0] : undefined) ?? i.deadline);
};

/** What an invitation has been waiting for is there. */
function ring(i: Modelled, now: number): void {
  if (i.deadline <= now) {
    i.state = 'expired';
    i.log.push('expired');
    return;
  }
  // After an outage several reminders may be due: one is enough.
  i.reminders = i.reminders.filter((time) => time > now);
  queueMail(i, 'reminder');
  i.log.push('reminded');
}

/**
 * Time passes until a time; what becomes due happens when it is due, what was due before happens now.
 *
 * @param mailed whether every mail is sent at once
 */
export function passUntil(world: World, until: number, mailed = false): void {
  for (;;) {
    const next = world.invitations
      .map((i) => ({ i, at: due(i) }))
      .filter((n): n is { i: Modelled; at: number } => n.at !== undefined && n.at <= until)
      .sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    world.now = Math.max(world.now, next.at);
    ring(next.i, world.now);
    if (mailed) settle(next.i, 'sent');
  }
  world.now = until;
}

/** What somebody means to do, without knowing where things stand. */
export type Intent =
  | Extract<Act, { do: 'invite' }>
  | { do: 'accept'; to: number; by: 'invitee' | Person; inTime: boolean; stale: boolean }
  | { do: 'decline'; to: number; inTime: boolean; stale: boolean }
  | { do: 'revoke'; to: number }
  | { do: 'resend'; to: number; lifetime?: number; replaceLink?: boolean }
  | { do: 'amend'; to: number; mailbox?: Mailbox; licensed?: boolean; stale: boolean }
  | { do: 'feedback'; to: number; former: boolean; status: 'delivered' | 'bounced' | 'complained' | 'failed' };

/** The act that an intent comes to; undefined while nobody is invited. What the API would read from the row is read here. */
export function actOf(world: World, intent: Intent): Act | undefined {
  if (intent.do === 'invite') return intent;
  if (world.invitations.length === 0) return undefined;
  const to = intent.to % world.invitations.length;
  const i = world.invitations[to]!;
  switch (intent.do) {
    case 'accept':
    case 'decline':
      return {
        do: intent.do,
        to,
        by: intent.do === 'decline' || intent.by === 'invitee' ? i.mailbox : intent.by,
        receivedAt: intent.inTime ? Math.min(world.now, i.deadline - 1) : world.now,
        seen: i.emailVersion - Number(intent.stale),
      };
    case 'amend': {
      const { stale, ...act } = intent;
      const moves = act.mailbox !== undefined && act.mailbox !== i.mailbox;
      return { ...act, to, moves, seen: i.emailVersion - Number(stale) };
    }
    case 'feedback':
      return { do: 'feedback', to, ordinal: i.mails.length - Number(intent.former), status: intent.status };
    default:
      return { ...intent, to };
  }
}

const rarely = fc.integer({ min: 0, max: 5 }).map((n) => n === 0);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

/** Intents towards so many invitations. Lifetimes are from {@link lifetimes}. */
export function intents({
  invitations,
  people,
  lifetimes,
}: {
  invitations: number;
  people: readonly Mailbox[];
  lifetimes: readonly number[];
}): fc.Arbitrary<Intent> {
  const to = fc.nat(invitations - 1);
  const mailbox = fc.constantFrom(...people);
  const lifetime = fc.constantFrom(...lifetimes);
  const of = <T extends Intent['do']>(what: T, rest: object) =>
    fc.record({ do: fc.constant(what), to, ...rest }).map((intent) => withoutUndefined(intent) as unknown as Intent);
  return fc.oneof(
    {
      weight: invitations > 1 ? 3 : 0,
      arbitrary: fc.record({ do: fc.constant('invite' as const), mailbox, licensed: fc.boolean(), lifetime }),
    },
    {
      weight: 3,
      arbitrary: of('accept', {
        by: fc.oneof(
          { weight: 3, arbitrary: fc.constant('invitee') },
          { weight: invitations > 1 ? 1 : 0, arbitrary: fc.constantFrom<Person>(...people, 'unverified') },
        ),
        inTime: fc.boolean(),
        stale: rarely,
      }),
    },
    { weight: 1, arbitrary: of('decline', { inTime: fc.boolean(), stale: rarely }) },
    { weight: 1, arbitrary: of('revoke', {}) },
    { weight: 3, arbitrary: of('resend', { lifetime: maybe(lifetime), replaceLink: maybe(fc.boolean()) }) },
    {
      weight: 2,
      arbitrary: of('amend', { mailbox: maybe(mailbox), licensed: maybe(fc.boolean()), stale: rarely }),
    },
    {
      weight: 2,
      arbitrary: of('feedback', {
        former: rarely,
        status: fc.constantFrom('delivered', 'bounced', 'complained', 'failed'),
      }),
    },
  );
}
