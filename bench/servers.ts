import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { freePort } from '../local/ports.ts';
import { startPostgres } from '../local/postgres.ts';
import { startTemporal } from '../local/temporal.ts';
import { searchAttributes } from '../workflows/contract.ts';
import { type MailEndpoint, startMailEndpoint } from './mail-endpoint.ts';
import { pidOf } from './processes.ts';

/** What every row of the benchmark runs on. */
export interface Servers {
  /** A folder that is removed at the end. */
  dir: string;
  /** An empty database; connection string. */
  database(name: string): Promise<string>;
  postgres: { pid: number };
  /** `pid` is undefined for a server that runs elsewhere. */
  temporal: { address: string; pid: number | undefined };
  /** What the development server's file takes, bytes; 0 for a server that runs elsewhere. */
  engineBytes(): Promise<number>;
  /** Makes a namespace with Usher's search attributes, for a second Usher beside the first: both use the same task queue. */
  namespace(name: string): Promise<string>;
  mail: MailEndpoint;
  stop(): Promise<void>;
}

/** Starts Postgres alone, durable, as in production. */
export async function startDatabaseServer(): Promise<Pick<Servers, 'dir' | 'database' | 'postgres' | 'stop'>> {
  await using started = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-bench-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));
  const port = await freePort();
  const postgres = await startPostgres({ dir: path.join(dir, 'postgres'), port, durable: true });
  started.defer(() => postgres.stop());
  const pid = await pidOf(`port=${port}`);
  const all = started.move();
  return {
    dir,
    async database(name) {
      await postgres.ensureDatabase(name);
      return postgres.url(name);
    },
    postgres: { pid },
    stop: () => all.disposeAsync(),
  };
}

/**
 * Starts Postgres, Temporal's development server and a mail endpoint.
 *
 * @param temporalAddress host:port of a server that is there already, with Usher's search attributes
 */
export async function startServers(temporalAddress?: string): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const server = await startDatabaseServer();
  started.defer(() => server.stop());
  const { dir, database, postgres } = server;
  const mail = await startMailEndpoint();
  started.defer(() => mail.close());
  let temporal: Servers['temporal'] = { address: temporalAddress ?? '', pid: undefined };
  if (temporalAddress === undefined) {
    const port = await freePort();
    const server = await startTemporal({ dir: path.join(dir, 'temporal'), port });
    started.defer(() => server.stop());
    temporal = { address: server.address, pid: await pidOf(`--port ${port}`) };
  }
  const all = started.move();
  return {
    dir,
    database,
    postgres,
    temporal,
    async engineBytes() {
      const folder = path.join(dir, 'temporal');
      const files = temporalAddress === undefined ? await readdir(folder, { recursive: true }) : [];
      const sizes = await Promise.all(
        // A journal may be gone by now.
        files.map((file) =>
          stat(path.join(folder, file)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    mail,
    async namespace(name) {
      await ensureNamespace(temporal.address, name);
      return name;
    },
    stop: () => all.disposeAsync(),
  };
}

async function ensureNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const { INDEXED_VALUE_TYPE_KEYWORD: KEYWORD, INDEXED_VALUE_TYPE_DATETIME: DATETIME } =
    proto.temporal.api.enums.v1.IndexedValueType;
  const types = { KEYWORD, DATETIME };
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    // Known to every part of the server only a while after it was registered.
    const deadline = Date.now() + 30_000;
    for (;;) {
      try {
        await connection.operatorService.addSearchAttributes({
          namespace,
          searchAttributes: Object.fromEntries(
            Object.values(searchAttributes).map(({ name, type }) => [name, types[type]]),
          ),
        });
        await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
        const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
        if (Object.values(searchAttributes).every(({ name }) => name in (customAttributes ?? {}))) return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await connection.close();
  }
}
