import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { BatchId } from '../db/ids.ts';
import { batchNow } from './batches.ts';
import { Problem } from './problem.ts';
import type { BatchBody } from './schemas.ts';

/**
 * Tells how a batch comes along, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html):
 * each is all that is known, so whoever has lost the connection has lost nothing.
 */

/** How often is looked, ms; once for all who listen to a batch. */
const everyMs = 1_000;
/** A line now and then shows both ends that the other is there, ms. */
const sayAnythingMs = 15_000;
/** So long one connection lasts, ms: then whoever still may comes again. */
const longestMs = 300_000;
/** How soon a browser comes again, ms. */
const retryMs = 2_000;
/** Connections of this process, and of them one caller's. */
const most = { all: 500, each: 20 };

export interface Progress {
  /**
   * Answers with the progress of a batch until it is finished. Takes the reply over.
   *
   * @param whose caller id
   * @throws Problem `rate_limited` when too many listen
   */
  follow(id: BatchId, whose: string, request: FastifyRequest, reply: FastifyReply): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** True when the caller would rather have events than JSON. */
export const wantsEvents = (request: FastifyRequest): boolean =>
  /^text\/event-stream\b/i.test(request.headers.accept ?? '');

/** What a finished batch's last event is called: a browser that comes back with it need not be told again. */
const eventId = ({ finishedAt }: BatchBody) => (finishedAt ? `finished ${finishedAt}` : 'running');

/** Whether the caller has had the last event: it is to stay away. */
export const hasHeardAll = (request: FastifyRequest, body: BatchBody): boolean =>
  body.finishedAt !== null && request.headers['last-event-id'] === eventId(body);

export function createProgress(db: Kysely<Database>): Progress {
  const over = new AbortController();
  const streams = new Map<Promise<void>, string>();
  /** The latest look at each batch that somebody follows. */
  const looks = new Map<BatchId, { at: number; body: Promise<BatchBody> }>();

  const look = (id: BatchId): Promise<BatchBody> => {
    const last = looks.get(id);
    if (last && performance.now() - last.at < everyMs / 2) return last.body;
    for (const [key, { at }] of looks) if (performance.now() - at > 2 * everyMs) looks.delete(key);
    const body = batchNow(db, id);
    looks.set(id, { at: performance.now(), body });
    return body;
  };

  async function tell(id: BatchId, { raw }: FastifyReply, gone: AbortSignal): Promise<void> {
    const began = performance.now();
    let said = '';
    let saidAt = began;
    raw.write(`retry: ${retryMs}\n\n`);
    while (!gone.aborted && performance.now() - began < longestMs) {
      // What fails now may be there the next time; it is the listener who gives up.
      const body = await look(id).catch(() => undefined);
      const text = body && JSON.stringify(body);
      if (text && text !== said) {
        raw.write(`event: progress\nid: ${eventId(body)}\ndata: ${text}\n\n`);
        said = text;
        saidAt = performance.now();
      } else if (performance.now() - saidAt > sayAnythingMs) {
        raw.write(':\n\n');
        saidAt = performance.now();
      }
      if (body?.finishedAt) return;
      await sleep(everyMs, undefined, { signal: gone }).catch(() => undefined);
    }
  }

  return {
    follow(id, whose, request, reply) {
      const own = [...streams.values()].filter((one) => one === whose).length;
      if (streams.size >= most.all || own >= most.each)
        throw new Problem(
          'rate_limited',
          `Too many follow batches just now: ${most.each} connections a caller at most. Ask for JSON now and then instead.`,
          undefined,
          { 'retry-after': '10' },
        );
      // What the hooks have set, such as the security headers, the raw answer has as well.
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value);
      reply.hijack();
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'x-request-id': request.id,
        // Proxies would gather what is to be seen at once.
        'x-accel-buffering': 'no',
      });
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      const stream = tell(id, reply, AbortSignal.any([gone.signal, over.signal])).finally(() => {
        streams.delete(stream);
        reply.raw.end();
      });
      streams.set(stream, whose);
    },
    async close() {
      over.abort();
      await Promise.all(streams.keys());
    },
  };
}
