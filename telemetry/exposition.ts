import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Kysely } from 'kysely';
import { readBacklog } from '../db/backlog.ts';
import { type Database, poolOf } from '../db/database.ts';
import { backlog, databaseUp, pool, registry, watchProcess } from './metrics.ts';

/** What Prometheus reads, in its text format. */
export type Exposition = () => Promise<string>;

export const expositionType = registry.contentType;

/** How long what Postgres and Temporal's SDK say is waited for, ms: a scrape is answered without. */
const patienceMs = 1_000;
/** How long what Postgres has said is good for, ms: however many scrape, it is asked no more often. */
const goodForMs = 5_000;

/**
 * The metrics of this process, and of the installation as Postgres knows it. It never fails: what is not known is left out.
 *
 * @param sdk host:port where Temporal's SDK serves its own, which are added
 */
export function createExposition({ db, sdk }: { db: Kysely<Database>; sdk?: string | undefined }): Exposition {
  watchProcess();
  let read: { at: number; done: Promise<void> } | undefined;
  return async () => {
    const { totalCount, idleCount, waitingCount, options } = poolOf(db);
    pool.connections.set({ state: 'idle' }, idleCount);
    pool.connections.set({ state: 'busy' }, totalCount - idleCount);
    pool.mostConnections.set(options.max);
    pool.waiting.set(waitingCount);
    if (!read || Date.now() - read.at > goodForMs) read = { at: Date.now(), done: showBacklog(db) };
    const [theirs] = await Promise.all([sdk ? metricsOfSdk(sdk) : '', read.done]);
    return `${await registry.metrics()}${theirs}`;
  };
}

async function showBacklog(db: Kysely<Database>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  const now = await Promise.race([readBacklog(db).catch(() => undefined), late]);
  clearTimeout(timer);
  databaseUp.set(now ? 1 : 0);
  if (!now) {
    // None is better than one of before.
    const { seats, ...others } = backlog;
    seats.reset();
    for (const gauge of Object.values(others)) gauge.remove();
    return;
  }
  backlog.emails.set(now.emails);
  backlog.oldestEmail.set(now.oldestEmail);
  backlog.oldestBatch.set(now.oldestBatch);
  backlog.overdue.set(now.overdue);
  backlog.messages.set(now.messages);
  backlog.failingWebhooks.set(now.failingWebhooks);
  for (const state of ['reserved', 'assigned', 'available'] as const) backlog.seats.set({ state }, now[state]);
  backlog.fullPools.set(now.fullPools);
}

const metricsOfSdk = (address: string): Promise<string> =>
  fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(patienceMs) }).then(
    (response) => response.text(),
    () => '',
  );

/**
 * Serves metrics at `/metrics`, for a process that serves nothing else. It keeps no process alive.
 *
 * @param address IP:port
 * @throws what Node says when nothing can listen there
 */
export async function serveMetrics(address: string, read: Exposition): Promise<{ close(): void }> {
  const { hostname, port } = new URL(`http://${address}`);
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': expositionType }).end(await read());
  });
  server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  server.unref();
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
