import { authenticate, namedOrganization, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { eventBody, eventPage } from '../events.ts';
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
        summary: 'What happened in an organization, oldest or newest first: its audit log',
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
      const { rows, next } = await eventPage(db, organization.id, request.query);
      return { items: rows.map(eventBody), cursor: next === null ? null : String(next) };
    },
  );
}
