import { html } from 'hono/html';
import type { Html } from '../layout.ts';

/** A cell's content; text is text. */
type Cell = Html | string | number | null;

/** A table whose rows become cards where the window is narrow; the first cell of a row is its heading. */
export interface Table {
  /** What the table is of, for those who do not see the page. */
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/** The roles are said again, since browsers drop those of a table that is not laid out as one. */
export const dataTable = ({ caption, columns, rows }: Table): Html => html`
      <div class="card table">
        <table role="table">
          <caption class="visually-hidden">${caption}</caption>
          <thead role="rowgroup"><tr role="row">${columns.map((name) => html`<th scope="col" role="columnheader">${name}</th>`)}</tr></thead>
          <tbody role="rowgroup">${rows.map(
            ([heading, ...cells]) => html`
            <tr role="row"><th scope="row" role="rowheader">${heading}</th>${cells.map(
              (cell, i) => html`<td role="cell" data-label="${columns[i + 1] ?? ''}">${cell}</td>`,
            )}</tr>`,
          )}
          </tbody>
        </table>
      </div>`;
