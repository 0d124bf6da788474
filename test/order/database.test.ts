import { deepStrictEqual, ok } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInvitationActivities } from '../../activities/invitation.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import type { InvitationActivities } from '../../workflows/invitation.ts';
import { freshDatabase } from '../setup/database.ts';
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
import { newOrganization, providers, readRecords, recordsOf } from './records.ts';
import { Runs } from './run.ts';
import { longest, runs, seed } from './runs.ts';
import { assertSideBySide, atOnce } from './side-by-side.ts';

/** Chart, commit and Postgres, without the engine, against the model: whatever is lost, repeated or done at once. */

const hour = 3_600_000;
const day = 24 * hour;

type Step =
  /** `lost`: it is done, and nobody is told. `not done`: the other way to hear nothing. */
  | { do: 'act'; intent: Intent; ack: 'told' | 'lost' | 'not done' }
  /** Two at once, or the same twice. */
  | { do: 'both'; intents: [Intent, Intent]; same: boolean }
  /** An earlier request again, under its key. */
  | { do: 'repeat'; of: number }
  | { do: 'wait'; ms: number; outage: boolean }
  | { do: 'settle'; to: number; status: 'sent' | 'failed' }
  | { do: 'resume'; to: number };

const intent = intents({
  invitations: 4,
  people: ['ann', 'ann', 'bob', 'cleo'],
  lifetimes: [hour, 5 * hour, 2 * day, 7 * day],
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('act' as const),
      intent,
      ack: fc.oneof(
        { weight: 6, arbitrary: fc.constant('told' as const) },
        { weight: 3, arbitrary: fc.constant('lost' as const) },
        { weight: 1, arbitrary: fc.constant('not done' as const) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('both' as const), intents: fc.tuple(intent, intent), same: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), of: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(2 * hour), fc.nat(3 * day)),
      outage: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      to: fc.nat(3),
      status: fc.constantFrom('sent' as const, 'sent' as const, 'failed' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resume' as const), to: fc.nat(3) }) },
);
const sequence = fc.record({
  seats: fc.integer({ min: 0, max: 3 }),
  steps: fc.array(steps, { minLength: 1, maxLength: 20, size: 'max' }),
});

/** What the model answers to acts one after the other, in a world of its own. */
function inOrder(world: World, acts: { act: Act; key: string }[]): { world: World; answers: Answer[] } {
  const copy = structuredClone(world);
  return { world: copy, answers: acts.map(({ act, key }) => perform(copy, act, key)) };
}

async function walk(
  db: Kysely<Database>,
  { seats, steps }: { seats: number; steps: Step[] },
  activities: InvitationActivities = createInvitationActivities({ db, providers }),
) {
  const organization = await newOrganization(db, seats);
  let world = newWorld(Date.UTC(2030, 0, 1), seats);
  const runs = new Runs(organization, activities);
  const asked: { act: Act; key: string }[] = [];
  const ask = (intent: Intent) => {
    const act = actOf(world, intent);
    if (!act) return undefined;
    const request = { act, key: `${organization.id}/${asked.length}` };
    asked.push(request);
    return request;
  };
  for (const step of steps) {
    switch (step.do) {
      case 'act':
      case 'repeat': {
        const request = step.do === 'act' ? ask(step.intent) : asked[step.of % Math.max(1, asked.length)];
        if (!request || (step.do === 'act' && step.ack === 'not done')) break;
        const isLost = step.do === 'act' && step.ack === 'lost';
        const answer = await runs.offer(request.act, request.key, world.now, isLost);
        const wanted = perform(world, request.act, request.key);
        // What the provider tells is a Signal: nobody is answered.
        if (request.act.do !== 'feedback') deepStrictEqual(answer, wanted);
        break;
      }
      case 'both': {
        // Two that invite would leave open which came first.
        const [a, b] = step.intents;
        const first = ask(a);
        const second = step.same ? first : b.do === 'invite' ? undefined : ask(b);
        if (!first || !second || first.act.do === 'feedback' || second.act.do === 'feedback') break;
        const both = [first, second];
        const answers = await Promise.all(both.map(({ act, key }) => runs.offer(act, key, world.now, true)));
        const orders = [inOrder(world, both), inOrder(world, both.toReversed())];
        orders[1]!.answers.reverse();
        const fitting = orders.find((order) => isDeepStrictEqual(order.answers, answers));
        ok(
          fitting,
          `in neither order the answers are ${JSON.stringify(answers)}, but ${JSON.stringify(orders.map((o) => o.answers))}`,
        );
        world = fitting.world;
        break;
      }
      case 'wait': {
        const until = world.now + step.ms;
        if (!step.outage) {
          await runs.passUntil(until, world.now);
          passUntil(world, until);
        }
        world.now = until;
        break;
      }
      case 'settle':
      case 'resume': {
        const to = step.to % Math.max(1, world.invitations.length);
        if (!world.invitations[to]) break;
        await runs.resume(to);
        if (step.do === 'resume') break;
        await runs.settle(to, step.status, world.now);
        settle(world.invitations[to], step.status);
        break;
      }
      default:
        step satisfies never;
    }
  }
  deepStrictEqual(await readRecords(organization), recordsOf(world));
}

let db: Kysely<Database>;
beforeAll(async () => {
  db = createDatabase((await freshDatabase()).url, 10);
});
afterAll(() => db?.destroy());

test(
  `${runs.database} sequences through chart, commit and Postgres come to what the model says`,
  () =>
    assertSideBySide(
      sequence,
      { numRuns: runs.database, seed },
      atOnce(8, (value) => walk(db, value)),
    ),
  longest,
);

/** The real activities with one fault. */
const faults: [string, (real: InvitationActivities) => Partial<InvitationActivities>][] = [
  [
    'does not compare the sequence',
    (real) => ({
      commit: async (t) => real.commit({ ...t, sequence: (await real.load(t.invitation, null))!.sequence + 1 }),
    }),
  ],
  [
    'does not know requests',
    (real) => ({ load: (id) => real.load(id, null), commit: (t) => real.commit({ ...t, request: null }) }),
  ],
  ...(
    [
      'reserveSeats',
      'assignSeats',
      'releaseSeats',
      'grantMembership',
      'applyAmendment',
      'queueDelivery',
      'record',
    ] as const
  ).map((effect): [string, (real: InvitationActivities) => Partial<InvitationActivities>] => [
    `forgets ${effect}`,
    (real) => ({
      commit: (t) => real.commit({ ...t, effects: t.effects.filter(({ type }) => type !== effect) }),
    }),
  ]),
];

test.each(faults)('a commit that %s is found out', async (_, fault) => {
  const real = createInvitationActivities({ db, providers });
  // The same ones each time: whether a fault is found is no matter of luck.
  const values = fc.sample(sequence, { numRuns: 2_000, seed: 1 });
  const walks = async () => {
    for (const value of values) await walk(db, value, { ...real, ...fault(real) });
  };
  await expect(walks()).rejects.toThrow();
});
