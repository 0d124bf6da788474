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
export const alreadyAcceptedPage = ({ organization, ...frame }: AlreadyAcceptedPageView): Html =>
  layout({
    ...frame,
    title: 'Invitation already accepted',
    body: outcome({
      organization,
      icon: 'check',
      tone: 'good',
      heading: 'This invitation has been accepted',
      words: html`<p>Somebody has joined <strong>${supplied(organization.name)}</strong> with it, and an invitation works once.</p>
        <p>${
          frame.account
            ? html`You are signed in as <strong>${address(frame.account.email)}</strong>. If you joined with another account, switch to it.`
            : 'If that was you, sign in with the account you joined with.'
        }</p>`,
      next: frame.account
        ? html`${signInForm({ csrf: frame.csrf, text: 'Switch account', switchAccount: true })}
        ${homeLink()}`
        : signInForm({ csrf: frame.csrf, text: 'Sign in' }),
    }),
  });
