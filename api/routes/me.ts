import { Type } from 'typebox';
import { isId } from '../../db/ids.ts';
import { listInvitationsOfMailbox } from '../../db/invitations.ts';
import { authenticate } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { invitationBody } from '../invitations.ts';
import { Problem } from '../problem.ts';
import { Invitation, listOf, Page, ProblemSchema } from '../schemas.ts';
import { page } from './invitations.ts';

/** What concerns the signed-in person. */
export function registerMe(app: App, deps: RouteDeps): void {
  app.get(
    '/v1/me/invitations',
    {
      schema: {
        summary: 'Pending invitations for the verified address of the signed-in person',
        tags: ['me'],
        querystring: Type.Object(Page, { additionalProperties: false }),
        response: { 200: listOf(Invitation), '4xx': ProblemSchema, '5xx': ProblemSchema },
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      if (caller.kind !== 'account') throw new Problem('not_allowed', 'Only a signed-in person has invitations.');
      const { mailbox, email_verified } = caller.account;
      const { cursor, limit = 50 } = request.query;
      if (cursor !== undefined && !isId('inv', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      if (!email_verified || !mailbox) return { items: [], cursor: null };
      const rows = await listInvitationsOfMailbox(deps.db, mailbox, {
        ...(cursor && isId('inv', cursor) ? { before: cursor } : {}),
        limit: limit + 1,
      });
      return page(rows, limit, invitationBody, (row) => row.id);
    },
  );
}
