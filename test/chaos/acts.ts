import type { InvitationAuditEvent, InvitationState, PeoplesEvent } from '../../statecharts/invitation.ts';

/** What people do to a pending invitation, and what must be true of it then, whatever crashes meanwhile. */
export interface Act {
  request(email: string): { method?: string; body: unknown };
  event: InvitationAuditEvent;
  state: InvitationState;
  /** How many emails each address gets in all, once the dust has settled; the invitation's first is among them. */
  mails(email: string): Record<string, number>;
}

/** Whom the caller has authenticated. */
export const accountOf = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Pat Somebody' },
});

/** The address to which the amend moves an invitation. */
export const amended = (email: string) => `new-${email}`;

const once = (email: string) => ({ [email]: 1 });

export const acts = {
  accept: { request: (email) => ({ body: accountOf(email) }), event: 'accepted', state: 'accepted', mails: once },
  decline: { request: (email) => ({ body: accountOf(email) }), event: 'declined', state: 'declined', mails: once },
  revoke: { request: () => ({ body: {} }), event: 'revoked', state: 'revoked', mails: once },
  resend: {
    request: () => ({ body: {} }),
    event: 'resent',
    state: 'pending',
    mails: (email) => ({ [email]: 2 }),
  },
  amend: {
    request: (email) => ({ method: 'PATCH', body: { email: amended(email) } }),
    event: 'amended',
    state: 'pending',
    mails: (email) => ({ [email]: 1, [amended(email)]: 1 }),
  },
} as const satisfies Record<PeoplesEvent, Act>;

export type ActName = keyof typeof acts;
export const actNames = Object.keys(acts) as ActName[];
