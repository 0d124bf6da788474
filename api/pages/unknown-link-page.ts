import { html } from 'hono/html';
import { type FrameView, type Html, layout } from './layout.ts';
import { homeLink, outcome } from './outcome.ts';

/** The frame alone: a forged, truncated or foreign link gets the same words, so that nothing can be learnt from them. */
export type UnknownLinkPageView = FrameView;

/** A link that Usher does not know (404). */
export const unknownLinkPage = (frame: UnknownLinkPageView): Html => {
  const { words } = frame;
  return layout({
    ...frame,
    title: words.text('unknown.title'),
    body: outcome({
      icon: 'link',
      tone: 'bad',
      heading: words.text('unknown.heading'),
      words: html`<p>${words.text('unknown.broken')}</p>
        <ul>
          <li>${words.text('unknown.copy')}</li>
          <li>${words.text('unknown.ask')}</li>
          <li>${words.text('unknown.signIn')}</li>
        </ul>`,
      next: homeLink(words, 'primary'),
    }),
  });
};
