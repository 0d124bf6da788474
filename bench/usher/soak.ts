import { cpuMs } from '../processes.ts';
import { personOf } from '../row.ts';
import { onStage, p50p99, residentMb, type Stage, type StageOptions, timed } from './scenario.ts';

/** Slope of a least-squares line through values taken once a minute. */
function slope(values: readonly number[]): number {
  const n = values.length;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((sum, y) => sum + y, 0) / n;
  const covariance = values.reduce((sum, y, x) => sum + (x - meanX) * (y - meanY), 0);
  const variance = values.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

const head = [
  'minute',
  'lifecycles',
  'worker MB',
  'API MB',
  'accept p50 ms',
  'accept p99 ms',
  'worker CPU %',
  'API CPU %',
  'Temporal CPU %',
  'Postgres CPU %',
  'database KB',
  'engine KB',
];
/** What grows by the minute, of those columns. */
const slopes = ['worker MB', 'API MB', 'accept p50 ms'];

/** Lifecycles at a steady rate for a long time: what grows though it should not. */
export const soak = (o: Omit<StageOptions, 'people'> & { minutes: number; perSecond: number }) =>
  onStage({ ...o, people: Math.ceil(o.minutes * 60 * o.perSecond * 1.1) + 10 }, async (stage) => {
    const { usher, servers, report } = stage;
    const rows: (string | number)[][] = [];
    const underway = new Set<Promise<void>>();
    const parts = [usher.pids.worker, usher.pids.api, servers.temporal.pid, servers.postgres.pid];
    const spent = () => Promise.all(parts.map((pid) => (pid === undefined ? Number.NaN : cpuMs(pid))));
    let n = 0;
    let failure: unknown;
    for (let minute = 1; minute <= o.minutes; minute += 1) {
      const accepts: number[] = [];
      const before = await spent();
      const lifecycle = async (person: ReturnType<typeof personOf>) => {
        const id = await usher.invite(person);
        await servers.mail.arrival(person.email);
        accepts.push(await timed(() => usher.accept(id, person)));
      };
      const begun = Date.now();
      // By the clock, so that a late timer does not lower the rate.
      for (let due = 0; due < 60 * o.perSecond; due += 1) {
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(0, begun + (due * 1000) / o.perSecond - Date.now())),
        );
        const one: Promise<void> = lifecycle(personOf(++n))
          .catch((error) => {
            failure ??= error;
          })
          .finally(() => underway.delete(one));
        underway.add(one);
      }
      if (failure) throw failure;
      const after = await spent();
      const elapsed = Date.now() - begun;
      rows.push([
        minute,
        n,
        await residentMb(usher.pids.worker),
        await residentMb(usher.pids.api),
        ...p50p99(accepts),
        ...after.map((ms, i) => ((ms - before[i]!) / elapsed) * 100),
        ...(await diskKb(stage)),
      ]);
      report(`minute ${minute}: ${rows.at(-1)!.join(' | ')}`);
    }
    await Promise.all(underway);
    // The first third warms up.
    const settled = rows.slice(Math.floor(rows.length / 3));
    rows.push(
      head.map((name, i) =>
        i === 0 ? 'slope a minute' : slopes.includes(name) ? slope(settled.map((row) => Number(row[i]))) : '',
      ),
    );
    return { head, rows };
  });

/** What the database and the engine take on disk. */
async function diskKb({ ask, servers }: Stage): Promise<[number, number]> {
  const [row] = await ask<{ kb: number }>('select pg_database_size(current_database())::float8 / 1024 as kb');
  return [Math.round(row!.kb), Math.round((await servers.engineBytes()) / 1024)];
}
