import { type Kysely, sql } from 'kysely';

/** Many invitations by one request. An older version may serve meanwhile: it makes no batches, and sees none. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- results: what became of each row of the request, in their order; forgotten with the request.
    -- mailed_through, started_through: up to which invitation the workflow has come. What is unfinished has no finished_at,
    -- which a cancel takes away again until all that was open is taken back.
    create table batches (
      id text collate "C" primary key,
      organization_id text collate "C" not null references organizations,
      mode text not null check (mode in ('all', 'valid')),
      size integer not null,
      results jsonb,
      created_by_kind text not null,
      created_by_id text collate "C",
      created_at timestamptz not null,
      mailed_through text collate "C",
      started_through text collate "C",
      finished_at timestamptz,
      cancelled_at timestamptz,
      cancelled_by_kind text,
      cancelled_by_id text collate "C",
      check ((cancelled_at is null) = (cancelled_by_kind is null))
    );
    create index batches_of_organization on batches (organization_id, id desc);
    create index batches_to_forget on batches (created_at) where results is not null;
    create index batches_unfinished on batches (id) where finished_at is null;

    alter table invitations
      add column batch_id text collate "C",
      add constraint invitations_batch_id_fkey foreign key (batch_id) references batches not valid;
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    alter table invitations drop column batch_id;
    drop table batches;
  `.execute(db);
}
