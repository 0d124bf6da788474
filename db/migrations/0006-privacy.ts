import { type Kysely, sql } from 'kysely';

/**
 * The audit log of the whole organization, not of invitations alone; erasure and retention.
 *
 * An older version may serve meanwhile: it names no target, and sees no column that it does not know. What takes long on
 * large tables is in the next migration.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- Why somebody of the support acted, in their own words. Named by an event by id, so that it can be blanked: the
    -- audit log itself is never changed, and Temporal carries the id alone.
    create table reasons (
      id text collate "C" primary key,
      text text,
      created_at timestamptz not null default now()
    );

    -- target: what an event without an invitation is about.
    alter table events
      alter column organization_id drop not null,
      alter column invitation_id drop not null,
      add column target_kind text,
      add column target_id text collate "C",
      add column reason_id text collate "C" references reasons,
      add constraint events_one_target check ((invitation_id is null) = (target_kind is not null)
        and (target_kind is null) = (target_id is null)) not valid;

    -- The request that claimed the key: X-Request-Id, and what events know it by.
    alter table requests add column request_id text collate "C";

    -- What has been erased stays as a fact without a person, and can be sent to nobody.
    alter table accounts add column erased_at timestamptz;
    alter table invitations
      add column erased_at timestamptz,
      add constraint invitations_erased_stay_ended check (erased_at is null or state <> 'pending') not valid;

    -- Days after their end for which invitations are kept as they are; null: as the installation says, 0: for ever.
    alter table organizations add column retention_days integer check (retention_days >= 0);

    -- Whose data is to disappear. mailbox, addresses (as they were written) and account_id are blanked by the last step.
    create table erasures (
      id text collate "C" primary key,
      mailbox text collate "C",
      addresses text[] not null,
      account_id text collate "C" references accounts,
      reason_id text collate "C" references reasons,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      check (finished_at is not null or mailbox is not null)
    );
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table erasures;
    alter table organizations drop column retention_days;
    alter table invitations drop column erased_at;
    alter table accounts drop column erased_at;
    alter table requests drop column request_id;
    delete from events where organization_id is null or invitation_id is null;
    alter table events drop column target_kind, drop column target_id, drop column reason_id,
      alter column organization_id set not null, alter column invitation_id set not null;
    drop table reasons;
  `.execute(db);
}
