import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { WebhookId } from '../../db/ids.ts';
import { authenticate, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { once, requestKeyOf } from '../idempotency.ts';
import { requireOrganization } from '../organizations.ts';
import type { OrganizationPermission } from '../permissions.ts';
import {
  answers,
  ChangeWebhook,
  CreateWebhook,
  changeProblems,
  listOf,
  Nothing,
  Page,
  ResendFailed,
  Resent,
  timeOf,
  Webhook,
  WebhookMessage,
  WebhookMessageQuery,
  WebhookMessageWithPayload,
  WebhookWithSecret,
} from '../schemas.ts';
import {
  changeWebhook,
  createWebhook,
  endWebhook,
  messageBody,
  messagePage,
  payloadOf,
  requireMessage,
  requireWebhook,
  resendOne,
  resendSince,
  rotateWebhook,
  testWebhook,
  webhookBody,
  webhookPage,
} from '../webhooks.ts';
import { idempotencyHeader, organizationParams } from './invitations.ts';

const webhookParams = Type.Object({ ...organizationParams.properties, id: Type.String({ maxLength: 40 }) });
const messageParams = Type.Object({ ...webhookParams.properties, message: Type.String({ maxLength: 40 }) });
const known = ['scope_missing', 'not_allowed', 'not_found'] as const;
const tags = ['webhooks'];

/** The endpoints of an organization, and what they are told. The secret of one is in one answer. */
export function registerWebhooks(app: App, deps: RouteDeps): void {
  const { db, webhookNetworks: networks = [] } = deps;

  /** Who calls, of which organization. @throws Problem */
  const enter = async (request: FastifyRequest, permission: OrganizationPermission) => {
    const caller = await authenticate(request, deps);
    const organization = await requireOrganization(db, (request.params as { organization: string }).organization);
    return { caller, organization, standing: await standingIn(db, caller, organization.id, permission) };
  };

  app.get(
    '/v1/organizations/:organization/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        summary: 'List webhooks, newest first',
        tags,
        params: organizationParams,
        querystring: Type.Object(Page, { additionalProperties: false }),
        response: answers(200, listOf(Webhook), known),
      },
    },
    async (request) => {
      const { organization } = await enter(request, 'readWebhooks');
      const { rows, next } = await webhookPage(db, organization.id, request.query);
      return { items: rows.map((row) => webhookBody(row, organization.slug)), cursor: next };
    },
  );

  app.post(
    '/v1/organizations/:organization/webhooks',
    {
      schema: {
        operationId: 'createWebhook',
        summary: 'Add a webhook; its secret is in this answer, and in no other',
        tags,
        params: organizationParams,
        headers: idempotencyHeader,
        body: CreateWebhook,
        response: answers(201, WebhookWithSecret, [...changeProblems, ...known, 'too_many_webhooks']),
      },
    },
    async (request, reply) => {
      const { caller, organization, standing } = await enter(request, 'manageWebhooks');
      const act = { standing, request: await requestKeyOf({ db, request, caller }) };
      const { webhook, secret } = await createWebhook({ db, networks }, organization, request.body, act);
      reply.status(201);
      if (secret === null) reply.header('idempotency-replayed', 'true');
      return { ...webhookBody(webhook, organization.slug), secret };
    },
  );

  app.get(
    '/v1/organizations/:organization/webhooks/:id',
    {
      schema: {
        operationId: 'getWebhook',
        summary: 'Read a webhook',
        tags,
        params: webhookParams,
        response: answers(200, Webhook, known),
      },
    },
    async (request) => {
      const { organization } = await enter(request, 'readWebhooks');
      return webhookBody(await requireWebhook(db, organization.id, request.params.id), organization.slug);
    },
  );

  app.patch(
    '/v1/organizations/:organization/webhooks/:id',
    {
      schema: {
        operationId: 'changeWebhook',
        summary: 'Change a webhook, disable it, or enable it again',
        tags,
        params: webhookParams,
        headers: idempotencyHeader,
        body: ChangeWebhook,
        response: answers(200, Webhook, [...changeProblems, ...known]),
      },
    },
    async (request, reply) => {
      const { caller, organization, standing } = await enter(request, 'manageWebhooks');
      const { id } = await requireWebhook(db, organization.id, request.params.id);
      return once({ db, request, reply, caller }, 200, async (key) => {
        const act = { standing, request: key };
        return webhookBody(
          await changeWebhook({ db, networks }, organization, id, request.body, act),
          organization.slug,
        );
      });
    },
  );

  app.delete(
    '/v1/organizations/:organization/webhooks/:id',
    {
      schema: {
        operationId: 'removeWebhook',
        summary: 'Remove a webhook; what it has not been told it never will be',
        tags,
        params: webhookParams,
        response: answers(200, Webhook, ['form_expired', ...known]),
      },
    },
    async (request) => {
      const { organization, standing } = await enter(request, 'manageWebhooks');
      const { id } = await requireWebhook(db, organization.id, request.params.id);
      return webhookBody(await endWebhook(db, organization, id, { standing, request: request.id }), organization.slug);
    },
  );

  app.post(
    '/v1/organizations/:organization/webhooks/:id/rotate',
    {
      schema: {
        operationId: 'rotateWebhook',
        summary: 'Give a webhook a new secret; the one before signs too for a day',
        tags,
        params: webhookParams,
        headers: idempotencyHeader,
        body: Nothing,
        response: answers(200, WebhookWithSecret, [...changeProblems, ...known]),
      },
    },
    async (request, reply) => {
      const { caller, organization, standing } = await enter(request, 'manageWebhooks');
      const { id } = await requireWebhook(db, organization.id, request.params.id);
      const act = { standing, request: await requestKeyOf({ db, request, caller }) };
      const { webhook, secret } = await rotateWebhook(db, organization, id, act);
      if (secret === null) reply.header('idempotency-replayed', 'true');
      return { ...webhookBody(webhook, organization.slug), secret };
    },
  );

  app.post(
    '/v1/organizations/:organization/webhooks/:id/test',
    {
      schema: {
        operationId: 'testWebhook',
        summary: 'Send a webhook a message that tells nothing, to try it',
        tags,
        params: webhookParams,
        headers: idempotencyHeader,
        body: Nothing,
        response: answers(202, Webhook, [...changeProblems, ...known, 'webhook_disabled']),
      },
    },
    async (request, reply) => {
      const { caller, organization, standing } = await enter(request, 'manageWebhooks');
      const webhook = await requireWebhook(db, organization.id, request.params.id);
      return once({ db, request, reply, caller }, 202, async (key) => {
        await testWebhook(deps, organization, webhook.id, { standing, request: key });
        return webhookBody(webhook, organization.slug);
      });
    },
  );

  app.post(
    '/v1/organizations/:organization/webhooks/:id/resend',
    {
      schema: {
        operationId: 'resendFailedMessages',
        summary: 'Send once more what failed since a time, the oldest first, 10,000 at most',
        tags,
        params: webhookParams,
        headers: idempotencyHeader,
        body: ResendFailed,
        response: answers(200, Resent, [...changeProblems, ...known, 'webhook_disabled']),
      },
    },
    async (request, reply) => {
      const { caller, organization, standing } = await enter(request, 'manageWebhooks');
      const { id } = await requireWebhook(db, organization.id, request.params.id);
      const since = timeOf('since', request.body.since);
      return once({ db, request, reply, caller }, 200, (key) =>
        resendSince(db, organization, id as WebhookId, since, { standing, request: key }),
      );
    },
  );

  app.get(
    '/v1/organizations/:organization/webhooks/:id/messages',
    {
      schema: {
        operationId: 'listWebhookMessages',
        summary: 'List what a webhook was told in the last 30 days, newest first',
        tags,
        params: webhookParams,
        querystring: WebhookMessageQuery,
        response: answers(200, listOf(WebhookMessage), known),
      },
    },
    async (request) => {
      const { organization } = await enter(request, 'readWebhooks');
      const webhook = await requireWebhook(db, organization.id, request.params.id);
      const { rows, next } = await messagePage(db, webhook, request.query);
      return { items: rows.map(messageBody), cursor: next === null ? null : String(next) };
    },
  );

  app.get(
    '/v1/organizations/:organization/webhooks/:id/messages/:message',
    {
      schema: {
        operationId: 'getWebhookMessage',
        summary: 'Read a message, with what it would say now',
        tags,
        params: messageParams,
        response: answers(200, WebhookMessageWithPayload, known),
      },
    },
    async (request) => {
      const { organization } = await enter(request, 'readWebhooks');
      const webhook = await requireWebhook(db, organization.id, request.params.id);
      const message = await requireMessage(db, webhook, request.params.message);
      return { ...messageBody(message), payload: await payloadOf(db, webhook, message) };
    },
  );

  app.post(
    '/v1/organizations/:organization/webhooks/:id/messages/:message/resend',
    {
      schema: {
        operationId: 'resendMessage',
        summary: 'Send a message once more, whatever became of it, under its id',
        tags,
        params: messageParams,
        headers: idempotencyHeader,
        body: Nothing,
        response: answers(200, WebhookMessage, [...changeProblems, ...known, 'webhook_disabled']),
      },
    },
    async (request, reply) => {
      const { caller, organization, standing } = await enter(request, 'manageWebhooks');
      const webhook = await requireWebhook(db, organization.id, request.params.id);
      const message = await requireMessage(db, webhook, request.params.message);
      return once({ db, request, reply, caller }, 200, async (key) => {
        await resendOne(deps, organization, message, { standing, request: key });
        return messageBody(await requireMessage(db, webhook, request.params.message));
      });
    },
  );
}
