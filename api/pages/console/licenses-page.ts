import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { type ConsoleFrame, consolePage, emptyState, live } from './frame.ts';
import { newLicensePath } from './license-form-page.ts';
import { licensesPath } from './license-page.ts';
import { type LicensePoolView, poolItem } from './license-pool.ts';
import { pager, withQuery } from './list.ts';

export interface LicensesPageView {
  frame: ConsoleFrame;
  pools: readonly LicensePoolView[];
  cursor?: string | undefined;
  next?: string | undefined;
  mayManage: boolean;
}

/** The licences of an organization with their seats, the oldest first. */
export const licensesPage = ({ frame, pools, cursor, next, mayManage }: LicensesPageView): Html => {
  const path = licensesPath(frame);
  return consolePage(frame, {
    title: 'Licences',
    actions: mayManage ? buttonLink(newLicensePath(frame), 'Add a licence', 'primary') : undefined,
    body: html`${live(
      'list',
      pools.length > 0
        ? html`
      <h2 class="visually-hidden">Seats of each</h2>
      <ul class="pools">${pools.map(poolItem)}
      </ul>`
        : emptyState(
            html`This organization has no licence yet. People can be invited without one.${mayManage ? html` <a href="${newLicensePath(frame)}">Add the first licence</a>.` : null}`,
          ),
    )}${pager({ first: cursor ? path : undefined, next: next ? withQuery(path, { cursor: next }) : undefined }, [
      'From the beginning',
      'More',
    ])}`,
  });
};
