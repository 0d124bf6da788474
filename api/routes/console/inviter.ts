import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { type AccountId, isId } from '../../../db/ids.ts';
import { listInvitations } from '../../../db/invitations.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { revokeInvitationsOf } from '../../invitations.ts';
import { sendPage } from '../../page.ts';
import type { FormError } from '../../pages/console/form.ts';
import { revokeAllPage } from '../../pages/console/inviter-page.ts';
import { withQuery } from '../../pages/console/list.ts';
import { keepReason, requireReason } from '../../reason.ts';
import { RevokeInvitations } from '../../schemas.ts';
import { field, filledIn, formBody, formErrorOf, inputOf } from './form.ts';
import { enter, organizationPath, type Visit } from './visit.ts';

const inviterQuery = Type.Object({ invitedBy: field(40) });
const revokeBody = Type.Object({ ...formBody, invitedBy: field(40), reason: field(500) });

/** So many are counted for the question. */
const counted = 100;

/** What somebody has invited, revoked at once: after they were removed or demoted, say. */
export function registerInviterPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  /** Asks whether to revoke what is pending of somebody's, or leads to the list when nothing is. */
  const ask = async ({ organization, frame }: Visit, reply: FastifyReply, account = '', error?: FormError) => {
    const { rows, next } = isId('acc', account)
      ? await listInvitations(db, organization.id, { state: 'pending', inviter: account }, { limit: counted })
      : { rows: [], next: null };
    const [first] = rows;
    if (!first) {
      cookies.setNotice(reply, { kind: 'info', text: 'Nothing that they have invited is pending.' });
      return reply.redirect(`${frame.organization.path}/invitations`, 303);
    }
    const invitedBy = { account, name: first.inviter_name, email: first.inviter_email };
    const pending = { count: rows.length, isMore: next !== null };
    return sendPage(reply, revokeAllPage({ frame, invitedBy, pending, error }));
  };

  app.get(
    '/console/:organization/invitations/revoke',
    { schema: { hide: true, params: organizationPath, querystring: inviterQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      return ask(visit, reply, request.query.invitedBy);
    },
  );

  app.post(
    '/console/:organization/invitations/revoke',
    {
      // Up to 100 of them, each by its own workflow.
      handlerTimeout: Math.max(20_000, deps.patienceMs ?? 0),
      schema: { hide: true, params: organizationPath, body: revokeBody },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const { organization, standing, frame } = visit;
      const { invitedBy, reason: said } = request.body;
      const list = withQuery(`${frame.organization.path}/invitations`, { state: 'pending', invitedBy });
      try {
        const { reason } = inputOf(request, RevokeInvitations, 'body', { invitedBy, ...filledIn({ reason: said }) });
        requireReason(standing, reason);
        const { key } = await formTurn({ db, request, caller: visit.caller });
        const act = { by: standing.by, request: key, ...(await keepReason(db, reason)) };
        const { revoked, more } = await revokeInvitationsOf(deps, organization.id, invitedBy as AccountId, act);
        cookies.setNotice(reply, {
          kind: more ? 'warning' : 'success',
          text: `${revoked === 1 ? '1 invitation is' : `${revoked} invitations are`} revoked.${more ? ' There are more: revoke all of theirs again.' : ''}`,
        });
      } catch (error) {
        return ask(visit, reply, invitedBy, formErrorOf(reply, error));
      }
      return reply.redirect(list, 303);
    },
  );
}
