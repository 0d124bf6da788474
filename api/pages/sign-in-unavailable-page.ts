import { html } from 'hono/html';
import { type FrameView, type Html, layout } from './layout.ts';
import { outcome } from './outcome.ts';
import { type SignInChoice, signInChoices } from './sign-in-form.ts';

/** A sign-in that could not start or finish because the identity provider did not answer. */
export interface SignInUnavailablePageView extends FrameView {
  csrf: string;
  /** The one that does not answer, then the others. */
  choices: readonly SignInChoice[];
  /** The id of the invitation that the sign-in was for. */
  invitation?: string | undefined;
  /** The sign-in asked for another account; trying again asks again. */
  switchAccount?: boolean | undefined;
}

/** The identity provider is down (503). Try again posts `_csrf` and, where given, `invitation`, `prompt=login` to /sign-in. */
export const signInUnavailablePage = ({
  choices,
  invitation,
  switchAccount,
  ...frame
}: SignInUnavailablePageView): Html => {
  const { words, csrf } = frame;
  return layout({
    ...frame,
    title: words.text('signInDown.title'),
    body: outcome({
      icon: 'warning',
      tone: 'bad',
      heading: words.text('signInDown.heading'),
      words: html`<p role="alert">${words.text(invitation === undefined ? 'signInDown.words' : 'signInDown.wordsInvited')}</p>
        <p>${words.text('signInDown.later')}</p>`,
      next: html`${signInChoices({ words, csrf, choices, invitation, switchAccount, text: words.text('signIn.again') })}`,
    }),
  });
};
