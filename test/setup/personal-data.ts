import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { idFromBytes } from '../../db/ids.ts';
import { invitationWorkflowId } from '../../workflows/contract.ts';

/**
 * Looks for what may not be where it is. Every Usher of the suite is searched when it is closed: Temporal's histories and
 * the logs for all that its own database knows of people, and for anything that looks like an address or a link; these and
 * every column of every table for secrets: links, API keys, cookies, sign-in codes, ID tokens.
 */

/** `@type.googleapis.com` is how Protobuf names types, which errors of gRPC quote. */
const address = /[\w.+-]+@(?!type\.googleapis\.com\b)[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b/i;
const link = /\/i\/[\w-]{60,}/;
/** Shorter values turn up by chance. */
const shortest = 8;

/** Every text in a history event: payloads decoded, failures and ids as they are; worker identities (pid@host) left out. */
function* textsOf(value: unknown, key = ''): Generator<string> {
  if (key === 'identity' || value === null || value === undefined) return;
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('utf8');
  else if (typeof value === 'object') for (const [k, v] of Object.entries(value)) yield* textsOf(v, k);
}

/** What a database knows of people, and what they wrote. */
async function personalValues(db: Kysely<Database>): Promise<string[]> {
  const accounts = await db
    .selectFrom('accounts')
    .select(['email', 'mailbox', 'name'])
    .where('erased_at', 'is', null)
    .execute();
  const invitations = await db.selectFrom('invitations').select(['email', 'mailbox', 'message', 'metadata']).execute();
  const organizations = await db.selectFrom('organizations').select('name').execute();
  const values = [
    ...accounts.flatMap((a) => [a.email, a.mailbox, a.name]),
    ...invitations.flatMap((i) => [i.email, i.mailbox, i.message ?? '', ...Object.values(i.metadata)]),
    ...organizations.map((o) => o.name),
  ];
  return [...new Set(values)].filter((value) => value.length >= shortest);
}

/** Which of these texts hold personal data: where, and what. */
export function findPersonalData(texts: Iterable<{ where: string; text: string }>, values: string[]): string[] {
  const found: string[] = [];
  for (const { where, text } of texts) {
    const what = values.find((value) => text.includes(value)) ?? address.exec(text)?.[0] ?? link.exec(text)?.[0];
    if (what) found.push(`${where}: ${what}`);
  }
  return found;
}

/** What shows by its form alone. */
const secretForms: [string, RegExp][] = [
  ['an API key', /usher_sk_[\w-]{16,}/],
  ['a link', link],
  ['a cookie', /(usher_\d+|__Host-usher)_(session|csrf|login_[\w-]*|link_\w*)=[^;\s"]/],
  ['a sign-in code', /[?&]code=[\w.~-]/],
  ['an ID token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./],
];

/** Which of these texts hold a secret of this database: where, and of which kind; never the secret itself. */
export async function findSecrets(
  db: Kysely<Database>,
  texts: Iterable<{ where: string; text: string }>,
): Promise<string[]> {
  const sessions = await db.selectFrom('sessions').select('id_hash').execute();
  const keys = await db.selectFrom('api_keys').select('hash').execute();
  const hashes = new Set([...sessions.map((s) => s.id_hash), ...keys.map((k) => k.hash)].map((h) => h.toString('hex')));
  const invitations = new Set<string>((await db.selectFrom('invitations').select('id').execute()).map((i) => i.id));
  /** A session's value hashes to its row; a link begins with the id of its invitation. */
  const isSecret = (word: string) =>
    word.length === 70
      ? invitations.has(idFromBytes('inv', Buffer.from(word, 'base64url').subarray(0, 16)))
      : word.length === 43 && hashes.has(createHash('sha256').update(word).digest('hex'));
  const found: string[] = [];
  for (const { where, text } of texts) {
    const kind =
      secretForms.find(([, form]) => form.test(text))?.[0] ??
      ((text.match(/[\w-]{43,}/g) ?? []).some(isSecret) ? 'a link or a session' : undefined);
    if (kind) found.push(`${where}: ${kind}`);
  }
  return found;
}

/** Every row of every table, but for the ID tokens that sessions keep for signing out. */
export async function rowsOf(db: Kysely<Database>): Promise<{ where: string; text: string }[]> {
  const tables = await db.introspection.getTables();
  const found: { where: string; text: string }[] = [];
  // One after the other: there are more tables than connections, for which a busy machine would make them wait.
  for (const { name } of tables) {
    const { rows } = await sql<{ text: string }>`
      select (to_jsonb(t) - 'id_token')::text as text from ${sql.table(name)} t
    `.execute(db);
    for (const { text } of rows) found.push({ where: `table ${name}`, text });
  }
  return found;
}

/** Searches every history of a Temporal namespace, log lines, and for secrets the tables too. @param more what the database no longer knows */
export async function searchPersonalData(
  client: Client,
  db: Kysely<Database>,
  log: readonly string[],
  more: readonly string[] = [],
): Promise<string[]> {
  const values = [...(await personalValues(db)), ...more];
  const runs = new Map<string, string>();
  const texts: { where: string; text: string }[] = log.map((text) => ({ where: 'log', text }));
  for await (const { workflowId, runId, memo, searchAttributes } of client.workflow.list()) {
    texts.push({ where: `${workflowId} (listed)`, text: JSON.stringify([workflowId, memo, searchAttributes]) });
    runs.set(runId, workflowId);
  }
  // The list is late: what has just begun may be missing there, but its invitation is not.
  for (const { id } of await db.selectFrom('invitations').select('id').execute()) {
    const run = await client.workflow
      .getHandle(invitationWorkflowId(id))
      .describe()
      .catch(() => undefined);
    if (run) runs.set(run.runId, run.workflowId);
  }
  for (const [runId, workflowId] of runs) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      for (const text of textsOf(event)) texts.push({ where: `${workflowId}, event ${event.eventId}`, text });
    }
  }
  return [...findPersonalData(texts, values), ...(await findSecrets(db, [...texts, ...(await rowsOf(db))]))];
}
