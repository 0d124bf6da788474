import { Client } from 'pg';
import { percentile } from '../figures.ts';
import { createCaller } from '../http.ts';
import { memoryMb } from '../processes.ts';
import { type Person, personOf } from '../row.ts';
import { type Servers, startServers } from '../servers.ts';
import { separatePrograms, startUsher, type UsherRunning } from './row.ts';

const lookEveryMs = 50;

/** Usher alone, under one kind of load. */
export interface Stage {
  servers: Servers;
  usher: UsherRunning;
  /** Asks its database. */
  ask<T>(query: string, values?: unknown[]): Promise<T[]>;
  report(line: string): void;
}

export interface StageOptions {
  people: number;
  seats?: number;
  temporal?: string;
  /** Further environment variables of API and worker. */
  env?: Record<string, string>;
  report(line: string): void;
}

/** Starts Usher and its servers, runs the scenario, and stops them. */
export async function onStage<T>(o: StageOptions, scenario: (stage: Stage) => Promise<T>): Promise<T> {
  const servers = await startServers(o.temporal);
  try {
    const { people, seats } = o;
    const usher = await startUsher(
      servers,
      { database: 'usher', namespace: 'default', people, ...(seats === undefined ? {} : { seats }) },
      (env) => separatePrograms({ ...env, ...o.env }),
    );
    const db = new Client({ connectionString: usher.database! });
    await db.connect();
    try {
      return await scenario({
        servers,
        usher,
        ask: async (query, values) => (await db.query(query, values)).rows,
        report: o.report,
      });
    } finally {
      await db.end();
      await usher.stop();
    }
  } finally {
    await servers.stop();
  }
}

/** Runs so many jobs, so many at a time, with a line now and then. */
export async function inParallel(
  what: string,
  count: number,
  concurrency: number,
  job: (n: number) => Promise<void>,
  report: (line: string) => void,
): Promise<void> {
  let next = 0;
  let done = 0;
  const often = Math.max(1, Math.ceil(count / 10));
  await Promise.all(
    Array.from({ length: Math.min(count, concurrency) }, async () => {
      while (next < count) {
        await job(next++);
        done += 1;
        if (done % often === 0) report(`${what}: ${done} of ${count}`);
      }
    }),
  );
}

/** Waits until nothing of something is left, with a line now and then. @param left how much is */
export async function untilNone(what: string, left: () => Promise<number>, report: Stage['report']): Promise<void> {
  for (let n = await left(); n > 0; n = await left()) {
    report(`${n} ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Waits until the provider has taken all emails. */
export const untilMailed = ({ ask, report }: Pick<Stage, 'ask' | 'report'>): Promise<void> =>
  untilNone(
    'not mailed',
    async () =>
      (await ask<{ count: number }>("select count(*)::int as count from deliveries where status = 'queued'"))[0]!.count,
    report,
  );

/** How long something takes, ms. */
export async function timed(job: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await job();
  return performance.now() - from;
}

/** Invites people `from` to `from + count - 1`, 32 at a time; resolves to their invitations by person. */
export async function invite(stage: Stage, from: number, count: number): Promise<{ id: string; person: Person }[]> {
  const invited: { id: string; person: Person }[] = [];
  await inParallel(
    'invited',
    count,
    32,
    async (n) => {
      const person = personOf(from + n);
      invited.push({ id: await stage.usher.invite(person), person });
    },
    stage.report,
  );
  return invited;
}

/** How long the parts of a batch took since it was asked for, ms. */
export interface BatchTimes {
  answered: number;
  /** The workflow of each invitation. */
  started: number;
  /** The provider has taken all emails. */
  mailed: number;
}

/** Invites people `from` to `from + count - 1` by one request, 10,000 at most, and waits until all is done that it begins. */
export async function inviteBatch(
  { usher, ask, report }: Pick<Stage, 'usher' | 'ask' | 'report'>,
  from: number,
  count: number,
): Promise<BatchTimes> {
  const invitations = Array.from({ length: count }, (_, n) => ({
    email: personOf(from + n).email,
    licenses: ['studio'],
  }));
  const caller = createCaller(usher.url);
  const began = performance.now();
  const { id, counts } = await caller.post(
    '/v1/organizations/acme/invitation-batches',
    { mode: 'valid', invitations },
    { authorization: `Bearer ${usher.apiKey}` },
  );
  const answered = performance.now() - began;
  await caller.close();
  if (counts.invited !== count) throw new Error(`invited ${counts.invited} of ${count}`);
  const reached: { started?: number; mailed?: number } = {};
  let said = performance.now();
  while (reached.started === undefined || reached.mailed === undefined) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    const [left] = await ask<{ started: number; mailed: number }>(
      `select (select count(*)::int from invitations, batches b
           where batch_id = b.id and invitations.id > coalesce(started_through, '') and b.id = $1) as started,
         (select count(*)::int from deliveries where status = 'queued') as mailed`,
      [id],
    );
    const now = performance.now();
    if (left!.started === 0) reached.started ??= now - began;
    if (left!.mailed === 0) reached.mailed ??= now - began;
    if (now - said > 5_000) {
      report(`${left!.mailed} not mailed, ${left!.started} not started`);
      said = now;
    }
  }
  return { answered, started: reached.started, mailed: reached.mailed };
}

/** True when the pool's counters are what its seats say. */
export async function seatsAreExact({ ask }: Pick<Stage, 'ask'>): Promise<boolean> {
  const [wrong] = await ask<{ count: number }>(
    `select count(*)::int as count from license_pools p where
       reserved <> (select count(*) from seats s where s.pool_id = p.id and s.state = 'reserved') or
       assigned <> (select count(*) from seats s where s.pool_id = p.id and s.state = 'assigned')`,
  );
  return wrong!.count === 0;
}

/** Median and 99th percentile, for a table. */
export const p50p99 = (values: readonly number[]): [number, number] => [
  percentile(values, 0.5),
  percentile(values, 0.99),
];

/** Memory of a process and its descendants now, MB; a dash for one that runs elsewhere. */
export const residentMb = async (pid: number | undefined): Promise<number | string> =>
  pid === undefined ? '–' : Math.round(await memoryMb(pid, 'VmRSS'));
