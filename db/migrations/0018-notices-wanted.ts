import { type Kysely, sql } from 'kysely';

/** What inviters are told of. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    alter table organizations
      add column notices text[] collate "C" not null default '{accepted,declined,expired,undeliverable}'
        check (notices <@ '{accepted,declined,expired,undeliverable}')
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table organizations drop column notices`.execute(db);
}
