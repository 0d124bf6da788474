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
  const site = html`<strong>${supplied(new URL(url).host)}</strong>`;
  const next = (text: string) => buttonLink(url, text, 'primary');
  if (typeof purpose === 'object') {
    return layout({
      ...frame,
      title: 'Joined',
      body: outcome({
        organization: { name: purpose.joined },
        icon: 'check',
        tone: 'good',
        heading: html`Welcome to ${supplied(purpose.joined)}`,
        words: html`<p>You are a member now. Taking you to ${site}…</p>`,
        next: html`${next('Continue')}
        ${homeLink()}`,
      }),
    });
  }
  return layout({
    ...frame,
    title: 'One moment',
    body: outcome({
      icon: 'clock',
      tone: 'neutral',
      heading: 'One moment',
      words:
        purpose === 'sign_in'
          ? html`<p>Taking you to ${site} to sign in…</p>`
          : html`<p>You are signed out of Usher. Taking you to ${site}, to sign out there as well…</p>`,
      next: next('Continue'),
    }),
  });
};
