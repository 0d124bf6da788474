import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { idAt, type LicensePoolId, type OrganizationId } from '../../db/ids.ts';

/** How many invitations one statement makes: none takes long. */
const atOnce = 5_000;

/** When invitation n was made: a minute after the one before, so that a million of them take two years. */
export const madeAt = (n: number): number => Date.UTC(2024, 0, 1) + n * 60_000;

/** The organization that has nine of ten invitations; a hundred others share the rest. */
export const large: OrganizationId = 'org_large';
/** Its licences: one that most have, and one that few have. */
export const studio: LicensePoolId = idAt('lic', 1);
export const rare: LicensePoolId = idAt('lic', 2);

/**
 * Fills a migrated database with invitations: of ten, nine are over (most of them accepted, with member and seat), one is pending.
 * What few filters look for is the oldest of all: two invitations that are for an owner, of a rare licence, and complained about.
 *
 * @param db as a superuser
 * @param from how many there are already, of a call before
 * @param to how many there are in the end
 */
export async function fill(db: Kysely<Database>, from: number, to: number): Promise<void> {
  await db.connection().execute(async (connection) => {
    // Foreign keys hold by the way it is made; to check each of them would take twice as long.
    await sql`set session_replication_role = replica`.execute(connection);
    if (from === 0) await furnish(connection);
    for (let first = from; first < to; first += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, to - first) }, (_, i) => first + i);
      await add(
        connection,
        numbers,
        numbers.map((n) => idAt('inv', madeAt(n))),
      );
    }
    await sql`reset session_replication_role`.execute(connection);
  });
  // As autovacuum leaves them.
  for (const table of ['organizations', 'accounts', 'invitations', 'deliveries', 'events', 'members', 'seats'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
}

async function furnish(db: Kysely<Database>): Promise<void> {
  await sql`
    insert into organizations (id, slug, name)
    select case when n = 0 then ${large} else 'org_' || lpad(n::text, 3, '0') end, 'organization-' || n, 'Organization ' || n
    from generate_series(0, 100) n
  `.execute(db);
  await sql`
    insert into accounts (id, issuer, subject, email, mailbox, email_verified, name)
    values ('acc_owner', 'https://issuer.example', 'owner', 'owner@example.com', 'owner@example.com', true, 'Olivia')
  `.execute(db);
  await sql`
    insert into license_pools (id, organization_id, product, name, kind, quantity)
    values (${studio}, ${large}, 'studio', 'Studio', 'floating', 0), (${rare}, ${large}, 'rare', 'Rare', 'floating', 0)
  `.execute(db);
}

/** One statement: what the later parts refer to is there by its end. */
async function add(db: Kysely<Database>, numbers: number[], ids: string[]): Promise<void> {
  await sql`
    with n as materialized (
      select id, n, to_timestamp(${madeAt(0) / 1000} + n * 60) as at,
        case when n % 10 = 9 then 'org_' || lpad((n / 10 % 100 + 1)::text, 3, '0') else ${large} end as organization_id,
        case n % 10 when 0 then 'pending' when 1 then 'declined' when 2 then 'expired' else 'accepted' end as state,
        'person-' || n || '@people.example' as email,
        n in (3, 13) as is_rare
      from unnest(${ids}::text[], ${numbers}::int[]) as given (id, n)
    ), people as (
      insert into accounts (id, issuer, subject, email, mailbox, email_verified, name)
      select 'acc_' || n, 'https://issuer.example', n::text, email, email, true, 'Person ' || n from n
    ), invited as (
      insert into invitations (id, organization_id, email, mailbox, role, teams, pool_ids, inviter_id, created_by_kind,
        created_by_id, sequence, state, generation, email_version, expires_in_ms, expires_at, reminders, delivery_ordinal,
        created_at, decided_at, decided_by)
      select id, organization_id, email, email, case when is_rare then 'owner' else 'member' end, '{}',
        case when organization_id <> ${large} then '{}' when is_rare then array[${rare}] else array[${studio}] end,
        'acc_owner', 'account', 'acc_owner', 3, state, 1, 1, 604800000, at + interval '7 days', '{}', 1, at,
        case when state <> 'pending' then at + interval '1 hour' end,
        case when state in ('accepted', 'declined') then 'acc_' || n end
      from n
    ), mailed as (
      insert into deliveries (invitation_id, ordinal, generation, kind, status, queued_at, attempted_at, settled_at)
      select id, 1, 1, 'invitation', case when is_rare then 'complained' else 'sent' end, at, at, at from n
    ), recorded as (
      insert into events (organization_id, invitation_id, sequence, type, actor_kind, actor_id, at)
      select organization_id, id, sequence, type, 'account', 'acc_owner', at + sequence * interval '1 second'
      from n, (values (1, 'created'), (2, 'sent'), (3, 'decided')) as e (sequence, type)
      where sequence < 3 or state <> 'pending'
      order by n.n
    ), joined as (
      insert into members (id, organization_id, account_id, role, invitation_id, joined_at)
      select 'mem_' || substr(id, 5), organization_id, 'acc_' || n, 'member', id, at + interval '1 hour' from n where state = 'accepted'
    )
    insert into seats (pool_id, invitation_id, member_id, state, since)
    select case when is_rare then ${rare} else ${studio} end, id,
      case when state = 'accepted' then 'mem_' || substr(id, 5) end, case when state = 'accepted' then 'assigned' else 'reserved' end, at
    from n where organization_id = ${large} and state in ('accepted', 'pending')
  `.execute(db);
}
