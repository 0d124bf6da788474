import { Type } from 'typebox';
import { endSessions } from '../../db/accounts.ts';
import { findApiKeyById } from '../../db/api-keys.ts';
import { isId } from '../../db/ids.ts';
import { listInvitationsOfMailbox } from '../../db/invitations.ts';
import { listMemberships } from '../../db/members.ts';
import { authenticate, type Caller } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { invitationBody } from '../invitations.ts';
import { Problem } from '../problem.ts';
import { answers, changeProblems, Invitation, listOf, Me, Nothing, Page } from '../schemas.ts';
import { page } from './invitations.ts';

/** @throws Problem `not_allowed` */
function requirePerson(caller: Caller): asserts caller is Extract<Caller, { kind: 'account' }> {
  if (caller.kind !== 'account')
    throw new Problem('not_allowed', 'This is for a person: with a session or a bearer token.');
}

/** What concerns the signed-in person. */
export function registerMe(app: App, deps: RouteDeps): void {
  app.get(
    '/v1/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'Who calls: the API key, or the person with what they are a member of',
        tags: ['me'],
        response: answers(200, Me),
      },
    },
    async (request): Promise<Me> => {
      const caller = await authenticate(request, deps);
      if (caller.kind === 'api_key') {
        const { id, name, organization, role, scopes } = (await findApiKeyById(deps.db, caller.id))!;
        return { kind: 'api_key', id, name, organization, role, scopes };
      }
      const { id, name, email, email_verified: emailVerified } = caller.account;
      const memberships = await listMemberships(deps.db, caller.id, caller.organization);
      return {
        kind: 'account',
        id,
        name,
        email,
        emailVerified,
        staff: caller.organization === undefined ? caller.account.staff_role : null,
        memberships: memberships.map((m) => ({ organization: m.slug, name: m.name, role: m.role, teams: m.teams })),
      };
    },
  );

  app.get(
    '/v1/me/invitations',
    {
      schema: {
        operationId: 'listMyInvitations',
        summary: 'Pending invitations for the verified address of the signed-in person',
        tags: ['me'],
        querystring: Type.Object(Page, { additionalProperties: false }),
        response: answers(200, listOf(Invitation), ['not_allowed']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      requirePerson(caller);
      const { mailbox, email_verified } = caller.account;
      const { cursor, limit = 50 } = request.query;
      if (cursor !== undefined && !isId('inv', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      if (!email_verified || !mailbox) return { items: [], cursor: null };
      const rows = await listInvitationsOfMailbox(deps.db, mailbox, caller.organization, {
        ...(cursor && isId('inv', cursor) ? { before: cursor } : {}),
        limit: limit + 1,
      });
      return page(rows, limit, invitationBody, (row) => row.id);
    },
  );

  app.post(
    '/v1/me/sign-out-everywhere',
    {
      schema: {
        operationId: 'signOutEverywhere',
        summary: 'End all sessions of the signed-in person, this one included',
        tags: ['me'],
        body: Type.Optional(Nothing),
        response: answers(200, Type.Object({ ended: Type.Integer({ description: 'How many sessions that were' }) }), [
          ...changeProblems,
          'not_allowed',
        ]),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      requirePerson(caller);
      deps.cookies.clearSession(reply);
      return { ended: await endSessions(deps.db, caller.id, { kind: 'account', id: caller.id }, request.id) };
    },
  );
}
