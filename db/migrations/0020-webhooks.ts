import { type Kysely, sql } from 'kysely';

/** Webhooks: endpoints of organizations, and what they are told. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    -- types: what it is told; empty: everything. failing_since: since when nothing has got through. failures, retry_at: how
    -- often in a row, and until when it is left in peace. told_at: when the owners knew that it is disabled.
    create table webhooks (
      id text collate "C" primary key,
      organization_id text collate "C" not null references organizations,
      url text not null,
      types text[] not null default '{}',
      secret text not null,
      previous_secret text,
      previous_secret_until timestamptz,
      created_at timestamptz not null default now(),
      failing_since timestamptz,
      failures integer not null default 0,
      retry_at timestamptz,
      disabled_at timestamptz,
      disabled_why text check (disabled_why in ('failing', 'gone', 'by_hand')),
      telling_since timestamptz,
      told_at timestamptz,
      removed_at timestamptz,
      check ((disabled_at is null) = (disabled_why is null))
    );
    create index webhooks_of_organization on webhooks (organization_id, id desc) where removed_at is null;
    create index webhooks_to_tell on webhooks (id) where disabled_at is not null and told_at is null and removed_at is null;

    -- Ids, and nothing of anybody: what a message says is read from the rows it names when it is sent. thread: what it is about;
    -- messages of a thread are sent one after the other. first_attempted_at: since when it is tried.
    create table webhook_messages (
      position bigint generated always as identity primary key,
      id text collate "C" not null unique default 'msg_' || replace(gen_random_uuid()::text, '-', ''),
      webhook_id text collate "C" not null references webhooks,
      type text not null,
      thread text collate "C" not null,
      event_id bigint,
      invitation_id text collate "C",
      member_id text collate "C",
      pool_id text collate "C",
      state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
      attempts integer not null default 0,
      next_attempt_at timestamptz not null default now(),
      first_attempted_at timestamptz,
      last_attempted_at timestamptz,
      last_answer text,
      created_at timestamptz not null default now()
    );
    create index webhook_messages_of_webhook on webhook_messages (webhook_id, position desc);
    create index webhook_messages_of_state on webhook_messages (webhook_id, state, position desc);
    create index webhook_messages_due on webhook_messages (webhook_id, next_attempt_at, position) where state = 'waiting';
    create index webhook_messages_in_order on webhook_messages (webhook_id, thread, position) where state = 'waiting';

    -- Whatever writes the audit log tells the endpoints of the organization, in the same statement: nothing is told that was
    -- not recorded, and nothing recorded is not told. Nearly no organization has an endpoint, so that is asked first.
    -- Whoever joins or leaves is recorded before their seats change: those that they are about to get or to lose are still
    -- reserved, or theirs. A member's thread is that of the invitation they came by.
    create function tell_webhooks() returns trigger language plpgsql as $$
      begin
        if not exists (
          select from (select distinct organization_id from made) as organizations
          cross join lateral (
            select from webhooks where organization_id = organizations.organization_id and removed_at is null limit 1
          ) as one
        ) then return null; end if;
        insert into webhook_messages (webhook_id, type, thread, event_id, invitation_id, member_id, pool_id)
        select webhooks.id, told.type, coalesce(made.invitation_id, member.invitation_id, made.target_id), made.id,
          made.invitation_id, member.id, told.pool_id
        from made
        join webhooks on webhooks.organization_id = made.organization_id and webhooks.removed_at is null
        -- By its key, whatever the plan was made for: it is kept, and the next statement may have many rows or one.
        left join lateral (
          select id, invitation_id from members where id = made.target_id and made.target_kind = 'member' limit 1
        ) as member on true
        cross join lateral (
          select case
              when made.type in ('created', 'accepted', 'declined', 'expired', 'revoked', 'resent', 'amended')
                then 'invitation.' || made.type
              when made.type = 'invitation_sent' then 'invitation.sent'
              when made.type = 'reminder_sent' then 'invitation.reminded'
              when made.type in ('invitation_delivered', 'reminder_delivered') then 'invitation.delivered'
              when made.type in ('invitation_bounced', 'reminder_bounced', 'invitation_complained', 'reminder_complained')
                then 'invitation.bounced'
              -- Overtaken or erased, it did not fail.
              when made.type in ('invitation_failed', 'reminder_failed') and coalesce(made.detail, '') not in ('superseded', 'erased')
                then 'invitation.bounced'
              when made.type in ('member_role_changed', 'member_teams_changed') then 'member.changed'
              when made.type = 'member_removed' then 'member.removed'
              when made.type = 'seat_assigned' then 'license.assigned'
              when made.type = 'seat_unassigned' then 'license.released'
            end as type,
            case when made.type in ('seat_assigned', 'seat_unassigned') then made.detail end as pool_id,
            1 as place
          union all
          select 'member.joined', null, 2 where made.type = 'accepted'
          union all
          select 'license.assigned', seats.pool_id, 3 from seats
          where made.type = 'accepted' and seats.invitation_id = made.invitation_id and seats.state = 'reserved'
          union all
          select 'license.released', seats.pool_id, 3 from seats
          where made.type = 'member_removed' and seats.member_id = made.target_id
        ) as told
        where told.type is not null and (webhooks.types = '{}' or told.type = any(webhooks.types))
        order by made.id, told.place, told.pool_id;
        return null;
      end
    $$;
    create trigger tell_webhooks after insert on events
      referencing new table as made for each statement execute function tell_webhooks();
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop trigger tell_webhooks on events;
    drop function tell_webhooks();
    drop table webhook_messages;
    drop table webhooks;
  `.execute(db);
}
