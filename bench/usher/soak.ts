import { median } from '../figures.ts';
import { memoryMb } from '../processes.ts';
import { personOf } from '../row.ts';
import { ms, onStage, type StageOptions, timed } from './scenario.ts';

/** Slope of a least-squares line through values taken once a minute. */
function slope(values: readonly number[]): number {
  const n = values.length;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((sum, y) => sum + y, 0) / n;
  const covariance = values.reduce((sum, y, x) => sum + (x - meanX) * (y - meanY), 0);
  const variance = values.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

/** Lifecycles at a steady rate for a long time: what grows though it should not. */
export const soak = (o: Omit<StageOptions, 'people'> & { minutes: number; perSecond: number }) =>
  onStage({ ...o, people: Math.ceil(o.minutes * 60 * o.perSecond * 1.1) + 10 }, async (stage) => {
    const { usher, servers, report } = stage;
    const samples: { worker: number; api: number; accept: number }[] = [];
    const rows: string[][] = [];
    const underway = new Set<Promise<void>>();
    let n = 0;
    let failure: unknown;
    for (let minute = 1; minute <= o.minutes; minute += 1) {
      const accepts: number[] = [];
      const lifecycle = async (person: ReturnType<typeof personOf>) => {
        const id = await usher.create(person);
        await servers.mail.arrival(person.email);
        accepts.push(await timed(() => usher.accept(id, person)));
      };
      const end = Date.now() + 60_000;
      while (Date.now() < end) {
        const one: Promise<void> = lifecycle(personOf(++n))
          .catch((error) => {
            failure ??= error;
          })
          .finally(() => underway.delete(one));
        underway.add(one);
        await new Promise((resolve) => setTimeout(resolve, 1000 / o.perSecond));
      }
      if (failure) throw failure;
      const sample = {
        worker: await memoryMb(usher.pids.worker!, 'VmRSS'),
        api: await memoryMb(usher.pids.api!, 'VmRSS'),
        accept: median(accepts),
      };
      samples.push(sample);
      rows.push([
        String(minute),
        String(n),
        sample.worker.toFixed(0),
        sample.api.toFixed(0),
        ms(accepts, 0.5),
        ms(accepts, 0.99),
      ]);
      report(`minute ${minute}: ${rows.at(-1)!.join(' | ')}`);
    }
    await Promise.all(underway);
    // The first third warms up.
    const settled = samples.slice(Math.floor(samples.length / 3));
    rows.push([
      'slope a minute',
      '',
      ...(['worker', 'api', 'accept'] as const).map((what) => slope(settled.map((s) => s[what])).toFixed(2)),
      '',
    ]);
    return { head: ['minute', 'invitations', 'worker MB', 'API MB', 'accept p50 ms', 'p99'], rows };
  });
