import { html } from 'hono/html';
import type { OrganizationView } from './invitation-facts.ts';
import { type FrameView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';
import { signInForm } from './sign-in-form.ts';
import { address, supplied } from './supplied.ts';

/** A link whose invitation was accepted, opened by somebody who is not known to be the one who did. */
export interface AlreadyAcceptedPageView extends FrameView {
  csrf: string;
  organization: OrganizationView;
}

/** Says that the invitation is used, and offers the sign-in of the one who used it: `_csrf` and, for another account, `prompt=login` to /sign-in. */
export const alreadyAcceptedPage = ({ organization, ...frame }: AlreadyAcceptedPageView): Html => {
  const { words, account, csrf } = frame;
  return layout({
    ...frame,
    color: organization.color,
    title: words.text('accepted.title'),
    body: outcome({
      organization,
      icon: 'check',
      tone: 'good',
      heading: words.text('accepted.heading'),
      words: html`<p>${words.parts('accepted.used', { organization: html`<strong>${supplied(organization.name)}</strong>` })}</p>
        <p>${
          account
            ? words.parts('accepted.switch', { email: html`<strong>${address(account.email)}</strong>` })
            : words.text('accepted.signIn')
        }</p>`,
      next: account
        ? html`${signInForm({ csrf, text: words.text('signIn.switch'), switchAccount: true })}
        ${homeLink(words)}`
        : signInForm({ csrf, text: words.text('signIn.signIn') }),
    }),
  });
};
