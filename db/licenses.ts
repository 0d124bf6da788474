import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Database } from './database.ts';
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
