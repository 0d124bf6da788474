import type { InvitationAuditEvent, InvitationState, PeoplesEvent } from '../../statecharts/invitation.ts';

/** Where an invitation stands, as people could know it: the plain sequential model against which Usher is held. */
export interface Standing {
  state: InvitationState;
  /** Who is invited. */
  email: string;
  emailVersion: number;
  generation: number;
  /** Epoch ms. */
  expiresAt: number;
  /** Whose accept or decline it was. */
  decidedBy: string | null;
  /** Names of the transitions so far. */
  transitions: readonly string[];
}

/** A call that has its answer. */
export interface Answered {
  act: ActName;
  /** The address of whoever acts. */
  who: string;
  /** Epoch ms, from the first try to the answer: it took effect in between, if at all. */
  from: number;
  to: number;
  /** `done`, or the code of a refusal. */
  answer: string;
}

/** What may become of a call: an answer, and where it leads. */
export interface Outcome {
  answer: string;
  leadsTo: Standing;
}

/** What people do to an invitation, and what must be true of it then, whatever crashes meanwhile. */
export interface Act {
  request(email: string): { method?: string; body: unknown };
  event: InvitationAuditEvent;
  state: InvitationState;
  /** How many emails each address gets in all, once the dust has settled; the invitation's first is among them. */
  mails(email: string): Record<string, number>;
  /** All that may become of it where an invitation stands. */
  outcomes(at: Standing, call: Pick<Answered, 'who' | 'from' | 'to'>): Outcome[];
}

/** Whom the caller has authenticated. */
export const accountOf = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Pat Somebody' },
});

/** The address to which the amend moves an invitation: one to which mail arrives. */
export const amended = (email: string) => `new-${email.split('@')[0]}@example.com`;

const once = (email: string) => ({ [email]: 1 });

const refused = (at: Standing, ...codes: string[]): Outcome[] => codes.map((answer) => ({ answer, leadsTo: at }));

const done = (at: Standing, event: InvitationAuditEvent, change: Partial<Standing>): Outcome => ({
  answer: 'done',
  leadsTo: { ...at, ...change, transitions: [...at.transitions, event] },
});

/** Accepting and declining: by the invited address, in time, while it is pending; again by the same person is no news. */
const decision =
  (state: 'accepted' | 'declined'): Act['outcomes'] =>
  (at, { who, from, to }) => {
    if (at.state === state && at.decidedBy === who) return [{ answer: 'done', leadsTo: at }];
    if (at.state !== 'pending')
      return refused(at, `invitation_${at.state}`, ...(who === at.email ? [] : notTheirs(at)));
    if (who !== at.email) return refused(at, ...notTheirs(at));
    return [
      ...(from < at.expiresAt ? [done(at, state, { state, decidedBy: who })] : []),
      ...(to >= at.expiresAt ? refused(at, 'invitation_expired') : []),
    ];
  };

/** It may have been theirs when they came. */
const notTheirs = (at: Standing) => ['wrong_account', ...(at.emailVersion > 1 ? ['email_changed'] : [])];

export const acts = {
  accept: {
    request: (email) => ({ body: accountOf(email) }),
    event: 'accepted',
    state: 'accepted',
    mails: once,
    outcomes: decision('accepted'),
  },
  decline: {
    request: (email) => ({ body: accountOf(email) }),
    event: 'declined',
    state: 'declined',
    mails: once,
    outcomes: decision('declined'),
  },
  revoke: {
    request: () => ({ body: {} }),
    event: 'revoked',
    state: 'revoked',
    mails: once,
    outcomes: (at) =>
      at.state === 'pending'
        ? [done(at, 'revoked', { state: 'revoked', generation: at.generation + 1 })]
        : refused(at, `invitation_${at.state}`),
  },
  resend: {
    request: () => ({ body: { expiresIn: 'P1D' } }),
    event: 'resent',
    state: 'pending',
    mails: (email) => ({ [email]: 2 }),
    outcomes(at, { to }) {
      if (at.state === 'accepted' || at.state === 'declined') return refused(at, `invitation_${at.state}`);
      return [
        done(at, 'resent', { state: 'pending', expiresAt: to + 3_600_000, decidedBy: null }),
        // Reviving reserves seats again.
        ...(at.state === 'pending' ? [] : refused(at, 'no_seat_left')),
      ];
    },
  },
  amend: {
    request: (email) => ({ method: 'PATCH', body: { email: amended(email) } }),
    event: 'amended',
    state: 'pending',
    mails: (email) => ({ [email]: 1, [amended(email)]: 1 }),
    outcomes(at, { who }) {
      if (at.state !== 'pending') return refused(at, `invitation_${at.state}`);
      const { emailVersion, generation } = at;
      return [
        done(at, 'amended', {
          email: amended(who),
          emailVersion: emailVersion + 1,
          generation: generation + 1,
        }),
        ...(emailVersion > 1 ? refused(at, 'email_changed') : []),
      ];
    },
  },
} as const satisfies Record<PeoplesEvent, Act>;

export type ActName = keyof typeof acts;
export const actNames = Object.keys(acts) as ActName[];
