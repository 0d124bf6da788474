import { html } from 'hono/html';
import { markIcon } from './icon.ts';
import { postForm } from './post-form.ts';
import { address, supplied, titleText } from './supplied.ts';

/** A piece of a page, or a whole one. Whatever is put into it with `html` is text unless it is `Html` itself. */
export type Html = ReturnType<typeof html>;

/** The person who is signed in. `name` may be empty: not every identity provider tells it. */
export interface AccountView {
  name: string;
  email: string;
}

/** What the frame around every page shows. Without `account` nobody is signed in. */
export interface FrameView {
  account?: AccountView | undefined;
  /** The token that every form posts as `_csrf`. */
  csrf?: string | undefined;
}

export interface LayoutView extends FrameView {
  /** The page's name in the browser's tab. */
  title: string;
  body: Html;
  /** `narrow` for a card with one decision, `medium` for lists, `wide` for tables. @default 'narrow' */
  width?: 'narrow' | 'medium' | 'wide' | undefined;
  /** A module of `static/`, for a page that is better with it. @default none */
  script?: string | undefined;
}

const signedIn = (account: AccountView, csrf: string | undefined): Html => html`
      <div class="signed-in">
        <p class="signed-in-who"><span class="visually-hidden">Signed in as </span>${
          account.name && account.name !== account.email
            ? html`<span class="signed-in-name">${supplied(account.name)}</span> `
            : null
        }<span class="signed-in-email">${address(account.email)}</span></p>
        ${csrf === undefined ? null : postForm('/sign-out', { _csrf: csrf }, html`<button class="button small">Sign out</button>`)}
      </div>`;

/**
 * The document around every page: header with who is signed in, main landmark, footer. It asks for nothing but
 * `/static/usher.css` and `/static/favicon.svg`, and holds no script and no style, so that the strictest
 * Content-Security-Policy fits. The console has a script, as a file of its own.
 */
export const layout = (view: LayoutView): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${titleText(view.title)} · Usher</title>
<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/usher.css">${
  view.script
    ? html`
<script type="module" src="${view.script}"></script>`
    : null
}
</head>
<body>
  <a class="skip" href="#main">Skip to content</a>
  <header class="top">
    <div class="top-inner">
      <a class="brand" href="/">${markIcon}<span>Usher</span><span class="visually-hidden"> home</span></a>${
        view.account ? signedIn(view.account, view.csrf) : null
      }
    </div>
  </header>
  <main id="main" class="main ${view.width ?? 'narrow'}" tabindex="-1">
${view.body}
  </main>
  <footer class="bottom">
    <p>Usher looks after invitations. Nobody joins an organization before they press Join.</p>
  </footer>
</body>
</html>
`;
