import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { findEventByRequest, insertEvent } from './events.ts';
import { type InvitationId, isId, type LicensePoolId, type MemberId, newId, type OrganizationId } from './ids.ts';
import { insertMany, pagesOf } from './many.ts';
import { Refused } from './refusal.ts';

/** `named`: seats are counted. `floating`: assigned without limit, sessions are limited elsewhere. */
export const licenseKinds = ['named', 'floating'] as const;
export type LicenseKind = (typeof licenseKinds)[number];

export interface LicensePoolsTable {
  id: LicensePoolId;
  organization_id: OrganizationId;
  product: string;
  name: string;
  kind: LicenseKind;
  quantity: number;
  reserved: Generated<number>;
  assigned: Generated<number>;
  expires_at: Date | null;
  created_at: Generated<Date>;
}
export type LicensePool = Selectable<LicensePoolsTable> & {
  /** By the database's clock. */
  ended: boolean;
};

export interface SeatsTable {
  pool_id: LicensePoolId;
  invitation_id: InvitationId | null;
  member_id: MemberId | null;
  state: 'reserved' | 'assigned';
  since: Generated<Date>;
}

/** Whether the end of a licence has passed: nobody gets a seat of it any more. */
export const hasEnded = sql<boolean>`coalesce(license_pools.expires_at <= now(), false)`;

/** Creates a licence pool, or returns the organization's one of that product. */
export async function ensureLicensePool(
  db: Kysely<Database>,
  pool: { organization: OrganizationId; product: string; name: string; kind: LicenseKind; quantity: number },
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
    .select(hasEnded.as('ended'))
    .where('organization_id', '=', pool.organization)
    .where('product', '=', pool.product)
    .executeTakeFirstOrThrow();
}

/** An organization has one licence pool a product. */
export class LicenseExists extends Error {
  override name = 'LicenseExists';
}

/**
 * Creates a licence pool, with an event. The same request finds it again.
 *
 * @throws LicenseExists
 */
export async function insertLicensePool(
  trx: Transaction<Database>,
  pool: Pick<LicensePool, 'organization_id' | 'product' | 'name' | 'kind' | 'quantity' | 'expires_at'>,
  { by, request }: { by: Actor; request: string },
): Promise<LicensePool> {
  const id = newId('lic');
  const made = await trx
    .insertInto('license_pools')
    .values({ id, ...pool })
    .onConflict((c) => c.columns(['organization_id', 'product']).doNothing())
    .returningAll()
    .returning(hasEnded.as('ended'))
    .executeTakeFirst();
  if (!made) {
    const known = await findEventByRequest(trx, request);
    const twin =
      isId('lic', known?.target_id ?? '') &&
      (await findLicensePool(trx, pool.organization_id, known!.target_id as LicensePoolId));
    if (!twin) throw new LicenseExists('the organization has a licence of this product');
    return twin;
  }
  await insertEvent(trx, {
    organization: pool.organization_id,
    target: { kind: 'license_pool', id },
    type: 'license_created',
    by,
    request,
  });
  return made;
}

/** As callers call them. */
const called = { kind: 'kind', quantity: 'quantity', expires_at: 'expiresAt' } as const;

/** What of a licence pool can be changed. */
export type LicenseChanges = Partial<Pick<LicensePool, 'name' | 'kind' | 'quantity' | 'expires_at'>>;

export const lockLicensePool = (trx: Transaction<Database>, id: LicensePoolId): Promise<LicensePool> =>
  trx
    .selectFrom('license_pools')
    .selectAll()
    .select(hasEnded.as('ended'))
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow();

/**
 * Changes a licence pool that is locked, with an event that says from what to what; a change that is none leaves no event.
 *
 * @throws Postgres' check violation `license_pools_not_oversold` when more seats are in use
 */
export async function changeLicensePool(
  trx: Transaction<Database>,
  pool: LicensePool,
  changes: LicenseChanges,
  { by, request }: { by: Actor; request: string },
): Promise<LicensePool> {
  const told = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value ?? 'never'));
  const changed = (Object.keys(changes) as (keyof LicenseChanges)[]).filter(
    (column) => told(changes[column]) !== told(pool[column]),
  );
  if (changed.length === 0) return pool;
  const after = await trx
    .updateTable('license_pools')
    .set(changes)
    .where('id', '=', pool.id)
    .returningAll()
    .returning(hasEnded.as('ended'))
    .executeTakeFirstOrThrow();
  await insertEvent(trx, {
    organization: pool.organization_id,
    target: { kind: 'license_pool', id: pool.id },
    type: 'license_changed',
    // A name may be anything; the rest is numbers, times and codes.
    detail: changed
      .map((column) =>
        column === 'name' ? column : `${called[column]}: ${told(pool[column])} to ${told(after[column])}`,
      )
      .join(', '),
    by,
    request,
  });
  return after;
}

/** A licence pool of an organization. */
export const findLicensePool = (
  db: Kysely<Database>,
  organization: OrganizationId,
  id: LicensePoolId,
): Promise<LicensePool | undefined> =>
  db
    .selectFrom('license_pools')
    .selectAll()
    .select(hasEnded.as('ended'))
    .where('id', '=', id)
    .where('organization_id', '=', organization)
    .executeTakeFirst();

/** Locks pools, in the order of their ids: whoever changes more than one does so first, so that no two wait for each other. */
export const lockLicensePools = (
  trx: Transaction<Database>,
  ids: readonly LicensePoolId[],
): Promise<{ id: LicensePoolId; ended: boolean }[]> =>
  trx
    .selectFrom('license_pools')
    .select(['id', hasEnded.as('ended')])
    .where('id', 'in', ids.length > 0 ? ids : ['lic_'])
    .orderBy('id')
    .forUpdate()
    .execute();

export interface LicenseFilter {
  product?: string;
  kind?: LicenseKind;
  state?: 'active' | 'ended';
}

/** Licence pools of an organization, oldest first. @param page.after the last of the page before */
export const listLicensePools = (
  db: Kysely<Database>,
  organization: OrganizationId,
  filter: LicenseFilter,
  page: { after?: LicensePoolId; limit: number },
): Promise<LicensePool[]> =>
  db
    .selectFrom('license_pools')
    .selectAll()
    .select(hasEnded.as('ended'))
    .where('organization_id', '=', organization)
    .$if(filter.product !== undefined, (q) => q.where('product', '=', filter.product!))
    .$if(filter.kind !== undefined, (q) => q.where('kind', '=', filter.kind!))
    .$if(filter.state !== undefined, (q) => q.where(hasEnded, '=', filter.state === 'ended'))
    .$if(page.after !== undefined, (q) => q.where('id', '>', page.after!))
    .orderBy('id')
    .limit(page.limit)
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
        // By name, so that it can be prepared.
        .select(['id', 'organization_id', 'product', 'name', 'kind', 'quantity', 'reserved', 'assigned'])
        .select(['expires_at', 'created_at', hasEnded.as('ended')])
        .where('organization_id', '=', organization)
        .where('product', '=', sql<string>`any(${products})`)
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

/**
 * Of a line of invitations, who gets no seat: each takes one in all of its pools, or none at all.
 *
 * @param pools every pool that is asked for
 */
export function withoutSeat<T extends { poolIds: readonly LicensePoolId[] }>(
  line: readonly T[],
  pools: readonly LicensePool[],
): Map<T, 'no_seat_left' | 'license_ended'> {
  const offers = new Map(
    pools.map(({ id, ended, kind, quantity, reserved, assigned }) => [
      id,
      { ended, free: kind === 'floating' ? Number.POSITIVE_INFINITY : quantity - reserved - assigned },
    ]),
  );
  const without = new Map<T, 'no_seat_left' | 'license_ended'>();
  for (const one of line) {
    const wanted = one.poolIds.map((id) => offers.get(id)!);
    if (wanted.some((offer) => offer.ended)) without.set(one, 'license_ended');
    else if (wanted.some((offer) => offer.free < 1)) without.set(one, 'no_seat_left');
    else for (const offer of wanted) offer.free -= 1;
  }
  return without;
}

/**
 * As {@link reserveSeats}, for many invitations: those that come first get what there is.
 *
 * @returns those that get no seat
 */
export async function reserveManySeats<T extends { id: InvitationId; poolIds: readonly LicensePoolId[] }>(
  trx: Transaction<Database>,
  line: readonly T[],
): Promise<ReturnType<typeof withoutSeat<T>>> {
  const ids = [...new Set(line.flatMap((one) => one.poolIds))];
  if (ids.length === 0) return new Map();
  // In the order of their ids, as everywhere.
  const pools = await trx
    .selectFrom('license_pools')
    .selectAll()
    .select(hasEnded.as('ended'))
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();
  const without = withoutSeat(line, pools);
  const seats = line
    .filter((one) => !without.has(one))
    .flatMap((one) =>
      one.poolIds.map((pool) => ({
        pool_id: pool,
        invitation_id: one.id,
        member_id: null,
        state: 'reserved' as const,
      })),
    );
  for (const [pool, taken] of Map.groupBy(seats, (seat) => seat.pool_id)) {
    await trx
      .updateTable('license_pools')
      .set({ reserved: sql`reserved + ${taken.length}::integer` })
      .where('id', '=', pool)
      .execute();
  }
  for (const page of pagesOf(seats)) await insertMany('seats', page).execute(trx);
  return without;
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

/** Frees the seats of members who leave. */
export async function releaseSeatsOfMembers(trx: Transaction<Database>, members: readonly MemberId[]): Promise<void> {
  if (members.length === 0) return;
  const released = await trx.deleteFrom('seats').where('member_id', 'in', members).returning('pool_id').execute();
  const pools = Map.groupBy(released, (seat) => seat.pool_id);
  // In the order of their ids, as everybody does.
  for (const [pool, { length }] of [...pools].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await trx
      .updateTable('license_pools')
      .set({ assigned: sql`assigned - ${length}` })
      .where('id', '=', pool)
      .execute();
  }
}
