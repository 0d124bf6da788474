import { type Kysely, sql } from 'kysely';

/**
 * The tables of Usher. What must never be untrue is a constraint here, not code alone: seats are never oversold, a
 * mailbox has one pending invitation per organization, an account one active membership, a transition one audit row.
 *
 * Ids are type-prefixed and time-ordered (`inv_…`), compared byte by byte (collation C), as are mailboxes.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table organizations (
      id text collate "C" primary key,
      slug text collate "C" not null unique,
      name text not null,
      home_url text,
      created_at timestamptz not null default now()
    );

    -- A person as an identity provider knows them. mailbox: the address in comparable form.
    create table accounts (
      id text collate "C" primary key,
      issuer text collate "C" not null,
      subject text collate "C" not null,
      email text not null,
      mailbox text collate "C" not null,
      email_verified boolean not null,
      name text not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (issuer, subject)
    );
    create index accounts_mailbox on accounts (mailbox) where email_verified;

    create table members (
      id text collate "C" primary key,
      organization_id text collate "C" not null references organizations,
      account_id text collate "C" not null references accounts,
      role text not null check (role in ('owner', 'admin', 'billing_manager', 'member')),
      teams text[] not null default '{}',
      invitation_id text collate "C",
      joined_at timestamptz not null default now(),
      removed_at timestamptz
    );
    create unique index members_one_active on members (organization_id, account_id) where removed_at is null;
    create index members_account on members (account_id) where removed_at is null;

    create table license_pools (
      id text collate "C" primary key,
      organization_id text collate "C" not null references organizations,
      product text collate "C" not null,
      name text not null,
      kind text not null check (kind in ('named', 'floating')),
      quantity integer not null check (quantity >= 0),
      reserved integer not null default 0 check (reserved >= 0),
      assigned integer not null default 0 check (assigned >= 0),
      expires_at timestamptz,
      created_at timestamptz not null default now(),
      unique (organization_id, product),
      constraint license_pools_not_oversold check (kind = 'floating' or reserved + assigned <= quantity)
    );

    create table invitations (
      id text collate "C" primary key,
      organization_id text collate "C" not null references organizations,
      email text not null,
      mailbox text collate "C" not null,
      role text not null check (role in ('owner', 'admin', 'billing_manager', 'member')),
      teams text[] not null default '{}',
      -- The licence pools asked for; whether a seat is held now is in seats.
      pool_ids text[] collate "C" not null default '{}',
      message text,
      locale text not null default 'en',
      redirect_url text,
      metadata jsonb not null default '{}',
      inviter_id text collate "C" not null references accounts,
      created_by_kind text not null,
      created_by_id text collate "C",
      -- What the chart knows (InvitationFacts), at the sequence of the last transition.
      sequence integer not null,
      state text not null check (state in ('pending', 'accepted', 'declined', 'expired', 'revoked')),
      generation integer not null,
      email_version integer not null,
      expires_in_ms bigint not null,
      expires_at timestamptz not null,
      reminders timestamptz[] not null,
      delivery_ordinal integer not null,
      created_at timestamptz not null,
      decided_at timestamptz,
      decided_by text collate "C" references accounts
    );
    create unique index invitations_one_pending on invitations (organization_id, mailbox) where state = 'pending';
    create index invitations_of_organization on invitations (organization_id, id desc);
    create index invitations_of_mailbox on invitations (mailbox) where state = 'pending';

    -- A seat is reserved by an invitation, then assigned to a member; a free seat has no row.
    create table seats (
      pool_id text collate "C" not null references license_pools,
      invitation_id text collate "C" references invitations,
      member_id text collate "C" references members,
      state text not null check (state in ('reserved', 'assigned')),
      since timestamptz not null default now(),
      unique (pool_id, invitation_id),
      unique (pool_id, member_id),
      check ((state = 'assigned') = (member_id is not null)),
      check (state <> 'reserved' or invitation_id is not null)
    );
    create index seats_member on seats (member_id);
    create index seats_invitation on seats (invitation_id);

    -- One row an email. Its first attempt is marked before the provider is called.
    create table deliveries (
      invitation_id text collate "C" not null references invitations,
      ordinal integer not null,
      generation integer not null,
      kind text not null check (kind in ('invitation', 'reminder', 'resend_request')),
      status text not null
        check (status in ('queued', 'sent', 'delivered', 'opened', 'bounced', 'complained', 'failed')),
      detail text,
      queued_at timestamptz not null default now(),
      attempted_at timestamptz,
      settled_at timestamptz,
      provider_message_id text,
      primary key (invitation_id, ordinal)
    );
    create index deliveries_queued on deliveries (queued_at) where status = 'queued';

    -- What an amend changes, so that Temporal need only carry its id.
    create table amendments (
      id text collate "C" primary key,
      invitation_id text collate "C" not null references invitations,
      changes jsonb not null,
      created_at timestamptz not null default now()
    );

    -- The audit log. A transition's row carries its sequence; notes (an email sent, a link copied) have none.
    create table events (
      id bigint generated always as identity primary key,
      organization_id text collate "C" not null references organizations,
      invitation_id text collate "C" not null references invitations,
      sequence integer,
      type text not null,
      detail text,
      actor_kind text not null,
      actor_id text collate "C",
      request_key text collate "C",
      at timestamptz not null default now()
    );
    create unique index events_one_per_sequence on events (invitation_id, sequence) where sequence is not null;
    create unique index events_one_per_request on events (request_key) where request_key is not null;
    create index events_of_invitation on events (invitation_id, id);

    -- Answers kept for replays of an Idempotency-Key; the body never holds a link.
    create table requests (
      key text collate "C" primary key,
      body_hash text collate "C" not null,
      status integer,
      body jsonb,
      created_at timestamptz not null default now()
    );
    create index requests_created on requests (created_at);

    create table sessions (
      id_hash bytea primary key,
      account_id text collate "C" not null references accounts,
      id_token text not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null
    );
    create index sessions_expiry on sessions (expires_at);
    create index sessions_account on sessions (account_id);

    create table api_keys (
      id text collate "C" primary key,
      organization_id text collate "C" not null references organizations,
      name text not null,
      hash bytea not null unique,
      role text not null check (role in ('owner', 'admin', 'billing_manager', 'member')),
      scopes text[] not null,
      created_by text collate "C" not null references accounts,
      created_at timestamptz not null default now(),
      revoked_at timestamptz
    );
  `.execute(db);
}

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no later schema
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table api_keys, sessions, requests, events, amendments, deliveries, seats, invitations, license_pools, members,
      accounts, organizations
  `.execute(db);
}
