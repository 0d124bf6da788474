import { Type } from 'typebox';
import { type Webhook, type WebhookMessage, webhookTypes } from '../../../db/webhooks.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { sendPage } from '../../page.ts';
import { type MessageView, webhookMessagePage, webhookPage } from '../../pages/console/webhook-page.ts';
import {
  removeWebhookPage,
  rotateWebhookPage,
  type WebhookView,
  webhookFormPage,
  webhookPath,
  webhookSecretPage,
  webhooksPage,
  webhooksPath,
} from '../../pages/console/webhooks-page.ts';
import { Problem } from '../../problem.ts';
import { ChangeWebhook, CreateWebhook, WebhookMessageQuery } from '../../schemas.ts';
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
  webhookPage as webhooksOf,
  webhookVersion,
} from '../../webhooks.ts';
import { besideNow, doneBefore, field, filledIn, formBody, formErrorOf, inputOf, ticked } from './form.ts';
import { enter, organizationPath, thingPath, type Visit } from './visit.ts';

const listQuery = Type.Object({ cursor: field(40) });
const messagesQuery = Type.Object({ cursor: field(40), state: field(20) });
const messagePath = Type.Object({ ...thingPath.properties, message: Type.String({ maxLength: 40 }) });
const fields = { url: field(600), types: ticked(40, 40) };
const createBody = Type.Object({ ...formBody, ...fields });
const changeBody = Type.Object({ ...formBody, ...fields, was: field(2_000) });
const turnBody = Type.Object({ ...formBody, to: field(3) });

/** The webhooks of an organization, and what they were told. */
export function registerWebhookPages(app: App, deps: RouteDeps): void {
  const { db, cookies, webhookNetworks: networks = [] } = deps;
  const kept = { db, networks };

  const viewOf = (visit: Visit, row: Webhook): WebhookView => {
    const { createdAt, failingSince, disabled, previousSecretUntil, ...same } = webhookBody(
      row,
      visit.organization.slug,
    );
    return {
      ...same,
      createdAt: new Date(createdAt),
      failingSince: failingSince === null ? null : new Date(failingSince),
      disabled: disabled && { ...disabled, at: new Date(disabled.at) },
      previousSecretUntil: previousSecretUntil === null ? null : new Date(previousSecretUntil),
    };
  };
  const messageView = (row: WebhookMessage): MessageView => ({
    ...messageBody(row),
    lastAttemptAt: row.last_attempted_at,
    nextAttemptAt: row.state === 'waiting' ? row.next_attempt_at : null,
    createdAt: row.created_at,
  });
  const formOf = (visit: Visit) => ({ frame: visit.frame, types: webhookTypes });

  app.get(
    '/console/:organization/webhooks',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readWebhooks');
      if (!visit) return reply;
      const { cursor } = filledIn(request.query);
      const { rows, next } = await webhooksOf(db, visit.organization.id, cursor ? { cursor } : {});
      const mayManage = visit.may('manageWebhooks');
      const webhooks = rows.map((row) => viewOf(visit, row));
      return sendPage(reply, webhooksPage({ frame: visit.frame, webhooks, mayManage, cursor, next }));
    },
  );

  app.get(
    '/console/:organization/webhooks/new',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      return sendPage(reply, webhookFormPage({ ...formOf(visit), filled: {}, ticked: [] }));
    },
  );

  app.post(
    '/console/:organization/webhooks',
    { schema: { hide: true, params: organizationPath, body: createBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      const { frame, organization, caller, standing } = visit;
      const { url = '', types: boxes } = request.body;
      const types = [boxes ?? []].flat();
      try {
        const input = inputOf(request, CreateWebhook, 'body', { url: url.trim(), types });
        const { key } = await formTurn({ db, request, caller });
        const { webhook, secret } = await createWebhook(kept, organization, input, { standing, request: key });
        return sendPage(reply, webhookSecretPage({ frame, webhook, secret, overlap: null }));
      } catch (error) {
        const refusal = formErrorOf(reply, error);
        return sendPage(reply, webhookFormPage({ ...formOf(visit), filled: { url }, ticked: types, error: refusal }));
      }
    },
  );

  app.get(
    '/console/:organization/webhooks/:id',
    { schema: { hide: true, params: thingPath, querystring: messagesQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readWebhooks');
      if (!visit) return reply;
      const webhook = await requireWebhook(db, visit.organization.id, request.params.id);
      const { cursor, ...filter } = filledIn(request.query);
      const view = {
        frame: visit.frame,
        webhook: viewOf(visit, webhook),
        filter,
        cursor,
        mayManage: visit.may('manageWebhooks'),
      };
      try {
        const query = inputOf(request, WebhookMessageQuery, 'querystring', {
          ...filter,
          ...(cursor ? { cursor } : {}),
        });
        const { rows, next } = await messagePage(db, webhook, query);
        return sendPage(reply, webhookPage({ ...view, messages: rows.map(messageView), next }));
      } catch (error) {
        return sendPage(reply, webhookPage({ ...view, messages: [], error: formErrorOf(reply, error) }));
      }
    },
  );

  app.get(
    '/console/:organization/webhooks/:id/change',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      const row = await requireWebhook(db, visit.organization.id, request.params.id);
      const webhook = { id: row.id, was: webhookVersion(row) };
      return sendPage(
        reply,
        webhookFormPage({ ...formOf(visit), webhook, filled: { url: row.url }, ticked: row.types }),
      );
    },
  );

  app.post(
    '/console/:organization/webhooks/:id/change',
    { schema: { hide: true, params: thingPath, body: changeBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      const { frame, organization, caller, standing } = visit;
      const row = await requireWebhook(db, organization.id, request.params.id);
      const path = webhookPath(frame, row.id);
      const { url = '', types: boxes, was } = request.body;
      const types = [boxes ?? []].flat();
      try {
        const input = inputOf(request, ChangeWebhook, 'body', { url: url.trim(), types });
        const { key, isDone } = await formTurn({ db, request, caller });
        if (isDone) return doneBefore(deps, reply, path);
        await changeWebhook(kept, organization, row.id, input, { standing, request: key, drawnFor: was });
        cookies.setNotice(reply, { kind: 'success', text: 'It is changed.' });
        return reply.redirect(path, 303);
      } catch (error) {
        const present = await requireWebhook(db, organization.id, row.id);
        const filled = { url, types: types.toSorted().join(', ') };
        const now = { url: present.url, types: present.types.toSorted().join(', ') };
        const refusal = formErrorOf(reply, besideNow(error, filled, now, now.types ? {} : { types: 'everything' }));
        const webhook = { id: row.id, was: webhookVersion(present) };
        return sendPage(reply, webhookFormPage({ ...formOf(visit), webhook, filled, ticked: types, error: refusal }));
      }
    },
  );

  for (const { act, page } of [
    { act: 'remove', page: removeWebhookPage },
    { act: 'rotate', page: rotateWebhookPage },
  ])
    app.get(
      `/console/:organization/webhooks/:id/${act}`,
      { schema: { hide: true, params: thingPath } },
      async (request, reply) => {
        const visit = await enter(deps, request, reply, 'manageWebhooks');
        if (!visit) return reply;
        const webhook = await requireWebhook(db, visit.organization.id, request.params.id);
        return sendPage(reply, page({ frame: visit.frame, webhook }));
      },
    );

  app.post(
    '/console/:organization/webhooks/:id/remove',
    { schema: { hide: true, params: thingPath, body: Type.Object(formBody) }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      const { frame, organization, caller, standing } = visit;
      const { id } = await requireWebhook(db, organization.id, request.params.id);
      const { key } = await formTurn({ db, request, caller });
      await endWebhook(db, organization, id, { standing, request: key });
      cookies.setNotice(reply, { kind: 'success', text: 'It is removed.' });
      return reply.redirect(webhooksPath(frame), 303);
    },
  );

  app.post(
    '/console/:organization/webhooks/:id/rotate',
    { schema: { hide: true, params: thingPath, body: Type.Object(formBody) }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      const { frame, organization, caller, standing } = visit;
      const { id } = await requireWebhook(db, organization.id, request.params.id);
      const { key } = await formTurn({ db, request, caller });
      const { webhook, secret } = await rotateWebhook(db, organization, id, { standing, request: key });
      return sendPage(reply, webhookSecretPage({ frame, webhook, secret, overlap: webhook.previous_secret_until }));
    },
  );

  /** What is done at once, by a button of the webhook's page, and what is said then. */
  const atOnce = {
    turn: async (visit: Visit, id: Webhook['id'], key: string, { to }: { to?: string }) => {
      if (to !== 'on' && to !== 'off') throw new Problem('invalid_request', 'to is on or off.');
      const act = { standing: visit.standing, request: key };
      await changeWebhook(kept, visit.organization, id, { disabled: to === 'off' }, act);
      return to === 'on'
        ? 'It is enabled: what has waited is being sent.'
        : 'It is disabled. What happens is kept for it.';
    },
    test: async (visit: Visit, id: Webhook['id'], key: string) => {
      await testWebhook(deps, visit.organization, id, { standing: visit.standing, request: key });
      return 'A test message is on its way.';
    },
    resend: async (visit: Visit, id: Webhook['id'], key: string) => {
      const act = { standing: visit.standing, request: key };
      const { resent } = await resendSince(db, visit.organization, id, new Date(0), act);
      return resent === 0 ? 'Nothing that failed is left to be sent again.' : `${resent} are being sent again.`;
    },
  };
  for (const [act, carryOut] of Object.entries(atOnce))
    app.post(
      `/console/:organization/webhooks/:id/${act}`,
      { schema: { hide: true, params: thingPath, body: turnBody }, preHandler: app.csrfProtection },
      async (request, reply) => {
        const visit = await enter(deps, request, reply, 'manageWebhooks');
        if (!visit) return reply;
        const { id } = await requireWebhook(db, visit.organization.id, request.params.id);
        const { key } = await formTurn({ db, request, caller: visit.caller });
        cookies.setNotice(reply, { kind: 'success', text: await carryOut(visit, id, key, request.body) });
        return reply.redirect(webhookPath(visit.frame, id), 303);
      },
    );

  app.get(
    '/console/:organization/webhooks/:id/messages/:message',
    { schema: { hide: true, params: messagePath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readWebhooks');
      if (!visit) return reply;
      const webhook = await requireWebhook(db, visit.organization.id, request.params.id);
      const message = await requireMessage(db, webhook, request.params.message);
      return sendPage(
        reply,
        webhookMessagePage({
          frame: visit.frame,
          webhook: viewOf(visit, webhook),
          message: messageView(message),
          payload: JSON.stringify(await payloadOf(db, webhook, message), null, 2),
          mayManage: visit.may('manageWebhooks'),
        }),
      );
    },
  );

  app.post(
    '/console/:organization/webhooks/:id/messages/:message/resend',
    { schema: { hide: true, params: messagePath, body: Type.Object(formBody) }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageWebhooks');
      if (!visit) return reply;
      const { frame, organization, caller, standing } = visit;
      const webhook = await requireWebhook(db, organization.id, request.params.id);
      const message = await requireMessage(db, webhook, request.params.message);
      const { key } = await formTurn({ db, request, caller });
      await resendOne(deps, organization, message, { standing, request: key });
      cookies.setNotice(reply, { kind: 'success', text: 'It is being sent again.' });
      return reply.redirect(`${webhookPath(frame, webhook.id)}/messages/${message.id}`, 303);
    },
  );
}
