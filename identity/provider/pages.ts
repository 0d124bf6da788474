import { html, raw } from 'hono/html';
import { codeMinutes } from './email-code.ts';

type Html = ReturnType<typeof html>;

/** The app that people sign in to. */
export interface App {
  name: string;
  url: string;
}

/** What every page of an interaction needs to know. */
export interface Place {
  /** The interaction's own path, without a trailing slash. */
  base: string;
  app: App;
}

/** A problem with what was typed; by field, and `form` for what concerns no single one. */
export type Problems<Field extends string = string> = Partial<Record<Field | 'form', string>>;

interface Layout {
  title: string;
  /** Read before the title by a screen reader when the page came back with a problem. */
  problem?: boolean;
  intro?: Html | string | undefined;
  body: Html | string;
}

const mark = html`<svg class="mark" viewBox="0 0 40 40" aria-hidden="true" focusable="false">
  <rect width="40" height="40" rx="11" />
  <path d="M20 9.5 29 13v7.2c0 5-3.7 8.7-9 10.8-5.3-2.1-9-5.8-9-10.8V13z" />
  <path d="m15.8 20.2 3 3 5.6-6" />
</svg>`;

const layout = ({ title, problem, intro, body }: Layout): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>${problem && 'Problem: '}${title} · Local identity provider</title>
    <link rel="stylesheet" href="/assets/provider.css">
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
  </head>
  <body>
    <main>
      <header>
        ${mark}
        <h1>${title}</h1>
        ${intro && html`<p class="intro">${intro}</p>`}
      </header>
      ${body}
    </main>
    <footer><p>Local identity provider</p></footer>
  </body>
</html>`;

const alert = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="notice problem" role="alert">${text}</p>`;

/** A labelled input with its hint and its problem, both tied to it for screen readers. */
function field(o: {
  name: string;
  label: string;
  type: string;
  value?: string;
  autocomplete: string;
  focus?: boolean;
  hint?: string;
  problem?: string | undefined;
  minlength?: number;
  maxlength: number;
  inputmode?: string;
}): Html {
  const described = [o.problem && `${o.name}-problem`, o.hint && `${o.name}-hint`].filter(Boolean).join(' ');
  return html`<div class="field">
    <label for="${o.name}">${o.label}</label>
    <input
      id="${o.name}" name="${o.name}" type="${o.type}" value="${o.value}" autocomplete="${o.autocomplete}"
      maxlength="${o.maxlength}" required ${o.minlength && html`minlength="${o.minlength}"`}
      ${o.inputmode && html`inputmode="${o.inputmode}"`} ${o.type === 'email' && html`autocapitalize="none" spellcheck="false"`}
      ${described && html`aria-describedby="${described}"`} ${o.problem && html`aria-invalid="true"`}
      ${o.focus && html`autofocus`}>
    ${o.problem && html`<p class="field-problem" id="${o.name}-problem">${o.problem}</p>`}
    ${o.hint && html`<p class="hint" id="${o.name}-hint">${o.hint}</p>`}
  </div>`;
}

const cancel = ({ base, app }: Place): Html => html`<form method="post" action="${base}/cancel">
  <button class="link">Cancel and go back to ${app.name}</button>
</form>`;

/** @param o.signedIn the address of whoever is signed in already, and is about to switch */
export function signInPage(
  o: Place & { email: string; signedIn?: string | undefined; problems?: Problems<'email' | 'password'> },
): Html {
  const problems = o.problems ?? {};
  return layout({
    title: 'Sign in',
    problem: Object.keys(problems).length > 0,
    intro: html`to continue to <strong>${o.app.name}</strong>`,
    body: html`
      ${alert(problems.form)}
      ${
        o.signedIn &&
        html`<p class="notice">You are signed in as <strong>${o.signedIn}</strong>. Sign in below to use another account.</p>`
      }
      <form method="post" action="${o.base}/sign-in">
        ${field({ name: 'email', label: 'Email address', type: 'email', value: o.email, autocomplete: 'username', maxlength: 254, focus: !o.email || !!problems.email, problem: problems.email })}
        ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', maxlength: 200, focus: !!o.email && !problems.email, problem: problems.password })}
        <button>Sign in</button>
      </form>
      <p class="other">No account yet? <a href="${o.base}/sign-up">Create an account</a></p>
      ${cancel(o)}`,
  });
}

export function signUpPage(
  o: Place & { email: string; name?: string; problems?: Problems<'name' | 'email' | 'password'> },
): Html {
  const problems = o.problems ?? {};
  const first = problems.name || !o.name ? 'name' : problems.email || !o.email ? 'email' : 'password';
  return layout({
    title: 'Create your account',
    problem: Object.keys(problems).length > 0,
    intro: html`to continue to <strong>${o.app.name}</strong>`,
    body: html`
      ${alert(problems.form)}
      <form method="post" action="${o.base}/sign-up">
        ${field({ name: 'name', label: 'Your name', type: 'text', value: o.name ?? '', autocomplete: 'name', maxlength: 100, focus: first === 'name', problem: problems.name })}
        ${field({ name: 'email', label: 'Email address', type: 'email', value: o.email, autocomplete: 'username', maxlength: 254, focus: first === 'email', problem: problems.email })}
        ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', minlength: 8, maxlength: 200, focus: first === 'password', hint: 'At least 8 characters.', problem: problems.password })}
        <button>Create account</button>
      </form>
      <p class="other">Have an account already? <a href="${o.base}/sign-in">Sign in</a></p>
      ${cancel(o)}`,
  });
}

/**
 * @param o.codeOut whether a code was sent that can still be used
 * @param o.sent whether it was sent just now, at the person's wish
 */
export function verifyPage(
  o: Place & { email: string; codeOut: boolean; sent?: boolean; problems?: Problems<'code'> },
): Html {
  const problems = o.problems ?? {};
  const later = html`<form method="post" action="${o.base}/verify/later">
    <button class="secondary">Verify later</button>
  </form>`;
  const foot = html`
    <p class="hint">${o.app.name} lets only a verified address accept invitations.</p>
    <p class="other">Not you? <a href="${o.base}/sign-in">Use another account</a></p>`;

  if (!o.codeOut)
    return layout({
      title: 'Verify your email address',
      problem: problems.form !== undefined,
      intro: html`We can send a 6-digit code to <strong>${o.email}</strong>, to make sure that it is yours.`,
      body: html`
        ${alert(problems.form)}
        <form method="post" action="${o.base}/verify/send">
          <button>Send me a code</button>
        </form>
        ${later} ${foot}`,
    });

  return layout({
    title: 'Check your email',
    problem: Object.keys(problems).length > 0,
    intro: html`We sent a 6-digit code to <strong>${o.email}</strong>. It works for ${codeMinutes} minutes.`,
    body: html`
      ${alert(problems.form)}
      ${o.sent && html`<p class="notice" role="status">A new code is on its way. Older ones no longer work.</p>`}
      <form method="post" action="${o.base}/verify">
        ${field({ name: 'code', label: 'Verification code', type: 'text', autocomplete: 'one-time-code', inputmode: 'numeric', maxlength: 20, focus: true, problem: problems.code })}
        <button>Verify</button>
      </form>
      <div class="row">
        <form method="post" action="${o.base}/verify/send">
          <button class="secondary">Send a new code</button>
        </form>
        ${later}
      </div>
      ${foot}`,
  });
}

/**
 * Asks before signing someone out whom the app did not name.
 *
 * @param o.form the form that oidc-provider made, with its secret but no button; `formId` is its id
 */
export const signOutPage = (o: { email?: string | undefined; form: string; formId: string }): Html =>
  layout({
    title: 'Sign out?',
    intro: o.email && html`You are signed in as <strong>${o.email}</strong>.`,
    body: html`
      ${raw(o.form)}
      <button form="${o.formId}" name="logout" value="yes">Sign out</button>
      <button form="${o.formId}" class="secondary">Stay signed in</button>`,
  });

/** A page that only says something, and points the way to the app. @param o.code for whoever reports it */
export const messagePage = (o: { title: string; text: string; code?: string | undefined; app: App }): Html =>
  layout({
    title: o.title,
    intro: o.text,
    body: html`
      <p class="other"><a href="${o.app.url}">Go to ${o.app.name}</a></p>
      ${o.code && html`<p class="hint">Code: ${o.code}</p>`}`,
  });

export const expiredPage = (app: App): Html =>
  messagePage({
    title: 'This page has expired',
    text: `It works for an hour, once, and only in the browser that opened it. Go to ${app.name} and sign in again.`,
    app,
  });

export const failurePage = (app: App): Html =>
  messagePage({ title: 'Something went wrong', text: 'It is not your fault. Please try again in a moment.', app });
