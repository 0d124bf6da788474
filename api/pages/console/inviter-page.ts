import { html } from 'hono/html';
import type { InviterView } from '../invitation-facts.ts';
import { inviter } from '../invitation-facts.ts';
import type { Html } from '../layout.ts';
import { countText } from './bars.ts';
import { confirmPage } from './confirm-page.ts';
import type { FormError } from './form.ts';
import type { ConsoleFrame } from './frame.ts';
import { withQuery } from './list.ts';

/** Asks before all that is pending of what somebody has invited is revoked. */
export const revokeAllPage = (view: {
  frame: ConsoleFrame;
  invitedBy: InviterView & { account: string };
  /** How many are pending, as far as they were counted. */
  pending: { count: number; isMore: boolean };
  error?: FormError | undefined;
}): Html => {
  const { frame, invitedBy, pending, error } = view;
  const path = `${frame.organization.path}/invitations`;
  const some = `${pending.isMore ? 'More than ' : ''}${countText(pending.count)} pending ${pending.count === 1 ? 'invitation' : 'invitations'}`;
  return confirmPage({
    frame,
    title: `Revoke all pending invitations by ${invitedBy.name}?`,
    words: html`<p>${some} by ${inviter(invitedBy)}: their links stop working at once, and the seats they reserve are free. Nobody is told. Who has joined stays.</p>`,
    action: `${path}/revoke`,
    fields: { invitedBy: invitedBy.account },
    button: 'Revoke them all',
    back: { href: withQuery(path, { state: 'pending', invitedBy: invitedBy.account }), text: 'Keep them' },
    error,
  });
};
