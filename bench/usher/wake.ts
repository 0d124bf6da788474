import { Client, Connection } from '@temporalio/client';
import { resendUpdate } from '../../workflows/contract.ts';
import { personOf } from '../row.ts';
import { inParallel, invite, ms, onStage, type StageOptions, timed } from './scenario.ts';

/**
 * Many invitations expire in the same minute, while others are accepted. The API's shortest expiry is an hour, so
 * theirs is given by a resend straight to the workflows.
 */
export const wake = (o: Omit<StageOptions, 'people'> & { expiring: number; samples: number }) =>
  onStage({ ...o, people: o.expiring + 3 * o.samples }, async (stage) => {
    const { servers, usher, ask, report } = stage;
    const before: number[] = [];
    for (const { id, person } of await invite(stage, o.expiring + 1, o.samples))
      before.push(await timed(() => usher.accept(id, person)));

    const meanwhile = await invite(stage, o.expiring + o.samples + 1, 2 * o.samples);
    const expiring = await invite(stage, 1, o.expiring);
    // Slack enough for all of them to be resent before the first one ends.
    const until = Date.now() + 60_000 + o.expiring * 40;
    const connection = await Connection.connect({ address: servers.temporal.address });
    const temporal = new Client({ connection });
    await inParallel(
      'given their end',
      expiring.length,
      32,
      async (n) => {
        const { id, person } = expiring[n]!;
        await servers.mail.arrival(person.email);
        const outcome = await temporal.workflow.getHandle(usher.workflowId!(id)).executeUpdate(resendUpdate, {
          args: [{ by: { kind: 'system', id: null }, request: `bench/${id}`, expiresIn: until - Date.now() }],
        });
        if (outcome.status !== 'taken') throw new Error(`resend: ${outcome.code}`);
      },
      report,
    );
    await connection.close();
    const [{ first, last } = { first: new Date(), last: new Date() }] = await ask<{ first: Date; last: Date }>(
      'select min(expires_at) as first, max(expires_at) as last from invitations where id = any($1)',
      [expiring.map(({ id }) => id)],
    );
    report(`they expire from ${first.toISOString()} to ${last.toISOString()}`);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, first.getTime() - Date.now())));
    const during: number[] = [];
    let released = 0;
    const watch = async () => {
      for (;;) {
        const [{ count } = { count: 0 }] = await ask<{ count: number }>(
          "select count(*)::int as count from invitations where state = 'expired'",
        );
        if (count >= o.expiring) {
          released = Date.now();
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    const join = async () => {
      for (const { id, person } of meanwhile) {
        if (released) return;
        during.push(await timed(() => usher.accept(id, personOf(person.n))));
      }
    };
    await Promise.all([watch(), join()]);
    return {
      head: [
        'expiring',
        'all released after s',
        'accept before p50 ms',
        'p99',
        'accept meanwhile p50 ms',
        'p99',
        'accepts',
      ],
      rows: [
        [
          String(o.expiring),
          ((released - first.getTime()) / 1000).toFixed(1),
          ms(before, 0.5),
          ms(before, 0.99),
          ms(during, 0.5),
          ms(during, 0.99),
          String(during.length),
        ],
      ],
    };
  });
