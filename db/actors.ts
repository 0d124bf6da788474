import type { Kysely } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import type { AccountId, ApiKeyId, MemberId } from './ids.ts';

/** Somebody of the audit log as people know them; a key has no address. */
export interface NamedActor {
  name: string;
  email?: string;
}

/** The names of actors, by their ids. Those who are not found any more are left out. */
export async function nameActors(
  db: Kysely<Database>,
  actors: readonly { kind: Actor['kind']; id: string | null }[],
): Promise<Map<string, NamedActor>> {
  const idsOf = <TId extends string>(start: string) => [
    ...new Set(actors.flatMap(({ id }) => (id?.startsWith(start) ? [id as TId] : []))),
  ];
  const [members, accounts, keys] = [idsOf<MemberId>('mem_'), idsOf<AccountId>('acc_'), idsOf<ApiKeyId>('key_')];
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
  ]);
  return new Map<string, NamedActor>(rows.flat().map(({ id, ...named }) => [id, named]));
}
