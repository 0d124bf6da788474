import { createHash, randomBytes } from 'node:crypto';
import { type ExpressionBuilder, type Generated, type Kysely, sql, type Transaction } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { type AccountId, type ApiKeyId, newId, type OrganizationId } from './ids.ts';
import { mayGrant, type Role } from './members.ts';
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
  /** When it ends by itself; null: never. */
  expires_at: Date | null;
}

const prefix = 'usher_sk_';
const hashOf = (key: string) => createHash('sha256').update(key).digest();

/** A new API key's text, shown once; only its hash is stored. */
export const newApiKey = (): string => `${prefix}${randomBytes(32).toString('base64url')}`;

export const isApiKey = (text: string): boolean => text.startsWith(prefix);

/** Who makes or ends a key: whose act it is, and its request key. */
interface KeyAct {
  by: Actor;
  request: string;
}

/**
 * Makes a key, with an event: of an organization, or of the staff.
 *
 * @param act whose it is, when it is not simply that of the account
 * @throws Postgres' unique violation `events_one_per_request` when the request has made one before
 */
export async function insertApiKey(
  db: Kysely<Database>,
  key: {
    secret: string;
    name: string;
    role: Role;
    createdBy: AccountId;
    /** @default never */
    expiresAt?: Date | null;
  } & (
    | { organization: OrganizationId; scopes: readonly Scope[] }
    | { organization: null; scopes: readonly StaffScope[] }
  ),
  act?: KeyAct,
): Promise<ApiKeyId> {
  const id = newId('key');
  const by = act?.by ?? { kind: 'account', id: key.createdBy };
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
        expires_at: key.expiresAt ?? null,
      }),
    )
    .insertInto('events')
    .values({
      type: 'key_created',
      detail: `${key.role} ${key.scopes.join(',')}`,
      target_kind: 'api_key',
      target_id: id,
      organization_id: key.organization,
      actor_kind: by.kind,
      actor_id: by.id,
      request_key: act?.request ?? null,
    })
    .execute();
  return id;
}

/** What tells keys that still work. */
const isLive = (e: ExpressionBuilder<Pick<Database, 'api_keys'>, 'api_keys'>) =>
  e.and([
    e('api_keys.revoked_at', 'is', null),
    e.or([e('api_keys.expires_at', 'is', null), e('api_keys.expires_at', '>', sql<Date>`now()`)]),
  ]);

/** The live key with this text, and the organization it is of; of a staff's key, the issuer of the account in whose name it is. */
export async function findApiKey(db: Kysely<Database>, secret: string) {
  const found = await db
    .selectFrom('api_keys')
    .leftJoin('organizations', 'organizations.id', 'api_keys.organization_id')
    .select(['api_keys.id', 'role', 'scopes', 'created_by', 'api_keys.expires_at'])
    .select(sql<Record<string, unknown> | null>`to_jsonb(organizations)`.as('organization'))
    .select((e) =>
      e
        .case()
        .when('api_keys.organization_id', 'is', null)
        .then(e.selectFrom('accounts').select('issuer').whereRef('accounts.id', '=', 'api_keys.created_by'))
        .end()
        .as('staff_issuer'),
    )
    .where('hash', '=', hashOf(secret))
    .where(isLive)
    .executeTakeFirst();
  return found && { ...found, organization: found.organization && organizationOfJson(found.organization) };
}

const described = (db: Kysely<Database>) =>
  db
    .selectFrom('api_keys')
    .leftJoin('organizations', 'organizations.id', 'api_keys.organization_id')
    .innerJoin('accounts', 'accounts.id', 'api_keys.created_by')
    .select([
      'api_keys.id',
      'api_keys.name',
      'role',
      'scopes',
      'api_keys.created_at',
      'revoked_at',
      'api_keys.expires_at',
    ])
    .select([
      'slug as organization',
      'api_keys.organization_id',
      'created_by',
      'accounts.name as creator_name',
      'accounts.email as creator_email',
    ]);

/** What is known of a key; its text is not. */
export type ApiKey = Awaited<ReturnType<ReturnType<typeof described>['executeTakeFirstOrThrow']>>;

/** A key, live or revoked. */
export const findApiKeyById = (db: Kysely<Database>, id: ApiKeyId): Promise<ApiKey | undefined> =>
  described(db).where('api_keys.id', '=', id).executeTakeFirst();

/** The key that a request has made, if it has made one. */
export const findApiKeyByRequest = (db: Kysely<Database>, request: string): Promise<ApiKey | undefined> =>
  described(db)
    .innerJoin('events', 'events.target_id', 'api_keys.id')
    .where('request_key', '=', request)
    .executeTakeFirst();

/** Keys of an organization, newest first, before a cursor (a key's id). */
export const listApiKeys = (
  db: Kysely<Database>,
  organization: OrganizationId,
  page: { before?: ApiKeyId; limit: number },
): Promise<ApiKey[]> =>
  described(db)
    .where('api_keys.organization_id', '=', organization)
    .$if(page.before !== undefined, (q) => q.where('api_keys.id', '<', page.before!))
    .orderBy('api_keys.id', 'desc')
    .limit(page.limit)
    .execute();

/** How many live keys an organization has. */
export const countApiKeys = async (db: Kysely<Database>, organization: OrganizationId): Promise<number> => {
  const { count } = await db
    .selectFrom('api_keys')
    .select((e) => e.fn.countAll<string>().as('count'))
    .where('organization_id', '=', organization)
    .where(isLive)
    .executeTakeFirstOrThrow();
  return Number(count);
};

/** Ends a key, with an event; one that has ended already stays as it is. */
export async function revokeApiKey(
  db: Kysely<Database>,
  id: ApiKeyId,
  by: Actor,
  request: string | null = null,
): Promise<void> {
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
    .columns(['organization_id', 'target_kind', 'target_id', 'type', 'actor_kind', 'actor_id', 'request_key'])
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
          r.val(request).as('request_key'),
        ]),
    )
    .execute();
}

/** Ends the keys of an organization that somebody made and that may grant what they may not (any more), with an event each. */
export async function revokeKeysAbove(
  trx: Transaction<Database>,
  of: { organization: OrganizationId; account: AccountId; role: Role | null },
  by: Actor,
): Promise<void> {
  const keys = await trx
    .selectFrom('api_keys')
    .select(['id', 'role'])
    .where('organization_id', '=', of.organization)
    .where('created_by', '=', of.account)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute();
  for (const { id, role } of keys) if (!of.role || !mayGrant(of.role, role)) await revokeApiKey(trx, id, by);
}
