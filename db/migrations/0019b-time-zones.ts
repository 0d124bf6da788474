import { type Kysely, sql } from 'kysely';

/** Where an organization's day is, by whose hours it reminds. An older version that serves meanwhile reminds at any hour. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- An IANA name.
    alter table organizations add column time_zone text not null default 'UTC'
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table organizations drop column time_zone`.execute(db);
}
