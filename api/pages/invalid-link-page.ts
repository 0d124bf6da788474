import { html } from 'hono/html';
import type { OrganizationView } from './invitation-facts.ts';
import { type FrameView, type Html, layout } from './layout.ts';
import { banner } from './notice.ts';
import { outcome } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import { supplied } from './supplied.ts';

/** A genuine link that no longer works. It shows no address: whoever holds it may not be the invitee. */
export interface InvalidLinkPageView extends FrameView {
  csrf: string;
  /** The invitation's id. */
  invitation: string;
  organization: OrganizationView;
  reason: 'expired' | 'revoked' | 'replaced';
  /**
   * Whether the inviter can be asked to resend: `possible` shows the button, `asked` confirms that it was pressed,
   * `already_asked` says that it was within the last hour, `impossible` leaves asking to the reader.
   */
  ask: 'possible' | 'asked' | 'already_asked' | 'impossible';
}

const what = {
  expired: 'This link has expired.',
  revoked: 'This link is no longer valid.',
  replaced: 'This link is no longer valid. A newer email may be in your mailbox: use the link in that one.',
} as const;

const how = {
  possible: html`<p>The person who invited you can send the invitation again. Shall we ask them?</p>`,
  asked: banner(
    'success',
    html`<p><strong>We have asked the person who invited you.</strong></p><p>When they resend the invitation, it comes by email. You can close this page.</p>`,
  ),
  already_asked: banner(
    'info',
    html`<p><strong>The person who invited you was asked within the last hour.</strong></p><p>Give them some time. You can ask again later, or write to them yourself.</p>`,
  ),
  impossible: html`<p>Ask the person who invited you to send a new invitation.</p>`,
} as const;

/** "Invalid link": expired, revoked or replaced. Ask to resend posts `_csrf`, `invitation` to /invitations/{id}/ask-to-resend. */
export const invalidLinkPage = ({ invitation, organization, reason, ask, ...frame }: InvalidLinkPageView): Html =>
  layout({
    ...frame,
    title: 'Invalid link',
    body: outcome({
      organization,
      icon: reason === 'expired' ? 'clock' : 'link',
      tone: 'bad',
      heading: 'Invalid link',
      words: html`<p>${what[reason]} It was an invitation to join <strong>${supplied(organization.name)}</strong>.</p>
        ${how[ask]}`,
      next:
        ask === 'possible'
          ? postForm(
              invitationPath(invitation, 'ask-to-resend'),
              { _csrf: frame.csrf, invitation },
              html`<button class="button primary">Ask to resend</button>`,
            )
          : null,
    }),
  });
