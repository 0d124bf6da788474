import { createHash, randomBytes } from 'node:crypto';
import type { Generated, Kysely } from 'kysely';
import type { Database } from './database.ts';
import { type AccountId, type ApiKeyId, newId, type OrganizationId } from './ids.ts';
import type { Role } from './members.ts';

/** What a key may do. `act`: accept and decline for people whom its holder has authenticated. */
export const scopes = ['read', 'invite', 'manage', 'act'] as const;
export type Scope = (typeof scopes)[number];

export interface ApiKeysTable {
  id: ApiKeyId;
  organization_id: OrganizationId;
  name: string;
  /** SHA-256 of the key: it has 256 random bits, so a slow hash would add nothing. */
  hash: Buffer;
  /** The key invites to this role at most. */
  role: Role;
  scopes: Scope[];
  created_by: AccountId;
  created_at: Generated<Date>;
  revoked_at: Date | null;
}

const prefix = 'usher_sk_';
const hashOf = (key: string) => createHash('sha256').update(key).digest();

/** A new API key's text, shown once; only its hash is stored. */
export const newApiKey = (): string => `${prefix}${randomBytes(32).toString('base64url')}`;

export const isApiKey = (text: string): boolean => text.startsWith(prefix);

export async function insertApiKey(
  db: Kysely<Database>,
  key: {
    secret: string;
    organization: OrganizationId;
    name: string;
    role: Role;
    scopes: readonly Scope[];
    createdBy: AccountId;
  },
): Promise<ApiKeyId> {
  const id = newId('key');
  await db
    .insertInto('api_keys')
    .values({
      id,
      organization_id: key.organization,
      name: key.name,
      hash: hashOf(key.secret),
      role: key.role,
      scopes: [...key.scopes],
      created_by: key.createdBy,
      revoked_at: null,
    })
    .execute();
  return id;
}

/** The live key with this text. */
export const findApiKey = (db: Kysely<Database>, secret: string) =>
  db
    .selectFrom('api_keys')
    .select(['id', 'organization_id', 'role', 'scopes', 'created_by'])
    .where('hash', '=', hashOf(secret))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();

export async function revokeApiKey(db: Kysely<Database>, id: ApiKeyId): Promise<void> {
  await db.updateTable('api_keys').set({ revoked_at: new Date() }).where('id', '=', id).execute();
}
