import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/database.ts';
import { invitationWorkflowId } from '../../workflows/contract.ts';

/**
 * Looks for personal data where none may be: in Temporal's histories and in logs. Every Usher of the suite is searched
 * when it is closed, for all that its own database knows of people, and for anything that looks like an address or a link.
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

/** Searches every history of a Temporal namespace, and log lines. @param more what the database no longer knows */
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
  return findPersonalData(texts, values);
}
