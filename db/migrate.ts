import { promises as fs } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { FileMigrationProvider, type Migration, Migrator } from 'kysely/migration';
import { Pool } from 'pg';
import { attempt, ConfigError, migrationUrls } from '../config.ts';
import { requireAdmission } from './admission.ts';
import { createDatabase, type Database } from './database.ts';
import { grantRunRole, runRoleOf } from './run-role.ts';

/** A migration as its file exports it. */
interface FileMigration extends Migration {
  /** Runs it outside a transaction, for `create index concurrently`. */
  concurrently?: true;
}

/**
 * How long a migration waits for a lock, ms. All that comes to the table after it waits behind it, so it gives up before
 * callers do, and comes again.
 */
const lockTimeoutMs = 1_000;
const tries = 20;
const pauseMs = 1_000;

/**
 * Brings a database to the newest schema, while programs of the version before go on using it; does nothing when it is
 * there already, or further. Safe to run twice at once (Kysely locks). Each migration is a transaction of its own.
 *
 * @param url postgres://… of the role that owns the tables
 * @param runUrl postgres://… of the run role, which is made if need be, and given what it needs; none: one role for both
 * @returns names of the migrations carried out
 * @throws ConfigError when the database cannot be reached, no longer admits this program or is too busy, or the run role
 *   cannot be had; what Postgres said of a migration
 */
export async function migrate(url: string, runUrl?: string): Promise<string[]> {
  const pool = new Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: 1_500,
    lock_timeout: lockTimeoutMs,
    application_name: 'usher migrate',
  });
  // As in createDatabase.
  pool.on('error', () => undefined);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await attempt('Postgres cannot be used: check the URL of the database, and that it runs', () =>
      sql`select 1`.execute(db),
    );
    const migrator = new Migrator({
      db,
      provider: new FileMigrationProvider({ fs, path, migrationFolder: path.join(import.meta.dirname, 'migrations') }),
    });
    const done: string[] = [];
    for (let tried = 1; ; ) {
      const next = (await migrator.getMigrations()).find((migration) => !migration.executedAt);
      const { error, results = [] } = await migrator.migrateUp({
        disableTransactions: (next?.migration as FileMigration | undefined)?.concurrently === true,
      });
      if (isNewerDatabase(error)) break;
      if (isLockTimeout(error)) {
        if (tried++ === tries)
          throw new ConfigError(
            `Migration ${next?.name} did not get its lock in ${tries} tries: a long transaction holds it (pg_stat_activity names it). Nothing was changed by it; run it again.`,
          );
        await sleep(pauseMs);
        continue;
      }
      if (error) throw error;
      if (results.length === 0) break;
      done.push(...results.map((result) => result.migrationName));
      tried = 1;
    }
    const role = runUrl === undefined ? undefined : runRoleOf(runUrl);
    if (role) await grantRunRole(db, role);
    await requireAdmissionTo(url);
    return done;
  } finally {
    await db.destroy();
  }
}

/** Or a deadlock, of which Postgres undid the migration. */
const isLockTimeout = (error: unknown) =>
  ['55P03', '40P01'].includes((error as { code?: string } | undefined)?.code ?? '');

/** Kysely's own sentence for a migration in the database that has no file: after a roll back to an older program. */
const isNewerDatabase = (error: unknown) =>
  /previously executed migration .* is missing/.test((error as Error | undefined)?.message ?? '');

async function requireAdmissionTo(url: string): Promise<void> {
  const db = createDatabase(url, 1);
  try {
    await requireAdmission(db);
  } finally {
    await db.destroy();
  }
}

if (import.meta.main) {
  try {
    const { owner, run } = migrationUrls(process.env);
    const done = await migrate(owner, run);
    console.log(done.length > 0 ? `migrated: ${done.join(', ')}` : 'the database is up to date');
    if (!run)
      console.log(
        'One role both owns the tables and runs Usher, so that nothing but Usher itself keeps the audit log as it is: docs/operations.md says how to have two.',
      );
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  }
}
