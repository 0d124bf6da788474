import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type Committed, durableMachine, type Offered, type Transition } from '../../../workflows/durable-machine.ts';
import { counter, employer, type Facts, waiter } from './charts.ts';

export interface Row {
  sequence: number;
  facts: Facts;
}

export interface Store {
  load(id: string, request: string | null): Promise<(Row & { taken?: number }) | null>;
  commit(
    id: string,
    transition: { sequence: number; event: string; request: string | null; facts: Facts },
  ): Promise<Committed<Row, string>>;
}

/** An event of a test; `to` is the time to which it moves the deadline, ms. */
export interface Offer {
  type: string;
  request?: string;
  to?: number;
}

const { load, commit } = proxyLocalActivities<Store>({ startToCloseTimeout: '5s' });

export const offer = defineUpdate<Offered<string>, [Offer]>('offer');
export const offerAll = defineUpdate<Offered<string>[], [Offer[]]>('offerAll');
export const finish = defineSignal<[number, 'done' | 'failed']>('finish');
export const reload = defineSignal('reload');
export const look = defineQuery<{ at: unknown; sequence: number }>('look');

type Machine = typeof counter | typeof employer | typeof waiter;

async function run(machine: Machine, id: string, continueAfter?: number): Promise<void> {
  /** What the test tells a job of a round to end with; a job runs until then, in spite of being left. */
  const finished = new Map<number, 'done' | 'failed'>();
  const durable = durableMachine({
    machine: machine as typeof counter,
    load: (event) => load(id, (event?.request as string) ?? null),
    input: ({ facts }: Row, at) => ({ facts, at }),
    commit: ({ sequence, event, effects, context }: Transition<typeof counter>) =>
      commit(id, {
        sequence,
        event: (effects[0]!.params as { event: string }).event,
        request: (event.request as string) ?? null,
        facts: context,
      }),
    actors: {
      work: ({ round }: { round: number }) =>
        CancellationScope.nonCancellable(async () => {
          await condition(() => finished.has(round));
          if (finished.get(round) === 'failed') throw new Error('the job failed');
          return `round ${round}`;
        }),
    },
    refusal: (snapshot, event) => (snapshot ? `${snapshot.context.state} does not take ${event.type}` : 'no row'),
    cancelEvent: { type: 'cancel', at: 0 },
    ...(continueAfter === undefined ? {} : { shouldContinueAsNew: () => workflowInfo().historyLength > continueAfter }),
    continueAsNew: () => continueAsNew<typeof counting>(id, continueAfter),
  });
  setHandler(offer, (event) => durable.offer({ ...event, at: 0 }));
  // All at once, as those that wait while a commit is under way.
  setHandler(offerAll, (all) => Promise.all(all.map((event) => durable.offer({ ...event, at: 0 }))));
  setHandler(reload, durable.reload);
  setHandler(finish, (round, how) => void finished.set(round, how));
  setHandler(look, () => ({ at: durable.snapshot?.value, sequence: durable.sequence }));
  await durable.run();
}

export const counting = (id: string, continueAfter?: number) => run(counter, id, continueAfter);
export const waiting = (id: string) => run(waiter, id);
export const employing = (id: string) => run(employer, id);
