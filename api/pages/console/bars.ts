import { html } from 'hono/html';
import type { Html } from '../layout.ts';

/** A row of figures with its bar. */
export interface Bar {
  name: Html | string;
  count: number;
  /** How it is tinted. @default 'accent' */
  tone?: 'accent' | 'good' | 'quiet';
}

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat('en');

/** A number as people read it. */
export const countText = (count: number): string => whole.format(count);

/**
 * Figures as a picture that is a table as well: who does not see the bars reads the same beside them.
 *
 * @param of what the shares are of
 */
export const barTable = (view: {
  caption: string;
  of: number;
  names: [string, string, string];
  bars: readonly Bar[];
}): Html => html`
      <table class="bars">
        <caption class="visually-hidden">${view.caption}</caption>
        <thead class="visually-hidden"><tr>${view.names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>${view.bars.map(
          ({ name, count, tone = 'accent' }) => html`
          <tr><th scope="row">${name}<svg class="bar ${tone}" viewBox="0 0 100 10" preserveAspectRatio="none" width="100%" height="10" aria-hidden="true" focusable="false"><rect class="bar-all" width="100" height="10"/><rect class="bar-part" width="${view.of === 0 ? 0 : Math.round((1000 * count) / view.of) / 10}" height="10"/></svg></th><td>${countText(count)}</td><td>${view.of === 0 ? '–' : percent.format(count / view.of)}</td></tr>`,
        )}
        </tbody>
      </table>`;
