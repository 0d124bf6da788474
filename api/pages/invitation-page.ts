import { html } from 'hono/html';
import { organizationTile, personCircle } from './avatar.ts';
import {
  type InviterView,
  invitationFacts,
  inviter,
  type LicenseView,
  type OrganizationView,
} from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { lookAlikeWarning } from './look-alike.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { buttonLink } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import type { Role } from './role.ts';
import { address, supplied } from './supplied.ts';

/** A pending invitation before the account it is for. */
export interface InvitationPageView {
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
export const invitationPage = ({ account, csrf, invitation, notice }: InvitationPageView): Html =>
  layout({
    title: `Join ${invitation.organization.name}`,
    account,
    csrf,
    body: html`
    <article class="card">
      <header class="card-head">
        ${organizationTile(invitation.organization)}
        <h1><span class="over">You are invited to join</span> ${supplied(invitation.organization.name)}</h1>
        <p>Invited by ${inviter(invitation.invitedBy)}</p>
      </header>${noticeBanner(notice)}${lookAlikeWarning(
        'The address of the person who invited you',
        invitation.invitedBy.email,
      )}${
        invitation.message
          ? html`
      <figure class="message">
        <figcaption>${supplied(invitation.invitedBy.name)} wrote</figcaption>
        <blockquote dir="auto">${withoutGaps(invitation.message)}</blockquote>
      </figure>`
          : null
      }
${invitationFacts(invitation)}
      <section class="joins" aria-labelledby="joins">
        <h2 id="joins">You are signed in as</h2>
          <div class="person">${personCircle(account)}<p>${
            account.name && account.name !== account.email
              ? html`<span class="person-name">${supplied(account.name)}</span> `
              : null
          }${address(account.email)}</p></div>
          <div class="switch"><span>Not you?</span>${postForm(
            '/sign-in',
            { _csrf: csrf, invitation: invitation.id, prompt: 'login' },
            html`<button class="link">Switch account</button>`,
          )}</div>
      </section>${lookAlikeWarning('The invited address', invitation.email)}
      <div class="actions">${postForm(
        invitationPath(invitation.id, 'accept'),
        { _csrf: csrf, invitation: invitation.id, emailVersion: invitation.emailVersion },
        html`<button class="button primary">Join ${supplied(invitation.organization.name)}</button>`,
      )}
        ${buttonLink(invitationPath(invitation.id, 'decline'), 'Decline')}
      </div>
    </article>
    <p class="aside">Not expecting this? Leave it: you only join by pressing the button, and the invitation ends by itself.</p>`,
  });
