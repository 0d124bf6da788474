import { Connection, Client as Temporal } from '@temporalio/client';
import { ceiling } from '../ceiling/row.ts';
import { personOf } from '../row.ts';
import type { Servers } from '../servers.ts';
import {
  inParallel,
  invite,
  inviteBatch,
  onStage,
  p50p99,
  type StageOptions,
  seatsAreExact,
  timed,
} from './scenario.ts';

/** As many as the workflow of a batch has under way. */
const startsAtOnce = 50;

/**
 * Many people invited by one request, while some that were invited before join one after the other; and before it, how fast bare
 * workflows can be started on the same servers.
 */
export const batch = (o: Omit<StageOptions, 'people'> & { count: number; samples: number }) =>
  onStage({ ...o, people: o.samples }, async (stage) => {
    const { servers, usher, report } = stage;
    const bare = await bareStarts(servers, Math.min(o.count, 2_000), report);
    const before = await invite(stage, 1, o.samples);
    await Promise.all(before.map(({ person }) => servers.mail.arrival(person.email)));
    const callsBefore = servers.mail.calls();
    const accepts: number[] = [];
    let isOver = false;
    const joining = (async () => {
      for (const { id, person } of before) {
        if (isOver) break;
        accepts.push(await timed(() => usher.accept(id, person)));
      }
    })();
    const took = await inviteBatch(stage, o.samples + 1, o.count);
    isOver = true;
    await joining;
    if (!(await seatsAreExact(stage))) throw new Error('the seats are not exact');
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    const rate = o.count / ((took.started - took.answered) / 1000);
    return {
      head: [
        ...['invitations', 'answered after s', 'all started after s', 'all mailed after s', 'provider calls'],
        ...['starts/s', 'bare starts/s', 'ratio', 'accept p50 ms meanwhile', 'p99'],
      ],
      rows: [
        [
          String(o.count),
          (took.answered / 1000).toFixed(2),
          seconds(took.started),
          seconds(took.mailed),
          String(servers.mail.calls() - callsBefore),
          rate.toFixed(0),
          bare.toFixed(0),
          (rate / bare).toFixed(2),
          ...p50p99(accepts).map((ms) => ms.toFixed(0)),
        ],
      ],
    };
  });

/** How many bare workflows can be started a second, with a worker that takes them up; afterwards all is quiet again. */
async function bareStarts(servers: Servers, count: number, report: (line: string) => void): Promise<number> {
  const row = await ceiling.start(servers, count);
  const connection = await Connection.connect({ address: servers.temporal.address });
  try {
    const from = performance.now();
    await inParallel(
      'bare workflows started',
      count,
      startsAtOnce,
      async (n) => void (await row.create(personOf(n))),
      report,
    );
    const perSecond = count / ((performance.now() - from) / 1000);
    const client = new Temporal({ connection });
    // The last has been taken up when all have.
    for (let n = count - 1; n >= 0; n -= Math.ceil(count / 20)) {
      const run = client.workflow.getHandle(row.workflowId!(String(n)));
      while ((await run.describe()).historyLength < 4) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return perSecond;
  } finally {
    await connection.close();
    await row.stop();
  }
}
