import type { ActName } from './acts.ts';

/** Something a person does. */
export interface Step {
  act: ActName;
  /** The invited address, one that is not invited, or the one to which an amend moves the invitation. @default invitee */
  who?: 'invitee' | 'stranger' | 'successor';
  /** Steps of one name are one request, sent more than once. */
  request?: string;
  /** Asked for as an act on many invitations, of which this is the only one. */
  inABatch?: true;
  /** Goes on without an answer, if none comes. @default some do, some ask again */
  isHasty?: true;
}

/** What a person waits for; the email not for ever. */
type Wait = 'waits for the email' | 'waits until it is late' | 'waits until it has expired';

export interface Person {
  /** How many there are, against the others. @default 1 */
  share?: number;
  /** An invitation that expires while the chaos lasts. @default it does not */
  lives?: 'shortly';
  /** The licence they are to get: of `scarce` there is too little. @default plenty */
  license?: 'scarce';
  /** Invited by a batch. @default by a call of their own */
  comes?: 'in a batch';
  /** Where mail bounces: the provider refuses all that follows the first. @default mail arrives */
  mail?: 'bounces';
  /** One after the other; a list at the same time. */
  does: readonly (Step | readonly Step[] | Wait)[];
}

const accept: Step = { act: 'accept' };
const decline: Step = { act: 'decline' };
const revoke: Step = { act: 'revoke' };
const resend: Step = { act: 'resend' };
const amend: Step = { act: 'amend' };
const again = (step: Step): Step => ({ ...step, request: 'same' });
const inABatch = (step: Step): Step => ({ ...step, inABatch: true });
const by = (who: Step['who'], step: Step): Step => ({ ...step, who: who! });

/** Who is invited, and what they and their inviters do. */
export const people = {
  'joins at once': { share: 3, does: [accept] },
  'joins with a scarce licence': { share: 2, license: 'scarce', does: [accept] },
  declines: { share: 2, does: [decline] },
  'declines a scarce licence': { license: 'scarce', does: [decline] },
  'ignores it': { does: [] },
  'ignores it until it has expired': { lives: 'shortly', does: ['waits until it has expired'] },
  'comes at the last moment': { share: 2, lives: 'shortly', does: ['waits until it is late', accept] },
  'comes too late': { lives: 'shortly', does: ['waits until it has expired', accept] },
  'is invited again after it expired': {
    lives: 'shortly',
    does: ['waits until it has expired', resend, accept],
  },
  'clicks twice': { does: [[again(accept), again(accept)]] },
  'clicks again later': { does: [again(accept), again(accept), accept] },
  'joins in two tabs': { does: [[accept, accept]] },
  'joins in one tab and declines in the other': { does: [[accept, decline]] },
  'comes with another account first': { does: [by('stranger', accept), accept] },
  'has an eavesdropper': { does: [[by('stranger', accept), by('stranger', decline)]] },
  'gets it again': { does: [resend, accept] },
  'gets it again in haste': { does: ['waits for the email', { ...resend, isHasty: true }, accept] },
  'gets it again and again': { does: [[resend, resend], accept] },
  'is revoked': { does: [revoke] },
  'is revoked while joining': { does: [[accept, revoke]] },
  'comes after the revoke': { does: [revoke, accept] },
  'is invited again after a revoke': { does: [revoke, resend, accept] },
  'is invited again for a scarce licence': { license: 'scarce', does: [revoke, resend, accept] },
  'is replaced': { does: [amend, by('successor', accept)] },
  'comes though replaced': { does: [amend, accept, by('successor', accept)] },
  'is replaced while joining': { does: [[amend, accept], by('successor', accept)] },
  'changes their mind': { does: [decline, accept] },
  'comes in a batch': { share: 2, comes: 'in a batch', does: [accept] },
  'comes in a batch with a scarce licence': { comes: 'in a batch', license: 'scarce', does: [accept] },
  'ignores a batch': { comes: 'in a batch', does: [] },
  'gets it again after a batch': { comes: 'in a batch', does: ['waits for the email', resend, accept] },
  'is replaced after a batch': { comes: 'in a batch', does: [amend, by('successor', accept)] },
  'is in a batch and revoked': { comes: 'in a batch', does: [[accept, revoke]] },
  'gets it again by a batch': { does: [inABatch(resend), accept] },
  'is revoked by a batch': { does: [inABatch(again(revoke)), inABatch(again(revoke))] },
  'is revoked by a batch while joining': { does: [[accept, inABatch(revoke)]] },
  'is invited again by a batch for a scarce licence': { license: 'scarce', does: [revoke, inABatch(resend), accept] },
  'gets no mail a second time': { mail: 'bounces', does: [resend, accept] },
  'gets no mail until corrected': { mail: 'bounces', does: [resend, amend, by('successor', accept)] },
} as const satisfies Record<string, Person>;

export type PersonName = keyof typeof people;
