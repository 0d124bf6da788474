import { type Kysely, sql, type Transaction, type WhereInterface } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { insertNotes } from './events.ts';
import { type InvitationId, isId, type LicensePoolId, type MemberId, type OrganizationId } from './ids.ts';
import { lockLicensePools } from './licenses.ts';
import { ofPerson } from './members.ts';
import { mostLookedAt, type Page, pageOf } from './paging.ts';
import { Refused } from './refusal.ts';

/** Who holds the seats of licence pools, and how members get and lose them. What invitations do is in licenses.ts. */

/** What is done with the seats of members in one act: assigned (`to`), unassigned (`from`), or moved (both). */
export interface SeatChange {
  organization: OrganizationId;
  members: readonly MemberId[];
  from?: LicensePoolId;
  to?: LicensePoolId;
  by: Actor;
  /** Begins the request keys of its events. */
  request: string;
}

/** Some of those named are not what the act needs them to be: the whole act is refused. */
export class MembersRefused extends Error {
  override name = 'MembersRefused';
  readonly code: 'unknown_member' | 'no_seat_held';
  readonly members: readonly MemberId[];
  constructor(code: MembersRefused['code'], members: readonly MemberId[]) {
    super(code);
    this.code = code;
    this.members = members;
  }
}

/**
 * Changes seats of members, all or none. Who has already what the act gives, or has not what it takes, stays as they are;
 * but moving a seat that somebody does not hold would give them one, and is refused.
 *
 * An act whose request took effect before changes nothing again.
 *
 * @throws MembersRefused; Refused `license_ended`, and `no_seat_left` with Postgres' check `license_pools_not_oversold`
 */
export async function changeSeats(trx: Transaction<Database>, change: SeatChange): Promise<void> {
  const { organization, members, from, to, by, request } = change;
  // Everyone locks members first, then pools in the order of their ids: no two wait for each other. Whoever is being
  // removed is waited for.
  const found = await trx
    .selectFrom('members')
    .select('id')
    .where('organization_id', '=', organization)
    .where('id', 'in', members)
    .where('removed_at', 'is', null)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  const unknown = members.filter((member) => !found.some(({ id }) => id === member));
  if (unknown.length > 0) throw new MembersRefused('unknown_member', unknown);
  const pools = [from, to].filter((pool) => pool !== undefined);
  const locked = await lockLicensePools(trx, pools);

  const keyOf = (member: MemberId, pool: LicensePoolId) => `${request}/${member}/${pool}`;
  const keys = members.flatMap((member) => pools.map((pool) => keyOf(member, pool)));
  const before = await trx.selectFrom('events').select('id').where('request_key', 'in', keys).limit(1).execute();
  if (before.length > 0) return;

  const seats = await trx
    .selectFrom('seats')
    .select(['pool_id', 'member_id'])
    .where('pool_id', 'in', pools)
    .where('member_id', 'in', members)
    .execute();
  const holders = (pool: LicensePoolId | undefined) =>
    members.filter((member) => seats.some((seat) => seat.pool_id === pool && seat.member_id === member));
  const losing = holders(from);
  const holding = holders(to);
  const gaining = to === undefined ? [] : members.filter((member) => !holding.includes(member));
  if (from !== undefined) {
    const without = gaining.filter((member) => !losing.includes(member));
    if (without.length > 0) throw new MembersRefused('no_seat_held', without);
  }
  if (gaining.length > 0 && locked.some((pool) => pool.id === to && pool.ended)) throw new Refused('license_ended');

  const event = (type: 'seat_assigned' | 'seat_unassigned', pool: LicensePoolId) => (member: MemberId) => ({
    organization,
    target: { kind: 'member' as const, id: member },
    type,
    detail: pool,
    by,
    request: keyOf(member, pool),
  });
  if (from !== undefined && losing.length > 0) {
    await trx.deleteFrom('seats').where('pool_id', '=', from).where('member_id', 'in', losing).execute();
    await trx
      .updateTable('license_pools')
      .set({ assigned: sql`assigned - ${losing.length}` })
      .where('id', '=', from)
      .execute();
    await insertNotes(trx, losing.map(event('seat_unassigned', from)));
  }
  if (to !== undefined && gaining.length > 0) {
    await trx
      .updateTable('license_pools')
      .set({ assigned: sql`assigned + ${gaining.length}` })
      .where('id', '=', to)
      .execute();
    await trx
      .insertInto('seats')
      .values(
        gaining.map((member) => ({ pool_id: to, member_id: member, invitation_id: null, state: 'assigned' as const })),
      )
      .execute();
    await insertNotes(trx, gaining.map(event('seat_assigned', to)));
  }
}

export interface SeatFilter {
  state?: 'reserved' | 'assigned';
  mailbox?: Mailbox;
  /** A part of the name or of the address. */
  search?: string;
}

/** Who holds a seat, by the id of the member or the invitation. */
export type Holder = MemberId | InvitationId;

/** A seat with who holds it. */
export interface HeldSeat {
  holder: Holder;
  state: 'reserved' | 'assigned';
  since: Date;
  /** Null of an invitation. */
  name: string | null;
  email: string;
}

/**
 * The seats of a pool with who holds them: those of members, newest member first, then those of pending invitations,
 * newest first.
 *
 * @param page.before the holder of the last seat of the page before
 */
export async function listSeats(
  db: Kysely<Database>,
  pool: LicensePoolId,
  filter: SeatFilter,
  { before, limit }: { before?: Holder; limit: number },
): Promise<Page<HeldSeat, Holder>> {
  const { state, mailbox, search } = filter;
  const like = search && `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  /** Seats of one kind, before a holder: what an index serves. */
  const narrowed = <TQuery extends WhereInterface<Database, 'seats'>>(
    q: TQuery,
    holder: 'member_id' | 'invitation_id',
  ) => {
    let narrower: WhereInterface<Database, 'seats'> = q
      .where('pool_id', '=', pool)
      .where('seats.state', '=', holder === 'member_id' ? 'assigned' : 'reserved')
      // Always so; but an index that is read backwards begins with all the others, which have none.
      .where(holder, 'is not', null);
    if (before && isId('mem', before) === (holder === 'member_id')) narrower = narrower.where(holder, '<', before);
    return narrower as TQuery;
  };
  /** The last of those that a page looks through, where there are more. */
  const endOf = async (holder: 'member_id' | 'invitation_id') => {
    if (like === undefined) return undefined;
    const found = await narrowed(db.selectFrom('seats'), holder)
      .select(`${holder} as id`)
      .orderBy(holder, 'desc')
      .offset(mostLookedAt - 1)
      .limit(1)
      .executeTakeFirst();
    return found?.id ?? undefined;
  };
  const rows: HeldSeat[] = [];
  if (state !== 'reserved' && !(before && isId('inv', before))) {
    const end = await endOf('member_id');
    rows.push(
      ...(await narrowed(
        db
          .selectFrom('seats')
          .innerJoin('members', 'members.id', 'seats.member_id')
          .innerJoin('accounts', 'accounts.id', 'members.account_id'),
        'member_id',
      )
        .select(['members.id as holder', 'seats.state', 'since', 'name', 'accounts.email'])
        // Always so, and what the indexes of members and accounts know.
        .where('members.removed_at', 'is', null)
        .$if(mailbox !== undefined, (q) =>
          q.where('accounts.mailbox', '=', mailbox!).where('email_verified', '=', true),
        )
        .$if(like !== undefined, (q) => q.where(ofPerson(sql`name ilike ${like} or email ilike ${like}`)))
        .$if(end !== undefined, (q) => q.where('seats.member_id', '>=', end as MemberId))
        .orderBy('seats.member_id', 'desc')
        .limit(limit + 1)
        .execute()),
    );
    if (end || state === 'assigned' || rows.length > limit) return pageOf(rows, limit, ({ holder }) => holder, end);
  }
  const end = await endOf('invitation_id');
  rows.push(
    ...(await narrowed(
      db.selectFrom('seats').innerJoin('invitations', 'invitations.id', 'seats.invitation_id'),
      'invitation_id',
    )
      .select(['invitations.id as holder', 'seats.state', 'since', sql<null>`null`.as('name'), 'email'])
      .$if(mailbox !== undefined, (q) => q.where('mailbox', '=', mailbox!))
      .$if(like !== undefined, (q) => q.where('email', 'ilike', like!))
      .$if(end !== undefined, (q) => q.where('seats.invitation_id', '>=', end as InvitationId))
      .orderBy('seats.invitation_id', 'desc')
      .limit(limit + 1 - rows.length)
      .execute()),
  );
  return pageOf(rows, limit, ({ holder }) => holder, end);
}
