import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { address } from '../supplied.ts';

/**
 * The filter above a list, which the address of the page then holds.
 *
 * @param isSet whether it leaves anything out now
 * @param kept what stays as it is in the address
 * @param verb the words on its button
 */
export const filterForm = (
  path: string,
  isSet: boolean,
  fields: Html,
  kept: Readonly<Record<string, string | undefined>> = {},
  verb = 'Filter',
): Html => html`
      <form class="card filters" method="get" action="${path}" role="search">${Object.entries(kept).map(
        ([name, value]) => (value ? html`<input type="hidden" name="${name}" value="${value}">` : null),
      )}${fields}
        <div class="filters-do"><button class="button secondary">${verb}</button>${
          isSet ? html`<a class="button link-button" href="${withQuery(path, kept)}">Show all</a>` : null
        }</div>
      </form>`;

/** A path with a query; what is undefined or empty is left out. */
export const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/**
 * The ways to other pages of a list, which lead on by cursor and back to the beginning.
 *
 * @param words for the beginning, and for what comes next
 */
export const pager = (
  { first, next }: { first?: string | undefined; next?: string | undefined },
  words: readonly [string, string] = ['Newest', 'Older'],
): Html | null =>
  first || next
    ? html`
      <nav class="pager" aria-label="Pages of the list">${
        first ? html`<a class="button secondary" href="${first}">${words[0]}</a>` : null
      }${next ? html`<a class="button secondary" href="${next}" rel="next">${words[1]}</a>` : null}</nav>`
    : null;

/** Views of one list beside each other, each with an address of its own. */
export const listTabs = (
  name: string,
  tabs: readonly { name: string; href: string; isCurrent: boolean }[],
): Html => html`
      <nav class="tabs inner" aria-label="${name}"><ul class="plain">${tabs.map(
        (tab) =>
          html`<li><a href="${tab.href}"${tab.isCurrent ? html` aria-current="page"` : null}>${tab.name}</a></li>`,
      )}</ul></nav>`;

/** The box that selects a row of a list. @param what it is, for those who do not see the row */
export const selectBox = (id: string, what: Html): Html =>
  html`<label class="select"><input type="checkbox" name="ids" value="${id}"><span class="visually-hidden">Select ${what}</span></label>`;

/** What can be done with the selected rows, below the list. @param buttons that send them @param all selects them on every page */
export const selectedDo = (buttons: Html, all: Html | null = null): Html => html`
      <div class="selected-do"><label class="select-all" hidden data-all="ids"><input type="checkbox">All of this page</label>${all}${buttons}</div>`;

/** Those that were selected, where something is asked about them. */
export const selectedOnes = (emails: readonly string[]): Html =>
  html`<ul class="chips" id="field-members" tabindex="-1">${emails.map((email) => html`<li>${address(email)}</li>`)}</ul>`;
