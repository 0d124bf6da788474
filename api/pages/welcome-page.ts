import { html } from 'hono/html';
import { markIcon } from './icon.ts';
import { type Html, layout } from './layout.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { signInForm } from './sign-in-form.ts';

/** The home page of somebody who is not signed in. */
export interface WelcomePageView {
  csrf: string;
  notice?: Notice | undefined;
  /** The id of the invitation that a sign-in which came to nothing was for. */
  invitation?: string | undefined;
}

/** Invites to sign in: posts `_csrf` and, where given, `invitation` to /sign-in. */
export const welcomePage = ({ csrf, notice, invitation }: WelcomePageView): Html =>
  layout({
    title: 'Sign in',
    body: html`
    <article class="card outcome welcome">
      ${markIcon}
      <h1>Sign in to Usher</h1>${noticeBanner(notice)}
      <div class="words"><p>See the organizations you belong to, the licences that are yours, and the invitations that wait for you.</p></div>
      <div class="actions">${signInForm({ csrf, invitation, text: 'Sign in' })}</div>
    </article>
    <p class="aside">Cannot find the email of an invitation? Sign in with the address it was sent to: it is listed here.</p>`,
  });
