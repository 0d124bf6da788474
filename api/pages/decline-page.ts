import { html } from 'hono/html';
import { type InviterView, inviter, type OrganizationView } from './invitation-facts.ts';
import { type AccountView, type FrameView, type Html, layout } from './layout.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { buttonLink, outcome } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import { supplied } from './supplied.ts';

/** A pending invitation that its invitee wants to decline. */
export interface DeclinePageView extends FrameView {
  account: AccountView;
  csrf: string;
  invitation: { id: string; emailVersion: number; organization: OrganizationView; invitedBy: InviterView };
  notice?: Notice | undefined;
}

/** Asks once whether to decline. Posts `_csrf`, `invitation`, `emailVersion` to /invitations/{id}/decline. */
export const declinePage = ({ invitation, notice, ...frame }: DeclinePageView): Html => {
  const { words, csrf } = frame;
  const { name } = invitation.organization;
  return layout({
    ...frame,
    color: invitation.organization.color,
    title: words.text('decline.heading', { organization: name }),
    body: html`${noticeBanner(notice)}${outcome({
      organization: invitation.organization,
      icon: 'question',
      tone: 'neutral',
      heading: html`${words.parts('decline.heading', { organization: supplied(name) })}`,
      words: html`<p>${words.parts('decline.words', { inviter: inviter(invitation.invitedBy) })}</p>`,
      next: html`${postForm(
        invitationPath(invitation.id, 'decline'),
        { _csrf: csrf, invitation: invitation.id, emailVersion: invitation.emailVersion },
        html`<button class="button danger">${words.text('decline.button')}</button>`,
      )}
        ${buttonLink(invitationPath(invitation.id), words.text('decline.back'))}`,
    })}`,
  });
};
