import { html } from 'hono/html';
import type { Words } from '../../languages/words.ts';
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
  /** In the language of whoever reads it. */
  words: Words;
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
  /** Of the organization that the page is about: `#rrggbb`. @default Usher's */
  color?: string | null | undefined;
  /** A module of `static/`, for a page that is better with it. @default none */
  script?: string | undefined;
}

/** Where the colour of an organization is served, as a sheet. @param color `#rrggbb` */
const colorPath = (color: string): string => `/colors/${color.slice(1)}.css`;

const signedIn = (words: Words, account: AccountView, csrf: string | undefined): Html => html`
      <div class="signed-in">
        <p class="signed-in-who"><span class="visually-hidden">${words.text('frame.signedInAs')} </span>${
          account.name && account.name !== account.email
            ? html`<span class="signed-in-name">${supplied(account.name)}</span> `
            : null
        }<span class="signed-in-email">${address(account.email)}</span></p>
        ${csrf === undefined ? null : postForm('/sign-out', { _csrf: csrf }, html`<button class="button small">${words.text('frame.signOut')}</button>`)}
      </div>`;

/**
 * The document around every page: header with who is signed in, main landmark, footer. It asks for nothing but
 * `/static/usher.css`, `/static/favicon.svg`, and the colour of an organization, and holds no script and no style, so that the strictest
 * Content-Security-Policy fits. The console has a script, as a file of its own.
 */
export const layout = (view: LayoutView): Html => html`<!doctype html>
<html lang="${view.words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${titleText(view.title)} · Usher</title>
<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/usher.css">${
  view.color
    ? html`
<link rel="stylesheet" href="${colorPath(view.color)}">`
    : null
}${
  view.script
    ? html`
<script type="module" src="${view.script}"></script>`
    : null
}
</head>
<body>
  <a class="skip" href="#main">${view.words.text('frame.skip')}</a>
  <header class="top">
    <div class="top-inner">
      <a class="brand" href="/">${markIcon}<span>Usher</span><span class="visually-hidden"> ${view.words.text('frame.home')}</span></a>${
        view.account ? signedIn(view.words, view.account, view.csrf) : null
      }
    </div>
  </header>
  <main id="main" class="main ${view.width ?? 'narrow'}" tabindex="-1">
${view.body}
  </main>
  <footer class="bottom">
    <p>${view.words.text('frame.promise')}</p>
  </footer>
</body>
</html>
`;
