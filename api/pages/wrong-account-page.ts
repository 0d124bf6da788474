import { html } from 'hono/html';
import { dateTime } from './date-time.ts';
import type { OrganizationView } from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { lookAlikeWarning } from './look-alike.ts';
import { homeLink, outcome } from './outcome.ts';
import { signInForm } from './sign-in-form.ts';
import { address, supplied } from './supplied.ts';

/** A pending invitation opened, by a live link, with an account of another address. */
export interface WrongAccountPageView {
  account: AccountView;
  csrf: string;
  invitation: { id: string; email: string; organization: OrganizationView; expiresAt: Date };
}

/** Names both addresses and offers to switch: posts `_csrf`, `invitation`, `prompt=login`, `login_hint` to /sign-in. */
export const wrongAccountPage = ({ account, csrf, invitation }: WrongAccountPageView): Html =>
  layout({
    title: 'Another account is invited',
    account,
    csrf,
    body: outcome({
      organization: invitation.organization,
      icon: 'people',
      tone: 'neutral',
      heading: 'Another account is invited',
      words: html`<p>This invitation to <strong>${supplied(invitation.organization.name)}</strong> was sent to a different address from the one you are signed in with.</p>
        <dl class="facts">
          <div><dt>Invited</dt><dd><strong>${address(invitation.email)}</strong></dd></div>
          <div><dt>Signed in</dt><dd>${address(account.email)}</dd></div>
        </dl>${lookAlikeWarning('The invited address', invitation.email)}
        <p>Switch to the account with the invited address to join. Nothing is lost: the invitation stays open until ${dateTime(invitation.expiresAt)}.</p>
        <p>To join with the address you are signed in with, ask the person who invited you to change it.</p>`,
      next: html`${signInForm({
        csrf,
        invitation: invitation.id,
        text: 'Switch account',
        switchAccount: true,
        loginHint: invitation.email,
      })}
        ${homeLink()}`,
    }),
  });
