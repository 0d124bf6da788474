import { html } from 'hono/html';
import { date } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { supplied } from '../supplied.ts';
import { choice, consoleForm, type Filled, type FormError, textArea, textField } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState, live } from './frame.ts';
import { type HolderView, holdersTable } from './holders.ts';
import { type LicensePoolView, poolBadges, poolFigures } from './license-pool.ts';
import { filterForm, pager, selectedDo, withQuery } from './list.ts';

export interface LicensePageView {
  frame: ConsoleFrame;
  license: LicensePoolView & {
    id: string;
    /** How invitations and programs name it. */
    code: string;
    lastDay: Date | null;
  };
  holders: readonly HolderView[];
  /** The filter as it was filled in. */
  filter: Filled;
  cursor?: string | undefined;
  next?: string | null | undefined;
  /** Where the list is as CSV. */
  csv: string;
  mayManage: boolean;
  /** How many addresses can be given a seat at once. */
  most: number;
  filled?: Filled | undefined;
  error?: FormError | undefined;
}

export const licensesPath = (frame: ConsoleFrame): string => `${frame.organization.path}/licenses`;
export const licensePath = (frame: ConsoleFrame, id: string): string => `${licensesPath(frame)}/${id}`;

/** A licence: its seats, who holds them, and what can be done with those. */
export const licensePage = (view: LicensePageView): Html => {
  const { frame, license, holders, filter, cursor, next, csv, mayManage, most, filled, error } = view;
  const path = licensePath(frame, license.id);
  const isFiltered = Object.values(filter).some(Boolean);
  const field = (name: string) => ({ name, value: filter[name], error });
  const members = holders.some(({ kind }) => kind === 'member');
  const table = holdersTable(frame, holders, mayManage);
  return consolePage(frame, {
    title: license.product,
    heading: html`${supplied(license.product)} ${poolBadges(license)}`,
    back: { href: licensesPath(frame), text: 'Licences' },
    actions: html`${mayManage ? buttonLink(`${path}/change`, 'Change') : null}${buttonLink(csv, 'Export as CSV')}`,
    error,
    body: html`
    <div class="columns">
      <div class="column">${filterForm(
        path,
        isFiltered,
        html`${textField({ ...field('search'), label: 'Name or address', type: 'search', most: 100 })}${choice({
          ...field('state'),
          label: 'Seat',
          any: 'Any',
          options: [
            { value: 'assigned', text: 'Assigned' },
            { value: 'reserved', text: 'Reserved' },
          ],
        })}`,
      )}${live(
        'list',
        html`${
          holders.length === 0
            ? emptyState(
                next
                  ? 'None of those that were looked through match. There are more.'
                  : isFiltered || cursor
                    ? 'Nobody matches. Change the filter, or show all.'
                    : `Nobody holds a seat.${mayManage && !license.ended ? ' Give members one here, or invite people with it.' : ''}`,
              )
            : mayManage && members
              ? consoleForm(
                  frame,
                  `${frame.organization.path}/members/seats`,
                  { pool: license.id, from: license.id },
                  html`${table}${selectedDo(html`<button class="button secondary">Take back or move…</button>`)}`,
                )
              : table
        }`,
      )}${pager(
        {
          first: cursor ? withQuery(path, filter) : undefined,
          next: next ? withQuery(path, { ...filter, cursor: next }) : undefined,
        },
        ['From the beginning', 'More'],
      )}
      </div>
      <div class="column">${live(
        'seats',
        html`
      <section class="card acts" aria-labelledby="seats">
        <h2 id="seats">Seats</h2>${poolFigures(license)}
        <dl class="facts"><div><dt>Product</dt><dd><code>${license.code}</code></dd></div><div><dt>Last day</dt><dd>${license.lastDay ? date(license.lastDay) : 'It does not end'}</dd></div></dl>
      </section>`,
      )}${
        mayManage && !license.ended
          ? html`
      <section class="card acts" aria-labelledby="assign">
        <h2 id="assign">Give members a seat</h2>${consoleForm(
          frame,
          `${path}/assign`,
          {},
          html`${textArea({
            name: 'addresses',
            label: 'Their addresses',
            hint: `Separated by anything, up to ${most}. Who has a seat keeps it.`,
            value: filled?.addresses,
            rows: 3,
            most: 30_000,
            error,
          })}
        <button class="button primary">Give a seat</button>`,
        )}
      </section>`
          : null
      }
      </div>
    </div>`,
  });
};
