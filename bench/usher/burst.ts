import { CallFailed } from '../http.ts';
import { personOf } from '../row.ts';
import { inParallel, onStage, p50p99, type StageOptions, seatsAreExact, timed, untilMailed } from './scenario.ts';

/** So many people press Join within a few seconds, open loop: nobody waits for another. */
export const burst = (o: Omit<StageOptions, 'people' | 'seats'> & { people: number; seats: number; seconds: number }) =>
  onStage(o, async (stage) => {
    const { usher } = stage;
    const invited: { id: string; n: number }[] = [];
    let refused = 0;
    await inParallel(
      'invited',
      o.people,
      32,
      async (n) => {
        try {
          invited.push({ id: await usher.invite(personOf(n + 1)), n: n + 1 });
        } catch (error) {
          if (!(error instanceof CallFailed) || error.status !== 409) throw error;
          refused += 1;
        }
      },
      stage.report,
    );
    // Nobody presses what they do not have yet.
    await untilMailed(stage);
    stage.report(`${invited.length} press Join within ${o.seconds} s`);
    const accepts: number[] = [];
    const from = performance.now();
    await Promise.all(
      invited.map(async ({ id, n }, i) => {
        await new Promise((resolve) => setTimeout(resolve, (i / invited.length) * o.seconds * 1000));
        accepts.push(await timed(() => usher.accept(id, personOf(n))));
      }),
    );
    const seconds = (performance.now() - from) / 1000;
    const [{ members } = { members: 0 }] = await stage.ask<{ members: number }>(
      'select count(*)::int as members from members where invitation_id is not null',
    );
    return {
      head: [
        'people',
        'seats',
        'refused a seat',
        'members',
        'accept p50 ms',
        'accept p99 ms',
        'all in after s',
        'counters',
      ],
      rows: [
        [
          o.people,
          o.seats,
          refused,
          members,
          ...p50p99(accepts),
          seconds,
          (await seatsAreExact(stage)) ? 'exact' : 'WRONG',
        ],
      ],
    };
  });
