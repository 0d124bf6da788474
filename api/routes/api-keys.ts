import { Type } from 'typebox';
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
} from '../../db/api-keys.ts';
import { isId } from '../../db/ids.ts';
import { mayGrant } from '../../db/members.ts';
import { findOrganization } from '../../db/organizations.ts';
import { isPlainLine } from '../../db/plain-text.ts';
import { authenticate, type Caller, type Standing, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { requestKeyOf } from '../idempotency.ts';
import { Problem } from '../problem.ts';
import { ApiKey, answers, CreateApiKey, changeProblems, listOf, NewApiKey, Page } from '../schemas.ts';
import { idempotencyHeader, page } from './invitations.ts';

/** How many live keys an organization may have. Some more when several are made at the same moment, which harms nobody. */
const mostKeys = 100;

const organizationParams = Type.Object({ organization: Type.String({ maxLength: 60, examples: ['acme'] }) });

const apiKeyBody = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  organization: row.organization!,
  name: row.name,
  role: row.role,
  scopes: row.scopes as Scope[],
  createdBy: { id: row.created_by, name: row.creator_name, email: row.creator_email },
  createdAt: row.created_at.toISOString(),
  revokedAt: row.revoked_at?.toISOString() ?? null,
});

/** The API keys of an organization. The text of a key is in one answer, and stored nowhere. */
export function registerApiKeys(app: App, deps: RouteDeps): void {
  const { db } = deps;

  const standing = async (caller: Caller, slug: string, permission: 'readApiKeys' | 'manageApiKeys') => {
    const organization = await findOrganization(db, slug);
    if (!organization) throw new Problem('not_found');
    return { organization, ...(await standingIn(db, caller, organization.id, permission)) };
  };

  app.get(
    '/v1/organizations/:organization/api-keys',
    {
      schema: {
        operationId: 'listApiKeys',
        summary: 'List API keys, newest first, those that are revoked included',
        tags: ['organizations'],
        params: organizationParams,
        querystring: Type.Object(Page, { additionalProperties: false }),
        response: answers(200, listOf(ApiKey), ['scope_missing', 'not_allowed', 'not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { organization } = await standing(caller, request.params.organization, 'readApiKeys');
      const { cursor, limit = 50 } = request.query;
      if (cursor !== undefined && !isId('key', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      const rows = await listApiKeys(db, organization.id, {
        ...(cursor && isId('key', cursor) ? { before: cursor } : {}),
        limit: limit + 1,
      });
      return page(rows, limit, apiKeyBody, (row) => row.id);
    },
  );

  app.post(
    '/v1/organizations/:organization/api-keys',
    {
      schema: {
        operationId: 'createApiKey',
        summary: 'Make an API key; its secret is in this answer, and in no other',
        tags: ['organizations'],
        params: organizationParams,
        headers: idempotencyHeader,
        body: CreateApiKey,
        response: answers(201, NewApiKey, [
          ...changeProblems,
          'scope_missing',
          'not_allowed',
          'not_found',
          'unsafe_text',
          'role_too_high',
          'scope_too_high',
          'too_many_api_keys',
        ]),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { organization, ...by } = await standing(caller, request.params.organization, 'manageApiKeys');
      requireGrantable(caller, by, request.body);
      const requestKey = await requestKeyOf({ db, request, caller });
      reply.status(201);
      const repeated = async () => {
        const made = await findApiKeyByRequest(db, requestKey);
        if (!made) return undefined;
        reply.header('idempotency-replayed', 'true');
        return { ...apiKeyBody(made), secret: null };
      };
      const before = await repeated();
      if (before) return before;
      if ((await countApiKeys(db, organization.id)) >= mostKeys)
        throw new Problem('too_many_api_keys', `${mostKeys} at most may be live: revoke those that nobody uses.`);
      const secret = newApiKey();
      const { name, role = 'member', scopes } = request.body;
      try {
        const id = await insertApiKey(
          db,
          { secret, organization: organization.id, name, role, scopes, createdBy: by.account },
          { by: by.by, request: requestKey },
        );
        return { ...apiKeyBody((await findApiKeyById(db, id))!), secret };
      } catch (error) {
        // The same request at the same time: the other one made it.
        const twin = await repeated();
        if (twin) return twin;
        throw error;
      }
    },
  );

  app.delete(
    '/v1/organizations/:organization/api-keys/:id',
    {
      schema: {
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key, at once and for ever; one that is revoked already stays so',
        tags: ['organizations'],
        params: Type.Object({ ...organizationParams.properties, id: Type.String({ maxLength: 40 }) }),
        response: answers(200, ApiKey, ['form_expired', 'scope_missing', 'not_allowed', 'not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { organization, by } = await standing(caller, request.params.organization, 'manageApiKeys');
      const { id } = request.params;
      const row = isId('key', id) ? await findApiKeyById(db, id) : undefined;
      if (row?.organization_id !== organization.id) throw new Problem('not_found');
      await revokeApiKey(db, row.id, by, request.id);
      return apiKeyBody((await findApiKeyById(db, row.id))!);
    },
  );
}

/** @throws Problem `unsafe_text`, `role_too_high`, `scope_too_high` */
function requireGrantable(
  caller: Caller,
  { role: own }: Standing,
  { name, role = 'member', scopes }: CreateApiKey,
): void {
  if (!isPlainLine(name)) throw new Problem('unsafe_text', 'Leave links and markup out of name.');
  if (!mayGrant(own, role))
    throw new Problem('role_too_high', `Your role is ${own}; choose that or a lower one for the key.`);
  const lacks = caller.kind === 'api_key' ? scopes.filter((scope) => !caller.scopes.includes(scope)) : [];
  if (lacks.length > 0) throw new Problem('scope_too_high', `Your key has not: ${lacks.join(', ')}.`);
}
