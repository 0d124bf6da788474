import { type Generated, type Kysely, type Selectable, sql, type Transaction, type WhereInterface } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { type InvitationId, newId, type OrganizationId, type ReasonId } from './ids.ts';
import { insertMany, pagesOf } from './many.ts';
import { mostLookedAt, type Page, pageOf } from './paging.ts';

/** The audit log. The role that Usher runs as can add to it, and neither change nor delete. */
export interface EventsTable {
  id: Generated<number>;
  /** Null for what concerns no organization, such as an account. */
  organization_id: OrganizationId | null;
  /** What it is about; null when that is the target. */
  invitation_id: InvitationId | null;
  target_kind: TargetKind | null;
  target_id: string | null;
  /** The transition it records; null for a note. */
  sequence: number | null;
  type: string;
  /** A code, such as a provider's; never text of a person's. */
  detail: string | null;
  actor_kind: Actor['kind'];
  actor_id: string | null;
  /** What caused it: the X-Request-Id of the first try, `signal/<run>/<n>`, `erasure/<id>/<target>`. */
  request_key: string | null;
  reason_id: ReasonId | null;
  at: Generated<Date>;
}

/** What an event without an invitation is about. */
export type TargetKind = 'account' | 'api_key' | 'batch' | 'license_pool' | 'member' | 'organization' | 'webhook';

export interface ReasonsTable {
  id: ReasonId;
  /** In somebody's own words; null when it has been erased. */
  text: string | null;
  created_at: Generated<Date>;
}

interface Circumstances {
  organization: OrganizationId | null;
  type: string;
  detail?: string | null;
  by: Actor;
  request?: string | null;
  reason?: ReasonId | null;
}
type Target = { target: { kind: TargetKind; id: string } };
export type NewEvent = Circumstances & ({ invitation: InvitationId; sequence: number | null } | Target);

/** An event as a row of the audit log. */
export const eventRow = (event: NewEvent) => ({
  organization_id: event.organization,
  ...('target' in event
    ? { invitation_id: null, sequence: null, target_kind: event.target.kind, target_id: event.target.id }
    : { invitation_id: event.invitation, sequence: event.sequence, target_kind: null, target_id: null }),
  type: event.type,
  detail: event.detail ?? null,
  actor_kind: event.by.kind,
  actor_id: event.by.id,
  request_key: event.request ?? null,
  reason_id: event.reason ?? null,
});

/**
 * Writes one row of the audit log. A note that its request has left already is not written again.
 *
 * @returns false when the note was there
 * @throws Postgres' unique violation `events_one_per_request` for a transition
 */
export async function insertEvent(db: Kysely<Database>, event: NewEvent): Promise<boolean> {
  const row = eventRow(event);
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('events')
    .values(row)
    .$if(row.sequence === null, (q) => q.onConflict((c) => c.doNothing()))
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Whether an error says that a request's transition is in the audit log already. */
export const isOfKnownRequest = (error: unknown): boolean =>
  (error as { constraint?: string }).constraint === 'events_one_per_request';

/** Writes many rows of the audit log at once. @throws Postgres' unique violation `events_one_per_request` */
export async function insertEvents(trx: Transaction<Database>, events: readonly NewEvent[]): Promise<void> {
  for (const page of pagesOf(events)) await insertMany('events', page.map(eventRow)).execute(trx);
}

/** Writes many notes at once; those that their requests have left already are not written again. */
export async function insertNotes(
  db: Kysely<Database>,
  notes: (Circumstances & ({ invitation: InvitationId } | Target))[],
): Promise<void> {
  if (notes.length === 0) return;
  await db
    .insertInto('events')
    .values(notes.map((note) => eventRow('target' in note ? note : { ...note, sequence: null })))
    .onConflict((c) => c.doNothing())
    .execute();
}

/** Keeps a reason. Returns its id, which may go where the text may not. */
export async function insertReason(db: Kysely<Database>, text: string): Promise<ReasonId> {
  const id = newId('rsn');
  await db.insertInto('reasons').values({ id, text }).execute();
  return id;
}

/** What a request did, if it took effect: the transition that it made, or what else it was about. */
export const findEventByRequest = (
  db: Kysely<Database>,
  requestKey: string,
): Promise<{ sequence: number | null; invitation_id: InvitationId | null; target_id: string | null } | undefined> =>
  db
    .selectFrom('events')
    .select(['sequence', 'invitation_id', 'target_id'])
    .where('request_key', '=', requestKey)
    .executeTakeFirst();

/** Which of these requests have made a transition. */
export const transitionsOf = async (db: Kysely<Database>, requestKeys: readonly string[]): Promise<Set<string>> =>
  new Set(
    (
      await db
        .selectFrom('events')
        .select('request_key')
        .where('request_key', '=', sql<string>`any(${requestKeys})`)
        .where('sequence', 'is not', null)
        .execute()
    ).map((row) => row.request_key!),
  );

/**
 * Whether a request took effect, in whatever it was about: its events have its key, or one that begins with it and a slash.
 * Asked under the lock of what it changes, nothing comes in between.
 */
export const hasTakenEffect = async (db: Kysely<Database>, requestKey: string): Promise<boolean> =>
  (await db
    .selectFrom('events')
    .select('id')
    .where('request_key', '>=', requestKey)
    // What follows the slash.
    .where('request_key', '<', `${requestKey}0`)
    .limit(1)
    .executeTakeFirst()) !== undefined;

export interface EventFilter {
  organization?: OrganizationId;
  invitation?: InvitationId;
  type?: string;
  /** Any of these ids: somebody is an account, and a member besides. */
  actor?: string | readonly string[];
  /** Id of what it is about, when that is no invitation. */
  target?: string;
  since?: Date;
  until?: Date;
}

/** Which end of a list comes first. */
export const eventOrders = ['oldest', 'newest'] as const;
export type EventOrder = (typeof eventOrders)[number];

export type Event = Selectable<EventsTable> & { reason: string | null; organization: string | null };

/**
 * How far apart the order of ids and that of times can be, ms: an event has its time from the beginning of its transaction, its
 * id from when it was written.
 */
const transactionMs = 60_000;

/**
 * Rows of the audit log.
 *
 * @param page.after what this page follows, in its order: an event id. @default from the first
 * @param page.order which come first. @default 'oldest'
 */
export async function listEvents(
  db: Kysely<Database>,
  filter: EventFilter,
  page: { after?: number | undefined; limit: number; order?: EventOrder },
): Promise<Page<Event, number>> {
  const { organization, invitation, type, actor, target, since, until } = filter;
  const actors = actor === undefined ? undefined : [actor].flat();
  const newestFirst = page.order === 'newest';
  // Ids rise with time: a time is found once, by index, and the rest is a range of ids.
  const nextTo = async (at: Date, side: 'before' | 'after') =>
    (
      await db
        .selectFrom('events')
        .select('id')
        .where(
          'at',
          side === 'before' ? '<' : '>',
          new Date(at.getTime() + (side === 'before' ? -1 : 1) * transactionMs),
        )
        .orderBy('at', side === 'before' ? 'desc' : 'asc')
        .limit(1)
        .executeTakeFirst()
    )?.id;
  const above = [since && (await nextTo(since, 'before')), newestFirst ? undefined : page.after];
  const below = [until && (await nextTo(until, 'after')), newestFirst ? page.after : undefined];
  /** What an index serves. */
  const narrowed = <TQuery extends WhereInterface<Database, 'events'>>(q: TQuery) => {
    let narrower: WhereInterface<Database, 'events'> = q;
    for (const id of above) if (id !== undefined) narrower = narrower.where('events.id', '>', id);
    for (const id of below) if (id !== undefined) narrower = narrower.where('events.id', '<', id);
    if (organization !== undefined) narrower = narrower.where('events.organization_id', '=', organization);
    if (invitation !== undefined) narrower = narrower.where('events.invitation_id', '=', invitation);
    if (target !== undefined) narrower = narrower.where('events.target_id', '=', target);
    return narrower as TQuery;
  };
  const direction = newestFirst ? 'desc' : 'asc';
  const isServed = type === undefined && actors === undefined;
  const end = isServed
    ? undefined
    : await narrowed(db.selectFrom('events'))
        .select('id')
        .orderBy('id', direction)
        .offset(mostLookedAt - 1)
        .limit(1)
        .executeTakeFirst();
  const rows = await narrowed(
    db
      .selectFrom('events')
      .leftJoin('reasons', 'reasons.id', 'events.reason_id')
      .leftJoin('organizations', 'organizations.id', 'events.organization_id')
      .selectAll('events')
      .select(['reasons.text as reason', 'organizations.slug as organization']),
  )
    .$if(end !== undefined, (q) => q.where('events.id', newestFirst ? '>=' : '<=', end!.id))
    .$if(type !== undefined, (q) => q.where('events.type', '=', type!))
    .$if(actors !== undefined, (q) => q.where('actor_id', '=', sql<string>`any(${actors})`))
    .$if(since !== undefined, (q) => q.where('at', '>=', since!))
    .$if(until !== undefined, (q) => q.where('at', '<', until!))
    .orderBy('events.id', direction)
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.id, end?.id);
}
