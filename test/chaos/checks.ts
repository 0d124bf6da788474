import type { InvitationId } from '../../db/ids.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type ActName, type Answered, acts, type Standing } from './acts.ts';
import { isExplained } from './explain.ts';
import { type Fault, type FaultName, faults } from './faults.ts';
import type { Guest } from './guests.ts';
import type { Email, Installation } from './installation.ts';
import { type Call, type Journal, knownOf } from './journal.ts';
import { type AnsweredSeatAct, isReached, type Rooms } from './seats.ts';

/** What a run leaves to the checks: the journal, and what database and inbox hold. */
export interface Aftermath {
  usher: Installation;
  journal: Journal;
  guests: Guest[];
  /** What was done with the seats of members, from where, and where that led. */
  seats: { start: Rooms; acts: AnsweredSeatAct[]; found: Rooms };
  /** How often each fault struck that was wanted. */
  struck: Map<FaultName, number>;
  /** What was still under way when the time was up. */
  unrest: string[];
  /** How many of the calls may be without an answer at first. */
  mostUnknown: number;
  found: Found;
}

/** What database and inbox hold, once all is at rest. */
export type Found = Awaited<ReturnType<typeof look>>;

export async function look({ db, ...usher }: Installation) {
  const invitations = await db
    .selectFrom('invitations')
    .leftJoin('accounts', 'accounts.id', 'decided_by')
    .selectAll('invitations')
    .select('accounts.email as decider')
    .execute();
  const events = await db
    .selectFrom('events')
    .select(['invitation_id', 'type'])
    .where('sequence', 'is not', null)
    .orderBy('sequence')
    .execute();
  const members = await db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'account_id')
    .select(['members.id', 'invitation_id', 'accounts.email', 'accounts.mailbox'])
    .where('removed_at', 'is', null)
    .execute();
  const deliveries = await db.selectFrom('deliveries').selectAll().execute();
  const inbox: Email[] = await usher.emails();
  const transitions = Map.groupBy(events, (event) => event.invitation_id);
  return {
    invitations: new Map(invitations.map((row) => [row.id, row])),
    transitionsOf: (id: InvitationId) => (transitions.get(id) ?? []).map((event) => event.type),
    members,
    deliveries,
    inbox,
  };
}

/** Of a call that was answered: when, and what. */
function answered(call: Call): Answered {
  const known = knownOf(call);
  return {
    act: call.act as ActName,
    who: call.who,
    from: Math.min(...call.tries.map((t) => t.from)),
    to: Math.max(...known.map((t) => t.to)),
    answer: known[0]!.code ?? 'done',
  };
}

/** How many of the calls were without an answer at first. */
export const unknownShare = ({ calls }: Journal): number =>
  calls.filter((call) => call.tries[0]!.status === undefined).length / Math.max(1, calls.length);

/** What must be true afterwards. Each returns its breaches. */
export const checks: Record<string, (aftermath: Aftermath) => string[] | Promise<string[]>> = {
  'something never came to rest': ({ unrest }) => unrest,

  'a point was never hit': ({ struck }) =>
    [...struck].filter(([name, times]) => (faults[name] as Fault).isPoint && times === 0).map(([name]) => name),

  'too many answers were unknown': ({ journal, mostUnknown }) => {
    const share = unknownShare(journal);
    return share > mostUnknown ? [`${Math.round(share * 100)} %`] : [];
  },

  'a request has two outcomes, or one that none could have': ({ journal }) =>
    journal.calls.flatMap((call) => {
      const outcomes = [...new Set(knownOf(call).map(({ status, code }) => [status, code].join(' ')))];
      const isPossible =
        outcomes.length === 0 ||
        (outcomes.length === 1 && /^(200|201|403|409|400 unknown_member) /.test(`${outcomes[0]} `));
      return isPossible ? [] : [`${call.key}: ${outcomes.join(', ')}`];
    }),

  'an answer of success is not true any more': ({ guests, found }) =>
    guests.flatMap((guest) => {
      if (!guest.id) return [];
      const row = found.invitations.get(guest.id);
      if (!row) return [`${guest.email} was invited`];
      return Object.entries(acts).flatMap(([act, { event, state }]) => {
        const successes = guest.calls.filter((call) => call.act === act && knownOf(call).some((t) => t.status === 200));
        if (successes.length === 0) return [];
        const isFinal = state === 'accepted' || state === 'declined';
        const isTrue = isFinal
          ? row.state === state && successes.every((call) => call.who === row.decider)
          : found.transitionsOf(row.id).filter((type) => type === event).length === successes.length;
        return isTrue ? [] : [`${act} of ${row.id} (${guest.name})`];
      });
    }),

  'an invitation is where its people’s acts do not lead': ({ guests, found }) =>
    guests.flatMap((guest) => {
      const { id, expiresAt = 0, email } = guest;
      const row = id && found.invitations.get(id);
      if (!row || guest.calls.some((call) => knownOf(call).length === 0)) return [];
      const calls = guest.calls.filter((call) => call.act !== 'invite').map(answered);
      const created: Standing = {
        ...{ state: 'pending', email, emailVersion: 1, generation: 1, expiresAt, decidedBy: null },
        transitions: ['created'],
      };
      const isDecided = row.state === 'accepted' || row.state === 'declined';
      const now = {
        ...{ state: row.state, email: row.email, generation: row.generation },
        decidedBy: isDecided ? row.decider : null,
        transitions: found.transitionsOf(row.id),
      };
      if (isExplained(created, calls, now)) return [];
      return [`${id} (${guest.name}) is ${JSON.stringify(now)} after ${JSON.stringify(calls)}`];
    }),

  'somebody is invited whose inviter was told no, or whom nobody invited': ({ guests, found }) => {
    const wanted = new Set(guests.map((guest) => guest.id));
    return [...found.invitations.keys()].filter((id) => !wanted.has(id));
  },

  'seats are where the acts of those who manage them do not lead': ({ seats: { start, acts, found } }) =>
    isReached(start, acts, found) ? [] : [`${JSON.stringify(found)} after ${JSON.stringify(acts)}`],

  'members, seats or counters disagree': ({ usher }) => findBreaches(usher.db),

  'somebody is a member twice': ({ found }) =>
    [...Map.groupBy(found.members, (member) => member.mailbox)]
      .filter(([, members]) => members.length > 1)
      .map(([mailbox]) => mailbox),

  'somebody is in who declined, was revoked or came too late, or whose address was amended away': ({ found }) =>
    found.members.flatMap((member) => {
      const row = member.invitation_id && found.invitations.get(member.invitation_id);
      if (!row) return member.invitation_id === null ? [] : [member.id];
      const [last, before] = found.transitionsOf(row.id).reverse();
      const isRight =
        last === 'accepted' && !['declined', 'revoked', 'expired'].includes(before!) && member.email === row.email;
      return isRight ? [] : [`${member.id} by ${row.id}`];
    }),

  'a delivery was not mailed once': ({ found }) => {
    const mails = Map.groupBy(found.inbox, (email) => email.delivery);
    const wrong = found.deliveries.flatMap(({ invitation_id, ordinal, status, detail }) => {
      const ref = `${invitation_id}/${ordinal}`;
      const count = mails.get(ref)?.length ?? 0;
      mails.delete(ref);
      const row = found.invitations.get(invitation_id)!;
      const isWanted = row.state === 'pending' && row.delivery_ordinal === ordinal;
      // What was overtaken may have left before, or not.
      const right =
        status === 'sent' ? [1] : status === 'failed' && detail !== 'superseded' ? [0] : isWanted ? [] : [0, 1];
      return right.includes(count) ? [] : [`${ref} is ${status} (${detail}), mailed ${count} times`];
    });
    return [...wrong, ...[...mails.keys()].map((ref) => `${ref} is unknown, and was mailed`)];
  },

  'an email went to somebody else': ({ guests, found }) => {
    const right = new Map<string, string>(
      guests.flatMap(({ id, email }) => {
        const row = id && found.invitations.get(id);
        if (!row) return [];
        // Each of these transitions queues a delivery, to whoever is invited from then on.
        const transitions = found.transitionsOf(row.id).filter((type) => /created|resent|amended|reminded/.test(type));
        const readdressed = transitions.indexOf('amended');
        return transitions.map((_, i) => {
          const to = readdressed >= 0 && i >= readdressed ? row.email : email;
          return [`${row.id}/${i + 1}`, to] as const;
        });
      }),
    );
    return found.inbox.filter(({ to, delivery }) => right.get(delivery) !== to).map(({ delivery }) => delivery);
  },
};
