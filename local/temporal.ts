import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../workflows/contract.ts';
import { temporalCli } from './binaries.ts';
import { type Child, startChild } from './child.ts';
import { LocalError } from './local-error.ts';

export interface TemporalOptions {
  /** Holds the log and, unless `inMemory`, the database. */
  dir: string;
  port: number;
  /** Without one there is no UI. */
  uiPort?: number;
  /** Forget everything at the end. @default false */
  inMemory?: boolean;
  report?: (line: string) => void;
}

export interface Temporal {
  /** host:port */
  address: string;
  uiUrl: string | undefined;
  /** Resolves to a sentence once the server has ended. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

const typeNames = { KEYWORD: 'Keyword', DATETIME: 'Datetime' } as const;

/**
 * A task queue has four partitions by default, which is for more tasks than one process can hand out: what comes into one that no
 * worker happens to poll waits until it is forwarded.
 */
const onePartition = ['Read', 'Write'].flatMap((which) => [
  '--dynamic-config-value',
  `matching.numTaskqueue${which}Partitions=1`,
]);

/**
 * Starts Temporal's development server, with Usher's search attributes, and waits until it answers. Workflows and timers
 * survive restarts, and being killed.
 *
 * @throws LocalError with the remedy
 */
export async function startTemporal({ dir, port, uiPort, inMemory, report }: TemporalOptions): Promise<Temporal> {
  await mkdir(dir, { recursive: true });
  const { path: command } = await temporalCli(report);
  const attributes = Object.values(searchAttributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${typeNames[type]}`,
  ]);
  const child = await startChild({
    name: 'Temporal',
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
      ...(uiPort ? ['--ui-port', String(uiPort), '--ui-disable-news-fetch'] : ['--headless']),
      ...(inMemory ? [] : ['--db-filename', path.join(dir, 'temporal.db')]),
      ...['--log-level', 'warn', ...attributes, ...onePartition],
    ],
    cwd: dir,
    logFile: path.join(dir, 'temporal.log'),
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
  });
  const address = `127.0.0.1:${port}`;
  try {
    await untilServing(child, address);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    address,
    uiUrl: uiPort ? `http://127.0.0.1:${uiPort}` : undefined,
    exited: child.exited,
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
}

/** Serving means that the namespace is there, with the search attributes: both come after the port opens. */
async function untilServing(child: Child, address: string): Promise<void> {
  let ended: string | undefined;
  void child.exited.then((sentence) => {
    ended = sentence;
  });
  const connection = Connection.lazy({ address });
  const deadline = Date.now() + 60_000;
  try {
    for (;;) {
      if (ended) throw new LocalError(`${ended} ${await child.lastWords()}`);
      try {
        return await connection.withDeadline(Date.now() + 2_000, async () => {
          const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
          const missing = Object.values(searchAttributes).filter(({ name }) => !(name in (customAttributes ?? {})));
          if (missing.length > 0) throw new Error(`search attributes are missing: ${missing.map((m) => m.name)}`);
          await connection.workflowService.listWorkflowExecutions({ namespace: 'default', pageSize: 1 });
        });
      } catch (error) {
        if (Date.now() > deadline) throw new LocalError(`Temporal did not become ready within 60 s: ${error}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await connection.close();
  }
}
