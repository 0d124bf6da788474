import { type Kysely, sql } from 'kysely';

/** The same act on many invitations is a batch too. An older version may serve meanwhile: it makes none, and does not see their rows. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- kind: what is done. act: how, the same for every row. acted, refused: of an act, how many rows have their result, and of
    -- how many that says why not.
    alter table batches
      add column kind text not null default 'invite' check (kind in ('invite', 'resend', 'revoke', 'amend')),
      add column act jsonb,
      add column acted integer not null default 0,
      add column refused integer not null default 0;

    -- result: done, or why not; null until it is known.
    create table batch_acts (
      batch_id text collate "C" not null references batches,
      position integer not null,
      invitation_id text collate "C" not null,
      result text,
      primary key (batch_id, position)
    );
    create index batch_acts_left on batch_acts (batch_id, position) where result is null;
    create index batch_acts_refused on batch_acts (batch_id, position) where result <> 'done';
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table batch_acts;
    delete from batches where kind <> 'invite';
    alter table batches drop column kind, drop column act, drop column acted, drop column refused;
  `.execute(db);
}
