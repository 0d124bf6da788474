import { deepStrictEqual, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type UpdateDefinition, WorkflowNotFoundError } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { createInvitationActivities } from '../../activities/invitation.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { createLinks } from '../../identity/links.ts';
import type { Mail } from '../../mail/mail.ts';
import { createPostmarkMail } from '../../mail/postmark.ts';
import { startSandbox } from '../../mail/sandbox/sandbox.ts';
import { refusalOf, snapshotOf, takes } from '../../statecharts/invitation.ts';
import { createWorker, type UsherWorker } from '../../worker.ts';
import {
  acceptUpdate,
  amendUpdate,
  declineUpdate,
  invitationWorkflowId,
  type Outcome,
  resendUpdate,
  revokeUpdate,
  taskQueue,
} from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { freshDatabase } from '../setup/database.ts';
import { timeSkippingEnvironment } from '../setup/temporal.ts';
import { until } from '../setup/usher.ts';
import { eventOf } from './event.ts';
import {
  type Act,
  actOf,
  due,
  type Intent,
  intents,
  newWorld,
  passUntil,
  perform,
  settle,
  type World,
} from './model.ts';
import {
  amendment,
  invite,
  newOrganization,
  note,
  type Organization,
  providers,
  type Records,
  readRecords,
  recordsOf,
} from './records.ts';
import { Runs } from './run.ts';
import { longest, runs, seed } from './runs.ts';
import { assertSideBySide, type Refuted } from './side-by-side.ts';

/**
 * The real workflow on the server that skips time, with real activities on real Postgres, against the model. Time passes
 * for all sequences at once: in every round each does one thing, then some hours or days go by.
 */

const hour = 3_600_000;
const day = 24 * hour;
/** Every deadline is a quarter of an hour or more from the end of any round, which takes seconds. */
const lifetimes = [1, 5, 29, 60, 7 * 24, 30 * 24].map((hours) => (hours + 0.5) * hour);
const closeTo = 10 * 60_000;
const rounds = 7;
const batch = 100;

type Told = Exclude<Act, { do: 'invite' | 'feedback' }>;
type Step =
  | { do: 'update'; intent: Intent }
  | { do: 'both'; intents: [Intent, Intent]; same: boolean }
  | { do: 'repeat'; of: number }
  /** A hand in the Temporal UI. */
  | { do: 'signal'; name: 'decline' | 'resend' | 'revoke' }
  | { do: 'cancel' }
  /** Committed by a task that is lost then: the run does not know. */
  | { do: 'lose'; intent: Intent }
  | { do: 'nothing' };

const intent = intents({ invitations: 1, people: ['ann', 'bob'], lifetimes });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('update' as const), intent }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('both' as const), intents: fc.tuple(intent, intent), same: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), of: fc.nat(6) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('signal' as const),
      name: fc.constantFrom('decline' as const, 'resend' as const, 'resend' as const, 'revoke' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lose' as const), intent }) },
  { weight: 3, arbitrary: fc.constant({ do: 'nothing' as const }) },
);
const sequence = fc.record({
  lifetime: fc.constantFrom(...lifetimes),
  licensed: fc.boolean(),
  steps: fc.array(steps, { minLength: 1, maxLength: rounds, size: 'max' }),
});
type Sequence = typeof sequence extends fc.Arbitrary<infer T> ? T : never;

/** How long each round lasts, the same for all. */
const pauses = fc.sample(fc.constantFrom(0, hour, 4 * hour, day, 3 * day), { numRuns: rounds, seed });

let environment: TestWorkflowEnvironment;
/** Of the test itself: all lives look at once, and each waits for its turn. */
let db: Kysely<Database>;
let ofWorker: Kysely<Database>;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let mail: Mail;
let worker: UsherWorker;
let running: Promise<void>;
let dir: string;

beforeAll(async () => {
  environment = await timeSkippingEnvironment();
  const { url } = await freshDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 10 }) }) });
  ofWorker = createDatabase(url, 20);
  dir = await mkdtemp(path.join(tmpdir(), 'usher-order-'));
  sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dir });
  mail = createPostmarkMail({ url: sandbox.url, token: 'test' });
  worker = await createWorker({
    db: ofWorker,
    mail,
    links: createLinks('http://localhost', [randomBytes(32)]),
    from: 'usher@usher.example',
    lookupPatienceMs: 15_000,
    providers,
    connection: environment.nativeConnection,
    temporal: environment.client,
    namespace: 'default',
    // Time is not to pass while an email is on its way.
    firstAttempts: false,
    // Far fewer than there are: most tasks replay their run.
    maxCachedWorkflows: 10,
  });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await mail?.close();
  await sandbox?.close();
  await ofWorker?.destroy();
  await db?.destroy();
  await environment?.teardown();
  if (dir) await rm(dir, { recursive: true, force: true });
});

const updates = {
  accept: acceptUpdate,
  decline: declineUpdate,
  resend: resendUpdate,
  revoke: revokeUpdate,
  amend: amendUpdate,
} as const;

/** One invitation, and what the model makes of it. */
class Life {
  readonly #sequence: Sequence;
  #organization!: Organization;
  #world!: World;
  /** When a run wakes that does not know of its row's last transition, epoch ms. */
  #wakes: number | undefined;
  readonly #asked: { act: Told; key: string; amends?: string }[] = [];

  constructor(sequence: Sequence) {
    this.#sequence = sequence;
  }

  get #id() {
    return this.#organization.invitations[0]!;
  }
  get #modelled() {
    return this.#world.invitations[0]!;
  }
  get #handle() {
    return environment.client.workflow.getHandle(invitationWorkflowId(this.#id));
  }

  async begin(now: number) {
    this.#organization = await newOrganization(db, 1);
    this.#world = newWorld(now, 1);
    const { lifetime, licensed } = this.#sequence;
    const act = { do: 'invite', mailbox: 'ann', lifetime, licensed } as const;
    perform(this.#world, act);
    settle(this.#modelled, 'sent');
    await invite(this.#organization, act, `${this.#organization.id}/invite`, now);
    await this.#start();
    await this.#agree();
  }

  #start = () =>
    environment.client.workflow.start('invitation', {
      taskQueue,
      workflowId: invitationWorkflowId(this.#id),
      args: [{ id: this.#id }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });

  /** Asks, and asks again under the same key while the outcome is unknown, as the API and its callers do. */
  async #update({ act, key, amends }: { act: Told; key: string; amends?: string }): Promise<Outcome> {
    const account = 'by' in act && act.by ? this.#organization.accounts[act.by] : undefined;
    const event = eventOf(act, account, amends);
    const { type: _, ...input } = event;
    return until(`an answer to ${act.do}`, async () => {
      // The row first: it knows what has been done, and what has ended.
      const row = (await createInvitationActivities({ db, providers }).load(this.#id, key))!;
      // A run that is behind it is told to look: by the API, or by the reconciler.
      const told = async (outcome: Outcome) => {
        if (this.#wakes !== undefined) await this.#handle.signal('reload');
        return outcome;
      };
      if (row.taken) return told({ status: 'taken', sequence: row.taken });
      const at = this.#world.now;
      const snapshot = snapshotOf(row.facts, at);
      if (!takes(snapshot, { ...event, at })) return told({ status: 'refused', code: refusalOf(snapshot, event) });
      try {
        return await environment.client.withDeadline(Date.now() + 10_000, async () => {
          const run = await this.#start();
          return run.executeUpdate(updates[act.do] as UpdateDefinition<Outcome, [object]>, {
            updateId: key,
            args: [{ ...input, by: { kind: 'system', id: null }, request: key }],
          });
        });
      } catch {
        return undefined;
      }
    });
  }

  async #ask(intent: Intent): Promise<{ act: Told; key: string; amends?: string } | undefined> {
    const act = actOf(this.#world, intent);
    if (!act || act.do === 'invite' || act.do === 'feedback') return undefined;
    const key = `${this.#organization.id}/${this.#asked.length}`;
    const amends = act.do === 'amend' ? await amendment(this.#organization, act) : undefined;
    const request = { act, key, ...(amends ? { amends } : {}) };
    this.#asked.push(request);
    return request;
  }

  /** A run that is behind has looked at its row: what that wants is done. */
  #caughtUp() {
    this.#wakes = undefined;
    settle(this.#modelled, 'sent');
  }

  async #perform(act: Act, key?: string) {
    this.#caughtUp();
    const answer = perform(this.#world, act, key);
    settle(this.#modelled, 'sent');
    return answer;
  }

  async #step(step: Step): Promise<void> {
    switch (step.do) {
      case 'update':
      case 'repeat': {
        if (step.do === 'update' && step.intent.do === 'feedback') return this.#feedback(step.intent);
        const request =
          step.do === 'update' ? await this.#ask(step.intent) : this.#asked[step.of % Math.max(1, this.#asked.length)];
        // What was refused is answered so again while its run lasts: the engine keeps the answers of a run.
        if (!request || (step.do === 'repeat' && !this.#world.done.has(request.key))) return;
        deepStrictEqual(await this.#update(request), await this.#perform(request.act, request.key));
        return;
      }
      case 'both': {
        const first = await this.#ask(step.intents[0]);
        const second = step.same ? first : await this.#ask(step.intents[1]);
        if (!first || !second) return;
        const both = [first, second];
        const answers = await Promise.all(both.map((request) => this.#update(request)));
        this.#caughtUp();
        const orders = [both, both.toReversed()].map((requests) => {
          const world = structuredClone(this.#world);
          const said = new Map(requests.map(({ act, key }) => [key, perform(world, act, key)]));
          settle(world.invitations[0]!, 'sent');
          return { world, answers: both.map(({ key }) => said.get(key)!) };
        });
        const fitting = orders.find((order) => isDeepStrictEqual(order.answers, answers));
        ok(fitting, `in neither order the answers are ${JSON.stringify(answers)}`);
        this.#world = fitting.world;
        return;
      }
      case 'signal':
      case 'cancel': {
        // An ended run hears nothing.
        if (this.#modelled.state !== 'pending' && this.#wakes === undefined) return;
        await (step.do === 'cancel' ? this.#handle.cancel() : this.#handle.signal(step.name));
        const { receivedAt, seen } = actOf(this.#world, {
          do: 'decline',
          to: 0,
          inTime: true,
          stale: false,
        }) as Extract<Act, { do: 'decline' }>;
        const name = step.do === 'cancel' ? 'revoke' : step.name;
        await this.#perform(name === 'decline' ? { do: name, to: 0, by: null, receivedAt, seen } : { do: name, to: 0 });
        return;
      }
      case 'lose': {
        const request = await this.#ask(step.intent);
        if (!request) return;
        const before = structuredClone(this.#modelled);
        const lost = new Runs(this.#organization, createInvitationActivities({ db, providers }));
        const answer = await lost.offer(request.act, request.key, this.#world.now, true, request.amends as never);
        deepStrictEqual(answer, perform(this.#world, request.act, request.key));
        if (this.#modelled.log.length === before.log.length) return;
        this.#wakes ??= due(before);
        // No run is left that could wake: the reconciler starts one.
        if (this.#wakes === undefined) {
          await this.#start();
          this.#caughtUp();
        }
        return;
      }
      case 'nothing':
        return;
      default:
        step satisfies never;
    }
  }

  async #feedback(intent: Intent) {
    // The reconciler has told it to look.
    if (this.#wakes !== undefined) await this.#handle.signal('reload');
    this.#caughtUp();
    // Nobody hears of a mail that has not been sent.
    await this.#agree();
    const act = actOf(this.#world, intent) as Extract<Act, { do: 'feedback' }>;
    await note(this.#organization, act);
    await this.#handle.signal('delivery', { ordinal: act.ordinal, status: act.status }).catch((error) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
    perform(this.#world, act);
  }

  /** One thing happens. @param now epoch ms by the server's clock */
  async round(index: number, now: number) {
    this.#world.now = now;
    const step = this.#sequence.steps[index];
    if (step) await this.#step(step);
    // What a mail that did not get through has held up may be due now.
    if (this.#wakes === undefined) passUntil(this.#world, now, true);
    await this.#agree();
  }

  /** Time has passed. */
  async passed(now: number) {
    if (this.#wakes !== undefined && this.#wakes <= now) {
      this.#world.now = this.#wakes;
      this.#caughtUp();
    }
    if (this.#wakes === undefined) passUntil(this.#world, now, true);
    await this.#agree();
  }

  /** The records come to be what the model says. */
  async #agree() {
    let records: Records | undefined;
    try {
      await until('agreement', async () => {
        records = await readRecords(this.#organization);
        return isDeepStrictEqual(records, recordsOf(this.#inTimeOf(records)));
      });
    } catch (cause) {
      if (!records) throw cause;
      deepStrictEqual(records, recordsOf(this.#world));
    }
  }

  /** The model, having taken times of the records that are as good as its own: it does not know the moment of a transition. */
  #inTimeOf({ invitations: [i] }: Records): World {
    const modelled = this.#modelled;
    const isClose = (a: number, b: number) => Math.abs(a - b) < closeTo;
    if (isClose(i!.deadline, modelled.deadline)) modelled.deadline = i!.deadline;
    const { reminders } = i!;
    if (reminders.length === modelled.reminders.length && reminders.every((t, n) => isClose(t, modelled.reminders[n]!)))
      modelled.reminders = reminders;
    return this.#world;
  }

  /** Nobody has had a mail twice. */
  async checkMails() {
    const response = await fetch(
      `${sandbox.url}/messages/outbound?count=500&offset=0&metadata_invitation=${this.#id}`,
      { headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' } },
    );
    const { Messages } = (await response.json()) as { Messages: { Metadata: { delivery: string } }[] };
    const mailed = Messages.map((m) => m.Metadata.delivery).sort();
    deepStrictEqual(mailed, [...new Set(mailed)]);
    const sent = await db
      .selectFrom('deliveries')
      .select('ordinal')
      .where('invitation_id', '=', this.#id)
      .where('status', '=', 'sent')
      .execute();
    for (const { ordinal } of sent) ok(mailed.includes(`${this.#id}/${ordinal}`), `mail ${ordinal} was not sent`);
  }
}

/** Lives so many lives side by side; time passes for all of them. */
async function live(sequences: Sequence[]): Promise<Refuted | undefined> {
  const lives = sequences.map((s) => new Life(s));
  let refuted: Refuted | undefined;
  const each = (what: (life: Life) => Promise<void>) =>
    Promise.all(
      lives.map((life, index) =>
        what(life).catch((cause) => {
          console.log(cause);
          refuted ??= { index, cause };
        }),
      ),
    );
  const now = () => environment.currentTimeMs();
  const begin = await now();
  await each((life) => life.begin(begin));
  for (const [index, pause] of [...pauses, 200 * day].entries()) {
    const at = await now();
    await each((life) => life.round(index, at));
    if (refuted) return refuted;
    await environment.sleep(pause);
    const after = await now();
    await each((life) => life.passed(after));
    if (refuted) return refuted;
  }
  await each((life) => life.checkMails());
  return refuted;
}

async function inBatches(sequences: Sequence[]): Promise<Refuted | undefined> {
  for (let from = 0; from < sequences.length; from += batch) {
    const refuted = await live(sequences.slice(from, from + batch));
    if (refuted) return { ...refuted, index: refuted.index + from };
  }
  return undefined;
}

test(
  `${runs.workflow} sequences through the workflow on Temporal come to what the model says`,
  async () => {
    await assertSideBySide(sequence, { numRuns: runs.workflow, seed }, inBatches);
    deepStrictEqual(await findBreaches(db), []);
  },
  longest,
);
