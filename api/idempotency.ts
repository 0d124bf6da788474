import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { hasTakenEffect } from '../db/events.ts';
import { answerRequest, claimRequest } from '../db/requests.ts';
import type { Caller } from './caller.ts';
import { Problem } from './problem.ts';

const sha256 = (...parts: string[]) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/** Which try of a request it is: the only one, when it has no key; the first that its key has seen; or one more, which may have taken effect. */
export type Turn = 'only' | 'first' | 'again';

interface Repeatable {
  db: Kysely<Database>;
  request: FastifyRequest;
  caller: Caller;
  /** Epoch ms. @default now */
  receivedAt?: number;
  /** What tells its repeats from other requests. @default its Idempotency-Key */
  key?: string | undefined;
}

/**
 * Claims a request's Idempotency-Key, if it has one. The request key is what the audit log knows the request by, for ever:
 * the X-Request-Id of the first try. So the same Idempotency-Key, forgotten and used again, is another request.
 *
 * @throws Problem `idempotency_key_reused`
 */
async function claimed({ db, request, caller, receivedAt = Date.now(), ...given }: Repeatable) {
  const header = 'key' in given ? given.key : request.headers['idempotency-key'];
  if (header === undefined) return { requestKey: request.id, receivedAt, turn: 'only' as const };
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw new Problem('invalid_request', 'An Idempotency-Key has 1 to 255 visible ASCII characters.');
  }
  const key = sha256(caller.id, request.method, request.url, header);
  const bodyHash = sha256(JSON.stringify(request.body ?? null));
  const claim = await claimRequest(db, { key, bodyHash, requestId: request.id, at: new Date(receivedAt) });
  if (claim.bodyHash !== bodyHash) throw new Problem('idempotency_key_reused', 'Use a new key for a new request.');
  // One that was claimed by a version before 0.2 is known by what that version made of it.
  const requestKey = claim.requestId ?? sha256(key, claim.at.toISOString());
  const isRepeat = requestKey !== request.id;
  if (isRepeat) request.log.info({ repeats: requestKey }, 'a repeated request');
  const turn = isRepeat ? ('again' as const) : ('first' as const);
  return { key, requestKey, answer: claim.answer, receivedAt: claim.at.getTime(), turn };
}

/**
 * The request key of a request whose answer is not kept but made anew for each repeat.
 *
 * @throws Problem `idempotency_key_reused`
 */
export const requestKeyOf = async (repeatable: Repeatable): Promise<string> => (await claimed(repeatable)).requestKey;

/**
 * The request key of a form: what was hidden in it when it was drawn, with what it was filled with, is one request.
 *
 * @returns isDone it was carried out before, and is not to be again. One that was refused before is not done.
 */
export async function formTurn(repeatable: Pick<Repeatable, 'db' | 'request' | 'caller'>) {
  const { _csrf, _form, ...fields } = (repeatable.request.body ?? {}) as Record<string, unknown>;
  const key = typeof _form === 'string' && _form !== '' ? sha256(_form, JSON.stringify(fields)) : undefined;
  const { requestKey, turn } = await claimed({ ...repeatable, key });
  return { key: requestKey, isDone: turn === 'again' && (await hasTakenEffect(repeatable.db, requestKey)) };
}

/**
 * Answers a POST or PATCH once per Idempotency-Key: the same key and body replay the first answer for 24 hours, another
 * body is refused. A first try that was lost on the way is carried out under the same request key, by which the audit
 * log knows whether it took effect. Answers of the kind "try again" are not kept.
 *
 * @param act carries the request out under its request key; all its tries count as received (epoch ms) with the first
 * @throws Problem `idempotency_key_reused`, or what `act` throws
 */
export async function once<TBody>(
  { reply, ...repeatable }: Repeatable & { reply: FastifyReply },
  status: number,
  act: (requestKey: string, receivedAt: number, turn: Turn) => Promise<TBody>,
): Promise<TBody> {
  const { db } = repeatable;
  const claim = await claimed(repeatable);
  if (!claim.key) {
    reply.status(status);
    return act(claim.requestKey, claim.receivedAt, claim.turn);
  }
  const { key } = claim;
  const replay = (answer: { status: number; body: unknown }) => {
    reply.status(answer.status).header('idempotency-replayed', 'true');
    if (answer.status >= 400) reply.type('application/problem+json');
    return answer.body as TBody;
  };
  if (claim.answer) return replay(claim.answer);
  try {
    const body = await act(claim.requestKey, claim.receivedAt, claim.turn);
    // Of equal requests at the same time the first to answer speaks for all.
    const first = await answerRequest(db, key, { status, body });
    if (first) return replay(first);
    reply.status(status);
    return body;
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500 || error.code === 'rate_limited') throw error;
    const first = await answerRequest(db, key, { status: error.status, body: error.body() });
    if (first) return replay(first);
    throw error;
  }
}
