import { html } from 'hono/html';
import type { OrganizationView } from './invitation-facts.ts';
import { type AccountView, type FrameView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';
import { signInForm } from './sign-in-form.ts';
import { address, supplied } from './supplied.ts';

/** A pending invitation opened with an account whose address the identity provider has not verified. */
export interface UnverifiedPageView extends FrameView {
  account: AccountView;
  csrf: string;
  invitation: { id: string; organization: OrganizationView };
}

/** Says how to verify the address and come back: posts `_csrf`, `invitation`, `prompt=login` to /sign-in. */
export const unverifiedPage = ({ invitation, ...frame }: UnverifiedPageView): Html => {
  const { words, account, csrf } = frame;
  return layout({
    ...frame,
    color: invitation.organization.color,
    title: words.text('unverified.title'),
    body: outcome({
      organization: invitation.organization,
      icon: 'mail',
      tone: 'neutral',
      heading: words.text('unverified.title'),
      words: html`<p>${words.parts('unverified.words', {
        organization: html`<strong>${supplied(invitation.organization.name)}</strong>`,
        email: html`<strong>${address(account.email)}</strong>`,
      })}</p>
        <ol>
          <li>${words.text('unverified.find')}</li>
          <li>${words.text('unverified.comeBack')}</li>
        </ol>`,
      next: html`${signInForm({ csrf, invitation: invitation.id, text: words.text('signIn.verified'), switchAccount: true })}
        ${homeLink(words)}`,
    }),
  });
};
