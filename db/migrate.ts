import { promises as fs } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { attempt, ConfigError, migrationUrls } from '../config.ts';
import { createDatabase } from './database.ts';
import { grantRunRole, runRoleOf } from './run-role.ts';

/**
 * Brings a database to the newest schema; does nothing when it is there already. Safe to run twice at once (Kysely locks).
 *
 * @param url postgres://… of the role that owns the tables
 * @param runUrl postgres://… of the run role, which is made if need be, and given what it needs; none: one role for both
 * @returns names of the migrations carried out
 * @throws ConfigError when it cannot be reached, or the run role cannot be had; what Postgres said of a migration
 */
export async function migrate(url: string, runUrl?: string): Promise<string[]> {
  const db = createDatabase(url, 2);
  try {
    await attempt('Postgres cannot be used: check the URL of the database, and that it runs', () =>
      sql`select 1`.execute(db),
    );
    const migrator = new Migrator({
      db,
      provider: new FileMigrationProvider({ fs, path, migrationFolder: path.join(import.meta.dirname, 'migrations') }),
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error) throw error;
    const role = runUrl === undefined ? undefined : runRoleOf(runUrl);
    if (role) await grantRunRole(db, role);
    return (results ?? []).map((r) => r.migrationName);
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
