import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
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

export interface ExpositionDeps {
  db: Kysely<Database>;
  /** Is told what Postgres cannot say. */
  logger?: Logger | undefined;
  /** host:port where Temporal's SDK serves its own metrics, which are added. */
  sdk?: string | undefined;
}

/** The metrics of this process, and of the installation as Postgres knows it. It never fails: what is not known is left out. */
export function createExposition(deps: ExpositionDeps): Exposition {
  const { db, sdk } = deps;
  watchProcess();
  let read: { at: number; done: Promise<void> } | undefined;
  return async () => {
    const { totalCount, idleCount, waitingCount, options } = poolOf(db);
    pool.connections.set({ state: 'idle' }, idleCount);
    pool.connections.set({ state: 'busy' }, totalCount - idleCount);
    pool.mostConnections.set(options.max);
    pool.waiting.set(waitingCount);
    if (!read || Date.now() - read.at > goodForMs) read = { at: Date.now(), done: showBacklog(deps) };
    const [theirs] = await Promise.all([sdk ? metricsOfSdk(sdk) : '', read.done]);
    return `${await registry.metrics()}${theirs}`;
  };
}

/** Undefined when it fails, or has not come in time. */
async function inTime<T>(
  asked: Promise<T>,
  failed?: (error: Error & { code?: string }) => void,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  const answer = asked.catch((error) => void failed?.(error));
  return Promise.race([answer, late]).finally(() => clearTimeout(timer)) as Promise<T | undefined>;
}

async function showBacklog({ db, logger }: ExpositionDeps): Promise<void> {
  const now = await inTime(readBacklog(db), ({ name, code }) =>
    logger?.warn({ error: name, code }, 'what waits could not be counted'),
  );
  databaseUp.set(now || (await inTime(sql`select 1`.execute(db))) ? 1 : 0);
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
