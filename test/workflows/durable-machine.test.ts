import path from 'node:path';
import { type Client, WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { emptyDatabase } from '../setup/database.ts';
import { temporalEnvironment } from '../setup/temporal.ts';
import { asked, until } from '../setup/until.ts';
import {
  counting,
  employing,
  finish,
  look,
  type Offer,
  offer,
  offerAll,
  type Row,
  reload,
  type Store,
  waiting,
} from './small-charts/workflows.ts';

/** The interpreter, on small charts whose rows are in a table of the test's own. */

let environment: TestWorkflowEnvironment;
let pool: Pool;
let worker: Worker;
let running: Promise<void>;
let bundle: WorkflowBundle;
let client: Client;

const hour = 3_600_000;

const rowOf = async (id: string): Promise<Row | null> =>
  (await pool.query('select sequence, facts from charts where id = $1', [id])).rows[0] ?? null;
const numberOf = async (request: string | null): Promise<number | undefined> =>
  (await pool.query('select sequence from log where request = $1', [request])).rows[0]?.sequence;

/** What a lost task has done to a row just before its run commits to it. */
const lost = new Map<string, () => Promise<unknown>>();

const store: Store = {
  async load(id, request) {
    const row = await rowOf(id);
    const taken = await numberOf(request);
    return row && taken ? { ...row, taken } : row;
  },
  async commit(id, { sequence, event, request, facts }) {
    await lost.get(id)?.();
    lost.delete(id);
    if (request === 'forbidden') return { status: 'refused', code: 'forbidden by a constraint' };
    const known = await numberOf(request);
    if (known) return { status: 'repeated', sequence: known, row: (await rowOf(id))! };
    const { rowCount } = await pool.query(
      'update charts set sequence = $2, facts = $3 where id = $1 and sequence = $2 - 1',
      [id, sequence, facts],
    );
    if (rowCount === 0) return { status: 'superseded', row: (await rowOf(id))! };
    await pool.query('insert into log values ($1, $2, $3, $4)', [id, sequence, event, request]);
    return { status: 'committed' };
  },
};

beforeAll(async () => {
  environment = await temporalEnvironment();
  client = environment.client;
  pool = new Pool({ connectionString: (await emptyDatabase()).url });
  await pool.query('create table charts (id text primary key, sequence int not null, facts jsonb not null)');
  await pool.query(
    'create table log (id text, sequence int, event text, request text unique, primary key (id, sequence))',
  );
  bundle = await bundleWorkflowCode({
    workflowsPath: path.join(import.meta.dirname, 'small-charts/workflows.ts'),
    logger: new DefaultLogger('WARN'),
  });
  worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: 'small',
    workflowBundle: bundle,
    activities: store,
    ...(inject('maxCachedWorkflows') === undefined ? {} : { maxCachedWorkflows: inject('maxCachedWorkflows') }),
  });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await pool?.end();
  await environment?.teardown();
});

let charts = 0;
const insert = async (facts: Partial<Row['facts']> = {}, sequence = 1): Promise<string> => {
  const id = `chart-${++charts}`;
  await pool.query('insert into charts values ($1, $2, $3)', [
    id,
    sequence,
    { state: 'open', count: 0, deadline: Date.now() + hour, ...facts },
  ]);
  return id;
};
const start = (id: string, continueAfter?: number) =>
  client.workflow.start(counting, {
    taskQueue: 'small',
    workflowId: id,
    args: continueAfter ? [id, continueAfter] : [id],
  });
const employ = (id: string) => client.workflow.start(employing, { taskQueue: 'small', workflowId: id, args: [id] });
const say = (id: string, type: string, request?: string, to?: number) =>
  client.workflow
    .getHandle(id)
    .executeUpdate(offer, { args: [{ type, ...(request ? { request } : {}), ...(to ? { to } : {}) }] });
/** What a run says of itself. */
const seen = (run: WorkflowHandle) => asked(run, look);
/** Starts a chart with an event, which is thus in the run's first task, before anything can be due. */
const startWith = (id: string, workflow: typeof counting | typeof waiting, event: Offer) =>
  client.workflow.executeUpdateWithStart(offer, {
    args: [event],
    startWorkflowOperation: new WithStartWorkflowOperation(workflow, {
      taskQueue: 'small',
      workflowId: id,
      args: [id],
      workflowIdConflictPolicy: 'USE_EXISTING',
    }),
  });
const events = async (id: string) =>
  (await pool.query('select event from log where id = $1 order by sequence', [id])).rows.map((r) => r.event);
const factsOf = async (id: string) => (await rowOf(id))!.facts;

describe('events', () => {
  test('are taken one at a time, each recorded under the next number', async () => {
    const id = await insert();
    const handle = await start(id);
    const answers = await Promise.all(Array.from({ length: 10 }, () => say(id, 'add')));
    expect(answers.map((a) => a.status === 'taken' && a.sequence).sort((a, b) => Number(a) - Number(b))).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect(await say(id, 'stop')).toEqual({ status: 'taken', sequence: 12 });
    await handle.result();
    expect(await factsOf(id)).toMatchObject({ state: 'stopped', count: 10 });
  });

  test('that the chart does not know are refused, and so are those whose guard throws; the run lives on', async () => {
    const id = await insert();
    await start(id);
    expect(await say(id, 'nonsense')).toEqual({ status: 'refused', code: 'open does not take nonsense' });
    expect(await say(id, 'broken')).toEqual({ status: 'refused', code: 'open does not take broken' });
    expect(await say(id, 'add')).toEqual({ status: 'taken', sequence: 2 });
    await say(id, 'stop');
  });

  test('without an effect change the snapshot alone, and are not recorded', async () => {
    const id = await insert();
    await start(id);
    expect(await say(id, 'peek')).toEqual({ status: 'taken', sequence: 1 });
    expect(await say(id, 'add')).toEqual({ status: 'taken', sequence: 2 });
    expect(await factsOf(id)).toMatchObject({ count: 2 });
    await say(id, 'stop');
  });

  test('that a constraint forbids are refused, and leave the snapshot as it was', async () => {
    const id = await insert();
    await start(id);
    expect(await say(id, 'add', 'forbidden')).toEqual({ status: 'refused', code: 'forbidden by a constraint' });
    expect(await say(id, 'add')).toEqual({ status: 'taken', sequence: 2 });
    expect(await factsOf(id)).toMatchObject({ count: 1 });
    await say(id, 'stop');
  });

  test('meeting a row that has moved on adopt it and are offered again', async () => {
    const id = await insert();
    await start(id);
    await say(id, 'add');
    // A commit of a task that was lost: durable, though this run does not know.
    await pool.query(`update charts set sequence = 3, facts = jsonb_set(facts, '{count}', '41') where id = $1`, [id]);
    expect(await say(id, 'add')).toEqual({ status: 'taken', sequence: 4 });
    expect(await factsOf(id)).toMatchObject({ count: 42 });
    await pool.query(`update charts set sequence = 5, facts = jsonb_set(facts, '{state}', '"closed"') where id = $1`, [
      id,
    ]);
    expect(await say(id, 'add')).toEqual({ status: 'refused', code: 'closed does not take add' });
    await client.workflow.getHandle(id).result();
  });

  test('that only the snapshot of a run behind its row would refuse are taken', async () => {
    const id = await insert();
    await start(id);
    expect(await say(id, 'double')).toEqual({ status: 'refused', code: 'open does not take double' });
    await pool.query(`update charts set sequence = 2, facts = jsonb_set(facts, '{count}', '21') where id = $1`, [id]);
    expect(await say(id, 'double')).toEqual({ status: 'taken', sequence: 3 });
    expect(await factsOf(id)).toMatchObject({ count: 42 });
    await say(id, 'stop');
  });

  test('are not needed for a run to catch up with its row: it can be told to look', async () => {
    const id = await insert();
    const handle = await start(id);
    await say(id, 'add');
    await handle.signal(reload);
    expect(await until('the run to answer', () => seen(handle))).toMatchObject({ sequence: 2 });
    await pool.query(`update charts set sequence = 3, facts = jsonb_set(facts, '{state}', '"closed"') where id = $1`, [
      id,
    ]);
    await handle.signal(reload);
    await handle.result();
    expect(await events(id)).toEqual(['add']);
  });

  test('under a known request key are answered as the first time', async () => {
    const id = await insert();
    await start(id);
    expect(await say(id, 'add', `${id}/key`)).toEqual({ status: 'taken', sequence: 2 });
    await say(id, 'add');
    expect(await say(id, 'add', `${id}/key`)).toEqual({ status: 'taken', sequence: 2 });
    expect(await factsOf(id)).toMatchObject({ count: 2 });
    await say(id, 'stop');
  });

  test('under a key known only to the row make a run behind it catch up', async () => {
    const id = await insert();
    await start(id);
    await say(id, 'add');
    // Committed as 3 under this key, by a task that was lost.
    await pool.query(`update charts set sequence = 3, facts = jsonb_set(facts, '{count}', '41') where id = $1`, [id]);
    await pool.query('insert into log values ($1, 3, $2, $3)', [id, 'add', `${id}/lost`]);
    expect(await say(id, 'add', `${id}/lost`)).toEqual({ status: 'taken', sequence: 3 });
    expect(await say(id, 'add')).toEqual({ status: 'taken', sequence: 4 });
    expect(await factsOf(id)).toMatchObject({ count: 42 });
    await say(id, 'stop');
  });

  test('under a key known only to the row are answered as taken, also where its state would refuse them', async () => {
    const id = await insert();
    const handle = await start(id);
    await say(id, 'add');
    // Committed as 3 and 4, the first under this key, by a task that was lost.
    await pool.query('insert into log values ($1, 3, $2, $3)', [id, 'add', `${id}/lost`]);
    await pool.query(`update charts set sequence = 4, facts = jsonb_set(facts, '{state}', '"closed"') where id = $1`, [
      id,
    ]);
    const answers = await handle.executeUpdate(offerAll, {
      args: [
        [
          { type: 'add', request: `${id}/lost` },
          { type: 'add', request: `${id}/other` },
        ],
      ],
    });
    expect(answers).toEqual([
      { status: 'taken', sequence: 3 },
      { status: 'refused', code: 'closed does not take add' },
    ]);
    await handle.result();
  });

  test('queued while the run closes all get their answer', async () => {
    const id = await insert();
    const handle = await start(id);
    const types = ['add', 'stop', 'add', 'nonsense', 'stop'];
    expect(await handle.executeUpdate(offerAll, { args: [types.map((type) => ({ type }))] })).toEqual([
      { status: 'taken', sequence: 2 },
      { status: 'taken', sequence: 3 },
      { status: 'refused', code: 'stopped does not take add' },
      { status: 'refused', code: 'stopped does not take nonsense' },
      { status: 'refused', code: 'stopped does not take stop' },
    ]);
    await handle.result();
    expect(await events(id)).toEqual(['add', 'stop']);
  });

  test('racing the end of the run are recorded just when they are answered so', async () => {
    const id = await insert();
    const handle = await start(id);
    const keys = Array.from({ length: 12 }, (_, i) => `${id}/${i}`);
    const answers = await Promise.allSettled(keys.map((key, i) => say(id, i === 5 ? 'stop' : 'add', key)));
    await handle.result();
    for (const [i, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') {
        const { value } = answer;
        expect(await numberOf(keys[i]!)).toBe(value.status === 'taken' ? value.sequence : undefined);
      } else {
        // Told by the server that the run has ended: the outcome is unknown, and the log knows it.
        expect(String(answer.reason)).toMatch(/completed|closing|not found/i);
      }
    }
  });

  test('of a run without a row are refused, and it ends', async () => {
    const answer = await startWith('nowhere', counting, { type: 'add' });
    expect(answer).toEqual({ status: 'refused', code: 'no row' });
    await client.workflow.getHandle('nowhere').result();
  });

  test('of a run whose row has ended are refused, and it ends without recording anything', async () => {
    const id = await insert({ state: 'closed' }, 7);
    const handle = await start(id);
    await handle.result();
    expect(await events(id)).toEqual([]);
    expect((await rowOf(id))!.sequence).toBe(7);
  });
});

describe('time', () => {
  test('a delayed transition is taken at its absolute deadline, also one that has passed', async () => {
    for (const deadline of [Date.now() + 300, Date.now() - hour]) {
      const id = await insert({ deadline });
      await (await start(id)).result();
      expect(await events(id)).toEqual(['late']);
      expect(Date.now()).toBeGreaterThanOrEqual(deadline);
    }
  });

  test('a deadline that meets a row that has moved on counts by the row, not by the run', async () => {
    const id = await insert({ deadline: Date.now() + 100 });
    lost.set(id, () =>
      pool.query(
        `update charts set sequence = 2, facts = jsonb_set(facts, '{deadline}', to_jsonb($2::bigint)) where id = $1`,
        [id, Date.now() + hour],
      ),
    );
    const handle = await start(id);
    await until('the run to know', async () => (await seen(handle))?.sequence === 2);
    expect(await say(id, 'stop')).toEqual({ status: 'taken', sequence: 3 });
    expect(await events(id)).toEqual(['stop']);
  });

  test('an infinite delay arms no timer, and a state re-entered needs no second one', async () => {
    const id = await insert();
    const handle = await start(id);
    await say(id, 'reenter');
    await say(id, 'reenter');
    await say(id, 'stop');
    await handle.result();
    const { events: history } = await handle.fetchHistory();
    expect(history!.filter((e) => e.timerStartedEventAttributes)).toHaveLength(1);
  });

  test("a parent's deadline survives a change of its children", async () => {
    const id = await insert({ deadline: Date.now() + 300 });
    await startWith(id, waiting, { type: 'move', to: Date.now() + hour });
    await client.workflow.getHandle(id).result();
    expect(await events(id)).toEqual(['move', 'late']);
  });

  test("a parent's deadline is armed anew when the parent is re-entered, sooner or later", async () => {
    const sooner = await insert();
    await startWith(sooner, waiting, { type: 'moveAnew', to: Date.now() + 300 });
    await client.workflow.getHandle(sooner).result();
    expect(await events(sooner)).toEqual(['moveAnew', 'late']);

    const later = await insert();
    const handle = await client.workflow.start(waiting, { taskQueue: 'small', workflowId: later, args: [later] });
    // Due at once, were it not moved again before anything that is due has its turn.
    const moves = [Date.now() - 1, Date.now() + hour].map((to) => ({ type: 'moveAnew', to }));
    await handle.executeUpdate(offerAll, { args: [moves] });
    expect(await say(later, 'stop')).toEqual({ status: 'taken', sequence: 4 });
    await handle.result();
    expect(await events(later)).toEqual(['moveAnew', 'moveAnew', 'stop']);
  });

  test('an event that came in time beats a deadline due in the same task', async () => {
    const id = await insert({ deadline: Date.now() - 1 });
    const answer = await startWith(id, counting, { type: 'stop' });
    expect(answer).toEqual({ status: 'taken', sequence: 2 });
    expect(await events(id)).toEqual(['stop']);
  });
});

describe('invoked actors', () => {
  test.each(['done', 'failed'] as const)('a job that is %s moves the chart', async (how) => {
    const id = await insert({ state: 'working' });
    const handle = await employ(id);
    await handle.signal(finish, 0, how);
    await handle.result();
    expect(await events(id)).toEqual([how]);
  });

  test('the result of a job that the chart has left is dropped, though its id is in use again', async () => {
    const id = await insert({ state: 'working' });
    const handle = await employ(id);
    await say(id, 'again');
    await handle.signal(finish, 0, 'failed');
    await until('the signal', async () => (await seen(handle))?.sequence === 2);
    await say(id, 'again');
    await handle.signal(finish, 2, 'done');
    await handle.result();
    expect(await events(id)).toEqual(['again', 'again', 'done']);
  });
});

test('a request to cancel becomes an event, and the run completes', async () => {
  for (const begin of [start, employ]) {
    const id = await insert();
    const handle = await begin(id);
    await until('a start', async () => (await seen(handle))?.sequence === 1);
    await handle.cancel();
    await handle.result();
    expect(await events(id)).toEqual(['cancel']);
    expect((await handle.describe()).status.name).toBe('COMPLETED');
  }
});

test('a long run drains and continues as new; no event is lost, and deadlines are as the row says', async () => {
  const id = await insert();
  const { firstExecutionRunId } = await start(id, 60);
  // Unlike re-entering, it leaves the armed timer as it is: only another run, reading the row, can be late.
  await say(id, 'move', undefined, Date.now() - 1);
  let added = 0;
  const keepAdding = async (writer: number) => {
    for (let i = 0; ; ) {
      // An event that meets the end of a run is told so, and can be repeated: its key makes that safe.
      const answer = await say(id, 'add', `${id}/${writer}/${i}`).catch(() => undefined);
      if (answer?.status === 'taken') {
        added += 1;
        i += 1;
      } else if (answer || (await client.workflow.getHandle(id).describe()).status.name === 'COMPLETED') return;
    }
  };
  await Promise.all([1, 2, 3].map(keepAdding));
  await client.workflow.getHandle(id).result();
  const first = await client.workflow.getHandle(id, firstExecutionRunId).describe();
  expect(first.status.name).toBe('CONTINUED_AS_NEW');
  const recorded = await events(id);
  expect(recorded.at(0)).toBe('move');
  expect(recorded.at(-1)).toBe('late');
  expect(recorded.filter((e) => e === 'add')).toHaveLength(added);
  expect(await factsOf(id)).toMatchObject({ state: 'late', count: added });
});

test('every history of these tests replays', async () => {
  const histories = [];
  for await (const { workflowId, runId, status } of client.workflow.list()) {
    if (status.name === 'RUNNING') continue;
    histories.push({ workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() });
  }
  expect(histories.length).toBeGreaterThan(10);
  for await (const { error, workflowId } of Worker.runReplayHistories({ workflowBundle: bundle }, histories)) {
    expect(error, workflowId).toBeUndefined();
  }
});
