import { createHash, randomBytes } from 'node:crypto';
import { type Generated, type Kysely, sql } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { type AccountId, type ApiKeyId, newId, type OrganizationId } from './ids.ts';
import type { Role } from './members.ts';
import { organizationOfJson } from './organizations.ts';

/** What a key may do. `act`: accept and decline for people whom its holder has authenticated. */
export const scopes = ['read', 'invite', 'manage', 'act'] as const;
export type Scope = (typeof scopes)[number];

/** What a key of those who run Usher may do, in every organization: as much as staff of that role. */
export const staffScopes = ['support', 'operate'] as const;
export type StaffScope = (typeof staffScopes)[number];
export type AnyScope = Scope | StaffScope;

export interface ApiKeysTable {
  id: ApiKeyId;
  /** Null for a key of the staff. */
  organization_id: OrganizationId | null;
  name: string;
  /** SHA-256 of the key: it has 256 random bits, so a slow hash would add nothing. */
  hash: Buffer;
  /** The key invites to this role at most. */
  role: Role;
  scopes: AnyScope[];
  created_by: AccountId;
  created_at: Generated<Date>;
  revoked_at: Date | null;
}

const prefix = 'usher_sk_';
const hashOf = (key: string) => createHash('sha256').update(key).digest();

/** A new API key's text, shown once; only its hash is stored. */
export const newApiKey = (): string => `${prefix}${randomBytes(32).toString('base64url')}`;

export const isApiKey = (text: string): boolean => text.startsWith(prefix);

/** Makes a key, with an event: of an organization, or of the staff. */
export async function insertApiKey(
  db: Kysely<Database>,
  key: {
    secret: string;
    name: string;
    role: Role;
    createdBy: AccountId;
  } & (
    | { organization: OrganizationId; scopes: readonly Scope[] }
    | { organization: null; scopes: readonly StaffScope[] }
  ),
): Promise<ApiKeyId> {
  const id = newId('key');
  // One statement, so that no key is without its event.
  await db
    .with('made', (q) =>
      q.insertInto('api_keys').values({
        id,
        organization_id: key.organization,
        name: key.name,
        hash: hashOf(key.secret),
        role: key.role,
        scopes: [...key.scopes],
        created_by: key.createdBy,
        revoked_at: null,
      }),
    )
    .insertInto('events')
    .values({
      type: 'key_created',
      target_kind: 'api_key',
      target_id: id,
      organization_id: key.organization,
      actor_kind: 'account',
      actor_id: key.createdBy,
    })
    .execute();
  return id;
}

/** The live key with this text, and the organization it is of. */
export async function findApiKey(db: Kysely<Database>, secret: string) {
  const found = await db
    .selectFrom('api_keys')
    .leftJoin('organizations', 'organizations.id', 'api_keys.organization_id')
    .select(['api_keys.id', 'role', 'scopes', 'created_by'])
    .select(sql<Record<string, unknown> | null>`to_jsonb(organizations)`.as('organization'))
    .where('hash', '=', hashOf(secret))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return found && { ...found, organization: found.organization && organizationOfJson(found.organization) };
}

/** Ends a key, with an event; one that has ended already stays as it is. */
export async function revokeApiKey(db: Kysely<Database>, id: ApiKeyId, by: Actor): Promise<void> {
  await db
    .with('revoked', (q) =>
      q
        .updateTable('api_keys')
        .set({ revoked_at: sql`now()` })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returning('organization_id'),
    )
    .insertInto('events')
    .columns(['organization_id', 'target_kind', 'target_id', 'type', 'actor_kind', 'actor_id'])
    .expression((e) =>
      e
        .selectFrom('revoked')
        .select((r) => [
          'organization_id',
          r.val('api_key' as const).as('target_kind'),
          r.val(id).as('target_id'),
          r.val('key_revoked').as('type'),
          r.val(by.kind).as('actor_kind'),
          r.val(by.id).as('actor_id'),
        ]),
    )
    .execute();
}
