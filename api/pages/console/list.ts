import { html } from 'hono/html';
import type { Html } from '../layout.ts';

/** The filter above a list, which the address of the page then holds. @param isSet whether it leaves anything out now */
export const filterForm = (path: string, isSet: boolean, fields: Html): Html => html`
      <form class="card filters" method="get" action="${path}" role="search">${fields}
        <div class="filters-do"><button class="button secondary">Filter</button>${
          isSet ? html`<a class="button link-button" href="${path}">Show all</a>` : null
        }</div>
      </form>`;

/** A path with a query; what is undefined or empty is left out. */
export const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/** The ways to other pages of a list, which lead on by cursor and back to the beginning. */
export const pager = ({ first, next }: { first?: string | undefined; next?: string | undefined }): Html | null =>
  first || next
    ? html`
      <nav class="pager" aria-label="Pages of the list">${
        first ? html`<a class="button secondary" href="${first}">Newest</a>` : null
      }${next ? html`<a class="button secondary" href="${next}" rel="next">Older</a>` : null}</nav>`
    : null;
