import { Connection, Client as Temporal } from '@temporalio/client';
import { ceiling } from '../ceiling/row.ts';
import { personOf } from '../row.ts';
import type { Servers } from '../servers.ts';
import { inParallel, inviteBatch, onStage, type StageOptions, seatsAreExact } from './scenario.ts';

/** As many as the workflow of a batch has under way. */
const startsAtOnce = 50;

/** Many people invited by one request, and beside it how fast bare workflows can be started on the same servers. */
export const batch = (o: Omit<StageOptions, 'people'> & { count: number }) =>
  onStage({ ...o, people: 0 }, async ({ servers, usher, ask, report, ...stage }) => {
    const bare = await bareStarts(servers, Math.min(o.count, 2_000), report);
    const callsBefore = servers.mail.calls();
    const took = await inviteBatch({ usher, ask, report }, 1, o.count);
    if (!(await seatsAreExact({ servers, usher, ask, report, ...stage }))) throw new Error('the seats are not exact');
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    const rate = o.count / ((took.started - took.answered) / 1000);
    return {
      head: [
        ...['invitations', 'answered after s', 'all started after s', 'all mailed after s', 'provider calls'],
        ...['starts/s', 'bare starts/s', 'ratio'],
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
