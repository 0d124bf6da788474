import { html } from 'hono/html';
import { markIcon } from './icon.ts';
import { type FrameView, type Html, layout } from './layout.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { type SignInChoice, signInChoices } from './sign-in-form.ts';

/** The home page of somebody who is not signed in, and where they choose how to. */
export interface WelcomePageView extends FrameView {
  csrf: string;
  /** Where they can sign in, the likeliest first. */
  choices: readonly SignInChoice[];
  notice?: Notice | undefined;
  /** The id of the invitation that a sign-in which came to nothing was for. */
  invitation?: string | undefined;
  /** The sign-in is for another account. */
  switchAccount?: boolean | undefined;
  /** A path to come back to, signed. */
  returnTo?: string | undefined;
}

/** Invites to sign in: posts `_csrf` and, where given, what it is for to /sign-in. */
export const welcomePage = ({
  notice,
  choices,
  invitation,
  switchAccount,
  returnTo,
  ...frame
}: WelcomePageView): Html => {
  const { words, csrf } = frame;
  return layout({
    ...frame,
    title: words.text('signIn.signIn'),
    body: html`
    <article class="card outcome welcome">
      ${markIcon}
      <h1>${words.text('welcome.heading')}</h1>${noticeBanner(notice)}
      <div class="words"><p>${words.text('welcome.words')}</p></div>
      <div class="actions">${signInChoices({ words, csrf, choices, invitation, switchAccount, returnTo })}</div>
    </article>
    <p class="aside">${words.text('welcome.lost')}</p>`,
  });
};
