import { html } from 'hono/html';
import type { LicenseView } from '../invitation-facts.ts';
import type { Html } from '../layout.ts';
import { supplied } from '../supplied.ts';
import { countText } from './bars.ts';

/** A licence pool and its seats. A floating pool has no limit: `quantity` and `available` are null. */
export interface LicensePoolView extends LicenseView {
  quantity: number | null;
  reserved: number;
  assigned: number;
  available: number | null;
  /** When it ends, if that is soon. */
  endsSoon?: Date | undefined;
  /** Of its own page. */
  href?: string | undefined;
}

/** How full a pool is. Decorative: the numbers stand below. */
const seatsBar = (pool: LicensePoolView): Html | null => {
  if (!pool.quantity) return null;
  const share = (seats: number) => Math.min(100, (100 * seats) / pool.quantity!);
  const assigned = share(pool.assigned);
  return html`<svg class="seats" viewBox="0 0 100 8" preserveAspectRatio="none" width="100%" height="8" aria-hidden="true" focusable="false"><rect class="seats-all" width="100" height="8"/><rect class="seats-reserved" width="${Math.min(100, assigned + share(pool.reserved))}" height="8"/><rect class="seats-assigned" width="${assigned}" height="8"/></svg>`;
};

/** How many seats of a pool are whose. */
export const poolFigures = (
  pool: LicensePoolView,
): Html => html`${pool.available === null ? html`<p class="figure">No limit</p>` : html`<p class="figure"><strong>${countText(pool.available)}</strong> available</p>`}
          ${seatsBar(pool)}
          <dl class="numbers">${
            pool.quantity === null ? null : html`<div><dt>Seats</dt><dd>${countText(pool.quantity)}</dd></div>`
          }<div><dt>Assigned</dt><dd>${countText(pool.assigned)}</dd></div><div><dt>Reserved</dt><dd>${countText(pool.reserved)}</dd></div></dl>`;

/** The name of a pool, which leads to its page. */
export const poolName = ({ product, href }: LicensePoolView): Html =>
  href ? html`<a href="${href}">${supplied(product)}</a>` : supplied(product);

/** What kind a pool is of, and whether it has ended. */
export const poolBadges = ({ kind, ended }: LicensePoolView): Html =>
  html`<span class="badge">${kind === 'named' ? 'Named seats' : 'Floating'}</span>${ended ? html` <span class="badge bad">Ended</span>` : null}`;

/** A pool with its seats, as an item of a list. */
export const poolItem = (pool: LicensePoolView): Html => html`
        <li class="card pool">
          <h3>${poolName(pool)} ${poolBadges(pool)}</h3>
          ${poolFigures(pool)}
        </li>`;
