import { countFunnel } from '../../../db/funnel.ts';
import { listLicensePools } from '../../../db/licenses.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { sendPage } from '../../page.ts';
import { newLicensePath } from '../../pages/console/license-form-page.ts';
import { overviewPage } from '../../pages/console/overview-page.ts';
import { poolView } from './licenses.ts';
import { enter, organizationPath } from './visit.ts';

const day = 86_400_000;
/** So far back it looks: as long as an invitation can be open. */
const shownMs = 90 * day;
/** A licence that ends within this time ends soon. */
const soonMs = 14 * day;

/** Where an organization stands. */
export function registerOverview(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.get('/console/:organization', { schema: { hide: true, params: organizationPath } }, async (request, reply) => {
    const visit = await enter(deps, request, reply, 'readInvitations');
    if (!visit) return reply;
    const { id } = visit.organization;
    const now = Date.now();
    const [funnel, pools] = await Promise.all([
      countFunnel(db, id, new Date(now - shownMs)),
      listLicensePools(db, id, {}, { limit: 1000 }),
    ]);
    return sendPage(
      reply,
      overviewPage({
        frame: visit.frame,
        funnel,
        mayInvite: visit.may('invite'),
        pools: pools.map((pool) => ({
          ...poolView(visit, pool),
          ...(pool.expires_at && pool.expires_at.getTime() < now + soonMs ? { endsSoon: pool.expires_at } : {}),
        })),
        addLicense: visit.may('manageLicenses') ? newLicensePath(visit.frame) : undefined,
      }),
    );
  });
}
