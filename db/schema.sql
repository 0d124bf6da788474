-- The schema of Usher, as its migrations make it. Not a source: a test compares it with what they made.

create table accounts (
  id text collate "C" not null,
  issuer text collate "C" not null,
  subject text collate "C" not null,
  email text not null,
  mailbox text collate "C" not null,
  email_verified boolean not null,
  name text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  erased_at timestamp with time zone,
  staff_role text,
  seen_at timestamp with time zone,
  constraint accounts_pkey PRIMARY KEY (id),
  constraint accounts_issuer_subject_key UNIQUE (issuer, subject),
  constraint accounts_staff_role_check CHECK ((staff_role = ANY (ARRAY['support'::text, 'operator'::text])))
);
CREATE INDEX accounts_mailbox ON accounts USING btree (mailbox) WHERE email_verified;
CREATE INDEX accounts_staff ON accounts USING btree (id) WHERE (staff_role IS NOT NULL);

create table admission (
  id integer not null default 1,
  oldest_program integer not null,
  constraint admission_pkey PRIMARY KEY (id),
  constraint admission_id_check CHECK ((id = 1))
);

create table amendments (
  id text collate "C" not null,
  invitation_id text collate "C" not null,
  changes jsonb not null,
  created_at timestamp with time zone not null default now(),
  constraint amendments_pkey PRIMARY KEY (id)
);
CREATE INDEX amendments_created ON amendments USING btree (created_at);

create table api_keys (
  id text collate "C" not null,
  organization_id text collate "C",
  name text not null,
  hash bytea not null,
  role text not null,
  scopes text[] not null,
  created_by text collate "C" not null,
  created_at timestamp with time zone not null default now(),
  revoked_at timestamp with time zone,
  expires_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_hash_key UNIQUE (hash),
  constraint api_keys_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'billing_manager'::text, 'member'::text]))),
  constraint api_keys_staff CHECK (
CASE
    WHEN (organization_id IS NULL) THEN (scopes <@ '{support,operate}'::text[])
    ELSE (NOT (scopes && '{support,operate}'::text[]))
END)
);
CREATE INDEX api_keys_of_organization ON api_keys USING btree (organization_id, id DESC);

create table batch_acts (
  batch_id text collate "C" not null,
  "position" integer not null,
  invitation_id text collate "C" not null,
  result text,
  constraint batch_acts_pkey PRIMARY KEY (batch_id, "position")
);
CREATE INDEX batch_acts_left ON batch_acts USING btree (batch_id, "position") WHERE (result IS NULL);
CREATE INDEX batch_acts_refused ON batch_acts USING btree (batch_id, "position") WHERE (result <> 'done'::text);

create table batches (
  id text collate "C" not null,
  organization_id text collate "C" not null,
  mode text not null,
  size integer not null,
  results jsonb,
  created_by_kind text not null,
  created_by_id text collate "C",
  created_at timestamp with time zone not null,
  mailed_through text collate "C",
  started_through text collate "C",
  finished_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  cancelled_by_kind text,
  cancelled_by_id text collate "C",
  kind text not null default 'invite'::text,
  act jsonb,
  acted integer not null default 0,
  refused integer not null default 0,
  constraint batches_pkey PRIMARY KEY (id),
  constraint batches_check CHECK (((cancelled_at IS NULL) = (cancelled_by_kind IS NULL))),
  constraint batches_kind_check CHECK ((kind = ANY (ARRAY['invite'::text, 'resend'::text, 'revoke'::text, 'amend'::text]))),
  constraint batches_mode_check CHECK ((mode = ANY (ARRAY['all'::text, 'valid'::text])))
);
CREATE INDEX batches_of_organization ON batches USING btree (organization_id, id DESC);
CREATE INDEX batches_to_forget ON batches USING btree (created_at) WHERE (results IS NOT NULL);
CREATE INDEX batches_unfinished ON batches USING btree (id) WHERE (finished_at IS NULL);

create table deliveries (
  invitation_id text collate "C" not null,
  ordinal integer not null,
  generation integer not null,
  kind text not null,
  status text not null,
  detail text,
  queued_at timestamp with time zone not null default now(),
  attempted_at timestamp with time zone,
  settled_at timestamp with time zone,
  provider_message_id text,
  reported_at timestamp with time zone,
  opened_at timestamp with time zone,
  untold_at timestamp with time zone,
  constraint deliveries_pkey PRIMARY KEY (invitation_id, ordinal),
  constraint deliveries_kind_check CHECK ((kind = ANY (ARRAY['invitation'::text, 'reminder'::text, 'resend_request'::text]))),
  constraint deliveries_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'delivered'::text, 'opened'::text, 'bounced'::text, 'complained'::text, 'failed'::text])))
);
CREATE INDEX deliveries_due ON deliveries USING btree (queued_at, invitation_id, ordinal) WHERE (status = 'queued'::text);
CREATE INDEX deliveries_untold ON deliveries USING btree (untold_at) WHERE (untold_at IS NOT NULL);

create table erasures (
  id text collate "C" not null,
  mailbox text collate "C",
  addresses text[] not null,
  account_id text collate "C",
  reason_id text collate "C",
  created_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone,
  constraint erasures_pkey PRIMARY KEY (id),
  constraint erasures_check CHECK (((finished_at IS NOT NULL) OR (mailbox IS NOT NULL)))
);

create table events (
  id bigint not null generated always as identity,
  organization_id text collate "C",
  invitation_id text collate "C",
  sequence integer,
  type text not null,
  detail text,
  actor_kind text not null,
  actor_id text collate "C",
  request_key text collate "C",
  at timestamp with time zone not null default now(),
  target_kind text,
  target_id text collate "C",
  reason_id text collate "C",
  constraint events_pkey PRIMARY KEY (id),
  constraint events_one_target CHECK ((((invitation_id IS NULL) = (target_kind IS NOT NULL)) AND ((target_kind IS NULL) = (target_id IS NULL))))
);
CREATE INDEX events_at ON events USING btree (at);
CREATE INDEX events_of_invitation ON events USING btree (invitation_id, id);
CREATE INDEX events_of_organization ON events USING btree (organization_id, id);
CREATE INDEX events_of_target ON events USING btree (target_id, id) WHERE (target_id IS NOT NULL);
CREATE UNIQUE INDEX events_one_per_request ON events USING btree (request_key) WHERE (request_key IS NOT NULL);
CREATE UNIQUE INDEX events_one_per_sequence ON events USING btree (invitation_id, sequence) WHERE (sequence IS NOT NULL);

create table invitations (
  id text collate "C" not null,
  organization_id text collate "C" not null,
  email text not null,
  mailbox text collate "C" not null,
  role text not null,
  teams text[] not null default '{}'::text[],
  pool_ids text[] collate "C" not null default '{}'::text[],
  message text,
  locale text,
  redirect_url text,
  metadata jsonb not null default '{}'::jsonb,
  inviter_id text collate "C" not null,
  created_by_kind text not null,
  created_by_id text collate "C",
  sequence integer not null,
  state text not null,
  generation integer not null,
  email_version integer not null,
  expires_in_ms bigint not null,
  expires_at timestamp with time zone not null,
  reminders timestamp with time zone[] not null,
  delivery_ordinal integer not null,
  created_at timestamp with time zone not null,
  decided_at timestamp with time zone,
  decided_by text collate "C",
  chart_version integer not null default 1,
  erased_at timestamp with time zone,
  batch_id text collate "C",
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_erased_stay_ended CHECK (((erased_at IS NULL) OR (state <> 'pending'::text))),
  constraint invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'billing_manager'::text, 'member'::text]))),
  constraint invitations_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'expired'::text, 'revoked'::text])))
);
CREATE INDEX invitations_decided_by ON invitations USING btree (decided_by) WHERE (decided_by IS NOT NULL);
CREATE INDEX invitations_due ON invitations USING btree (expires_at, id) WHERE (state = 'pending'::text);
CREATE INDEX invitations_mailbox ON invitations USING btree (mailbox);
CREATE INDEX invitations_of_batch ON invitations USING btree (batch_id, id) WHERE (batch_id IS NOT NULL);
CREATE INDEX invitations_of_inviter ON invitations USING btree (organization_id, inviter_id, id) WHERE (state = 'pending'::text);
CREATE INDEX invitations_of_mailbox ON invitations USING btree (mailbox) WHERE (state = 'pending'::text);
CREATE INDEX invitations_of_organization ON invitations USING btree (organization_id, id DESC);
CREATE INDEX invitations_of_state ON invitations USING btree (organization_id, state, id DESC);
CREATE UNIQUE INDEX invitations_one_pending ON invitations USING btree (organization_id, mailbox) WHERE (state = 'pending'::text);
CREATE INDEX invitations_to_forget ON invitations USING btree (organization_id, decided_at) WHERE ((state <> 'pending'::text) AND (erased_at IS NULL));

create table license_pools (
  id text collate "C" not null,
  organization_id text collate "C" not null,
  product text collate "C" not null,
  name text not null,
  kind text not null,
  quantity integer not null,
  reserved integer not null default 0,
  assigned integer not null default 0,
  expires_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint license_pools_pkey PRIMARY KEY (id),
  constraint license_pools_assigned_check CHECK ((assigned >= 0)),
  constraint license_pools_kind_check CHECK ((kind = ANY (ARRAY['named'::text, 'floating'::text]))),
  constraint license_pools_not_oversold CHECK (((kind = 'floating'::text) OR ((reserved + assigned) <= quantity))),
  constraint license_pools_organization_id_product_key UNIQUE (organization_id, product),
  constraint license_pools_quantity_check CHECK ((quantity >= 0)),
  constraint license_pools_reserved_check CHECK ((reserved >= 0))
);
CREATE INDEX license_pools_of_organization ON license_pools USING btree (organization_id, id);

create table limits (
  key text collate "C" not null,
  spent_until timestamp with time zone not null,
  constraint limits_pkey PRIMARY KEY (key)
);

create table logos (
  organization_id text collate "C" not null,
  hash text collate "C" not null,
  png bytea not null,
  constraint logos_pkey PRIMARY KEY (organization_id)
);
CREATE INDEX logos_hash ON logos USING btree (hash);

create table members (
  id text collate "C" not null,
  organization_id text collate "C" not null,
  account_id text collate "C" not null,
  role text not null,
  teams text[] not null default '{}'::text[],
  invitation_id text collate "C",
  joined_at timestamp with time zone not null default now(),
  removed_at timestamp with time zone,
  constraint members_pkey PRIMARY KEY (id),
  constraint members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'billing_manager'::text, 'member'::text])))
);
CREATE INDEX members_account ON members USING btree (account_id) WHERE (removed_at IS NULL);
CREATE INDEX members_active ON members USING btree (organization_id, id DESC) WHERE (removed_at IS NULL);
CREATE INDEX members_of_person ON members USING btree (organization_id, account_id, id DESC);
CREATE UNIQUE INDEX members_one_active ON members USING btree (organization_id, account_id) WHERE (removed_at IS NULL);
CREATE INDEX members_owners ON members USING btree (organization_id) WHERE ((role = 'owner'::text) AND (removed_at IS NULL));
CREATE INDEX members_removed ON members USING btree (organization_id, id DESC) WHERE (removed_at IS NOT NULL);

create table notices (
  id bigint not null generated always as identity,
  organization_id text collate "C" not null,
  account_id text collate "C" not null,
  invitation_id text collate "C" not null,
  ordinal integer not null,
  kind text not null,
  status text not null default 'queued'::text,
  created_at timestamp with time zone not null default now(),
  email_id text collate "C",
  attempted_at timestamp with time zone,
  constraint notices_pkey PRIMARY KEY (id),
  constraint notices_invitation_id_ordinal_kind_key UNIQUE (invitation_id, ordinal, kind),
  constraint notices_kind_check CHECK ((kind = ANY (ARRAY['accepted'::text, 'declined'::text, 'expired'::text, 'undeliverable'::text]))),
  constraint notices_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text, 'dropped'::text])))
);
CREATE INDEX notices_of_email ON notices USING btree (email_id) WHERE ((status = 'queued'::text) AND (email_id IS NOT NULL));
CREATE INDEX notices_of_inviter ON notices USING btree (account_id, organization_id, attempted_at);
CREATE INDEX notices_queued ON notices USING btree (account_id, organization_id, email_id, created_at) WHERE (status = 'queued'::text);

create table organizations (
  id text collate "C" not null,
  slug text collate "C" not null,
  name text not null,
  home_url text,
  created_at timestamp with time zone not null default now(),
  issuer text collate "C",
  origins text[] collate "C" not null default '{}'::text[],
  limit_factor real,
  retention_days integer,
  expires_in text,
  reminders text[],
  allowed_domains text[] collate "C" not null default '{}'::text[],
  blocked_domains text[] collate "C" not null default '{}'::text[],
  languages text[] collate "C" not null default '{}'::text[],
  suspended_at timestamp with time zone,
  logo text collate "C",
  notices text[] collate "C" not null default '{accepted,declined,expired,undeliverable}'::text[],
  color text,
  sender_name text,
  reply_to text,
  wording jsonb,
  time_zone text not null default 'UTC'::text,
  constraint organizations_pkey PRIMARY KEY (id),
  constraint organizations_limit_factor_check CHECK ((limit_factor > (0)::double precision)),
  constraint organizations_notices_check CHECK ((notices <@ '{accepted,declined,expired,undeliverable}'::text[])),
  constraint organizations_retention_days_check CHECK ((retention_days >= 0)),
  constraint organizations_slug_key UNIQUE (slug)
);
CREATE UNIQUE INDEX organizations_one_issuer ON organizations USING btree (rtrim(issuer, '/'::text));

create table reasons (
  id text collate "C" not null,
  text text,
  created_at timestamp with time zone not null default now(),
  constraint reasons_pkey PRIMARY KEY (id)
);

create table requests (
  key text collate "C" not null,
  body_hash text collate "C" not null,
  status integer,
  body jsonb,
  created_at timestamp with time zone not null default now(),
  request_id text collate "C",
  constraint requests_pkey PRIMARY KEY (key)
);
CREATE INDEX requests_created ON requests USING btree (created_at);

create table seats (
  pool_id text collate "C" not null,
  invitation_id text collate "C",
  member_id text collate "C",
  state text not null,
  since timestamp with time zone not null default now(),
  constraint seats_check CHECK (((state = 'assigned'::text) = (member_id IS NOT NULL))),
  constraint seats_check1 CHECK (((state <> 'reserved'::text) OR (invitation_id IS NOT NULL))),
  constraint seats_pool_id_invitation_id_key UNIQUE (pool_id, invitation_id),
  constraint seats_pool_id_member_id_key UNIQUE (pool_id, member_id),
  constraint seats_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'assigned'::text])))
);
CREATE INDEX seats_invitation ON seats USING btree (invitation_id);
CREATE INDEX seats_member ON seats USING btree (member_id);
CREATE INDEX seats_reserved ON seats USING btree (pool_id, invitation_id) WHERE (state = 'reserved'::text);

create table sessions (
  id_hash bytea not null,
  account_id text collate "C" not null,
  id_token text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  seen_at timestamp with time zone not null default now(),
  constraint sessions_pkey PRIMARY KEY (id_hash)
);
CREATE INDEX sessions_account ON sessions USING btree (account_id);
CREATE INDEX sessions_expiry ON sessions USING btree (expires_at);

create table webhook_messages (
  "position" bigint not null generated always as identity,
  id text collate "C" not null default ('msg_'::text || replace((gen_random_uuid())::text, '-'::text, ''::text)),
  webhook_id text collate "C" not null,
  type text not null,
  thread text collate "C" not null,
  event_id bigint,
  invitation_id text collate "C",
  member_id text collate "C",
  pool_id text collate "C",
  state text not null default 'waiting'::text,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  first_attempted_at timestamp with time zone,
  last_attempted_at timestamp with time zone,
  last_answer text,
  created_at timestamp with time zone not null default now(),
  constraint webhook_messages_pkey PRIMARY KEY ("position"),
  constraint webhook_messages_id_key UNIQUE (id),
  constraint webhook_messages_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])))
);
CREATE INDEX webhook_messages_due ON webhook_messages USING btree (webhook_id, next_attempt_at, "position") WHERE (state = 'waiting'::text);
CREATE INDEX webhook_messages_in_order ON webhook_messages USING btree (webhook_id, thread, "position") WHERE (state = 'waiting'::text);
CREATE INDEX webhook_messages_of_state ON webhook_messages USING btree (webhook_id, state, "position" DESC);
CREATE INDEX webhook_messages_of_webhook ON webhook_messages USING btree (webhook_id, "position" DESC);

create table webhooks (
  id text collate "C" not null,
  organization_id text collate "C" not null,
  url text not null,
  types text[] not null default '{}'::text[],
  secret text not null,
  previous_secret text,
  previous_secret_until timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  failing_since timestamp with time zone,
  failures integer not null default 0,
  retry_at timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_why text,
  telling_since timestamp with time zone,
  told_at timestamp with time zone,
  removed_at timestamp with time zone,
  constraint webhooks_pkey PRIMARY KEY (id),
  constraint webhooks_check CHECK (((disabled_at IS NULL) = (disabled_why IS NULL))),
  constraint webhooks_disabled_why_check CHECK ((disabled_why = ANY (ARRAY['failing'::text, 'gone'::text, 'by_hand'::text])))
);
CREATE INDEX webhooks_of_organization ON webhooks USING btree (organization_id, id DESC) WHERE (removed_at IS NULL);
CREATE INDEX webhooks_to_tell ON webhooks USING btree (id) WHERE ((disabled_at IS NOT NULL) AND (told_at IS NULL) AND (removed_at IS NULL));

alter table amendments add constraint amendments_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations(id);
alter table api_keys add constraint api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES accounts(id);
alter table api_keys add constraint api_keys_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table batch_acts add constraint batch_acts_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(id);
alter table batches add constraint batches_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table deliveries add constraint deliveries_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations(id);
alter table erasures add constraint erasures_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id);
alter table erasures add constraint erasures_reason_id_fkey FOREIGN KEY (reason_id) REFERENCES reasons(id);
alter table events add constraint events_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations(id);
alter table events add constraint events_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table events add constraint events_reason_id_fkey FOREIGN KEY (reason_id) REFERENCES reasons(id);
alter table invitations add constraint invitations_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(id);
alter table invitations add constraint invitations_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES accounts(id);
alter table invitations add constraint invitations_inviter_id_fkey FOREIGN KEY (inviter_id) REFERENCES accounts(id);
alter table invitations add constraint invitations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table license_pools add constraint license_pools_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table logos add constraint logos_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table members add constraint members_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id);
alter table members add constraint members_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table notices add constraint notices_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations(id);
alter table seats add constraint seats_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations(id);
alter table seats add constraint seats_member_id_fkey FOREIGN KEY (member_id) REFERENCES members(id);
alter table seats add constraint seats_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES license_pools(id);
alter table sessions add constraint sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id);
alter table webhook_messages add constraint webhook_messages_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id);
alter table webhooks add constraint webhooks_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);

create function is_member_mailbox(organization text, wanted text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
      begin
        return exists (
          select from accounts join members on members.account_id = accounts.id
          where accounts.mailbox = wanted collate "C" and accounts.email_verified
            and members.organization_id = organization collate "C" and members.removed_at is null
        );
      end
    $function$;

create function members_keep_an_owner()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    begin
      if tg_op = 'UPDATE' and new.role = 'owner' and new.removed_at is null then return null; end if;
      -- One after the other: two owners who leave at once must not both believe that the other stays.
      perform from organizations where id = old.organization_id for no key update;
      if exists (select from members where organization_id = old.organization_id and role = 'owner' and removed_at is null)
      then return null; end if;
      raise exception 'an organization keeps an owner'
        using errcode = 'check_violation', table = 'members', constraint = 'members_keep_an_owner';
    end $function$;

create function refuse(code text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
      begin
        raise exception 'refused: %', code using errcode = 'check_violation', constraint = code;
      end
    $function$;

create function tell_webhooks()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
    $function$;

CREATE TRIGGER tell_webhooks AFTER INSERT ON events REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tell_webhooks();
CREATE TRIGGER members_keep_an_owner AFTER DELETE OR UPDATE ON members FOR EACH ROW WHEN (((old.role = 'owner'::text) AND (old.removed_at IS NULL))) EXECUTE FUNCTION members_keep_an_owner();
