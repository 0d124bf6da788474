import { promises as fs } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { attempt, ConfigError, databaseUrl } from '../config.ts';
import { createDatabase } from './database.ts';

/**
 * Brings a database to the newest schema; does nothing when it is there already. Safe to run twice at once (Kysely locks).
 *
 * @param url postgres://… of a role that may create tables
 * @returns names of the migrations carried out
 * @throws ConfigError when it cannot be reached; what Postgres said of a migration
 */
export async function migrate(url: string): Promise<string[]> {
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
    return (results ?? []).map((r) => r.migrationName);
  } finally {
    await db.destroy();
  }
}

if (import.meta.main) {
  try {
    const done = await migrate(databaseUrl(process.env));
    console.log(done.length > 0 ? `migrated: ${done.join(', ')}` : 'the database is up to date');
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  }
}
