import { html } from 'hono/html';
import type { InvitationState } from '../../statecharts/invitation.ts';
import { dateTime } from './date-time.ts';
import type { OrganizationView } from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import { supplied } from './supplied.ts';

/** An accept or decline whose outcome is unknown, because the engine or its worker did not answer in time. */
export interface UnreachablePageView {
  account: AccountView;
  csrf: string;
  /** What was being done. */
  act: 'accept' | 'decline';
  /** The invitation as read again after the time-out. */
  invitation: {
    id: string;
    emailVersion: number;
    organization: OrganizationView;
    state: InvitationState;
    expiresAt: Date;
  };
}

const standing = ({ organization, state, expiresAt }: UnreachablePageView['invitation']): Html => {
  const name = html`<strong>${supplied(organization.name)}</strong>`;
  switch (state) {
    case 'pending':
      return html`The invitation to ${name} is still open, until ${dateTime(expiresAt)}. Nothing has been decided.`;
    case 'accepted':
      return html`The invitation to ${name} has been accepted. There is nothing left to do.`;
    case 'declined':
      return html`The invitation to ${name} has been declined. There is nothing left to do.`;
    case 'expired':
      return html`The invitation to ${name} has expired. Ask the person who invited you to resend it.`;
    case 'revoked':
      return html`The invitation to ${name} is no longer valid. Ask the person who invited you for a new one.`;
    default:
      return state satisfies never;
  }
};

/**
 * Says that the engine cannot be reached (503) and how things stand. While the invitation is pending it offers the
 * same act again: `_csrf`, `invitation`, `emailVersion` to /invitations/{id}/accept or decline.
 */
export const unreachablePage = ({ account, csrf, act, invitation }: UnreachablePageView): Html =>
  layout({
    title: 'Not done yet',
    account,
    csrf,
    body: outcome({
      organization: invitation.organization,
      icon: 'warning',
      tone: 'bad',
      heading: 'We cannot reach the engine',
      words: html`<p role="alert">Nothing was lost.${
        invitation.state === 'pending'
          ? ` Your ${act === 'accept' ? 'Join' : 'Decline'} may still go through, and trying again does no harm.`
          : null
      }</p>
        <div class="standing"><h2>How things stand now</h2><p>${standing(invitation)}</p></div>`,
      next: html`${
        invitation.state === 'pending'
          ? postForm(
              invitationPath(invitation.id, act),
              { _csrf: csrf, invitation: invitation.id, emailVersion: invitation.emailVersion },
              html`<button class="button primary">Try again</button>`,
            )
          : null
      }
        ${homeLink(invitation.state === 'pending' ? 'secondary' : 'primary')}`,
    }),
  });
