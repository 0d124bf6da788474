import { createHash, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { answerRequest, claimRequest } from '../db/requests.ts';
import type { Caller } from './caller.ts';
import { Problem } from './problem.ts';

const sha256 = (...parts: string[]) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/**
 * Answers a POST or PATCH once per Idempotency-Key: the same key and body replay the first answer for 24 hours, another
 * body is refused. A first try that was lost on the way is carried out under the same request key, by which the audit
 * log knows whether it took effect. Answers of the kind "try again" are not kept.
 *
 * @param act carries the request out under its request key
 * @throws Problem `idempotency_key_reused`, or what `act` throws
 */
export async function once<TBody>(
  {
    db,
    request,
    reply,
    caller,
  }: { db: Kysely<Database>; request: FastifyRequest; reply: FastifyReply; caller: Caller },
  status: number,
  act: (requestKey: string) => Promise<TBody>,
): Promise<TBody> {
  const header = request.headers['idempotency-key'];
  if (header === undefined) {
    reply.status(status);
    return act(randomUUID());
  }
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw new Problem('invalid_request', 'An Idempotency-Key has 1 to 255 visible ASCII characters.');
  }
  const key = sha256(caller.id, request.method, request.url, header);
  const bodyHash = sha256(JSON.stringify(request.body ?? null));
  const claim = await claimRequest(db, { key, bodyHash });
  if (claim.bodyHash !== bodyHash) throw new Problem('idempotency_key_reused', 'Use a new key for a new request.');
  const replay = (answer: { status: number; body: unknown }) => {
    reply.status(answer.status).header('idempotency-replayed', 'true');
    if (answer.status >= 400) reply.type('application/problem+json');
    return answer.body as TBody;
  };
  if (claim.answer) return replay(claim.answer);
  try {
    // The audit log knows request keys for ever; forgotten and used again, the same key is another request.
    const body = await act(sha256(key, claim.at.toISOString()));
    // Of equal requests at the same time the first to answer speaks for all.
    const first = await answerRequest(db, key, { status, body });
    if (first) return replay(first);
    reply.status(status);
    return body;
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    const first = await answerRequest(db, key, { status: error.status, body: error.body() });
    if (first) return replay(first);
    throw error;
  }
}
