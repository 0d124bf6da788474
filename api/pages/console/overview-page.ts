import { html } from 'hono/html';
import type { LicenseView } from '../invitation-facts.ts';
import type { Html } from '../layout.ts';
import { supplied } from '../supplied.ts';
import { type ConsoleFrame, consolePage, emptyState } from './frame.ts';

/** A licence pool and its seats. A floating pool has no limit: `quantity` and `available` are null. */
export interface LicensePoolView extends LicenseView {
  quantity: number | null;
  reserved: number;
  assigned: number;
  available: number | null;
}

/** How full a pool is. Decorative: the numbers stand below. */
const seatsBar = (pool: LicensePoolView): Html | null => {
  if (!pool.quantity) return null;
  const share = (seats: number) => Math.min(100, (100 * seats) / pool.quantity!);
  const assigned = share(pool.assigned);
  return html`<svg class="seats" viewBox="0 0 100 8" preserveAspectRatio="none" width="100%" height="8" aria-hidden="true" focusable="false"><rect class="seats-all" width="100" height="8"/><rect class="seats-reserved" width="${Math.min(100, assigned + share(pool.reserved))}" height="8"/><rect class="seats-assigned" width="${assigned}" height="8"/></svg>`;
};

const poolItem = (pool: LicensePoolView): Html => html`
        <li class="card pool">
          <h3>${supplied(pool.product)} <span class="badge">${pool.kind === 'named' ? 'Named seats' : 'Floating'}</span>${pool.ended ? html` <span class="badge bad">Ended</span>` : null}</h3>
          ${pool.available === null ? html`<p class="figure">No limit</p>` : html`<p class="figure"><strong>${pool.available}</strong> available</p>`}
          ${seatsBar(pool)}
          <dl class="numbers">${
            pool.quantity === null ? null : html`<div><dt>Seats</dt><dd>${pool.quantity}</dd></div>`
          }<div><dt>Assigned</dt><dd>${pool.assigned}</dd></div><div><dt>Reserved</dt><dd>${pool.reserved}</dd></div></dl>
        </li>`;

/** Where an organization stands at a glance. */
export const overviewPage = ({ frame, pools }: { frame: ConsoleFrame; pools: readonly LicensePoolView[] }): Html =>
  consolePage(frame, {
    title: 'Overview',
    body: html`
    <section aria-labelledby="pools">
      <h2 id="pools">Licences</h2>${
        pools.length > 0
          ? html`
      <ul class="pools">${pools.map(poolItem)}
      </ul>`
          : emptyState('This organization has no licence pool yet. People can be invited without a licence.')
      }
    </section>`,
  });
