import { type Kysely, sql } from 'kysely';

/** Outside a transaction: on large tables these take their time, and hold nobody up. */
export const concurrently = true;

const indexes = { invitations_of_batch: 'invitations (batch_id, id) where batch_id is not null' };

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  for (const [name, what] of Object.entries(indexes)) {
    // One that was broken off stays behind, and is not valid.
    await sql`drop index concurrently if exists ${sql.id(name)}`.execute(db);
    await sql`create index concurrently ${sql.id(name)} on ${sql.raw(what)}`.execute(db);
  }
  await sql`alter table invitations validate constraint invitations_batch_id_fkey`.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  for (const name of Object.keys(indexes)) await sql`drop index ${sql.id(name)}`.execute(db);
}
