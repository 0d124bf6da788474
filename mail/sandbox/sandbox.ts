import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { pages } from './pages.ts';
import { postmarkApi } from './postmark-api.ts';
import { readOrder, reportOf } from './reports.ts';
import { changedSettings, defaultSettings, type SandboxSettings } from './settings.ts';
import { MessageStore } from './store.ts';
import { Webhooks } from './webhooks.ts';

export interface SandboxOptions {
  host: string;
  /** 0 for any free one. */
  port: number;
  /** Where messages are kept; created if missing. */
  dir: string;
  logger?: FastifyBaseLogger;
  /** What to start with, instead of {@link defaultSettings}. */
  settings?: Partial<SandboxSettings>;
}

export interface Sandbox {
  /** Where both people and programs find it, without a slash at the end. */
  url: string;
  close(): Promise<void>;
}

/**
 * Starts the mail sandbox: a server that takes email over Postmark's API, keeps it, sends none of it, and shows it.
 *
 * - `/` the inbox, for people
 * - `POST /email`, `POST /email/batch`, `GET /messages/outbound`, `GET /messages/outbound/{id}/details`: Postmark's API;
 *   any server token will do
 * - `GET`, `PUT /sandbox/settings`: how late, how slow, how faulty it is ({@link SandboxSettings}); what a `PUT` leaves
 *   out stays as it is
 * - `POST /sandbox/reports`: reports of a message whatever it is told, in that order and as often ({@link Order}); answers
 *   when the webhooks are posted
 * - `GET /sandbox/stats`: what it was asked; `DELETE /sandbox/messages`: empties it
 *
 * Anyone who reaches it reads all mail: it is for local use.
 *
 * @throws Error when the port is taken or `dir` cannot be written
 */
export async function startSandbox({ host, port, dir, logger, settings: initial }: SandboxOptions): Promise<Sandbox> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    // URLs carry addresses.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  let settings = changedSettings(defaultSettings, initial ?? {});
  const store = new MessageStore(dir);
  const webhooks = new Webhooks(() => settings.webhookUrl, app.log);
  const calls = { send: 0, find: 0 };

  app.register(postmarkApi, { store, webhooks, settings: () => settings, calls });
  app.register(pages, { store, stylesheet: readFileSync(new URL('./sandbox.css', import.meta.url), 'utf8') });

  app.get('/sandbox/settings', () => settings);
  app.put('/sandbox/settings', (request, reply) => {
    try {
      settings = changedSettings(settings, request.body);
      return settings;
    } catch (error) {
      return reply.code(400).send({ error: (error as Error).message });
    }
  });
  app.post('/sandbox/reports', async (request, reply) => {
    const order = readOrder(request.body);
    const message = order && store.byId(order.message);
    if (!message || settings.webhookUrl === null)
      return reply
        .code(400)
        .send({ error: 'It takes the id of a message, reports, and a webhookUrl in the settings.' });
    let taken = 0;
    for (const report of order.reports) taken += Number(await webhooks.reportNow(message, reportOf(message, report)));
    return { taken };
  });
  app.get('/sandbox/stats', () => ({ calls, messages: store.size, webhooks: webhooks.stats }));
  app.delete('/sandbox/messages', (_request, reply) => {
    store.clear();
    calls.send = 0;
    calls.find = 0;
    return reply.code(204).send();
  });

  app.addHook('onClose', () => {
    webhooks.close();
    store.close();
  });
  await app.listen({ host, port });
  const address = app.server.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${address.port}`, close: () => app.close() };
}
