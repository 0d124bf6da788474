import { html } from 'hono/html';
import type { OrganizationView } from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';
import { signInForm } from './sign-in-form.ts';
import { address, supplied } from './supplied.ts';

/** A pending invitation opened with an account whose address the identity provider has not verified. */
export interface UnverifiedPageView {
  account: AccountView;
  csrf: string;
  invitation: { id: string; organization: OrganizationView };
}

/** Says how to verify the address and come back: posts `_csrf`, `invitation`, `prompt=login` to /sign-in. */
export const unverifiedPage = ({ account, csrf, invitation }: UnverifiedPageView): Html =>
  layout({
    title: 'Verify your address first',
    account,
    csrf,
    body: outcome({
      organization: invitation.organization,
      icon: 'mail',
      tone: 'neutral',
      heading: 'Verify your address first',
      words: html`<p>Before you join <strong>${supplied(invitation.organization.name)}</strong>, your sign-in provider has to confirm that <strong>${address(account.email)}</strong> is yours.</p>
        <ol>
          <li>Find the email that your sign-in provider sent you when you signed up, and confirm your address as it says. If it is gone, ask for another in your account there.</li>
          <li>Come back here and press the button. The invitation waits.</li>
        </ol>`,
      next: html`${signInForm({ csrf, invitation: invitation.id, text: 'I have verified it – try again', switchAccount: true })}
        ${homeLink()}`,
    }),
  });
