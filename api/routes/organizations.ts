import { authenticate, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { once } from '../idempotency.ts';
import { changeOrganization, organizationBody, requireOrganization } from '../organizations.ts';
import { Problem } from '../problem.ts';
import { keepReason, requireReason } from '../reason.ts';
import { answers, ChangeOrganization, changeProblems, Organization } from '../schemas.ts';
import { idempotencyHeader, organizationParams } from './invitations.ts';

/** What an organization decides for itself, and its suspension. */
export function registerOrganizations(app: App, deps: RouteDeps): void {
  const { db } = deps;

  app.get(
    '/v1/organizations/:organization',
    {
      schema: {
        operationId: 'getOrganization',
        summary: 'An organization and its settings',
        tags: ['organizations'],
        params: organizationParams,
        response: answers(200, Organization, ['scope_missing', 'not_allowed', 'not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const organization = await requireOrganization(db, request.params.organization);
      await standingIn(db, caller, organization.id, 'readOrganization');
      return organizationBody(organization);
    },
  );

  app.patch(
    '/v1/organizations/:organization',
    {
      schema: {
        operationId: 'changeOrganization',
        summary: 'Change the settings of an organization; staff suspend it',
        tags: ['organizations'],
        params: organizationParams,
        headers: idempotencyHeader,
        body: ChangeOrganization,
        response: answers(200, Organization, [
          ...changeProblems,
          'scope_missing',
          'not_allowed',
          'not_found',
          'reason_missing',
          'unsafe_text',
        ]),
      },
    },
    async (request, reply) => {
      const { suspended, reason, ...settings } = request.body;
      const caller = await authenticate(request, deps);
      const { id } = await requireOrganization(db, request.params.organization);
      const isChange = Object.keys(settings).length > 0;
      const standing = await standingIn(
        db,
        caller,
        id,
        suspended === undefined ? 'changeOrganization' : 'suspendOrganization',
      );
      if (suspended !== undefined && isChange) await standingIn(db, caller, id, 'changeOrganization');
      requireReason(standing, reason);
      if (suspended === undefined && !isChange) throw new Problem('invalid_request', 'Say what to change.');
      const changes = { ...settings, ...(suspended === undefined ? {} : { suspended }) };
      return once({ db, request, reply, caller }, 200, async (key) => {
        const reasoned = { request: key, ...(await keepReason(db, reason)) };
        return organizationBody(await changeOrganization(db, id, standing, changes, reasoned));
      });
    },
  );
}
