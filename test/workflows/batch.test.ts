import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { workflowBundle } from '../../bundle.ts';
import type { BatchId } from '../../db/ids.ts';
import type { BatchActivities } from '../../workflows/batch.ts';
import { batchStart, batchType, reloadSignal, taskQueue } from '../../workflows/contract.ts';
import { temporalEnvironment } from '../setup/temporal.ts';

/** The workflow of batches by itself, with activities that stand still where the moment matters. */

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await temporalEnvironment();
});
afterAll(() => environment?.teardown());

test.each(['invite', 'resend'] as const)(
  'a run of a batch to %s looks again when the batch is changed after all was done',
  async (kind) => {
    const { workflow } = environment.client;
    const start = batchStart(`bat_of_${kind}` as BatchId);
    const looks: string[] = [];
    const none = (name: string) => async () => {
      looks.push(name);
      return false;
    };
    let finished = 0;
    const activities: BatchActivities = {
      mailSome: none('mail'),
      startSome: none('start'),
      takeBackSome: none('take back'),
      actSome: none('act'),
      async cancelBatch() {},
      async finishBatch({ id }) {
        looks.push('finish');
        // The row says that all is done. Before the run knows, somebody cancels.
        if (finished === 0)
          await workflow.signalWithStart(batchType(kind), { ...batchStart(id), signal: reloadSignal });
        finished += 1;
        return true;
      },
    };
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities,
      ...(inject('maxCachedWorkflows') === undefined ? {} : { maxCachedWorkflows: inject('maxCachedWorkflows') }),
    });
    await worker.runUntil(async () => {
      const run = await workflow.start(batchType(kind), start);
      await run.result();
    });
    const round = kind === 'invite' ? ['mail', 'start', 'take back', 'finish'] : ['act', 'finish'];
    expect(looks).toEqual([...round, ...round]);
  },
);
