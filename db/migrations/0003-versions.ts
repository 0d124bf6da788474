import { type Kysely, sql } from 'kysely';

/**
 * What lets versions overlap: each row says which version of the chart stored its facts, and the database which
 * programs it still admits.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    alter table invitations add column chart_version integer not null default 1;

    -- One row. A program is admitted when it knows a migration of this number or later.
    create table admission (
      id integer primary key default 1 check (id = 1),
      oldest_program integer not null
    );
    insert into admission (oldest_program) values (1);
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table admission;
    alter table invitations drop column chart_version;
  `.execute(db);
}
