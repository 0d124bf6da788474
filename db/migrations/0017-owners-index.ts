import { type Kysely, sql } from 'kysely';

/** Outside a transaction: on large tables it takes its time, and holds nobody up. */
export const concurrently = true;

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  // Whether an organization keeps an owner: asked whenever one leaves, and on their page. One that was broken off is not valid.
  await sql`drop index concurrently if exists members_owners`.execute(db);
  await sql`
    create index concurrently members_owners on members (organization_id) where role = 'owner' and removed_at is null
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop index members_owners`.execute(db);
}
