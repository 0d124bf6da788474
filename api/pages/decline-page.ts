import { html } from 'hono/html';
import { type InviterView, inviter, type OrganizationView } from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { buttonLink, outcome } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import { supplied } from './supplied.ts';

/** A pending invitation that its invitee wants to decline. */
export interface DeclinePageView {
  account: AccountView;
  csrf: string;
  invitation: { id: string; emailVersion: number; organization: OrganizationView; invitedBy: InviterView };
  notice?: Notice | undefined;
}

/** Asks once whether to decline. Posts `_csrf`, `invitation`, `emailVersion` to /invitations/{id}/decline. */
export const declinePage = ({ account, csrf, invitation, notice }: DeclinePageView): Html =>
  layout({
    title: `Decline ${invitation.organization.name}?`,
    account,
    csrf,
    body: html`${noticeBanner(notice)}${outcome({
      organization: invitation.organization,
      icon: 'question',
      tone: 'neutral',
      heading: html`Decline the invitation to ${supplied(invitation.organization.name)}?`,
      words: html`<p>You will get no access, and this cannot be undone. If you change your mind later, ask ${inviter(invitation.invitedBy)} for a new invitation.</p>`,
      next: html`${postForm(
        invitationPath(invitation.id, 'decline'),
        { _csrf: csrf, invitation: invitation.id, emailVersion: invitation.emailVersion },
        html`<button class="button danger">Decline invitation</button>`,
      )}
        ${buttonLink(invitationPath(invitation.id), 'Go back')}`,
    })}`,
  });
