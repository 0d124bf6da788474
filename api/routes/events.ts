import { listEvents } from '../../db/events.ts';
import { authenticate, namedOrganization, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { eventBody } from '../events.ts';
import { Problem } from '../problem.ts';
import { answers, Event, EventQuery, listOf } from '../schemas.ts';
import { organizationParams } from './invitations.ts';

/** The audit log of an organization. */
export function registerEvents(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.get(
    '/v1/organizations/:organization/events',
    {
      schema: {
        operationId: 'listEvents',
        summary: 'What happened in an organization, oldest first: its audit log',
        tags: ['organizations'],
        params: organizationParams,
        querystring: EventQuery,
        response: answers(200, listOf(Event), ['scope_missing', 'not_allowed', 'not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const organization = await namedOrganization(db, caller, request.params.organization);
      await standingIn(db, caller, organization.id, 'readAuditLog');
      const { cursor = '0', limit = 50, since, until, ...same } = request.query;
      if (!/^\d{1,15}$/.test(cursor)) throw new Problem('invalid_request', 'cursor is not one of ours.');
      const { rows, next } = await listEvents(
        db,
        {
          ...same,
          organization: organization.id,
          ...(since ? { since: new Date(since) } : {}),
          ...(until ? { until: new Date(until) } : {}),
        },
        { after: Number(cursor), limit },
      );
      return { items: rows.map(eventBody), cursor: next === null ? null : String(next) };
    },
  );
}
