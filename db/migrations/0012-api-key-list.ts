import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  // The API keys of an organization, newest first. Few rows: no need to make it beside the work.
  await sql`create index api_keys_of_organization on api_keys (organization_id, id desc)`.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop index api_keys_of_organization`.execute(db);
}
