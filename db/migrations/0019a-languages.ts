import { type Kysely, sql } from 'kysely';

/** Invitations of whose language nothing is said: their pages are in that of the browser. An older version takes them for English. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- locale: BCP 47; null: nothing is said.
    alter table invitations alter column locale drop default, alter column locale drop not null
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    update invitations set locale = 'en' where locale is null;
    alter table invitations alter column locale set default 'en', alter column locale set not null;
  `.execute(db);
}
