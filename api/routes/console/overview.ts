import { listLicensePools } from '../../../db/licenses.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { sendPage } from '../../page.ts';
import { overviewPage } from '../../pages/console/overview-page.ts';
import { enter, organizationPath } from './visit.ts';

/** Where an organization stands. */
export function registerOverview(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.get('/console/:organization', { schema: { hide: true, params: organizationPath } }, async (request, reply) => {
    const visit = await enter(deps, request, reply, 'readInvitations');
    if (!visit) return reply;
    const pools = await listLicensePools(db, visit.organization.id, {}, { limit: 1000 });
    return sendPage(
      reply,
      overviewPage({
        frame: visit.frame,
        pools: pools.map((pool) => ({
          product: pool.name,
          kind: pool.kind,
          ended: pool.ended,
          quantity: pool.kind === 'named' ? pool.quantity : null,
          reserved: pool.reserved,
          assigned: pool.assigned,
          available: pool.kind === 'named' ? pool.quantity - pool.reserved - pool.assigned : null,
        })),
      }),
    );
  });
}
