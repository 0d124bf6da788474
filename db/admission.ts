import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Generated } from 'kysely';
import { type Kysely, sql } from 'kysely';
import type { ClientBase } from 'pg';
import { ConfigError } from '../config.ts';
import { VersionMismatch } from '../statecharts/versions.ts';
import type { Database } from './database.ts';

/** One row: which programs the database still admits. Migrations write it. */
export interface AdmissionTable {
  id: Generated<number>;
  /** Number of the newest migration that a program must know. */
  oldest_program: number;
}

/** The migrations that this program knows, by name. */
const known = readdirSync(path.join(import.meta.dirname, 'migrations'))
  .map((file) => path.parse(file).name)
  .sort();
const numberOf = (migration: string) => Number.parseInt(migration, 10);

/**
 * Refuses a connection to a database that this program does not fit: one that lacks a migration, or one whose migrations
 * have left the program behind.
 *
 * @throws VersionMismatch saying what to do
 */
export async function admit(client: ClientBase): Promise<void> {
  const applied = await client.query<{ name: string }>('select name from kysely_migration').catch((error) => {
    if (error.code === '42P01') return { rows: [] };
    throw error;
  });
  const missing = known.filter((name) => !applied.rows.some((row) => row.name === name));
  if (missing.length > 0)
    throw new VersionMismatch(`The database is older than this program: run npm run migrate (${missing.join(', ')}).`);
  const { rows } = await client.query<Pick<AdmissionTable, 'oldest_program'>>('select oldest_program from admission');
  const newest = numberOf(known.at(-1)!);
  if (newest < rows[0]!.oldest_program)
    throw new VersionMismatch(
      `The database no longer admits this program: it knows migrations up to ${newest}, and needs ${rows[0]!.oldest_program}. Run a newer version.`,
    );
}

/**
 * Asks the database at a program's start whether it admits it. One that does not answer is none of this: programs wait
 * for it.
 *
 * @throws ConfigError saying what to do
 */
export async function requireAdmission(db: Kysely<Database>): Promise<void> {
  await sql`select 1`.execute(db).catch((error) => {
    if (error instanceof VersionMismatch) throw new ConfigError(error.message);
  });
}
