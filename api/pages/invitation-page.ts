import { html } from 'hono/html';
import { organizationTile, personCircle } from './avatar.ts';
import {
  type InviterView,
  invitationFacts,
  inviter,
  type LicenseView,
  type OrganizationView,
} from './invitation-facts.ts';
import { type AccountView, type FrameView, type Html, layout } from './layout.ts';
import { lookAlikeWarning } from './look-alike.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { buttonLink } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import type { Role } from './role.ts';
import { address, supplied } from './supplied.ts';

/** A pending invitation before the account it is for. */
export interface InvitationPageView extends FrameView {
  /** The account that joins. */
  account: AccountView;
  csrf: string;
  invitation: {
    id: string;
    /** The address as the inviter wrote it. */
    email: string;
    /** The address version that this page shows; the accept is refused if it has changed since. */
    emailVersion: number;
    organization: OrganizationView;
    invitedBy: InviterView;
    role: Role;
    licenses: readonly LicenseView[];
    teams: readonly string[];
    /** The inviter's own words. */
    message?: string | undefined;
    expiresAt: Date;
  };
  notice?: Notice | undefined;
}

/** A message whose empty lines cannot push the facts and the buttons out of sight. */
const withoutGaps = (message: string): string => message.trim().replace(/\n(?:[^\S\n]*\n){2,}/g, '\n\n');

/**
 * The invitation, and the choice: Join, Decline, or another account.
 *
 * Join posts `_csrf`, `invitation`, `emailVersion` to /invitations/{id}/accept. Decline is a link to its confirmation.
 * Switch account posts `_csrf`, `invitation`, `prompt=login` to /sign-in.
 */
export const invitationPage = ({ invitation, notice, ...frame }: InvitationPageView): Html => {
  const { words, account, csrf } = frame;
  const { name, color } = invitation.organization;
  return layout({
    ...frame,
    color,
    title: words.text('invitation.join', { organization: name }),
    body: html`
    <article class="card">
      <header class="card-head">
        ${organizationTile(invitation.organization)}
        <h1><span class="over">${words.text('invitation.heading')}</span> ${supplied(name)}</h1>
        <p>${words.parts('invitation.invitedBy', { inviter: inviter(invitation.invitedBy) })}</p>
      </header>${noticeBanner(notice)}${lookAlikeWarning(words, 'lookAlike.inviter', invitation.invitedBy.email)}${
        invitation.message
          ? html`
      <figure class="message">
        <figcaption>${words.parts('invitation.wrote', { inviter: supplied(invitation.invitedBy.name) })}</figcaption>
        <blockquote dir="auto">${withoutGaps(invitation.message)}</blockquote>
      </figure>`
          : null
      }
${invitationFacts(words, invitation)}
      <section class="joins" aria-labelledby="joins">
        <h2 id="joins">${words.text('invitation.signedInAs')}</h2>
          <div class="person">${personCircle(account)}<p>${
            account.name && account.name !== account.email
              ? html`<span class="person-name">${supplied(account.name)}</span> `
              : null
          }${address(account.email)}</p></div>
          <div class="switch"><span>${words.text('invitation.notYou')}</span>${postForm(
            '/sign-in',
            { _csrf: csrf, invitation: invitation.id, prompt: 'login' },
            html`<button class="link">${words.text('signIn.switch')}</button>`,
          )}</div>
      </section>${lookAlikeWarning(words, 'lookAlike.invited', invitation.email)}
      <div class="actions">${postForm(
        invitationPath(invitation.id, 'accept'),
        { _csrf: csrf, invitation: invitation.id, emailVersion: invitation.emailVersion },
        html`<button class="button primary">${words.parts('invitation.join', { organization: supplied(name) })}</button>`,
      )}
        ${buttonLink(invitationPath(invitation.id, 'decline'), words.text('invitation.decline'))}
      </div>
    </article>
    <p class="aside">${words.text('invitation.notExpected')}</p>`,
  });
};
