import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import type { InvitationId } from './ids.ts';
import { type Resumable, resumable } from './invitations.ts';

/**
 * What a database must forget that was restored from a backup: links and emails since then are out in the world, and
 * nothing here knows of them. Generations count up by one; after a restore they go on from the minutes since 1970, which
 * no generation before it can have reached, nor those after another restore from the same backup.
 */
const fromMinutes = 1_000_000;

/** True when the generation was given by a restore, or counted up from such a one. */
export const isOfRestore = (generation: number): boolean => generation >= fromMinutes;

/**
 * Raises the generations of a page of invitations that can mint links again, by id after a cursor. Their emails that are
 * still queued are to be sent with the new link, whether they left before or not; notes to inviters are looked for first.
 *
 * @param at when the restore was, epoch ms
 * @returns the page; those that are pending need a run
 */
export const raiseGenerations = (
  db: Kysely<Database>,
  at: number,
  after: InvitationId | undefined,
  limit: number,
): Promise<Resumable[]> =>
  db.transaction().execute(async (trx) => {
    const generation = Math.floor(at / 60_000);
    const page = await trx
      .selectFrom('invitations')
      .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
      .select(resumable)
      .where('state', 'in', ['pending', 'expired', 'revoked'])
      .$if(after !== undefined, (q) => q.where('invitations.id', '>', after!))
      .orderBy('invitations.id')
      .limit(limit)
      .execute();
    if (page.length === 0) return page;
    const ids = page.map((row) => row.id);
    await trx
      .updateTable('invitations')
      .set({ generation })
      .where('id', 'in', ids)
      .where('generation', '<', generation)
      .execute();
    const queued = trx.updateTable('deliveries').where('invitation_id', 'in', ids).where('status', '=', 'queued');
    await queued.set({ generation, attempted_at: null }).where('kind', '<>', 'resend_request').execute();
    await queued
      .set({ attempted_at: sql`coalesce(attempted_at, queued_at)` })
      .where('kind', '=', 'resend_request')
      .execute();
    return page;
  });

/** When Postgres last heard of anything but a restore, epoch ms: the backup is not older. */
export async function lastHeard(db: Kysely<Database>): Promise<number> {
  const { at } = await db
    .selectFrom('events')
    .select((e) => e.fn.max('at').as('at'))
    .where(sql<boolean>`detail is distinct from 'restored'`)
    .executeTakeFirstOrThrow();
  return at?.getTime() ?? 0;
}

/** Those of these invitations that Postgres knows, with the emails that it knows to have ended. */
export async function knownInvitations(
  db: Kysely<Database>,
  ids: readonly InvitationId[],
): Promise<Map<InvitationId, Resumable & { settled: Set<number> }>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select(resumable)
    .where('invitations.id', 'in', ids)
    .execute();
  const deliveries = await db
    .selectFrom('deliveries')
    .select(['invitation_id', 'ordinal'])
    .where('invitation_id', 'in', ids)
    .where('status', '<>', 'queued')
    .execute();
  const known = new Map(rows.map((row) => [row.id, { ...row, settled: new Set<number>() }]));
  for (const { invitation_id, ordinal } of deliveries) known.get(invitation_id)?.settled.add(ordinal);
  return known;
}

/** How many connections of Usher's programs the database has, this one aside. */
export async function connectedPrograms(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'usher' and pid <> pg_backend_pid()
  `.execute(db);
  return rows[0]!.count;
}
