import type { Generated, Kysely, Selectable } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import type { InvitationId, OrganizationId } from './ids.ts';

export interface EventsTable {
  id: Generated<number>;
  organization_id: OrganizationId;
  invitation_id: InvitationId;
  /** The transition it records; null for a note. */
  sequence: number | null;
  type: string;
  /** A code, such as a provider's; never text of a person's. */
  detail: string | null;
  actor_kind: Actor['kind'];
  actor_id: string | null;
  request_key: string | null;
  at: Generated<Date>;
}
export type Event = Selectable<EventsTable>;

export interface NewEvent {
  organization: OrganizationId;
  invitation: InvitationId;
  sequence: number | null;
  type: string;
  detail?: string | null;
  by: Actor;
  request?: string | null;
}

/** Writes one row of the audit log. */
export async function insertEvent(db: Kysely<Database>, event: NewEvent): Promise<void> {
  await db
    .insertInto('events')
    .values({
      organization_id: event.organization,
      invitation_id: event.invitation,
      sequence: event.sequence,
      type: event.type,
      detail: event.detail ?? null,
      actor_kind: event.by.kind,
      actor_id: event.by.id,
      request_key: event.request ?? null,
    })
    .execute();
}

/** The transition that a request made, if it made one. */
export const findEventByRequest = (
  db: Kysely<Database>,
  requestKey: string,
): Promise<{ sequence: number | null; invitation_id: InvitationId } | undefined> =>
  db
    .selectFrom('events')
    .select(['sequence', 'invitation_id'])
    .where('request_key', '=', requestKey)
    .executeTakeFirst();

/** The audit log of an invitation, oldest first, after a cursor (an event id). */
export const listEvents = (
  db: Kysely<Database>,
  invitation: InvitationId,
  page: { after: number; limit: number },
): Promise<Event[]> =>
  db
    .selectFrom('events')
    .selectAll()
    .where('invitation_id', '=', invitation)
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
    .execute();
