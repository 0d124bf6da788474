import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign, initialTransition, transition } from 'xstate';
import {
  createdFacts,
  type InvitationEvent,
  type InvitationSnapshot,
  invitationChart,
  refusalOf,
  takes,
} from '../../statecharts/invitation.ts';
import { eventOf } from './event.ts';
import {
  type Act,
  type Answer,
  actOf,
  type Intent,
  intents,
  newWorld,
  passUntil,
  perform,
  settle,
  type World,
} from './model.ts';
import { longest, runs, seed } from './runs.ts';

/** The chart alone, against the model: the same answers, facts, effects, timers; and a row is all that a run needs. */

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2030, 0, 1);

type Step =
  | Intent
  /** Time passes; in an outage nothing that is due happens. */
  | { do: 'wait'; ms: number; outage: boolean }
  /** The provider answers. */
  | { do: 'settle'; status: 'sent' | 'failed' }
  /** Another worker takes over: all it has is the row. */
  | { do: 'resume' };

type Action = { type: string; params: { id: string; delay?: number; event: { type: string }; sendId: string } };

/** Executes the chart as the interpreter does, without anything durable. */
class Run {
  readonly #chart: typeof invitationChart;
  snapshot!: InvitationSnapshot;
  readonly timers = new Map<string, { due: number; event: { type: string } }>();
  sends = false;

  constructor(chart: typeof invitationChart, facts: InvitationSnapshot['context'], now: number) {
    this.#chart = chart;
    const [snapshot, actions] = initialTransition(chart, { facts, at: now });
    this.#become(snapshot, actions as unknown as Action[], now);
  }

  #become(snapshot: InvitationSnapshot, actions: Action[], now: number): string[] {
    this.snapshot = snapshot;
    const effects: string[] = [];
    for (const { type, params } of actions) {
      if (type === 'xstate.raise') {
        if (params.delay !== undefined && params.delay !== Number.POSITIVE_INFINITY)
          this.timers.set(params.id, { due: now + params.delay, event: params.event });
      } else if (type === 'xstate.cancel') this.timers.delete(params.sendId);
      else if (type === 'xstate.spawnChild') this.sends = true;
      else if (type === 'xstate.stopChild') this.sends = false;
      else effects.push(type === 'record' ? (params as never as { event: string }).event : type);
    }
    return effects;
  }

  /** The effects of an event; undefined when the chart does not take it. */
  take(event: InvitationEvent | { type: string }, now: number): string[] | undefined {
    const stamped = { ...event, at: now } as InvitationEvent & { at: number };
    if (!takes(this.snapshot, stamped)) return undefined;
    const [snapshot, actions] = transition(this.#chart, this.snapshot, stamped);
    return this.#become(snapshot, actions as unknown as Action[], now);
  }

  /** Fires the earliest timer that is due; undefined when none is. */
  ring(until: number, now: number): { at: number; effects: string[] } | undefined {
    const [id, timer] = [...this.timers].sort(([, a], [, b]) => a.due - b.due)[0] ?? [];
    if (!timer || timer.due > until) return undefined;
    this.timers.delete(id!);
    const at = Math.max(now, timer.due);
    return { at, effects: this.take(timer.event, at) ?? [] };
  }

  settle(status: 'sent' | 'failed', now: number): string[] | undefined {
    if (!this.sends) return undefined;
    this.sends = false;
    return this.take({ type: 'xstate.done.actor.delivery', output: { ordinal: 0, status } } as never, now);
  }

  /** All that a run holds, to be compared. */
  get state() {
    return {
      facts: this.snapshot.context,
      at: this.snapshot.value,
      sends: this.sends,
      timers: [...this.timers].sort(),
    };
  }
}

/** What the model's chart facts are. */
const factsOf = ({ invitations: [i] }: World) => ({
  state: i!.state,
  generation: i!.generation,
  emailVersion: i!.emailVersion,
  expiresIn: i!.lifetime,
  expiresAt: i!.deadline,
  reminders: i!.reminders,
  delivery: { ordinal: i!.mails.length, kind: i!.mails.at(-1)!.kind, status: i!.delivery },
});

const effectsOf: Record<string, string[]> = {
  accepted: ['grantMembership', 'assignSeats'],
  declined: ['releaseSeats'],
  revoked: ['releaseSeats'],
  expired: ['releaseSeats'],
  reminded: ['queueDelivery'],
};

/** What the model's step must have had as effects: read from what it did, not from how. */
function effectsBetween(before: World, after: World): string[] {
  const [was, is] = [before.invitations[0]!, after.invitations[0]!];
  return is.log
    .slice(was.log.length)
    .flatMap((event) => [
      event,
      ...(effectsOf[event] ?? []),
      ...(event === 'resent' && was.state !== 'pending' ? ['reserveSeats'] : []),
      ...(event === 'amended' ? ['applyAmendment'] : []),
      ...(['resent', 'amended'].includes(event) && is.mails.length > was.mails.length ? ['queueDelivery'] : []),
    ]);
}

function walk(lifetime: number, steps: Step[], chart = invitationChart) {
  const world = newWorld(start, Number.POSITIVE_INFINITY);
  perform(world, { do: 'invite', mailbox: 'ann', licensed: true, lifetime });
  let run = new Run(chart, createdFacts(start, lifetime), start);
  for (const step of steps) {
    const before = structuredClone(world);
    const effects: string[] = [];
    let [said, wanted]: (Answer['status'] | string | undefined)[] = [];
    switch (step.do) {
      case 'wait': {
        const until = world.now + step.ms;
        if (step.outage) world.now = until;
        else {
          passUntil(world, until);
          for (let now = before.now; ; ) {
            const rung = run.ring(until, now);
            if (!rung) break;
            now = rung.at;
            effects.push(...rung.effects);
          }
        }
        break;
      }
      case 'settle':
        settle(world.invitations[0]!, step.status);
        effects.push(...(run.settle(step.status, world.now) ?? []));
        break;
      case 'resume':
        break;
      default: {
        const act = actOf(world, step) as Exclude<Act, { do: 'invite' }>;
        const answer = perform(world, act);
        wanted = answer.status === 'taken' ? 'taken' : answer.code;
        const taken = run.take(eventOf(act), world.now);
        said = taken ? 'taken' : refusalOf(run.snapshot, eventOf(act));
        effects.push(...(taken ?? []));
      }
    }
    deepStrictEqual(said, wanted);
    deepStrictEqual(run.snapshot.context, factsOf(world));
    deepStrictEqual([...effects].sort(), effectsBetween(before, world).sort());
    // A run that begins now, from the row alone, is where this one is: same place, same timers, same send under way.
    const resumed = new Run(chart, run.snapshot.context, world.now);
    deepStrictEqual(resumed.state, run.state);
    if (step.do === 'resume') run = resumed;
  }
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    // People: who the mailbox belongs to is for the database to say.
    arbitrary: intents({
      invitations: 1,
      people: ['ann', 'bob'],
      lifetimes: [hour, 5 * hour, 2 * day, 7 * day, 90 * day],
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(2 * hour), fc.nat(3 * day), fc.nat(60 * day)),
      outage: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      status: fc.oneof(
        { weight: 4, arbitrary: fc.constant('sent' as const) },
        { weight: 1, arbitrary: fc.constant('failed' as const) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'resume' as const }) },
);
const sequence = fc.tuple(fc.constantFrom(hour, 7 * day, 90 * day), fc.array(steps, { maxLength: 30, size: 'max' }));

const property = (chart: typeof invitationChart) =>
  fc.property(sequence, ([lifetime, steps]) => walk(lifetime, steps, chart));

test(
  `${runs.chart} sequences through the chart alone go as the model says`,
  () => {
    fc.assert(property(invitationChart), { numRuns: runs.chart, seed });
  },
  longest,
);

const always = () => true;
const never = () => false;
test.each([
  ['lets people in after the deadline', { guards: { inTimeAndSameAddress: always } }],
  ['does not look at the address', { guards: { sameAddress: always } }],
  ['never moves to another address', { guards: { readdresses: never } }],
  ['takes feedback of former mails', { guards: { troubleOfCurrentDelivery: always } }],
  ['takes a refused mail for sent', { guards: { outcomeIsTrouble: never } }],
  ['reminds of what is over', { guards: { isBeforeExpiry: always } }],
  ['forgets a refused mail when it resumes', { guards: { isTroubled: never } }],
  ['keeps the links of what is revoked', { actions: { raiseGeneration: assign({}) } }],
  [
    'reminds for ever',
    {
      actions: {
        remind: assign(({ context }) => ({
          delivery: { ...context.delivery, ordinal: context.delivery.ordinal + 1, kind: 'reminder', status: 'queued' },
        })),
      },
    },
  ],
  ['expires by a clock of its own', { delays: { expiry: 7 * day } }],
  ['frees nothing', { actions: { become: assign({}) } }],
] as const)('a chart that %s is found out', (_, change) => {
  const { failed } = fc.check(property(invitationChart.provide(change as never)), {
    numRuns: 3_000,
    seed: 1,
    endOnFailure: true,
  });
  expect(failed).toBe(true);
});
