import { type Kysely, sql } from 'kysely';

/** Outside a transaction: on large tables it takes its time, and holds nobody up. */
export const concurrently = true;

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  // Few, and for the reconciler alone. One that was broken off is not valid.
  await sql`drop index concurrently if exists deliveries_untold`.execute(db);
  await sql`create index concurrently deliveries_untold on deliveries (untold_at) where untold_at is not null`.execute(
    db,
  );
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop index deliveries_untold`.execute(db);
}
