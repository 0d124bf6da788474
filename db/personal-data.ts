import { type Kysely, sql } from 'kysely';
import { mailboxOf } from '../identity/mailbox.ts';
import type { Database } from './database.ts';
import { accountsOf, invitationsOf, ownedAlone, type Subject } from './erasure.ts';
import { isId } from './ids.ts';

/**
 * The person that an address or the id of an account names. An account whose address is not verified is taken alone: the
 * address may be somebody else's.
 *
 * @returns undefined when it is neither an address that mail can be sent to nor a known account
 */
export async function subjectOf(db: Kysely<Database>, who: string): Promise<Subject | undefined> {
  if (!isId('acc', who)) {
    const mailbox = mailboxOf(who);
    return mailbox && { mailbox, account: null };
  }
  const account = await db
    .selectFrom('accounts')
    .select(['id', 'mailbox', 'email_verified'])
    .where('id', '=', who)
    .executeTakeFirst();
  return account && { mailbox: account.email_verified ? account.mailbox : '', account: account.id };
}

/** What is held about a person, as JSON; of others it names nobody. */
export const personalData = (db: Kysely<Database>, subject: Subject) =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const accounts = await accountsOf(trx, subject);
      const invitations = await invitationsOf(trx, subject);
      const ofAccounts = accounts.length > 0 ? accounts.map((a) => a.id) : (['acc_'] as const);
      const ofInvitations = invitations.length > 0 ? invitations : (['inv_'] as const);
      const members = await trx
        .selectFrom('members')
        .innerJoin('organizations', 'organizations.id', 'members.organization_id')
        .select(['members.id', 'organizations.slug as organization', 'role', 'teams', 'joined_at', 'removed_at'])
        .where('account_id', 'in', ofAccounts)
        .orderBy('members.id')
        .execute();
      const ofMembers = members.length > 0 ? members.map((m) => m.id) : (['mem_'] as const);
      const keys = await trx
        .selectFrom('api_keys')
        .innerJoin('organizations', 'organizations.id', 'api_keys.organization_id')
        .select([
          'api_keys.id',
          'organizations.slug as organization',
          'api_keys.name',
          'api_keys.created_at',
          'revoked_at',
        ])
        .where('created_by', 'in', ofAccounts)
        .orderBy('api_keys.id')
        .execute();
      return {
        accounts,
        memberships: members,
        seats: await trx
          .selectFrom('seats')
          .innerJoin('license_pools', 'license_pools.id', 'seats.pool_id')
          .select(['member_id as member', 'product', 'since'])
          .where('member_id', 'in', ofMembers)
          .orderBy('pool_id')
          .execute(),
        sessions: await trx
          .selectFrom('sessions')
          .select(['account_id as account', 'created_at', 'expires_at'])
          .where('account_id', 'in', ofAccounts)
          .orderBy('created_at')
          .execute(),
        invitations: await trx
          .selectFrom('invitations')
          .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
          .select([
            ...(['invitations.id', 'organizations.slug as organization', 'email', 'mailbox', 'role', 'teams'] as const),
            ...(['message', 'locale', 'redirect_url', 'metadata', 'state', 'expires_at'] as const),
            ...(['invitations.created_at', 'decided_at'] as const),
          ])
          .where('invitations.id', 'in', ofInvitations)
          .orderBy('invitations.id')
          .execute(),
        emails: await trx
          .selectFrom('deliveries')
          .select(['invitation_id as invitation', 'kind', 'status', 'detail', 'queued_at', 'settled_at'])
          .where('invitation_id', 'in', ofInvitations)
          .orderBy('invitation_id')
          .orderBy('ordinal')
          .execute(),
        amendments: await trx
          .selectFrom('amendments')
          .select(['invitation_id as invitation', 'changes', 'created_at'])
          .where((e) =>
            e.or([
              e('invitation_id', 'in', ofInvitations),
              e.and([e(sql`changes ->> 'mailbox'`, '=', subject.mailbox), e.val(subject.mailbox !== '')]),
            ]),
          )
          .orderBy('created_at')
          .execute(),
        invited: await trx
          .selectFrom('invitations')
          .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
          .select(['invitations.id', 'organizations.slug as organization', 'message', 'invitations.created_at'])
          .where('inviter_id', 'in', ofAccounts)
          .orderBy('invitations.id')
          .execute(),
        notices: await trx
          .selectFrom('notices')
          .select(['invitation_id as invitation', 'kind', 'status', 'created_at'])
          .where('account_id', 'in', ofAccounts)
          .orderBy('id')
          .execute(),
        apiKeys: keys,
        events: await trx
          .selectFrom('events')
          .select(['id', 'type', 'detail', 'actor_kind', 'actor_id', 'invitation_id', 'target_kind', 'target_id', 'at'])
          .where((e) =>
            e.or([
              e('invitation_id', 'in', ofInvitations),
              e('actor_id', 'in', [...ofAccounts, ...ofMembers]),
              e('target_id', 'in', [...ofAccounts, ...ofMembers]),
            ]),
          )
          .orderBy('id')
          .execute(),
      };
    });

export type PersonalData = Awaited<ReturnType<typeof personalData>>;

/** What stands in the way of erasing a person: organizations that would have no owner. */
export const hindrances = (db: Kysely<Database>, data: PersonalData): Promise<string[]> =>
  ownedAlone(
    db,
    data.accounts.map((account) => account.id),
  );
