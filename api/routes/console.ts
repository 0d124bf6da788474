import { Type } from 'typebox';
import { isId } from '../../db/ids.ts';
import { listInvitations } from '../../db/invitations.ts';
import { listLicensePools } from '../../db/licenses.ts';
import { listMemberships } from '../../db/members.ts';
import { findOrganization } from '../../db/organizations.ts';
import { callerOnPage, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { frameOf, sendPage } from '../page.ts';
import { consolePage } from '../pages/console-page.ts';
import { roleMay } from '../permissions.ts';
import { Problem } from '../problem.ts';
import { startSignIn } from './sign-in.ts';

/** An organization's invitations and seats, for those who may read them; read-only so far. */
export function registerConsole(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.get('/console', { schema: { hide: true } }, async (request, reply) => {
    const { account } = request;
    if (!account) return startSignIn(deps, request, reply, { returnTo: '/console' });
    const first = (await listMemberships(db, account.id)).find((m) => roleMay(m.role, 'openConsole'));
    if (!first) throw new Problem('not_allowed', 'The console is for owners and admins of an organization.');
    return reply.redirect(`/console/${first.slug}`, 303);
  });

  app.get(
    '/console/:organization',
    {
      schema: {
        hide: true,
        params: Type.Object({ organization: Type.String({ maxLength: 60 }) }),
        querystring: Type.Object({ cursor: Type.Optional(Type.String({ maxLength: 40 })) }),
      },
    },
    async (request, reply) => {
      const { account } = request;
      if (!account) {
        return startSignIn(deps, request, reply, {
          returnTo: `/console/${encodeURIComponent(request.params.organization)}`,
        });
      }
      const organization = await findOrganization(db, request.params.organization);
      if (!organization) throw new Problem('not_found');
      await standingIn(db, callerOnPage(request, account), organization.id, 'readInvitations');
      const { cursor } = request.query;
      const { rows, next } = await listInvitations(
        db,
        organization.id,
        {},
        { ...(cursor && isId('inv', cursor) ? { before: cursor } : {}), limit: 50 },
      );
      return sendPage(
        reply,
        consolePage({
          ...frameOf(reply, account),
          account,
          organization: { name: organization.name },
          invitations: rows.map((row) => ({
            id: row.id,
            email: row.email,
            role: row.role,
            licenses: row.licenses.map((l) => l.name),
            state: row.state,
            delivery: { status: row.delivery_status, ...(row.delivery_detail ? { detail: row.delivery_detail } : {}) },
            expiresAt: row.expires_at,
            invitedBy: row.inviter_name,
          })),
          pools: (await listLicensePools(db, organization.id, {}, { limit: 1000 })).map((pool) => ({
            product: pool.name,
            kind: pool.kind,
            ended: pool.ended,
            quantity: pool.kind === 'named' ? pool.quantity : null,
            reserved: pool.reserved,
            assigned: pool.assigned,
            available: pool.kind === 'named' ? pool.quantity - pool.reserved - pool.assigned : null,
          })),
          ...(next ? { next: `/console/${organization.slug}?cursor=${next}` } : {}),
        }),
      );
    },
  );
}
