import { type Kysely, sql } from 'kysely';

/** What inviters are told. An older version may serve meanwhile: it has nobody told. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- ordinal: of the delivery that was the invitation's then. email_id: the email in which it is gathered with others.
    create table notices (
      id bigint generated always as identity primary key,
      organization_id text collate "C" not null,
      account_id text collate "C" not null,
      invitation_id text collate "C" not null references invitations,
      ordinal integer not null,
      kind text not null check (kind in ('accepted', 'declined', 'expired', 'undeliverable')),
      status text not null default 'queued' check (status in ('queued', 'sent', 'failed', 'dropped')),
      created_at timestamptz not null default now(),
      email_id text collate "C",
      attempted_at timestamptz,
      unique (invitation_id, ordinal, kind)
    );
    create index notices_queued on notices (account_id, organization_id, email_id, created_at) where status = 'queued';
    create index notices_of_email on notices (email_id) where status = 'queued' and email_id is not null;
    -- Of somebody who is erased, too.
    create index notices_of_inviter on notices (account_id, organization_id, attempted_at);
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table notices`.execute(db);
}
