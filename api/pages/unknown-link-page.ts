import { html } from 'hono/html';
import { type FrameView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';

/** The frame alone: a forged, truncated or foreign link gets the same words, so that nothing can be learnt from them. */
export type UnknownLinkPageView = FrameView;

/** A link that Usher does not know (404). */
export const unknownLinkPage = (view: UnknownLinkPageView): Html =>
  layout({
    ...view,
    title: 'Unknown link',
    body: outcome({
      icon: 'link',
      tone: 'bad',
      heading: 'We do not know this link',
      words: html`<p>Part of it may be missing: some mail programs break long links.</p>
        <ul>
          <li>Go back to the email, copy the whole link, and paste it into the address bar.</li>
          <li>Or ask the person who invited you for a new invitation.</li>
          <li>Or sign in on the home page with the address that was invited: invitations that wait for you are listed there.</li>
        </ul>`,
      next: homeLink('primary'),
    }),
  });
