import { type Kysely, sql } from 'kysely';

/**
 * Issuers and origins of organizations, and when a session was last used. Only added to, so that the version before may
 * serve meanwhile.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- issuer: the identity provider of the organization's own people, who count here alone. origins: where invitations
    -- may lead members after joining, besides the origin of home_url.
    alter table organizations
      add column issuer text collate "C",
      add column origins text[] collate "C" not null default '{}';
    -- One issuer has one organization, with or without a slash at its end.
    create unique index organizations_one_issuer on organizations (rtrim(issuer, '/'));

    alter table sessions add column seen_at timestamptz not null default now();
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    alter table sessions drop column seen_at;
    drop index organizations_one_issuer;
    alter table organizations drop column issuer, drop column origins;
  `.execute(db);
}
