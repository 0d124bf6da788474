import { type Connection, Client as Temporal } from '@temporalio/client';
import { Client } from 'pg';
import { type Cpu, type Creates, type Figures, latencyOf, type Phase } from './figures.ts';
import { cpuMs, memoryMb } from './processes.ts';
import { type Person, personOf, type Row, type Running } from './row.ts';
import type { Servers } from './servers.ts';

/** A row under measurement. */
export interface Subject {
  row: Row;
  running: Running;
  /** Runs so many lifecycles, so many at a time. */
  phase(lifecycles: number, concurrency: number): Promise<Phase>;
  /** Invites so many people, so many at a time, and waits until all have their email: the next row meets an idle machine. */
  creates(count: number, concurrency: number): Promise<Creates>;
  /** Rows inserted or updated in its tables so far; null when it has none. Postgres tells them {@link statisticsDelayMs} late. */
  rowsWritten(): Promise<number | null>;
  /** What is known once all is over. */
  conclude(): Promise<Pick<Figures, 'history' | 'peakRssMb'>>;
}

/** Postgres flushes the statistics of an idle session within 10 s. */
export const statisticsDelayMs = 11_000;

/** Numbers people across all rows and rounds. */
let people = 0;

export async function createSubject(
  row: Row,
  servers: Servers,
  connection: Connection,
  expected: number,
): Promise<Subject> {
  const running = await row.start(servers, people + expected);
  let last: string | undefined;

  /** Runs so many jobs, so many at a time, each with a person of its own. Resolves to how many a second that was. */
  const forPeople = async (count: number, concurrency: number, job: (person: Person) => Promise<void>) => {
    const from = performance.now();
    let left = count;
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (left-- > 0) await job(personOf(++people));
      }),
    );
    return count / ((performance.now() - from) / 1000);
  };

  const spent = async (): Promise<Cpu> => {
    const of = (pid: number | undefined) => (pid === undefined ? null : cpuMs(pid));
    const [api, worker, engine, postgres] = await Promise.all([
      of(running.pids.api),
      of(running.pids.worker),
      of(running.pids.engine ?? (running.namespace ? servers.temporal.pid : undefined)),
      cpuMs(servers.postgres.pid),
    ]);
    return { api, worker, engine, postgres };
  };
  /** CPU since then, by so many. */
  const spentSince = async (before: Cpu, count: number): Promise<Cpu> => {
    const now = await spent();
    const each = (part: keyof Cpu) => (now[part] === null ? null : (now[part] - before[part]!) / count);
    return { api: each('api'), worker: each('worker'), engine: each('engine'), postgres: each('postgres')! };
  };

  const history = async () =>
    running.workflowId && running.namespace && last
      ? await historyOf(connection, running.namespace, running.workflowId(last))
      : null;

  return {
    row,
    running,
    async phase(lifecycles, concurrency) {
      const [create, mailed, accept]: number[][] = [[], [], []];
      const [cpuBefore, walBefore] = [await spent(), await walPosition(servers)];
      const own = process.cpuUsage();
      const perSecond = await forPeople(lifecycles, concurrency, async (person) => {
        const from = performance.now();
        const invitation = await running.create(person);
        create!.push(performance.now() - from);
        if (running.mails) {
          await servers.mail.arrival(person.email);
          mailed!.push(performance.now() - from);
        }
        const joining = performance.now();
        await running.accept(invitation, person);
        accept!.push(performance.now() - joining);
        last = invitation;
      });
      const { user, system } = process.cpuUsage(own);
      return {
        lifecycles,
        perSecond,
        create: latencyOf(create!),
        accept: latencyOf(accept!),
        mailed: running.mails ? latencyOf(mailed!) : null,
        cpuMs: await spentSince(cpuBefore, lifecycles),
        ownCpuMs: (user + system) / 1000 / lifecycles,
        walBytes: ((await walPosition(servers)) - walBefore) / lifecycles,
      };
    },
    async creates(count, concurrency) {
      const cpuBefore = await spent();
      const create: number[] = [];
      const invited: Person[] = [];
      const from = performance.now();
      const perSecond = await forPeople(count, concurrency, async (person) => {
        const before = performance.now();
        await running.create(person);
        create.push(performance.now() - before);
        invited.push(person);
      });
      if (running.mails) await Promise.all(invited.map(({ email }) => servers.mail.arrival(email)));
      const mailedPerSecond = running.mails ? count / ((performance.now() - from) / 1000) : null;
      return {
        count,
        perSecond,
        create: latencyOf(create),
        mailedPerSecond,
        cpuMs: await spentSince(cpuBefore, count),
      };
    },
    rowsWritten: async () => (running.database ? await rowsWritten(running.database) : null),
    async conclude() {
      const memory = async (pid: number | undefined) => (pid === undefined ? null : memoryMb(pid, 'VmHWM'));
      return {
        history: await history(),
        peakRssMb: { api: await memory(running.pids.api), worker: await memory(running.pids.worker) },
      };
    },
  };
}

async function ask<T>(connectionString: string, query: string): Promise<T> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(query)).rows[0].answer as T;
  } finally {
    await client.end();
  }
}

/**
 * Those of the program's own tables: Postgres also writes statistics of its own, whenever it likes. What is deleted is not counted:
 * that is of what came long before.
 */
const rowsWritten = async (database: string): Promise<number> =>
  Number(await ask(database, 'select coalesce(sum(n_tup_ins + n_tup_upd), 0) as answer from pg_stat_user_tables'));

const walPosition = async (servers: Servers): Promise<number> =>
  Number(await ask(await servers.database('postgres'), "select pg_current_wal_lsn() - '0/0'::pg_lsn as answer"));

async function historyOf(connection: Connection, namespace: string, workflowId: string): Promise<Figures['history']> {
  const handle = new Temporal({ connection, namespace }).workflow.getHandle(workflowId);
  const { historyLength, historySize } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const workflowTasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes).length;
  return { events: historyLength, bytes: Number(historySize ?? 0), workflowTasks };
}
