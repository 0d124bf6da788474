import { html } from 'hono/html';
import type { Words } from '../../languages/words.ts';
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

const how = (words: Words, ask: InvalidLinkPageView['ask']): Html => {
  switch (ask) {
    case 'possible':
      return html`<p>${words.text('invalid.possible')}</p>`;
    case 'asked':
      return banner(
        'success',
        html`<p><strong>${words.text('invalid.asked')}</strong></p><p>${words.text('invalid.askedNext')}</p>`,
      );
    case 'already_asked':
      return banner(
        'info',
        html`<p><strong>${words.text('invalid.alreadyAsked')}</strong></p><p>${words.text('invalid.alreadyAskedNext')}</p>`,
      );
    case 'impossible':
      return html`<p>${words.text('invalid.impossible')}</p>`;
    default:
      return ask satisfies never;
  }
};

/** "Invalid link": expired, revoked or replaced. Ask to resend posts `_csrf`, `invitation` to /invitations/{id}/ask-to-resend. */
export const invalidLinkPage = ({ invitation, organization, reason, ask, ...frame }: InvalidLinkPageView): Html => {
  const { words, csrf } = frame;
  const was = words.parts('invalid.was', { organization: html`<strong>${supplied(organization.name)}</strong>` });
  return layout({
    ...frame,
    color: organization.color,
    title: words.text('invalid.title'),
    body: outcome({
      organization,
      icon: reason === 'expired' ? 'clock' : 'link',
      tone: 'bad',
      heading: words.text('invalid.title'),
      words: html`<p>${words.text(`invalid.${reason}`)} ${was}</p>
        ${how(words, ask)}`,
      next:
        ask === 'possible'
          ? postForm(
              invitationPath(invitation, 'ask-to-resend'),
              { _csrf: csrf, invitation },
              html`<button class="button primary">${words.text('invalid.ask')}</button>`,
            )
          : null,
    }),
  });
};
