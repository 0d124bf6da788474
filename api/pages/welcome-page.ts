import { html } from 'hono/html';
import { markIcon } from './icon.ts';
import { type FrameView, type Html, layout } from './layout.ts';
import { type Notice, noticeBanner } from './notice.ts';
import { signInForm } from './sign-in-form.ts';

/** The home page of somebody who is not signed in. */
export interface WelcomePageView extends FrameView {
  csrf: string;
  notice?: Notice | undefined;
  /** The id of the invitation that a sign-in which came to nothing was for. */
  invitation?: string | undefined;
}

/** Invites to sign in: posts `_csrf` and, where given, `invitation` to /sign-in. */
export const welcomePage = ({ notice, invitation, ...frame }: WelcomePageView): Html => {
  const { words, csrf } = frame;
  return layout({
    ...frame,
    title: words.text('signIn.signIn'),
    body: html`
    <article class="card outcome welcome">
      ${markIcon}
      <h1>${words.text('welcome.heading')}</h1>${noticeBanner(notice)}
      <div class="words"><p>${words.text('welcome.words')}</p></div>
      <div class="actions">${signInForm({ csrf, invitation, text: words.text('signIn.signIn') })}</div>
    </article>
    <p class="aside">${words.text('welcome.lost')}</p>`,
  });
};
