import { type Kysely, sql } from 'kysely';

/** Outside a transaction: on large tables these take their time, and hold nobody up. */
export const concurrently = true;

const indexes = {
  events_of_organization: 'events (organization_id, id)',
  invitations_to_forget: "invitations (organization_id, decided_at) where state <> 'pending' and erased_at is null",
  invitations_mailbox: 'invitations (mailbox)',
  invitations_decided_by: 'invitations (decided_by) where decided_by is not null',
  amendments_created: 'amendments (created_at)',
};

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  for (const [name, what] of Object.entries(indexes)) {
    // One that was broken off stays behind, and is not valid.
    await sql`drop index concurrently if exists ${sql.id(name)}`.execute(db);
    await sql`create index concurrently ${sql.id(name)} on ${sql.raw(what)}`.execute(db);
  }
  await sql`alter table events validate constraint events_one_target`.execute(db);
  await sql`alter table invitations validate constraint invitations_erased_stay_ended`.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  for (const name of Object.keys(indexes)) await sql`drop index ${sql.id(name)}`.execute(db);
}
