import { Type } from 'typebox';
import { apiKeyBody, apiKeyPage, createApiKey, endApiKey, requireApiKey } from '../api-keys.ts';
import { authenticate, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { requestKeyOf } from '../idempotency.ts';
import { requireOrganization } from '../organizations.ts';
import { ApiKey, answers, CreateApiKey, changeProblems, listOf, NewApiKey, Page } from '../schemas.ts';
import { idempotencyHeader, organizationParams } from './invitations.ts';

/** The API keys of an organization. The text of a key is in one answer, and stored nowhere. */
export function registerApiKeys(app: App, deps: RouteDeps): void {
  const { db } = deps;

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
      const { id } = await requireOrganization(db, request.params.organization);
      await standingIn(db, caller, id, 'readApiKeys');
      const { rows, next } = await apiKeyPage(db, id, request.query);
      return { items: rows.map(apiKeyBody), cursor: next };
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
      const { id } = await requireOrganization(db, request.params.organization);
      const standing = await standingIn(db, caller, id, 'manageApiKeys');
      const requestKey = await requestKeyOf({ db, request, caller });
      const { key, secret } = await createApiKey(db, id, caller, standing, request.body, requestKey);
      reply.status(201);
      if (secret === null) reply.header('idempotency-replayed', 'true');
      return { ...apiKeyBody(key), secret };
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
      const { id } = await requireOrganization(db, request.params.organization);
      const standing = await standingIn(db, caller, id, 'manageApiKeys');
      const key = await requireApiKey(db, id, request.params.id);
      return apiKeyBody(await endApiKey(db, key, standing, request.id));
    },
  );
}
