import { html } from 'hono/html';
import { type FrameView, type Html, layout } from './layout.ts';
import { buttonLink, homeLink, outcome } from './outcome.ts';

/** Anything that went wrong and has no page of its own. */
export interface ProblemPageView extends FrameView {
  /** The HTTP status of the answer. */
  status: number;
  title: string;
  detail: string;
  /** The step that helps most, as a link within Usher; the home page without. */
  next?: { text: string; href: string } | undefined;
  /** What to quote to support, and to look for in the logs. */
  requestId?: string | undefined;
}

/** What happened, what to do next, and what to quote when asking for help. */
export const problemPage = ({ status, title, detail, next, requestId, ...frame }: ProblemPageView): Html => {
  const { words } = frame;
  return layout({
    ...frame,
    title,
    body: html`${outcome({
      icon: status === 404 ? 'question' : 'warning',
      tone: 'bad',
      heading: title,
      words: html`<p role="alert">${detail}</p>`,
      next: next
        ? html`${buttonLink(next.href, next.text, 'primary')}
        ${homeLink(words)}`
        : homeLink(words, 'primary'),
    })}
    <p class="aside">${words.text('problem.status', { status })}${
      requestId ? html` · ${words.parts('problem.request', { id: html`<code>${requestId}</code>` })}` : null
    }</p>`,
  });
};
