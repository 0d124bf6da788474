import { html } from 'hono/html';
import { type FrameView, type Html, layout } from './layout.ts';
import { outcome } from './outcome.ts';
import { signInForm } from './sign-in-form.ts';

/** A sign-in that could not start or finish because the identity provider did not answer. */
export interface SignInUnavailablePageView extends FrameView {
  csrf: string;
  /** The id of the invitation that the sign-in was for. */
  invitation?: string | undefined;
  /** The sign-in asked for another account; trying again asks again. */
  switchAccount?: boolean | undefined;
}

/** The identity provider is down (503). Try again posts `_csrf` and, where given, `invitation`, `prompt=login` to /sign-in. */
export const signInUnavailablePage = ({ invitation, switchAccount, ...frame }: SignInUnavailablePageView): Html =>
  layout({
    ...frame,
    title: 'Sign-in is not available',
    body: outcome({
      icon: 'warning',
      tone: 'bad',
      heading: 'Sign-in is not available right now',
      words: html`<p role="alert">Your sign-in provider does not answer. Nothing was lost${
        invitation === undefined ? null : ', and your invitation waits'
      }.</p>
        <p>Try again in a few minutes.</p>`,
      next: signInForm({ csrf: frame.csrf, invitation, switchAccount, text: 'Try again' }),
    }),
  });
