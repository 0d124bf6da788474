import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll } from 'vitest';
import { temporalTestServer } from '../../local/binaries.ts';
import { freePort } from '../../local/ports.ts';
import { startTemporal } from '../../local/temporal.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  // Workers that keep few runs in memory evict some in the midst of a local activity; the SDK (1.24) takes that for its own fault.
  telemetryOptions: { logging: { filter: 'error,temporalio_sdk_core::worker::workflow::managed_run=off' } },
  shutdownSignals: [],
});

/** A Temporal development server of the test file's own, with Usher's search attributes. End it with `teardown()`. */
export async function temporalEnvironment(): Promise<TestWorkflowEnvironment> {
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-temporal-'));
  // Not `createLocal`: a server started by the SDK outlives a killed test process, and prints.
  const server = await startTemporal({ dir, port: await freePort(), inMemory: true });
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
  const disconnect = environment.teardown.bind(environment);
  environment.teardown = async () => {
    await disconnect();
    // In order it would take a second, for nothing: what it knows is in memory.
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  };
  return environment;
}

/**
 * A server that skips time while a workflow's result is awaited. It does one thing at a time: no two results, no result
 * beside an Update; and it knows no custom search attributes, lists, counts, schedules or resets. End it with `teardown()`.
 */
export const timeSkippingEnvironment = async (): Promise<TestWorkflowEnvironment> =>
  TestWorkflowEnvironment.createTimeSkipping({ server: { executable: await temporalTestServer() } });

// Runs after all hooks of the file: by then the SDK has ended its runtime, unless a worker, connection or server is left.
afterAll(() => {
  const { _instance: runtime } = Runtime as unknown as { _instance?: { backRefs: Set<object> } };
  if (runtime && runtime.backRefs.size > 0)
    throw new Error('A worker, connection or environment of Temporal was left open.');
});
