import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from './database.ts';
import { insertEvent } from './events.ts';
import { type InvitationId, type LicensePoolId, type MemberId, newId, type OrganizationId } from './ids.ts';
import { Refused } from './refusal.ts';

export interface LicensePoolsTable {
  id: LicensePoolId;
  organization_id: OrganizationId;
  product: string;
  name: string;
  /** `named`: seats are counted. `floating`: assigned without limit, sessions are limited elsewhere. */
  kind: 'named' | 'floating';
  quantity: number;
  reserved: Generated<number>;
  assigned: Generated<number>;
  expires_at: Date | null;
  created_at: Generated<Date>;
}
export type LicensePool = Selectable<LicensePoolsTable>;

export interface SeatsTable {
  pool_id: LicensePoolId;
  invitation_id: InvitationId | null;
  member_id: MemberId | null;
  state: 'reserved' | 'assigned';
  since: Generated<Date>;
}

/** Creates a licence pool, or returns the organization's one of that product. */
export async function ensureLicensePool(
  db: Kysely<Database>,
  pool: { organization: OrganizationId; product: string; name: string; kind: 'named' | 'floating'; quantity: number },
): Promise<LicensePool> {
  await db
    .insertInto('license_pools')
    .values({
      id: newId('lic'),
      organization_id: pool.organization,
      product: pool.product,
      name: pool.name,
      kind: pool.kind,
      quantity: pool.quantity,
      expires_at: null,
    })
    .onConflict((c) => c.columns(['organization_id', 'product']).doNothing())
    .execute();
  return db
    .selectFrom('license_pools')
    .selectAll()
    .where('organization_id', '=', pool.organization)
    .where('product', '=', pool.product)
    .executeTakeFirstOrThrow();
}

export const listLicensePools = (db: Kysely<Database>, organization: OrganizationId): Promise<LicensePool[]> =>
  db
    .selectFrom('license_pools')
    .selectAll()
    .where('organization_id', '=', organization)
    .orderBy('id')
    .limit(1000)
    .execute();

/** The organization's pools of these products, in no order; those missing do not exist. */
export const findLicensePools = (
  db: Kysely<Database>,
  organization: OrganizationId,
  products: readonly string[],
): Promise<LicensePool[]> =>
  products.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('license_pools')
        .selectAll()
        .where('organization_id', '=', organization)
        .where('product', 'in', products)
        .execute();

/**
 * Reserves one seat in each pool for a pending invitation.
 *
 * @throws Postgres' check violation `license_pools_not_oversold` when one has none left; Refused `license_ended`
 */
export async function reserveSeats(
  trx: Transaction<Database>,
  invitation: InvitationId,
  pools: readonly LicensePoolId[],
): Promise<void> {
  // In the order of their ids, so that two transactions never wait for each other's pools.
  for (const pool of [...new Set(pools)].sort()) {
    const taken = await trx
      .updateTable('license_pools')
      .set({ reserved: sql`reserved + 1` })
      .where('id', '=', pool)
      .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', sql<Date>`now()`)]))
      .executeTakeFirst();
    if (taken.numUpdatedRows === 0n) throw new Refused('license_ended');
    await trx
      .insertInto('seats')
      .values({ pool_id: pool, invitation_id: invitation, member_id: null, state: 'reserved' })
      .execute();
  }
}

/** Turns the seats reserved by an invitation into the member's own. */
export async function assignSeats(
  trx: Transaction<Database>,
  invitation: InvitationId,
  member: MemberId,
): Promise<void> {
  const assigned = await trx
    .updateTable('seats')
    .set({ state: 'assigned', member_id: member, since: sql`now()` })
    .where('invitation_id', '=', invitation)
    .where('state', '=', 'reserved')
    .returning('pool_id')
    .execute();
  for (const pool of assigned.map((s) => s.pool_id).sort()) {
    await trx
      .updateTable('license_pools')
      .set({ reserved: sql`reserved - 1`, assigned: sql`assigned + 1` })
      .where('id', '=', pool)
      .execute();
  }
}

/** Frees the seats that an invitation has reserved. */
export async function releaseSeats(
  trx: Transaction<Database>,
  invitation: InvitationId,
  pools?: readonly LicensePoolId[],
): Promise<void> {
  const released = await trx
    .deleteFrom('seats')
    .where('invitation_id', '=', invitation)
    .where('state', '=', 'reserved')
    .$if(pools !== undefined, (q) => q.where('pool_id', 'in', pools!.length > 0 ? pools! : ['lic_']))
    .returning('pool_id')
    .execute();
  for (const pool of released.map((s) => s.pool_id).sort()) {
    await trx.updateTable('license_pools').set({ reserved: sql`reserved - 1` }).where('id', '=', pool).execute();
  }
}

/**
 * Compares the counters of pools with their seats: as many pools as have about so many seats, by id.
 *
 * @param after the pool up to which they have been compared; null: from the first
 * @returns pools that disagree, and up to which pool it came; null: to the last
 */
export async function findMiscounted(
  db: Kysely<Database>,
  after: LicensePoolId | null,
  seats: number,
): Promise<{ miscounted: LicensePoolId[]; last: LicensePoolId | null }> {
  // One statement sees one state of the database, in which counters and seats agree whatever is under way.
  const { rows } = await sql<{ id: LicensePoolId; agrees: boolean }>`
    select page.id, page.reserved = counted.reserved and page.assigned = counted.assigned as agrees
    from (
      select id, reserved, assigned, sum(reserved + assigned) over (order by id) - (reserved + assigned) as before
      from (select * from license_pools where id > ${after ?? ''} order by id limit 1000) pools
    ) page
    cross join lateral (
      select count(*) filter (where state = 'reserved') as reserved, count(*) filter (where state = 'assigned') as assigned
      from seats where pool_id = page.id
    ) counted
    where page.before < ${seats}
    order by page.id
  `.execute(db);
  const last = rows.at(-1)?.id ?? null;
  const next = last && (await db.selectFrom('license_pools').select('id').where('id', '>', last).limit(1).execute());
  return {
    miscounted: rows.filter((row) => !row.agrees).map((row) => row.id),
    last: next && next.length > 0 ? last : null,
  };
}

/** A pool whose counters disagreed with its seats. */
export interface Recounted {
  pool: LicensePoolId;
  /** `oversold`: it has more seats than were bought, which the counters may not say; somebody has to decide. */
  outcome: 'repaired' | 'oversold';
  counters: { reserved: number; assigned: number };
  seats: { reserved: number; assigned: number };
}

/** Counts the seats of a pool under its lock, and sets its counters. Undefined when they agree. */
export const recountSeats = (db: Kysely<Database>, id: LicensePoolId): Promise<Recounted | undefined> =>
  db.transaction().execute(async (trx) => {
    const pool = await trx
      .selectFrom('license_pools')
      .select(['organization_id', 'kind', 'quantity', 'reserved', 'assigned'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!pool) return undefined;
    const seats = await trx
      .selectFrom('seats')
      .select((e) => [
        e.fn.countAll<number>().filterWhere('state', '=', 'reserved').as('reserved'),
        e.fn.countAll<number>().filterWhere('state', '=', 'assigned').as('assigned'),
      ])
      .where('pool_id', '=', id)
      .executeTakeFirstOrThrow();
    const counters = { reserved: pool.reserved, assigned: pool.assigned };
    if (seats.reserved === counters.reserved && seats.assigned === counters.assigned) return undefined;
    const outcome = pool.kind === 'named' && seats.reserved + seats.assigned > pool.quantity ? 'oversold' : 'repaired';
    if (outcome === 'repaired') await trx.updateTable('license_pools').set(seats).where('id', '=', id).execute();
    await insertEvent(trx, {
      organization: pool.organization_id,
      target: { kind: 'license_pool', id },
      type: 'reconciled',
      detail: `seats_${outcome}`,
      by: { kind: 'system', id: null },
      // What cannot be repaired is found again and again.
      request: outcome === 'oversold' ? `reconciled/${id}/${seats.reserved}+${seats.assigned}` : null,
    });
    return { pool: id, outcome, counters, seats };
  });
/** Frees the seats of a member who leaves. */
export async function releaseSeatsOfMember(trx: Transaction<Database>, member: MemberId): Promise<void> {
  const released = await trx.deleteFrom('seats').where('member_id', '=', member).returning('pool_id').execute();
  for (const pool of released.map((s) => s.pool_id).sort()) {
    await trx.updateTable('license_pools').set({ assigned: sql`assigned - 1` }).where('id', '=', pool).execute();
  }
}
