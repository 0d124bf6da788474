import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/common';
import { sql } from 'kysely';
import { type InvitationId, invitationWorkflowId, stateQuery } from '../../workflows/contract.ts';
import type { Guest } from './guests.ts';
import type { Installation } from './installation.ts';
import { type Journal, knownOf } from './journal.ts';

/**
 * How long an email may rightly wait once all is mended, ms: for the provider that was asked just before and keeps silent
 * (10 s), and then for its next turn (30 s, and half as much). Found then or not, it is sent.
 */
const longestEmailMs = 60_000;

export interface RestOptions {
  /** How long it may take, ms; longer, where emails wait for their next turn. */
  ms: number;
  /** Makes queued deliveries look as old as the reconciler wants them. */
  isHurried: boolean;
  say(line: string): void;
  signal?: AbortSignal | undefined;
}

/**
 * Repeats what has no answer, and waits until nothing is under way.
 *
 * @returns what still is when the time is up
 */
export async function rest(usher: Installation, journal: Journal, guests: Guest[], options: RestOptions) {
  const { say, signal } = options;
  let deadline = Date.now() + options.ms;
  const lastEmail = Date.now() + longestEmailMs;
  let told = '';
  for (let round = 0; ; round += 1) {
    // The last one first: what came after something unknown must not depend on somebody's asking about that.
    await inTens(guests, async ({ calls }) => {
      for (const call of calls.toReversed()) if (knownOf(call).length === 0) await journal.ask(call);
    });
    if (options.isHurried && round % 8 === 0) await hurry(usher);
    const unrest = await findUnrest(usher, journal, guests);
    if (unrest.length === 0) return [];
    // While emails alone wait for their next turn, the time for all else has not begun.
    if (unrest.every(isUnsent)) deadline = Math.max(deadline, Math.min(Date.now(), lastEmail) + options.ms);
    if (Date.now() > deadline) return Promise.all(unrest.map((what) => explained(usher, what)));
    const summary = `waiting for ${unrest.length}, such as: ${unrest[0]}`;
    if (summary !== told) say(summary);
    told = summary;
    await sleep(500, undefined, { signal });
  }
}

const isUnsent = (what: string) => what.startsWith('not sent: ');

/** What is under way, with what its run is at. */
async function explained({ temporal }: Installation, what: string): Promise<string> {
  const [id] = /inv_\w+/.exec(what) ?? [];
  if (!id) return what;
  const run = temporal.workflow.getHandle(invitationWorkflowId(id as InvitationId));
  const at = await run.describe().then(
    ({ status, historyLength, raw }) => ({
      status: status.name,
      historyLength,
      task: raw.pendingWorkflowTask && { attempt: Number(raw.pendingWorkflowTask.attempt ?? 0) },
      activities: raw.pendingActivities?.map(({ activityType, attempt, lastFailure }) =>
        [activityType?.name, attempt, lastFailure?.message].join(' '),
      ),
    }),
    (error: Error) => error.name,
  );
  const { events } = await run.fetchHistory().catch(() => ({ events: [] }));
  const failures = (events ?? []).flatMap((event) => {
    const { cause, failure } = event.workflowTaskFailedEventAttributes ?? {};
    return failure ? [`task failed (${cause}): ${failure.message}`] : [];
  });
  return `${what}: ${JSON.stringify(at)} ${failures.slice(-2).join('; ')}`;
}

/** What the reconciler would find in a minute it finds now. */
async function hurry({ db, temporal }: Installation): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ queued_at: sql`now() - interval '2 minutes'` })
    .where('status', '=', 'queued')
    .execute();
  await db
    .updateTable('batches')
    .set({ created_at: sql`created_at - interval '2 minutes'` })
    .where('finished_at', 'is', null)
    .execute();
  await temporal.schedule.getHandle('reconcile').trigger();
}

async function findUnrest({ db, temporal }: Installation, journal: Journal, guests: Guest[]): Promise<string[]> {
  const unanswered = journal.calls.filter((call) => knownOf(call).length === 0).map((call) => `no answer: ${call.key}`);
  const rows = await db
    .selectFrom('invitations')
    .leftJoin('deliveries', (j) =>
      j.onRef('invitation_id', '=', 'invitations.id').onRef('ordinal', '=', 'delivery_ordinal'),
    )
    .select(['invitations.id', 'invitations.state', 'sequence', 'expires_at', 'deliveries.status'])
    .execute();
  const pending = rows.filter((row) => row.state === 'pending');
  const unsent = pending.filter((row) => row.status === 'queued').map(({ id }) => `not sent: ${id}`);
  const late = pending.filter((row) => row.expires_at.getTime() < Date.now()).map(({ id }) => `not expired: ${id}`);
  const unfinished = await db.selectFrom('batches').select('id').where('finished_at', 'is', null).execute();
  const visible = [...unanswered, ...unsent, ...late, ...unfinished.map(({ id }) => `not finished: ${id}`)];
  if (visible.length > 0) return visible;

  const names = new Map(guests.map((guest) => [guest.id, guest.name]));
  const behind: string[] = [];
  await inTens(rows, async ({ id, state, sequence }) => {
    const run = temporal.workflow.getHandle(invitationWorkflowId(id));
    const at = await run
      .describe()
      .then(async ({ status }) => (status.name === 'RUNNING' ? (await run.query(stateQuery)).sequence : 'ended'))
      .catch((error) => (error instanceof WorkflowNotFoundError ? 'ended' : (error as Error).name));
    const right = state === 'pending' ? sequence : 'ended';
    if (at !== right) behind.push(`${id} (${names.get(id)}) is ${state}, at ${sequence}, but its run at ${at}`);
  });
  return behind;
}

/** Ten at a time. */
export async function inTens<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}
