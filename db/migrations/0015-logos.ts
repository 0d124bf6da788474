import { type Kysely, sql } from 'kysely';

/** Pictures of organizations. An older version that serves meanwhile shows none. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- Beside the organization, which is read with almost every request, the picture only when it is shown.
    create table logos (
      organization_id text collate "C" primary key references organizations,
      hash text collate "C" not null,
      png bytea not null
    );
    create index logos_hash on logos (hash);

    -- The hash of its picture, if it has one.
    alter table organizations add column logo text collate "C";
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    alter table organizations drop column logo;
    drop table logos;
  `.execute(db);
}
