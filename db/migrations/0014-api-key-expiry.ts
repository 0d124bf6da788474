import { type Kysely, sql } from 'kysely';

/** API keys that end by themselves. An older version that serves meanwhile takes them for longer. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`alter table api_keys add column expires_at timestamptz`.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table api_keys drop column expires_at`.execute(db);
}
