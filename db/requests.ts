import { type Generated, type Kysely, sql } from 'kysely';
import { forgetSessions } from './accounts.ts';
import { forgetActResults, forgetResults } from './batches.ts';
import type { Database } from './database.ts';
import { forgetUnused } from './limits.ts';
import { forgetNotices } from './notices.ts';
import { forgetMessages, forgetSecrets } from './webhooks.ts';

/** Requests made with an Idempotency-Key, for 24 hours. */
export interface RequestsTable {
  /** SHA-256 of caller, route and key. */
  key: string;
  /** SHA-256 of the body: another body under the same key is refused. */
  body_hash: string;
  /** Null until the request has an answer. */
  status: number | null;
  body: unknown | null;
  /** The X-Request-Id of the first try, which the audit log knows it by; null for one that an older version claimed. */
  request_id: string | null;
  created_at: Generated<Date>;
}

const hoursKept = 24;

export interface ClaimedRequest {
  /** When the one that claimed it was received: once it has been forgotten, the same key is another request. */
  at: Date;
  bodyHash: string;
  /** The first one's. */
  requestId: string | null;
  /** Absent while the first try has no answer, or lost it. */
  answer?: { status: number; body: unknown };
}

/** Claims a request key, unless it has been claimed before. Returns the first claim. */
export async function claimRequest(
  db: Kysely<Database>,
  request: { key: string; bodyHash: string; requestId: string; at: Date },
): Promise<ClaimedRequest> {
  const claimed = await db
    .insertInto('requests')
    .values({
      key: request.key,
      body_hash: request.bodyHash,
      request_id: request.requestId,
      created_at: request.at,
      status: null,
      body: null,
    })
    .onConflict((c) => c.column('key').doNothing())
    .returning('created_at')
    .executeTakeFirst();
  if (claimed) return request;
  const known = await db
    .selectFrom('requests')
    .select(['body_hash', 'request_id', 'status', 'body', 'created_at'])
    .where('key', '=', request.key)
    .executeTakeFirst();
  // Gone in between: it was past its time.
  if (!known) return claimRequest(db, request);
  return {
    at: known.created_at,
    bodyHash: known.body_hash,
    requestId: known.request_id,
    ...(known.status === null ? {} : { answer: { status: known.status, body: known.body } }),
  };
}

/** Keeps the answer of a claimed request for its replays. Returns the answer it has already, if it has: the first stays. */
export async function answerRequest(
  db: Kysely<Database>,
  key: string,
  answer: { status: number; body: unknown },
): Promise<ClaimedRequest['answer']> {
  const { numUpdatedRows } = await db
    .updateTable('requests')
    .set({ status: answer.status, body: JSON.stringify(answer.body) })
    .where('key', '=', key)
    .where('status', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 1n) return undefined;
  const first = await db.selectFrom('requests').select(['status', 'body']).where('key', '=', key).executeTakeFirst();
  return first && first.status !== null ? { status: first.status, body: first.body } : undefined;
}

/** For so long it is kept on which invitations an act on many was not carried out, days. */
const actResultsKeptDays = 30;
/** For so long it is kept what webhooks were told, and waits for those that are disabled, days. */
const messagesKeptDays = 30;

/**
 * Deletes what is past its time: kept answers after 24 hours, likewise the results of batches that invited (of acts on many
 * after 30 days), and what an amend was to change and did not; messages to webhooks after 30 days, and their secrets that sign
 * no more; sessions, limits unused again, what inviters were told. Returns how many rows.
 */
export async function forgetExpired(db: Kysely<Database>): Promise<number> {
  await forgetSecrets(db);
  const requests = await db
    .deleteFrom('requests')
    .where('created_at', '<', sql<Date>`now() - make_interval(hours => ${hoursKept})`)
    .executeTakeFirst();
  const amendments = await db
    .deleteFrom('amendments')
    .where('created_at', '<', sql<Date>`now() - make_interval(hours => ${hoursKept})`)
    .executeTakeFirst();
  return (
    Number(requests.numDeletedRows + amendments.numDeletedRows) +
    (await forgetResults(db, hoursKept)) +
    (await forgetActResults(db, actResultsKeptDays)) +
    (await forgetMessages(db, messagesKeptDays)) +
    (await forgetSessions(db)) +
    (await forgetUnused(db)) +
    (await forgetNotices(db))
  );
}
