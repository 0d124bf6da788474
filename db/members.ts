import { type Generated, type Kysely, sql, type Transaction } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import { mayLeadTo } from '../identity/origins.ts';
import type { Database } from './database.ts';
import { type AccountId, type InvitationId, type MemberId, newId, type OrganizationId } from './ids.ts';
import { hasEnded } from './licenses.ts';

/** In ascending order of what they may grant: nobody invites above their own. */
export const roles = ['member', 'billing_manager', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];

/** True when someone with role `own` may grant `granted`. */
export const mayGrant = (own: Role, granted: Role): boolean => roles.indexOf(granted) <= roles.indexOf(own);

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
      teams: member.teams,
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

/** Whether a verified account with this mailbox is an active member: the database's function of that name. */
export const isMemberMailbox = async (
  db: Kysely<Database>,
  organization: OrganizationId,
  mailbox: Mailbox,
): Promise<boolean> => {
  const asked = await sql<{ is: boolean }>`select is_member_mailbox(${organization}, ${mailbox}) as is`.execute(db);
  return asked.rows[0]!.is;
};

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
    .select(['members.id', 'members.role', 'members.teams', 'members.joined_at', 'name', 'slug'])
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
