import { html } from 'hono/html';
import { type FrameView, type Html, layout } from './layout.ts';
import { buttonLink, homeLink, outcome } from './outcome.ts';
import { supplied } from './supplied.ts';

/** The page between Usher and another site, which leads there by itself. */
export interface LeavingPageView extends FrameView {
  /** Where it leads. */
  url: string;
  /** What for; `joined` is a welcome to the organization. */
  purpose: 'sign_in' | 'sign_out' | { joined: string };
}

/**
 * Says where somebody is being taken, with a link for browsers that do not go by themselves. The answer carries
 * `Refresh`: a redirect in answer to a form would have to be allowed by its page's Content-Security-Policy, for every
 * site that an identity provider may send people on to.
 */
export const leavingPage = ({ url, purpose, ...frame }: LeavingPageView): Html => {
  const { words } = frame;
  const site = html`<strong>${supplied(new URL(url).host)}</strong>`;
  const next = buttonLink(url, words.text('leaving.continue'), 'primary');
  if (typeof purpose === 'object') {
    return layout({
      ...frame,
      title: words.text('leaving.joined'),
      body: outcome({
        organization: { name: purpose.joined },
        icon: 'check',
        tone: 'good',
        heading: html`${words.parts('leaving.welcome', { organization: supplied(purpose.joined) })}`,
        words: html`<p>${words.parts('leaving.member', { site })}</p>`,
        next: html`${next}
        ${homeLink(words)}`,
      }),
    });
  }
  return layout({
    ...frame,
    title: words.text('leaving.moment'),
    body: outcome({
      icon: 'clock',
      tone: 'neutral',
      heading: words.text('leaving.moment'),
      words: html`<p>${words.parts(purpose === 'sign_in' ? 'leaving.signIn' : 'leaving.signOut', { site })}</p>`,
      next,
    }),
  });
};
