import { html } from 'hono/html';
import type { Html } from './layout.ts';
import { postForm } from './post-form.ts';

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
}

/** Starts a sign-in: posts `_csrf` and, where given, `invitation`, `prompt=login`, `login_hint` to /sign-in. */
export const signInForm = (form: SignInForm): Html =>
  postForm(
    '/sign-in',
    {
      _csrf: form.csrf,
      invitation: form.invitation,
      prompt: form.switchAccount ? 'login' : undefined,
      login_hint: form.loginHint,
    },
    html`<button class="button primary">${form.text}</button>`,
  );
