import { type Generated, type Kysely, type RawBuilder, sql, type Transaction, type WhereInterface } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { Mailbox } from '../identity/mailbox.ts';
import { mayLeadTo } from '../identity/origins.ts';
import type { Database } from './database.ts';
import {
  type AccountId,
  type InvitationId,
  type LicensePoolId,
  type MemberId,
  newId,
  type OrganizationId,
} from './ids.ts';
import { hasEnded } from './licenses.ts';
import { mostLookedAt, type Page, pageOf } from './paging.ts';

/** In ascending order of what they may grant: nobody grants above their own. */
export const roles = ['member', 'billing_manager', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];

/** True when someone with role `own` may grant `granted`. */
export const mayGrant = (own: Role, granted: Role): boolean => roles.indexOf(granted) <= roles.indexOf(own);

/** The teams of a member: one who manages licences belongs to none. */
export const teamsOf = (role: Role, teams: string[]): string[] => (role === 'billing_manager' ? [] : teams);

export interface MembersTable {
  id: MemberId;
  organization_id: OrganizationId;
  account_id: AccountId;
  role: Role;
  teams: Generated<string[]>;
  invitation_id: InvitationId | null;
  joined_at: Generated<Date>;
  removed_at: Date | null;
}

/** Makes an account a member. @throws Postgres' unique violation `members_one_active` when it is one already */
export async function insertMember(
  trx: Transaction<Database>,
  member: {
    organization: OrganizationId;
    account: AccountId;
    role: Role;
    teams: string[];
    invitation: InvitationId | null;
  },
): Promise<MemberId> {
  const id = newId('mem');
  await trx
    .insertInto('members')
    .values({
      id,
      organization_id: member.organization,
      account_id: member.account,
      role: member.role,
      teams: teamsOf(member.role, member.teams),
      invitation_id: member.invitation,
      removed_at: null,
    })
    .execute();
  return id;
}

/** The active membership of an account in an organization. */
export const findMembership = (
  db: Kysely<Database>,
  organization: OrganizationId,
  account: AccountId,
): Promise<{ id: MemberId; role: Role } | undefined> =>
  db
    .selectFrom('members')
    .select(['id', 'role'])
    .where('organization_id', '=', organization)
    .where('account_id', '=', account)
    .where('removed_at', 'is', null)
    .executeTakeFirst();

/** The same, held as it is until the transaction ends: nobody is demoted or removed in between. */
export const holdMembership = (
  trx: Transaction<Database>,
  organization: OrganizationId,
  account: AccountId,
): Promise<{ id: MemberId; role: Role } | undefined> =>
  trx
    .selectFrom('members')
    .select(['id', 'role'])
    .where('organization_id', '=', organization)
    .where('account_id', '=', account)
    .where('removed_at', 'is', null)
    .forShare()
    .executeTakeFirst();

/** Whether an organization has another owner than this one. */
export const hasAnotherOwner = async (
  db: Kysely<Database>,
  organization: OrganizationId,
  id: MemberId,
): Promise<boolean> =>
  (await db
    .selectFrom('members')
    .select('id')
    .where('organization_id', '=', organization)
    .where('role', '=', 'owner')
    .where('removed_at', 'is', null)
    .where('id', '!=', id)
    .limit(1)
    .executeTakeFirst()) !== undefined;

/** An organization's owners, with where they are written to. */
export const listOwners = (
  db: Kysely<Database>,
  organization: OrganizationId,
  limit: number,
): Promise<{ id: MemberId; name: string; email: string }[]> =>
  db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['members.id', 'accounts.name', 'accounts.email'])
    .where('organization_id', '=', organization)
    .where('role', '=', 'owner')
    .where('removed_at', 'is', null)
    .orderBy('members.id')
    .limit(limit)
    .execute();

/** Where those with this verified mailbox are members, in every organization, the newest first. */
export const listMembershipsOfMailbox = (db: Kysely<Database>, mailbox: Mailbox, limit: number) =>
  db
    .selectFrom('accounts')
    .innerJoin('members', 'members.account_id', 'accounts.id')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .select(['members.id', 'members.role', 'members.joined_at', 'accounts.email', 'accounts.name'])
    .select(['slug', 'organizations.name as organization_name'])
    .where('mailbox', '=', mailbox)
    .where('email_verified', '=', true)
    .where('removed_at', 'is', null)
    .orderBy('members.id', 'desc')
    .limit(limit)
    .execute();
export type MembershipAnywhere = Awaited<ReturnType<typeof listMembershipsOfMailbox>>[number];

/** Whether a verified account with this mailbox is an active member: the database's function of that name. */
export const isMemberMailbox = async (
  db: Kysely<Database>,
  organization: OrganizationId,
  mailbox: Mailbox,
): Promise<boolean> => {
  const asked = await sql<{ is: boolean }>`select is_member_mailbox(${organization}, ${mailbox}) as is`.execute(db);
  return asked.rows[0]!.is;
};

/** Those of these mailboxes whose verified accounts are active members, with who that is. */
export async function memberMailboxes(
  db: Kysely<Database>,
  organization: OrganizationId,
  mailboxes: readonly Mailbox[],
): Promise<Map<Mailbox, MemberId>> {
  const rows = await db
    .selectFrom('accounts')
    .innerJoin('members', 'members.account_id', 'accounts.id')
    .select(['mailbox', 'members.id'])
    .where('mailbox', '=', sql<Mailbox>`any(${mailboxes})`)
    .where('email_verified', '=', true)
    .where('organization_id', '=', organization)
    .where('removed_at', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.mailbox as Mailbox, row.id]));
}

/**
 * Where an account is a member, with the licences it holds there, longest first.
 *
 * @param only the organization in which alone it counts
 */
export async function listMemberships(db: Kysely<Database>, account: AccountId, only?: OrganizationId) {
  const memberships = await db
    .selectFrom('members')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .leftJoin('invitations', 'invitations.id', 'members.invitation_id')
    .select(['members.id', 'members.role', 'members.teams', 'members.joined_at', 'name', 'slug', 'logo'])
    .select(['home_url', 'origins', 'redirect_url'])
    .where('account_id', '=', account)
    .where('removed_at', 'is', null)
    .$if(only !== undefined, (q) => q.where('members.organization_id', '=', only!))
    .orderBy('members.id')
    .limit(100)
    .execute();
  const seats = await db
    .selectFrom('seats')
    .innerJoin('license_pools', 'license_pools.id', 'seats.pool_id')
    .select(['seats.member_id', 'product', 'license_pools.name', 'kind', 'since', hasEnded.as('ended')])
    .where('member_id', 'in', memberships.length > 0 ? memberships.map((m) => m.id) : ['mem_'])
    .orderBy('license_pools.id')
    .execute();
  return memberships.map(({ redirect_url, ...m }) => ({
    ...m,
    // Where the inviter wants them to go, while that is the organization's, or else where it lives.
    url: redirect_url && mayLeadTo(redirect_url, m) ? redirect_url : m.home_url,
    licenses: seats.filter((s) => s.member_id === m.id),
  }));
}

/** Members, of now and of before, with what is shown of them. */
const selectMembers = (db: Kysely<Database>) =>
  db
    .selectFrom('members')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .selectAll('members')
    .select(['organizations.slug as organization_slug', 'accounts.name', 'accounts.email', 'accounts.seen_at'])
    .select((e) =>
      jsonArrayFrom(
        e
          .selectFrom('seats')
          .innerJoin('license_pools', 'license_pools.id', 'seats.pool_id')
          .select('license_pools.product')
          .whereRef('seats.member_id', '=', 'members.id')
          .orderBy('license_pools.id'),
      ).as('licenses'),
    );

export type Member = Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirstOrThrow']>>;

/** Those of an organization that have these ids, in the order of the list. */
export const findMembers = (
  db: Kysely<Database>,
  organization: OrganizationId,
  ids: readonly MemberId[],
): Promise<Member[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : selectMembers(db)
        .where('members.organization_id', '=', organization)
        .where('members.id', 'in', ids)
        .orderBy('members.id', 'desc')
        .execute();

export interface MemberFilter {
  state: 'active' | 'removed';
  /** Whose verified address this is. */
  mailbox?: Mailbox;
  /** A part of the name or of the address. */
  search?: string;
  role?: Role;
  team?: string;
  license?: LicensePoolId;
  joinedAfter?: Date;
  joinedBefore?: Date;
  seenAfter?: Date;
  /** Never seen counts as before. */
  seenBefore?: Date;
}

/** What is asked of a member's account, member by member: joined, Postgres may read all accounts there are. */
export const ofPerson = (condition: RawBuilder<unknown>) =>
  sql<boolean>`(select ${condition} from accounts as person where person.id = members.account_id)`;

/** An organization's members, the newest first, before a cursor (a member id). */
export async function listMembers(
  db: Kysely<Database>,
  organization: OrganizationId,
  filter: MemberFilter,
  page: { before?: MemberId; limit: number },
): Promise<Page<Member, MemberId>> {
  const { state, mailbox, search, role, team, license, joinedAfter, joinedBefore, seenAfter, seenBefore } = filter;
  /** What an index serves. */
  const narrowed = <TQuery extends WhereInterface<Database, 'members'>>(q: TQuery) => {
    let narrower: WhereInterface<Database, 'members'> = q
      .where('members.organization_id', '=', organization)
      .where('members.removed_at', state === 'active' ? 'is' : 'is not', null);
    if (page.before !== undefined) narrower = narrower.where('members.id', '<', page.before);
    return narrower as TQuery;
  };
  const others = [mailbox, search, role, team, license, joinedAfter, joinedBefore, seenAfter, seenBefore];
  const end = others.every((other) => other === undefined)
    ? undefined
    : await narrowed(db.selectFrom('members'))
        .select('id')
        .orderBy('id', 'desc')
        .offset(mostLookedAt - 1)
        .limit(1)
        .executeTakeFirst();
  const like = search && `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  const rows = await narrowed(selectMembers(db))
    .$if(end !== undefined, (q) => q.where('members.id', '>=', end!.id))
    .$if(mailbox !== undefined, (q) =>
      q.where('members.account_id', 'in', (e) =>
        e
          .selectFrom('accounts as person')
          .select('person.id')
          .where('person.mailbox', '=', mailbox!)
          .where('person.email_verified', '=', true),
      ),
    )
    .$if(like !== undefined, (q) => q.where(ofPerson(sql`name ilike ${like} or email ilike ${like}`)))
    .$if(role !== undefined, (q) => q.where('members.role', '=', role!))
    .$if(team !== undefined, (q) => q.where(sql<boolean>`${team} = any(members.teams)`))
    .$if(license !== undefined, (q) =>
      q.where((e) =>
        e.exists(
          e
            .selectFrom('seats')
            .select('seats.pool_id')
            .whereRef('seats.member_id', '=', 'members.id')
            .where('seats.pool_id', '=', license!),
        ),
      ),
    )
    .$if(joinedAfter !== undefined, (q) => q.where('members.joined_at', '>', joinedAfter!))
    .$if(joinedBefore !== undefined, (q) => q.where('members.joined_at', '<', joinedBefore!))
    .$if(seenAfter !== undefined, (q) => q.where(ofPerson(sql`seen_at > ${seenAfter}`)))
    .$if(seenBefore !== undefined, (q) => q.where(ofPerson(sql`seen_at < ${seenBefore} or seen_at is null`)))
    .orderBy('members.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.id, end?.id);
}

/** Locks members in one order for everybody, and returns them as they are then. */
export const lockMembers = (trx: Transaction<Database>, organization: OrganizationId, ids: readonly MemberId[]) =>
  trx
    .selectFrom('members')
    .select(['id', 'account_id', 'role', 'teams', 'removed_at'])
    .where('organization_id', '=', organization)
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();

/** Changes one that is locked. @throws Postgres' check violation `members_keep_an_owner` */
export async function updateMember(
  trx: Transaction<Database>,
  id: MemberId,
  change: { role: Role; teams: string[]; removed: boolean },
): Promise<void> {
  await trx
    .updateTable('members')
    .set({ role: change.role, teams: change.teams, ...(change.removed ? { removed_at: sql`now()` } : {}) })
    .where('id', '=', id)
    .execute();
}
