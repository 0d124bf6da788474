import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, inject } from 'vitest';

export interface TestDatabase {
  /** Connection string of the owner: for preparing and looking. */
  url: string;
  /** Connection string of the run role: for what is under test. */
  runUrl: string;
  /** Drops it before the end of the file, where that happens by itself. @throws when connections to it are open */
  drop(): Promise<void>;
}

/** A migrated database of the test file's own. The file fails unless every connection to it is closed at the end. */
export const freshDatabase = (): Promise<TestDatabase> => create(inject('postgres').template);

/** As {@link freshDatabase}, without a table. */
export const emptyDatabase = (): Promise<TestDatabase> => create('template1');

const url = (database: string) => inject('postgres').url.replace('*', database);
const runUrl = (database: string) => inject('postgres').runUrl.replace('*', database);
const created = new Set<string>();

async function create(from: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await run((client) => client.query(`create database ${name} template ${from}`));
  created.add(name);
  return { url: url(name), runUrl: runUrl(name), drop: () => drop(name) };
}

async function drop(name: string): Promise<void> {
  if (!created.delete(name)) return;
  await run(async (client) => {
    try {
      // Postgres itself waits 5 s for connections that are closing.
      await client.query(`drop database ${name}`);
    } catch (cause) {
      const { rows } = await client.query('select state, query from pg_stat_activity where datname = $1', [name]);
      await client.query(`drop database ${name} with (force)`);
      throw new Error(`Connections to the database were left open: ${JSON.stringify(rows)}`, { cause });
    }
  });
}

async function run(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url('postgres') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

// Registered before any hook of the file that imports this, so it runs after all of them.
afterAll(async () => {
  for (const name of [...created]) await drop(name);
});
