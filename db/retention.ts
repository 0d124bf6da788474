import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { eraseInvitations } from './erasure.ts';
import type { InvitationId } from './ids.ts';

/**
 * Erases invitations that ended longer ago than their organization keeps them.
 *
 * @param days how long, where the organization says nothing; 0: for ever
 * @returns how many; fewer than `limit` when none is left
 */
export const eraseEnded = (db: Kysely<Database>, days: number, limit: number): Promise<number> =>
  db.transaction().execute(async (trx) => {
    // Organization by organization, so that one that keeps its own for ever does not stand before the others.
    const { rows } = await sql<{ id: InvitationId }>`
      select due.id
      from (select id, coalesce(retention_days, ${days}::integer) as days from organizations) as kept
      cross join lateral (
        select id from invitations
        where organization_id = kept.id and state <> 'pending' and erased_at is null
          and decided_at < now() - make_interval(days => kept.days)
        order by decided_at limit ${limit}
      ) as due
      where kept.days > 0
      limit ${limit}
    `.execute(trx);
    return eraseInvitations(
      trx,
      rows.map((row) => row.id),
      { by: { kind: 'system', id: null }, request: 'retention', detail: 'retention' },
      { keepRedirect: true },
    );
  });
