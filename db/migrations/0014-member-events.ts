import { type Kysely, sql } from 'kysely';

/** Outside a transaction: on large tables it takes its time, and holds nobody up. */
export const concurrently = true;

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  // What happened to a member, a licence or the like. One that was broken off stays behind, and is not valid.
  await sql`drop index concurrently if exists events_of_target`.execute(db);
  await sql`create index concurrently events_of_target on events (target_id, id) where target_id is not null`.execute(
    db,
  );
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop index events_of_target`.execute(db);
}
