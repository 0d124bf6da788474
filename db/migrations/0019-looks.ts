import { type Kysely, sql } from 'kysely';

/** How an organization's invitations look and read. An older version that serves meanwhile sends them as usual. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- color: #rrggbb, of buttons; null: the usual one. sender_name: null: the installation's. reply_to: null: whoever invited.
    -- wording: {language: {subject?, greeting?, body?}}, plain text with placeholders; null: as usual.
    alter table organizations
      add column color text,
      add column sender_name text,
      add column reply_to text,
      add column wording jsonb;
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    alter table organizations drop column color, drop column sender_name, drop column reply_to, drop column wording
  `.execute(db);
}
