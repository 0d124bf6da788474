import path from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkflowThreadsLean } from '../../workflow-threads.ts';
import { temporalEnvironment } from '../setup/temporal.ts';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await temporalEnvironment();
});
afterAll(() => environment?.teardown());

test('a run that loops for ever ends its worker, which names it', async () => {
  makeWorkflowThreadsLean(3_000);
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: 'threads',
    workflowsPath: path.join(import.meta.dirname, 'endless.ts'),
  });
  const running = worker.run();
  running.catch(() => undefined);
  const start = (type: string) =>
    environment.client.workflow.start(type, { taskQueue: 'threads', workflowId: `threads/${type}` });
  expect(await (await start('short')).result()).toBe('done');
  const { firstExecutionRunId } = await start('endless');
  await expect(running).rejects.toThrow(`not answered for 3 s, busy with run ${firstExecutionRunId}`);
  expect(worker.getState()).toBe('FAILED');
});
