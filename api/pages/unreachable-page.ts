import { html } from 'hono/html';
import type { InvitationState } from '../../statecharts/invitation.ts';
import { dateTime } from './date-time.ts';
import type { OrganizationView } from './invitation-facts.ts';
import { type AccountView, type FrameView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import { supplied } from './supplied.ts';

/** An accept or decline whose outcome is unknown, because the engine or its worker did not answer in time. */
export interface UnreachablePageView extends FrameView {
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

/**
 * Says that the engine cannot be reached (503) and how things stand. While the invitation is pending it offers the
 * same act again: `_csrf`, `invitation`, `emailVersion` to /invitations/{id}/accept or decline.
 */
export const unreachablePage = ({ act, invitation, ...frame }: UnreachablePageView): Html => {
  const { words, csrf } = frame;
  const { state } = invitation;
  const isOpen = state === 'pending';
  const organization = html`<strong>${supplied(invitation.organization.name)}</strong>`;
  return layout({
    ...frame,
    color: invitation.organization.color,
    title: words.text('unreachable.title'),
    body: outcome({
      organization: invitation.organization,
      icon: 'warning',
      tone: 'bad',
      heading: words.text('unreachable.heading'),
      words: html`<p role="alert">${words.text('unreachable.nothingLost')}${
        isOpen ? ` ${words.text(`unreachable.${act}`)}` : null
      }</p>
        <div class="standing"><h2>${words.text('unreachable.now')}</h2><p>${words.parts(`unreachable.${state}`, {
          organization,
          time: dateTime(invitation.expiresAt, words),
        })}</p></div>`,
      next: html`${
        isOpen
          ? postForm(
              invitationPath(invitation.id, act),
              { _csrf: csrf, invitation: invitation.id, emailVersion: invitation.emailVersion },
              html`<button class="button primary">${words.text('signIn.again')}</button>`,
            )
          : null
      }
        ${homeLink(words, isOpen ? 'secondary' : 'primary')}`,
    }),
  });
};
