import { html } from 'hono/html';
import { type IconName, icon } from './icon.ts';
import type { Html } from './layout.ts';

/** One sentence about what has just happened, above the page's content. */
export interface Notice {
  /** `error` interrupts a screen reader, the others wait for it to pause. */
  kind: 'success' | 'info' | 'warning' | 'error';
  text: string;
}

const icons: Record<Notice['kind'], IconName> = {
  success: 'check',
  info: 'mail',
  warning: 'warning',
  error: 'warning',
};

/** A notice's banner. `content` may hold markup where a sentence is not enough. */
export const banner = (kind: Notice['kind'], content: Html | string): Html => html`
      <div class="notice ${kind}" role="${kind === 'error' ? 'alert' : 'status'}">${icon(icons[kind])}<div>${content}</div></div>`;

/** The banner of a view's optional notice. */
export const noticeBanner = (notice: Notice | undefined): Html | null =>
  notice ? banner(notice.kind, html`<p><bdi>${notice.text}</bdi></p>`) : null;
