import type { Kysely } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import type { Database } from './database.ts';
import type { AccountId, ApiKeyId, InvitationId, LicensePoolId, MemberId, OrganizationId } from './ids.ts';

/** Somebody or something of the audit log as people know it; a key has no address, an invitation nothing else. */
export interface NamedActor {
  name: string;
  email?: string;
}

/** The names of actors and of what they acted on, by their ids. Those that are not found any more are left out. */
export async function nameActors(
  db: Kysely<Database>,
  actors: readonly { kind: string; id: string | null }[],
): Promise<Map<string, NamedActor>> {
  const idsOf = <TId extends string>(start: string) => [
    ...new Set(actors.flatMap(({ id }) => (id?.startsWith(start) ? [id as TId] : []))),
  ];
  const [members, accounts, keys] = [idsOf<MemberId>('mem_'), idsOf<AccountId>('acc_'), idsOf<ApiKeyId>('key_')];
  const [invitations, pools] = [idsOf<InvitationId>('inv_'), idsOf<LicensePoolId>('lic_')];
  const rows = await Promise.all([
    members.length > 0
      ? db
          .selectFrom('members')
          .innerJoin('accounts', 'accounts.id', 'members.account_id')
          .select(['members.id', 'accounts.name', 'accounts.email'])
          .where('members.id', 'in', members)
          .execute()
      : [],
    accounts.length > 0
      ? db.selectFrom('accounts').select(['id', 'name', 'email']).where('id', 'in', accounts).execute()
      : [],
    keys.length > 0 ? db.selectFrom('api_keys').select(['id', 'name']).where('id', 'in', keys).execute() : [],
    pools.length > 0 ? db.selectFrom('license_pools').select(['id', 'name']).where('id', 'in', pools).execute() : [],
    invitations.length > 0
      ? db
          .selectFrom('invitations')
          .select(['id', 'email', (e) => e.val('').as('name')])
          .where('id', 'in', invitations)
          .execute()
      : [],
  ]);
  return new Map<string, NamedActor>(rows.flat().map(({ id, ...named }) => [id, named]));
}

/** Everything that somebody with this verified mailbox is in an organization's audit log: their accounts, and the members these are. */
export async function actorsOfMailbox(
  db: Kysely<Database>,
  organization: OrganizationId,
  mailbox: Mailbox,
): Promise<string[]> {
  const accounts = await db
    .selectFrom('accounts')
    .select('id')
    .where('mailbox', '=', mailbox)
    .where('email_verified', '=', true)
    .execute();
  const ids = accounts.map(({ id }) => id);
  if (ids.length === 0) return [];
  const members = await db
    .selectFrom('members')
    .select('id')
    .where('organization_id', '=', organization)
    .where('account_id', 'in', ids)
    .execute();
  return [...ids, ...members.map(({ id }) => id)];
}
