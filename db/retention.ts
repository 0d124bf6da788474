import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { eraseInvitations } from './erasure.ts';

/**
 * Erases invitations that ended longer ago than their organization keeps them.
 *
 * @param days how long, where the organization says nothing; 0: for ever
 * @returns how many; fewer than `limit` when none is left
 */
export const eraseEnded = (db: Kysely<Database>, days: number, limit: number): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const kept = sql<number>`coalesce(organizations.retention_days, ${days}::integer)`;
    const rows = await trx
      .selectFrom('invitations')
      .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
      .select('invitations.id')
      .where('state', '<>', 'pending')
      .where('erased_at', 'is', null)
      .where(kept, '>', 0)
      .where('decided_at', '<', sql<Date>`now() - make_interval(days => ${kept})`)
      .orderBy('decided_at')
      .limit(limit)
      // Another worker's share.
      .forUpdate('invitations')
      .skipLocked()
      .execute();
    return eraseInvitations(
      trx,
      rows.map((row) => row.id),
      { by: { kind: 'system', id: null }, request: 'retention', detail: 'retention' },
      { keepRedirect: true },
    );
  });
