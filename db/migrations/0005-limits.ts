import { type Kysely, sql } from 'kysely';

/** What callers have used of their limits, and how an organization's own differ from the usual. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- A limit without a row, or with one of the past, is unused. Keys hold no address: they are hashed.
    create table limits (
      key text collate "C" primary key,
      spent_until timestamptz not null
    );

    -- Null: the usual limits, lower ones in its first days. A number multiplies the usual ones, from the first day.
    alter table organizations add column limit_factor real check (limit_factor > 0);
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table limits;
    alter table organizations drop column limit_factor;
  `.execute(db);
}
