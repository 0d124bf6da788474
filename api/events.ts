import type { Kysely } from 'kysely';
import { actorsOfMailbox } from '../db/actors.ts';
import type { Database } from '../db/database.ts';
import { type Event, listEvents } from '../db/events.ts';
import { isId, type OrganizationId } from '../db/ids.ts';
import type { Page } from '../db/paging.ts';
import { mailboxOf } from '../identity/mailbox.ts';
import { Problem } from './problem.ts';
import { type Event as EventBody, type EventQuery, timeOf } from './schemas.ts';

/** A row of the audit log as callers see it. */
export const eventBody = (e: Event): EventBody => ({
  id: e.id,
  type: e.type,
  sequence: e.sequence,
  detail: e.detail,
  actor: { kind: e.actor_kind, id: e.actor_id },
  target: targetOf(e),
  request: e.request_key,
  reason: e.reason,
  at: e.at.toISOString(),
});

/** What an event is about. */
export const targetOf = (e: Event): { kind: string; id: string } =>
  e.invitation_id === null ? { kind: e.target_kind!, id: e.target_id! } : { kind: 'invitation', id: e.invitation_id };

/**
 * A page of the audit log of an organization.
 *
 * @throws Problem `invalid_request` for what is asked in the query
 */
export async function eventPage(
  db: Kysely<Database>,
  organization: OrganizationId,
  { cursor, limit = 50, order = 'oldest', actor, target, since, until, type }: EventQuery,
): Promise<Page<Event, number>> {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw new Problem('invalid_request', 'cursor is not one of ours.');
  const mailbox = actor?.includes('@') ? mailboxOf(actor) : undefined;
  return listEvents(
    db,
    {
      organization,
      ...(type ? { type } : {}),
      ...(actor ? { actor: mailbox ? await actorsOfMailbox(db, organization, mailbox) : actor } : {}),
      ...(target ? (isId('inv', target) ? { invitation: target } : { target }) : {}),
      ...(since ? { since: timeOf('since', since) } : {}),
      ...(until ? { until: timeOf('until', until) } : {}),
    },
    { ...(cursor === undefined ? {} : { after: Number(cursor) }), limit, order },
  );
}
