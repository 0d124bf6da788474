import { type Answered, acts, type Standing } from './acts.ts';

/** What the database says of an invitation. */
export type Found = Pick<Standing, 'state' | 'email' | 'generation' | 'decidedBy' | 'transitions'>;

/**
 * Whether people's calls, each taking effect at one moment between its first try and its answer, can have led an
 * invitation from its creation to where it was found, each getting the answer that it got. Expiry comes by itself, at
 * any moment from its time on.
 */
export function isExplained(created: Standing, calls: readonly Answered[], found: Found): boolean {
  const search = (at: Standing, left: readonly Answered[]): boolean => {
    if (!at.transitions.every((transition, i) => transition === found.transitions[i])) return false;
    if (left.length === 0 && isSame(at, found)) return true;
    // Nothing can come before what had its answer before it began.
    const latest = Math.min(...left.map((call) => call.to));
    const isNext = left.some((call, i) => {
      if (call.from > latest) return false;
      const rest = left.filter((_, j) => j !== i);
      return acts[call.act]
        .outcomes(at, call)
        .some(({ answer, leadsTo }) => answer === call.answer && search(leadsTo, rest));
    });
    return isNext || (at.state === 'pending' && at.expiresAt <= latest && search(expired(at), left));
  };
  return search(created, calls);
}

const expired = (at: Standing): Standing => ({
  ...at,
  state: 'expired',
  transitions: [...at.transitions, 'expired'],
});

const isSame = (at: Standing, found: Found) =>
  at.state === found.state &&
  at.email === found.email &&
  at.generation === found.generation &&
  at.decidedBy === found.decidedBy &&
  at.transitions.length === found.transitions.length;
