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
  /** The id of the provider at which they have signed in; undefined when that is not believed for such an address at all. */
  provider?: string | undefined;
}

/**
 * Says how to verify the address and come back, or to sign in elsewhere: posts `_csrf`, `invitation`, `prompt=login`,
 * `provider` to /sign-in.
 */
export const unverifiedPage = ({ invitation, provider, ...frame }: UnverifiedPageView): Html => {
  const { words, account, csrf } = frame;
  const title = words.text(provider ? 'unverified.title' : 'unverified.elsewhere');
  const facts = {
    organization: html`<strong>${supplied(invitation.organization.name)}</strong>`,
    email: html`<strong>${address(account.email)}</strong>`,
  };
  return layout({
    ...frame,
    color: invitation.organization.color,
    title,
    body: outcome({
      organization: invitation.organization,
      icon: 'mail',
      tone: 'neutral',
      heading: title,
      words: provider
        ? html`<p>${words.parts('unverified.words', facts)}</p>
        <ol>
          <li>${words.text('unverified.find')}</li>
          <li>${words.text('unverified.comeBack')}</li>
        </ol>`
        : html`<p>${words.parts('unverified.notBelieved', facts)}</p>`,
      next: html`${signInForm({
        ...{ csrf, invitation: invitation.id, switchAccount: true, provider },
        text: words.text(provider ? 'signIn.verified' : 'signIn.switch'),
      })}
        ${homeLink(words)}`,
    }),
  });
};
