import { type Static, Type } from 'typebox';
import { isId } from '../../../db/ids.ts';
import { findInvitation, type Invitation } from '../../../db/invitations.ts';
import { listLicensePools } from '../../../db/licenses.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { expiresInMs, invitationBody, listPage, resendInvitation, revokeInvitation } from '../../invitations.ts';
import { sendPage } from '../../page.ts';
import { type InvitationView, invitationPage, revokePage } from '../../pages/console/invitation-page.ts';
import { invitationsPage } from '../../pages/console/invitations-page.ts';
import { Problem } from '../../problem.ts';
import { keepReason, requireReason } from '../../reason.ts';
import { InvitationQuery, ResendInvitation, RevokeInvitation } from '../../schemas.ts';
import { field, filledIn, formBody, formErrorOf, inputOf } from './form.ts';
import { enter, organizationPath, thingPath, type Visit } from './visit.ts';

const filterFields = {
  email: field(254),
  state: field(20),
  delivery: field(20),
  role: field(20),
  license: field(60),
  invitedBy: field(40),
  createdAfter: field(40),
};
const listQuery = Type.Object({ ...filterFields, cursor: field(40) });
const resendBody = Type.Object({ ...formBody, expiresIn: field(40), reason: field(500) });
const revokeBody = Type.Object({ ...formBody, reason: field(500) });

/** The invitations of an organization, and each one's own page. */
export function registerInvitationPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  /** An invitation of the organization's. @throws Problem `invitation_not_found` */
  const named = async (visit: Visit, id: string): Promise<Invitation> => {
    const row = isId('inv', id) ? await findInvitation(db, id) : undefined;
    if (row?.organization_id !== visit.organization.id) throw new Problem('invitation_not_found');
    return row;
  };

  const viewOf = (visit: Visit, row: Invitation): InvitationView => {
    const { allowed, warnings } = invitationBody(row);
    return {
      id: row.id,
      email: row.email,
      role: row.role,
      licenses: row.licenses.map((license) => license.name),
      teams: row.teams,
      message: row.message,
      state: row.state,
      delivery: { status: row.delivery_status, detail: row.delivery_detail },
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      invitedBy: { name: row.inviter_name, email: row.inviter_email },
      // Those who decide do so on a page of their own.
      allowed: visit.may('steerInvitation') ? allowed.filter((event) => event === 'resend' || event === 'revoke') : [],
      warnings: warnings.map(({ detail }) => detail),
    };
  };

  app.get(
    '/console/:organization/invitations',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const { organization, frame } = visit;
      const { cursor, ...filter } = filledIn(request.query) as Static<typeof listQuery>;
      const pools = await listLicensePools(db, organization.id, {}, { limit: 1000 });
      const view = { frame, filter, products: pools, cursor };
      try {
        // A day of the form is one of UTC.
        const since = filter.createdAfter && { createdAfter: `${filter.createdAfter}T00:00:00Z` };
        const query = inputOf(request, InvitationQuery, 'querystring', {
          ...filter,
          ...since,
          ...(cursor ? { cursor } : {}),
        });
        const { rows, next } = await listPage(db, organization.id, query);
        return sendPage(
          reply,
          invitationsPage({
            ...view,
            next,
            invitations: rows.map((row) => ({ ...viewOf(visit, row), invitedBy: row.inviter_name })),
          }),
        );
      } catch (error) {
        return sendPage(reply, invitationsPage({ ...view, invitations: [], error: formErrorOf(reply, error) }));
      }
    },
  );

  app.get(
    '/console/:organization/invitations/:id',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      return sendPage(reply, invitationPage({ frame: visit.frame, invitation: viewOf(visit, row) }));
    },
  );

  app.post(
    '/console/:organization/invitations/:id/resend',
    { schema: { hide: true, params: thingPath, body: resendBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      const { _csrf, _form, ...fields } = request.body;
      try {
        const { expiresIn, reason } = inputOf(request, ResendInvitation, 'body', filledIn(fields));
        requireReason(visit.standing, reason);
        const ms = expiresInMs(expiresIn);
        const { key } = await formTurn({ db, request, caller: visit.caller });
        await resendInvitation(deps, row, visit.standing, {
          request: key,
          ...(ms === undefined ? {} : { expiresIn: ms }),
          ...(await keepReason(db, reason)),
        });
      } catch (error) {
        const again = await named(visit, row.id);
        const { frame } = visit;
        const refused = formErrorOf(reply, error);
        return sendPage(
          reply,
          invitationPage({ frame, invitation: viewOf(visit, again), filled: fields, error: refused }),
        );
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is sent again, and lives anew from now.' });
      return reply.redirect(`${visit.frame.organization.path}/invitations/${row.id}`, 303);
    },
  );

  app.get(
    '/console/:organization/invitations/:id/revoke',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      return sendPage(reply, revokePage({ frame: visit.frame, invitation: viewOf(visit, row) }));
    },
  );

  app.post(
    '/console/:organization/invitations/:id/revoke',
    { schema: { hide: true, params: thingPath, body: revokeBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      const { _csrf, _form, ...fields } = request.body;
      try {
        const { reason } = inputOf(request, RevokeInvitation, 'body', filledIn(fields));
        requireReason(visit.standing, reason);
        const { key } = await formTurn({ db, request, caller: visit.caller });
        await revokeInvitation(deps, row, {
          by: visit.standing.by,
          request: key,
          ...(await keepReason(db, reason)),
        });
      } catch (error) {
        const refused = formErrorOf(reply, error);
        return sendPage(reply, revokePage({ frame: visit.frame, invitation: row, error: refused }));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is revoked: its links are dead, and its seats are free.' });
      return reply.redirect(`${visit.frame.organization.path}/invitations/${row.id}`, 303);
    },
  );
}
