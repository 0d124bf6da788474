import type { Kysely, Transaction } from 'kysely';
import {
  type ApiKey as ApiKeyRow,
  countApiKeys,
  findApiKeyById,
  findApiKeyByRequest,
  insertApiKey,
  listApiKeys,
  newApiKey,
  revokeApiKey,
  type Scope,
} from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import { type ApiKeyId, isId, type OrganizationId } from '../db/ids.ts';
import { holdMembership, mayGrant } from '../db/members.ts';
import { type Page, pageOf } from '../db/paging.ts';
import { isPlainLine } from '../db/plain-text.ts';
import type { Caller, Standing } from './caller.ts';
import { roleMay, whoMay } from './permissions.ts';
import { Problem } from './problem.ts';
import { type ApiKey, type CreateApiKey, timeOf } from './schemas.ts';

/** What callers can do with the API keys of an organization; routes and pages call these. */

/** How many live keys an organization may have. Some more when several are made at the same moment, which harms nobody. */
const mostKeys = 100;

/** A key as callers see it. */
export const apiKeyBody = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  organization: row.organization!,
  name: row.name,
  role: row.role,
  scopes: row.scopes as Scope[],
  createdBy: { id: row.created_by, name: row.creator_name, email: row.creator_email },
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  revokedAt: row.revoked_at?.toISOString() ?? null,
});

/** Keys of an organization, newest first. @throws Problem `invalid_request` */
export async function apiKeyPage(
  db: Kysely<Database>,
  organization: OrganizationId,
  { cursor, limit = 50 }: { cursor?: string; limit?: number },
): Promise<Page<ApiKeyRow, ApiKeyId>> {
  if (cursor !== undefined && !isId('key', cursor)) throw new Problem('invalid_request', 'cursor is not one of ours.');
  const rows = await listApiKeys(db, organization, { ...(cursor ? { before: cursor } : {}), limit: limit + 1 });
  return pageOf(rows, limit, (row) => row.id, undefined);
}

/** A key of an organization. @throws Problem `not_found` */
export async function requireApiKey(
  db: Kysely<Database>,
  organization: OrganizationId,
  id: string,
): Promise<ApiKeyRow> {
  const row = isId('key', id) ? await findApiKeyById(db, id) : undefined;
  if (row?.organization_id !== organization) throw new Problem('not_found');
  return row;
}

/**
 * Makes a key, once a request.
 *
 * @returns it with its secret; null when the request has made it before: its secret is known no more
 * @throws Problem `unsafe_text`, `role_too_high`, `scope_too_high`, `too_many_api_keys`, `invalid_request`; `not_found`,
 *   `not_allowed`, `not_authenticated` for whoever has lost what they had while it was made
 */
export async function createApiKey(
  db: Kysely<Database>,
  organization: OrganizationId,
  caller: Caller,
  standing: Standing,
  input: CreateApiKey,
  request: string,
): Promise<{ key: ApiKeyRow; secret: string | null }> {
  const { name, role = 'member', scopes, expiresAt } = input;
  requireGrantable(caller, standing, input);
  const repeated = async () => {
    const key = await findApiKeyByRequest(db, request);
    return key && { key, secret: null };
  };
  const before = await repeated();
  if (before) return before;
  const ends = expiresAt === undefined ? null : timeOf('expiresAt', expiresAt);
  if (ends && ends.getTime() <= Date.now()) throw new Problem('invalid_request', 'expiresAt must be a time to come.');
  const ownEnd = caller.kind === 'api_key' ? caller.ends : null;
  if (ownEnd && (!ends || ends > ownEnd))
    throw new Problem(
      'invalid_request',
      `Your key ends at ${ownEnd.toISOString()}: give expiresAt that time or an earlier one.`,
    );
  if ((await countApiKeys(db, organization)) >= mostKeys)
    throw new Problem('too_many_api_keys', `${mostKeys} at most may be live: revoke those that nobody uses.`);
  const secret = newApiKey();
  try {
    const id = await db.transaction().execute(async (trx) => {
      await requireStillGrantable(trx, organization, caller, standing, input);
      return insertApiKey(
        trx,
        { secret, organization, name, role, scopes, createdBy: standing.account, expiresAt: ends },
        { by: standing.by, request },
      );
    });
    return { key: (await findApiKeyById(db, id))!, secret };
  } catch (error) {
    // The same request at the same time: the other one made it.
    const twin = await repeated();
    if (twin) return twin;
    throw error;
  }
}

/** Ends a key, at once and for ever. */
export async function endApiKey(
  db: Kysely<Database>,
  key: Pick<ApiKeyRow, 'id'>,
  { by }: Standing,
  request: string,
): Promise<ApiKeyRow> {
  await revokeApiKey(db, key.id, by, request);
  return (await findApiKeyById(db, key.id))!;
}

/**
 * That who makes a key may still do so. Whoever is demoted or removed loses the keys they made: their membership is held, so that
 * none is made behind that.
 *
 * @throws Problem `not_found`, `not_allowed`, `role_too_high`, `not_authenticated`
 */
async function requireStillGrantable(
  trx: Transaction<Database>,
  organization: OrganizationId,
  caller: Caller,
  standing: Standing,
  input: CreateApiKey,
): Promise<void> {
  const member = await holdMembership(trx, organization, standing.account);
  if (caller.kind === 'api_key') {
    // It ends with the membership of whoever made it.
    const key = await findApiKeyById(trx, caller.id);
    if (!key || key.revoked_at) throw new Problem('not_authenticated', 'The API key is unknown or revoked.');
    return;
  }
  if (!member) throw new Problem('not_found');
  if (!roleMay(member.role, 'manageApiKeys')) throw new Problem('not_allowed', `${whoMay('manageApiKeys')} may.`);
  requireGrantable(caller, member, input);
}

/** @throws Problem `unsafe_text`, `role_too_high`, `scope_too_high` */
function requireGrantable(
  caller: Caller,
  { role: own }: Pick<Standing, 'role'>,
  { name, role = 'member', scopes }: CreateApiKey,
): void {
  if (name.trim() === '' || !isPlainLine(name))
    throw new Problem('unsafe_text', 'Give name a word, and leave links and markup out.');
  if (!mayGrant(own, role))
    throw new Problem('role_too_high', `Your role is ${own}; choose that or a lower one for the key.`);
  const lacks = caller.kind === 'api_key' ? scopes.filter((scope) => !caller.scopes.includes(scope)) : [];
  if (lacks.length > 0) throw new Problem('scope_too_high', `Your key has not: ${lacks.join(', ')}.`);
}
