import { html } from 'hono/html';
import type { Words } from '../../languages/words.ts';
import type { Html } from './layout.ts';
import { postForm } from './post-form.ts';
import { supplied } from './supplied.ts';

/** What the sign-in is told. */
export interface SignInForm {
  csrf: string;
  /** The words on the button. */
  text: string;
  /** Comes back to this invitation; to the home page without. */
  invitation?: string | undefined;
  /** Asks for the password, and so for the account, even if somebody is signed in at the identity provider. */
  switchAccount?: boolean | undefined;
  /** The address that the identity provider suggests. */
  loginHint?: string | undefined;
  /** The id of the provider to sign in at. @default they choose, where there are several */
  provider?: string | undefined;
}

/** Where somebody can sign in. */
export interface SignInChoice {
  id: string;
  name: string;
}

/** What is the same wherever somebody signs in. */
interface SignInChoices {
  words: Words;
  csrf: string;
  choices: readonly SignInChoice[];
  /** The words on the button of the first, which is where they did the last time. @default as of the others */
  text?: string | undefined;
  invitation?: string | undefined;
  switchAccount?: boolean | undefined;
  /** A path to come back to, signed. */
  returnTo?: string | undefined;
}

/** Starts a sign-in: posts `_csrf` and, where given, `invitation`, `prompt=login`, `login_hint`, `provider` to /sign-in. */
export const signInForm = (form: SignInForm): Html =>
  postForm(
    '/sign-in',
    {
      _csrf: form.csrf,
      invitation: form.invitation,
      prompt: form.switchAccount ? 'login' : undefined,
      login_hint: form.loginHint,
      provider: form.provider,
    },
    html`<button class="button primary">${form.text}</button>`,
  );

/**
 * A button for each place to sign in; where there is but one, it is not named. They post `provider`, its id, and `return_to`
 * besides.
 */
export const signInChoices = ({
  words,
  csrf,
  choices,
  text,
  invitation,
  switchAccount,
  returnTo,
}: SignInChoices): Html[] =>
  choices.map(({ id, name }, i) =>
    postForm(
      '/sign-in',
      {
        _csrf: csrf,
        ...{ invitation, prompt: switchAccount ? 'login' : undefined },
        ...(choices.length > 1 ? { provider: id, return_to: returnTo } : {}),
      },
      html`<button class="button ${i === 0 ? 'primary' : 'secondary'}">${
        i === 0 && (text || choices.length === 1)
          ? (text ?? words.text('signIn.signIn'))
          : words.parts('signIn.with', { provider: supplied(name) })
      }</button>`,
    ),
  );
