import { type Kysely, sql } from 'kysely';

/** What the mail provider tells of emails. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- reported_at: the provider's time of the report that says whether it arrived. opened_at: of the first that says it was
    -- opened. untold_at: set while the run may not know that it came into trouble, or out of it.
    alter table deliveries
      add column reported_at timestamptz,
      add column opened_at timestamptz,
      add column untold_at timestamptz;
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    alter table deliveries drop column reported_at, drop column opened_at, drop column untold_at;
  `.execute(db);
}
