import { type Connection, Client as Temporal } from '@temporalio/client';
import { Client } from 'pg';
import type { Creates, Figures, Phase } from './figures.ts';
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
  /** What is known once all is over. */
  conclude(): Promise<Pick<Figures, 'rowsWritten' | 'history' | 'peakRssMb'>>;
}

/** Postgres flushes the statistics of an idle session within 10 s. */
const statisticsDelayMs = 11_000;

/** Numbers people across all rows and rounds. */
let people = 0;

export async function createSubject(
  row: Row,
  servers: Servers,
  connection: Connection,
  expected: number,
): Promise<Subject> {
  const running = await row.start(servers, people + expected);
  const written = running.database ? await rowsWritten(running.database) : undefined;
  let done = 0;
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
    done += count;
    return count / ((performance.now() - from) / 1000);
  };

  const lifecycle = async (person: Person, phase: Phase) => {
    const from = performance.now();
    const invitation = await running.create(person);
    phase.create.push(performance.now() - from);
    if (running.mails) {
      await servers.mail.arrival(person.email);
      phase.mailed.push(performance.now() - from);
    }
    const joining = performance.now();
    await running.accept(invitation, person);
    phase.accept.push(performance.now() - joining);
    last = invitation;
  };

  const spent = async () => {
    const of = (pid: number | undefined) => (pid === undefined ? null : cpuMs(pid));
    const [api, worker, engine, postgres] = await Promise.all([
      of(running.pids.api),
      of(running.pids.worker),
      of(running.pids.engine ?? (running.namespace ? servers.temporal.pid : undefined)),
      cpuMs(servers.postgres.pid),
    ]);
    return { api, worker, engine, postgres };
  };

  const history = async () =>
    running.workflowId && running.namespace && last
      ? await historyOf(connection, running.namespace, running.workflowId(last))
      : null;

  return {
    row,
    running,
    async phase(lifecycles, concurrency) {
      const phase = { lifecycles, create: [], accept: [], mailed: [] } as unknown as Phase;
      const [cpuBefore, walBefore] = [await spent(), await walPosition(servers)];
      phase.perSecond = await forPeople(lifecycles, concurrency, (person) => lifecycle(person, phase));
      const [cpuAfter, walAfter] = [await spent(), await walPosition(servers)];
      const perInvitation = (part: keyof typeof cpuAfter) =>
        cpuAfter[part] === null ? null : (cpuAfter[part] - cpuBefore[part]!) / lifecycles;
      phase.cpuMs = {
        api: perInvitation('api'),
        worker: perInvitation('worker'),
        engine: perInvitation('engine'),
        postgres: perInvitation('postgres')!,
      };
      phase.walBytes = (walAfter - walBefore) / lifecycles;
      return phase;
    },
    async creates(count, concurrency) {
      const { api: cpuBefore } = await spent();
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
      const allMailedMs = running.mails ? performance.now() - from : null;
      const { api: cpuAfter } = await spent();
      const apiCpuMs = cpuAfter === null ? null : (cpuAfter - cpuBefore!) / count;
      return { count, perSecond, create, allMailedMs, apiCpuMs };
    },
    async conclude() {
      await new Promise((resolve) => setTimeout(resolve, written === undefined ? 0 : statisticsDelayMs));
      const memory = async (pid: number | undefined) => (pid === undefined ? null : memoryMb(pid, 'VmHWM'));
      return {
        rowsWritten: written === undefined ? null : ((await rowsWritten(running.database!)) - written) / done,
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

const rowsWritten = async (database: string): Promise<number> =>
  Number(
    await ask(
      database,
      'select tup_inserted + tup_updated + tup_deleted as answer from pg_stat_database where datname = current_database()',
    ),
  );

const walPosition = async (servers: Servers): Promise<number> =>
  Number(await ask(await servers.database('postgres'), "select pg_current_wal_lsn() - '0/0'::pg_lsn as answer"));

async function historyOf(connection: Connection, namespace: string, workflowId: string): Promise<Figures['history']> {
  const handle = new Temporal({ connection, namespace }).workflow.getHandle(workflowId);
  const { historyLength, historySize } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const workflowTasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes).length;
  return { events: historyLength, bytes: Number(historySize ?? 0), workflowTasks };
}
