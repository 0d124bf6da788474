import { type Kysely, sql } from 'kysely';

/** Outside a transaction: on large tables these take their time, and hold nobody up. */
export const concurrently = true;

/** What the reconciler looks for, by when it was due. */
const indexes = {
  deliveries_due: "deliveries (queued_at, invitation_id, ordinal) where status = 'queued'",
  invitations_due: "invitations (expires_at, id) where state = 'pending'",
};

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  for (const [name, what] of Object.entries(indexes)) {
    // One that was broken off stays behind, and is not valid.
    await sql`drop index concurrently if exists ${sql.id(name)}`.execute(db);
    await sql`create index concurrently ${sql.id(name)} on ${sql.raw(what)}`.execute(db);
  }
  await sql`drop index concurrently if exists deliveries_queued`.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  for (const name of Object.keys(indexes)) await sql`drop index ${sql.id(name)}`.execute(db);
  await sql`create index deliveries_queued on deliveries (queued_at) where status = 'queued'`.execute(db);
}
