import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Command } from 'commander';
import type { Kysely } from 'kysely';
import { createPace, resumeInvitation } from '../activities/resume.ts';
import { attempt, ConfigError, databaseUrl } from '../config.ts';
import { endAllSessions } from '../db/accounts.ts';
import { requireAdmission } from '../db/admission.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { finishedErasures } from '../db/erasure.ts';
import { type ErasureId, type InvitationId, isId } from '../db/ids.ts';
import type { Resumable } from '../db/invitations.ts';
import { connectedPrograms, knownInvitations, lastHeard, raiseGenerations } from '../db/restored.ts';
import { invitationWorkflowId, searchAttributes, workflowTypes } from '../workflows/contract.ts';
import { type EngineKnowledge, knowledgeOf } from './engine-knowledge.ts';

/** `npm run operate -- restored`: Postgres wins over a Temporal that knows more. */
export const restored = new Command('restored')
  .summary('after Postgres was restored from a backup, before workers and API start again')
  .description(
    [
      'After Postgres was restored from a backup, before workers and API start again.',
      'Lists what Temporal knows and Postgres has lost: invitations made since the backup, what was done to others, emails sent, people erased. Then ends the running workflows, which know too much; raises the generation of every invitation that can still send a link, so that no link from before works, and none is made twice; and starts the pending invitations again from Postgres. All sessions end: some had been ended before.',
      "It can be broken off and begun again, and waits for no worker. Reads USHER_DATABASE_URL and Temporal's own variables.",
    ].join('\n\n'),
  )
  .option('--list', 'list what was lost, and change nothing')
  .option('--json', 'print one JSON object, for programs')
  .action(async (options: { list?: true; json?: true }) => {
    await using opened = new AsyncDisposableStack();
    const url = databaseUrl(process.env);
    if (!options.list) await requireQuiet(url);
    const db = createDatabase(url, 20);
    opened.defer(() => db.destroy());
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const connection = await attempt('Temporal cannot be reached: check TEMPORAL_ADDRESS, and that it runs', () =>
      Connection.connect(connectionOptions),
    );
    opened.defer(() => connection.close());
    const temporal = new Client({ connection, ...(namespace ? { namespace } : {}) });
    const interrupted = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
    const say = options.json ? () => undefined : (line: string) => console.log(line);
    const report = await mend({ db, temporal, signal: interrupted.signal, list: options.list === true, say }).catch(
      (cause: Error) => {
        if (cause instanceof ConfigError) throw cause;
        const { code = cause.message } = cause as { code?: unknown };
        throw new ConfigError(
          `Stopped: ${interrupted.signal.aborted ? 'interrupted' : `${cause.name}: ${code}`}. Run it again.`,
          { cause },
        );
      },
    );
    if (options.json) console.log(JSON.stringify(report, null, 2));
    else say(summary(report, options.list === true));
  });

/** @throws ConfigError while programs of Usher are connected: they would act on what is being mended */
async function requireQuiet(url: string): Promise<void> {
  const db = createDatabase(url, 1);
  try {
    await requireAdmission(db);
    const programs = await attempt('Postgres cannot be used: check USHER_DATABASE_URL, and that it runs', () =>
      connectedPrograms(db),
    );
    if (programs > 0)
      throw new ConfigError(
        `Programs of Usher are connected to the database (${programs} connections): end workers and API first, and start them when this is done.`,
      );
  } finally {
    await db.destroy();
  }
}

/** An invitation of which Temporal knows more than Postgres. */
export interface Lost {
  invitation: InvitationId;
  /** Undefined: Postgres does not know it at all. */
  postgres?: { state: string; sequence: number };
  temporal: { state: string | undefined; sequence: number };
  /** Ordinals of emails that were sent, and of which Postgres does not know that. */
  emails: number[];
}

export interface Report {
  /** ISO 8601; what Postgres knows ends here. Null: it knows nothing. */
  postgresEndsAt: string | null;
  lost: Lost[];
  /** Erasures of people that were done, and are undone. */
  erasures: string[];
  /** Workflows ended. */
  ended: number;
  /** Invitations whose links from before are dead. */
  raised: number;
  /** Workflows started again. */
  started: number;
  /** Sessions ended. */
  sessions: number;
}

const pageSize = 200;
/** Clocks differ, and visibility is late, ms. */
const overlapMs = 300_000;

const closedSince = (type: string, since: number) =>
  `WorkflowType = '${type}' AND ExecutionStatus != 'Running' AND CloseTime > '${new Date(Math.max(0, since - overlapMs)).toISOString()}'`;

interface Restore {
  db: Kysely<Database>;
  temporal: Client;
  signal: AbortSignal;
  /** Only lists. */
  list: boolean;
  say: (line: string) => void;
}

async function mend(o: Restore): Promise<Report> {
  const ends = await attempt('Postgres cannot be used: check USHER_DATABASE_URL, and that it runs', () =>
    lastHeard(o.db),
  );
  const report: Report = {
    postgresEndsAt: ends === 0 ? null : new Date(ends).toISOString(),
    lost: [],
    erasures: [],
    ended: 0,
    raised: 0,
    started: 0,
    sessions: 0,
  };
  await compareRuns(o, ends, report);
  report.erasures = await undoneErasures(o, ends);
  for (const id of report.erasures) o.say(`lost: ${id}: somebody was erased, and is there again`);
  if (o.list) return report;

  const { db, temporal } = o;
  const pace = createPace(o.signal);
  const start = (invitation: Resumable) =>
    pace.begin(async () => {
      if ((await resumeInvitation({ db, temporal }, invitation, 'restored')) === 'started') report.started += 1;
    });
  report.sessions = await endAllSessions(db);
  const at = Date.now();
  for (let last: InvitationId | undefined; ; ) {
    const page = await raiseGenerations(db, at, last, pageSize);
    for (const invitation of page.filter((row) => row.state === 'pending')) await start(invitation);
    await pace.end();
    report.raised += page.length;
    last = page.at(-1)?.id;
    if (!last) break;
    o.say(`${report.raised} generations raised, ${report.started} started (up to ${last})`);
  }
  return report;
}

/** Erasures that Temporal knows to be done and Postgres does not. Whose they were only those know who asked for them. */
async function undoneErasures({ db, temporal }: Restore, since: number): Promise<string[]> {
  const ids: ErasureId[] = [];
  for await (const { workflowId, status } of temporal.workflow.list({
    query: closedSince(workflowTypes.erasure, since),
  }))
    if (status.name === 'COMPLETED') ids.push(workflowId.slice('erasure/'.length) as ErasureId);
  const done = await finishedErasures(db, ids);
  return ids.filter((id) => !done.has(id)).sort();
}

/**
 * Compares what runs know with Postgres, and ends those that run.
 *
 * @param since epoch ms; runs that closed before it know nothing new
 */
async function compareRuns(o: Restore, since: number, report: Report): Promise<void> {
  const { db, temporal, list, say } = o;
  const pace = createPace(o.signal);
  const prefix = invitationWorkflowId('' as InvitationId);
  const queries = [
    `WorkflowType = '${workflowTypes.invitation}' AND ExecutionStatus = 'Running'`,
    closedSince(workflowTypes.invitation, since),
  ];

  const lost = new Map<InvitationId, Lost>();
  const compare = async (runs: Map<InvitationId, Run[]>) => {
    const known = await knownInvitations(db, [...runs.keys()]);
    for (const [invitation, ofIt] of runs) {
      const row = known.get(invitation);
      for (const { knowledge, state } of ofIt) {
        const emails = [...knowledge.sent].filter((ordinal) => !row?.settled.has(ordinal));
        if (row && knowledge.sequence <= row.sequence && emails.length === 0) continue;
        if (knowledge.sequence === 0 && emails.length === 0) continue;
        const before = lost.get(invitation);
        const newest = !before || knowledge.sequence >= before.temporal.sequence;
        lost.set(invitation, {
          invitation,
          ...(row ? { postgres: { state: row.state, sequence: row.sequence } } : {}),
          temporal: newest ? { state, sequence: knowledge.sequence } : before.temporal,
          emails: [...new Set([...(before?.emails ?? []), ...emails])].sort((a, b) => a - b),
        });
      }
    }
  };

  let looked = 0;
  for (const query of queries) {
    let page = new Map<InvitationId, Run[]>();
    const flush = async () => {
      await pace.end();
      await compare(page);
      page = new Map();
    };
    for await (const { workflowId, runId, status, typedSearchAttributes } of temporal.workflow.list({ query })) {
      const invitation = workflowId.slice(prefix.length);
      if (!workflowId.startsWith(prefix) || !isId('inv', invitation)) continue;
      await pace.begin(async () => {
        const handle = temporal.workflow.getHandle(workflowId, runId);
        const knowledge = knowledgeOf(await handle.fetchHistory());
        const state = typedSearchAttributes.get(searchAttributes.state);
        page.set(invitation, [...(page.get(invitation) ?? []), { knowledge, state }]);
        if (status.name !== 'RUNNING' || list) return;
        await handle.terminate('Postgres was restored');
        report.ended += 1;
      });
      if (++looked % pageSize > 0) continue;
      await flush();
      say(`${looked} workflows compared, ${report.ended} ended`);
    }
    await flush();
  }
  report.lost = [...lost.values()].sort((a, b) => (a.invitation < b.invitation ? -1 : 1));
  for (const one of report.lost) say(lostLine(one));
}

interface Run {
  knowledge: EngineKnowledge;
  state: string | undefined;
}

function lostLine({ invitation, postgres, temporal, emails }: Lost): string {
  const was =
    !postgres || temporal.sequence > postgres.sequence
      ? `${temporal.state ?? 'unknown'} in Temporal (sequence ${temporal.sequence})`
      : undefined;
  const is = postgres ? `${postgres.state} in Postgres (sequence ${postgres.sequence})` : 'unknown to Postgres';
  const mails = emails.length > 0 ? `emails sent of which Postgres does not know: ${emails.join(', ')}` : undefined;
  return `lost: ${invitation}: ${[was, is, mails].filter((part) => part !== undefined).join('; ')}`;
}

function summary(report: Report, list: boolean): string {
  const emails = report.lost.reduce((sum, { emails }) => sum + emails.length, 0);
  const lost = `${report.lost.length} invitations lost something, ${emails} emails among it, and ${report.erasures.length} erasures are undone, since ${report.postgresEndsAt ?? 'the beginning'}`;
  if (list) return lost;
  return `restored: ${lost}; ${report.ended} workflows ended, ${report.raised} generations raised, ${report.started} pending invitations started, ${report.sessions} sessions ended`;
}
