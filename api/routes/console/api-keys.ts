import { Type } from 'typebox';
import type { ApiKey, Scope } from '../../../db/api-keys.ts';
import { mayGrant, roles } from '../../../db/members.ts';
import { apiKeyPage, createApiKey, endApiKey, requireApiKey } from '../../api-keys.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { sendPage } from '../../page.ts';
import {
  type ApiKeyView,
  apiKeysPage,
  keyLifetimes,
  madeApiKeyPage,
  newApiKeyPage,
  revokeApiKeyPage,
} from '../../pages/console/api-keys-page.ts';
import { CreateApiKey } from '../../schemas.ts';
import { field, filledIn, formBody, formErrorOf, inputOf, refused, ticked } from './form.ts';
import { enter, organizationPath, thingPath, type Visit } from './visit.ts';

const listQuery = Type.Object({ cursor: field(40) });
const newBody = Type.Object({ ...formBody, name: field(200), scopes: ticked(20, 10), role: field(20), days: field(5) });

const day = 86_400_000;

const viewOf = (key: ApiKey): ApiKeyView => ({
  id: key.id,
  name: key.name,
  role: key.role,
  scopes: key.scopes as Scope[],
  createdAt: key.created_at,
  createdBy: key.creator_name || key.creator_email,
  expiresAt: key.expires_at,
  revokedAt: key.revoked_at,
});

/** The API keys of an organization. */
export function registerApiKeyPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  const pathOf = (visit: Visit) => `${visit.frame.organization.path}/api-keys`;

  app.get(
    '/console/:organization/api-keys',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readApiKeys');
      if (!visit) return reply;
      const { cursor } = filledIn(request.query);
      const { rows, next } = await apiKeyPage(db, visit.organization.id, cursor ? { cursor } : {});
      const mayManage = visit.may('manageApiKeys');
      return sendPage(
        reply,
        apiKeysPage({ frame: visit.frame, keys: rows.map(viewOf), mayManage, now: new Date(), cursor, next }),
      );
    },
  );

  const rolesOf = (visit: Visit) => roles.filter((role) => mayGrant(visit.standing.role, role));

  app.get(
    '/console/:organization/api-keys/new',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageApiKeys');
      if (!visit) return reply;
      const filled = { role: 'member', days: '365' };
      return sendPage(reply, newApiKeyPage({ frame: visit.frame, roles: rolesOf(visit), filled, scopes: [] }));
    },
  );

  app.post(
    '/console/:organization/api-keys',
    { schema: { hide: true, params: organizationPath, body: newBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageApiKeys');
      if (!visit) return reply;
      const { frame, organization, caller, standing } = visit;
      const { _csrf, _form, scopes: boxes, ...filled } = request.body;
      const scopes = [boxes ?? []].flat();
      try {
        const { days, role, name = '' } = filledIn(filled);
        // What is not understood makes no key that never ends.
        if (days !== undefined && !keyLifetimes.some(({ value }) => value === days))
          throw refused('days', 'Choose one of the list.');
        const lives = days && Number(days) * day;
        const input = inputOf(request, CreateApiKey, 'body', {
          name: name.trim(),
          scopes,
          ...(role ? { role } : {}),
          ...(lives ? { expiresAt: new Date(Date.now() + lives).toISOString() } : {}),
        });
        const { key: turn } = await formTurn({ db, request, caller });
        const { key, secret } = await createApiKey(db, organization.id, caller, standing, input, turn);
        return sendPage(reply, madeApiKeyPage({ frame, key, secret }));
      } catch (error) {
        const refusal = formErrorOf(reply, error, { message: 'name' });
        return sendPage(reply, newApiKeyPage({ frame, roles: rolesOf(visit), filled, scopes, error: refusal }));
      }
    },
  );

  app.get(
    '/console/:organization/api-keys/:id/revoke',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageApiKeys');
      if (!visit) return reply;
      const key = await requireApiKey(db, visit.organization.id, request.params.id);
      return sendPage(reply, revokeApiKeyPage({ frame: visit.frame, key }));
    },
  );

  app.post(
    '/console/:organization/api-keys/:id/revoke',
    { schema: { hide: true, params: thingPath, body: Type.Object(formBody) }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageApiKeys');
      if (!visit) return reply;
      const key = await requireApiKey(db, visit.organization.id, request.params.id);
      const { key: turn } = await formTurn({ db, request, caller: visit.caller });
      await endApiKey(db, key, visit.standing, turn);
      cookies.setNotice(reply, { kind: 'success', text: 'It is revoked: programs that use it are refused.' });
      return reply.redirect(pathOf(visit), 303);
    },
  );
}
