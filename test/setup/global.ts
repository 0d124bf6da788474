import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { workflowBundle } from '../../bundle.ts';
import { migrate } from '../../db/migrate.ts';
import { temporalCli, temporalTestServer } from '../../local/binaries.ts';
import { freePort } from '../../local/ports.ts';
import { startPostgres } from '../../local/postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's Postgres: connection strings with `*` for the database, and the migrated one that files clone. */
    postgres: { url: string; runUrl: string; template: string };
    /** Folder where programs that tests start leave what they have compiled: most load the same. */
    compiled: string;
    /** What workers of the tests keep in memory; undefined for the SDK's default. */
    maxCachedWorkflows?: number;
  }
}

/** What the whole run shares: one Postgres with a migrated template, the workflows bundled, and Temporal's programs downloaded. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await temporalCli(console.log);
  await temporalTestServer(console.log);
  await workflowBundle();
  // Workers of this run would write down all that they have loaded, after each file.
  delete process.env.NODE_COMPILE_CACHE;
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-test-'));
  const postgres = await startPostgres({ dir, port: await freePort(), durable: false });
  const template = 'template';
  const teardown = async () => {
    await postgres.stop();
    // Again where the last program, as it ends, still writes down what it has compiled.
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await postgres.ensureDatabase(template);
    await migrate(postgres.url(template), postgres.runUrl(template));
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('compiled', path.join(dir, 'compiled'));
  project.provide('postgres', { url: postgres.url('*'), runUrl: postgres.runUrl('*'), template });
  return teardown;
}
