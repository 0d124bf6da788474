import { type Kysely, sql } from 'kysely';

/** What the mail provider tells of emails, and what inviters are told. An older version may serve meanwhile: it has nobody told. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- reported_at: the provider's time of the report that says whether it arrived. opened_at: of the first that says it was
    -- opened. untold_at: set while the run may not know that it came into trouble, or out of it.
    alter table deliveries
      add column reported_at timestamptz,
      add column opened_at timestamptz,
      add column untold_at timestamptz;

    -- What its inviters are told of.
    alter table organizations
      add column notices text[] collate "C" not null default '{accepted,declined,expired,undeliverable}'
        check (notices <@ '{accepted,declined,expired,undeliverable}');

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
    create index notices_queued on notices (account_id, organization_id) where status = 'queued';
    create index notices_of_inviter on notices (account_id, organization_id, attempted_at);
    create index notices_of_email on notices (email_id) where email_id is not null;
    -- Written in the order of time, and forgotten in it: that costs those who join next to nothing.
    create index notices_created on notices using brin (created_at);
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table notices;
    alter table organizations drop column notices;
    alter table deliveries drop column reported_at, drop column opened_at, drop column untold_at;
  `.execute(db);
}
