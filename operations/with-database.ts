import { type Kysely, sql } from 'kysely';
import { attempt, databaseUrl } from '../config.ts';
import { createDatabase, type Database } from '../db/database.ts';

/**
 * Lends a command the database, and closes it again.
 *
 * @throws ConfigError when it cannot be reached
 */
export async function withDatabase<T>(work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  const db = createDatabase(databaseUrl(process.env), 2);
  try {
    await attempt('Postgres cannot be used: check USHER_DATABASE_URL, and that it runs', () =>
      sql`select 1`.execute(db),
    );
    return await work(db);
  } finally {
    await db.destroy();
  }
}
