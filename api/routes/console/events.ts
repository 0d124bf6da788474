import { type Static, Type } from 'typebox';
import { nameActors } from '../../../db/actors.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { eventPage, targetOf } from '../../events.ts';
import { sendPage } from '../../page.ts';
import { eventsPage } from '../../pages/console/events-page.ts';
import { EventQuery } from '../../schemas.ts';
import { field, filledIn, formErrorOf, inputOf } from './form.ts';
import { enter, organizationPath } from './visit.ts';

const listQuery = Type.Object({
  type: field(60),
  actor: field(254),
  target: field(60),
  since: field(40),
  until: field(40),
  cursor: field(40),
});

const day = 86_400_000;
/** The beginning of a day that a form names, or of the one after it; what is no day is refused as it is. */
const startOf = (date: string, later = 0) => {
  const at = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(at) ? date : new Date(at + later).toISOString();
};

/** The audit log of an organization. */
export function registerEventsPage(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.get(
    '/console/:organization/events',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readAuditLog');
      if (!visit) return reply;
      const { organization, frame } = visit;
      const { cursor, ...filter } = filledIn(request.query) as Static<typeof listQuery>;
      try {
        const { since, until, ...others } = filter;
        const query = inputOf(request, EventQuery, 'querystring', {
          ...others,
          ...(since && { since: startOf(since) }),
          ...(until && { until: startOf(until, day) }),
          ...(cursor && { cursor }),
          order: 'newest',
        });
        const { rows, next } = await eventPage(db, organization.id, query);
        const actors = rows.map((event) => ({ kind: event.actor_kind, id: event.actor_id }));
        const names = await nameActors(db, [...actors, ...rows.map(targetOf)]);
        return sendPage(
          reply,
          eventsPage({
            frame,
            filter,
            cursor,
            next,
            events: rows.map((event, i) => {
              const { kind, id } = actors[i]!;
              const target = targetOf(event);
              return {
                type: event.type,
                detail: event.detail,
                actor: { kind, ...(id ? { id, ...names.get(id) } : {}) },
                target: { ...target, ...names.get(target.id) },
                reason: event.reason,
                at: event.at,
              };
            }),
          }),
        );
      } catch (error) {
        return sendPage(reply, eventsPage({ frame, filter, cursor, events: [], error: formErrorOf(reply, error) }));
      }
    },
  );
}
