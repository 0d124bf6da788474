import { type Kysely, sql } from 'kysely';

/**
 * What organizations decide for themselves, and their suspension. Only added to, so that the version before may serve
 * meanwhile; it heeds none of it.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- expires_in, reminders: ISO 8601 durations; null: as usual. reminders count from the sending; none: nobody is reminded.
    -- *_domains: in ASCII, *. before one stands for all below it; no allowed one: all that are not blocked.
    -- languages: of invitations, the first unless one is said; none: any.
    alter table organizations
      add column expires_in text,
      add column reminders text[],
      add column allowed_domains text[] collate "C" not null default '{}',
      add column blocked_domains text[] collate "C" not null default '{}',
      add column languages text[] collate "C" not null default '{}',
      add column suspended_at timestamptz;
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    alter table organizations drop column expires_in, drop column reminders, drop column allowed_domains,
      drop column blocked_domains, drop column languages, drop column suspended_at;
  `.execute(db);
}
