import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { type AccountId, idAt, type OrganizationId } from './ids.ts';
import { roles } from './members.ts';

/** How many invitations the funnel counts at most: the newest ones, so that it takes no longer the more there are. */
const mostCounted = 10_000;
/** How many inviters are named at most. */
const mostNamed = 20;

/** What became of an organization's newest invitations. */
export interface Funnel {
  invited: number;
  /** Those with an email that the provider took, that reached the mailbox, that was opened. */
  sent: number;
  delivered: number;
  opened: number;
  pending: number;
  accepted: number;
  declined: number;
  expired: number;
  revoked: number;
  /** How long those took that were accepted, ms: as many as there are below each bound, and the median. */
  joinedWithin: { ms: number; count: number }[];
  medianMs: number | null;
  /** Pending ones whose newest email will reach nobody, by its status. */
  bounced: number;
  complained: number;
  failed: number;
  /** Who has invited pending ones that they could not grant any more, or is no member any more. */
  flaggedInviters: { account: AccountId; name: string; email: string; role: string; count: number }[];
  /** Since when it counts: as asked, or since the oldest one counted when there are more. */
  since: Date;
  isCutShort: boolean;
}

const hour = 3_600_000;
/** Bounds of the time that joining takes, ms. */
export const joinBounds = [hour, 24 * hour, 3 * 24 * hour, 7 * 24 * hour] as const;

/**
 * Counts what became of an organization's invitations.
 *
 * @param since those made before are not counted
 */
export async function countFunnel(db: Kysely<Database>, organization: OrganizationId, since: Date): Promise<Funnel> {
  const newest = sql`
    newest as materialized (
      select id, state, role, inviter_id, delivery_ordinal, created_at, decided_at - created_at as took
      from invitations where organization_id = ${organization} and id >= ${idAt('inv', since.getTime())}
      order by id desc limit ${mostCounted}
    )`;
  const took = (ms: number) => sql`took <= ${ms / 1000} * interval '1 second'`;
  const { rows } = await sql<Record<string, number> & { since: Date | null; within: number[]; median: number | null }>`
    with ${newest}, mailed as (
      -- By the key of each, however many other organizations have.
      select newest.*, emails.* from newest cross join lateral (
        select bool_or(status <> 'queued' and status <> 'failed') as sent,
          bool_or(status in ('delivered', 'opened')) as delivered, bool_or(status = 'opened') as opened,
          max(status) filter (where ordinal = delivery_ordinal) as present
        from deliveries where invitation_id = newest.id and kind <> 'resend_request'
      ) emails
    )
    select count(*)::int as invited, min(created_at) as since,
      count(*) filter (where sent)::int as sent, count(*) filter (where delivered)::int as delivered,
      count(*) filter (where opened)::int as opened,
      count(*) filter (where state = 'pending')::int as pending,
      count(*) filter (where state = 'accepted')::int as accepted,
      count(*) filter (where state = 'declined')::int as declined,
      count(*) filter (where state = 'expired')::int as expired,
      count(*) filter (where state = 'revoked')::int as revoked,
      count(*) filter (where state = 'pending' and present = 'bounced')::int as bounced,
      count(*) filter (where state = 'pending' and present = 'complained')::int as complained,
      count(*) filter (where state = 'pending' and present = 'failed')::int as failed,
      array[${sql.join(joinBounds.map((ms) => sql`count(*) filter (where state = 'accepted' and ${took(ms)})::int`))}] as within,
      (1000 * extract(epoch from percentile_cont(0.5) within group (order by took) filter (where state = 'accepted')))::float8
        as median
    from mailed
  `.execute(db);
  const { since: oldest, within, median, ...counts } = rows[0]!;
  const rank = (role: unknown) => sql`array_position(${[...roles]}::text[], ${role})`;
  const flagged = await sql<Funnel['flaggedInviters'][number]>`
    with ${newest}, inviters as (
      select inviter_id, role, count(*)::int as count from newest where state = 'pending' group by inviter_id, role
    )
    select accounts.id as account, accounts.name, accounts.email, present.role, sum(inviters.count)::int as count
    from inviters join accounts on accounts.id = inviters.inviter_id
    cross join lateral (
      select case when removed_at is null then members.role else 'removed' end as role from members
      where members.organization_id = ${organization} and members.account_id = inviters.inviter_id
      order by members.id desc limit 1
    ) present
    where present.role = 'removed' or ${rank(sql`present.role`)} < ${rank(sql`inviters.role`)}
    group by accounts.id, accounts.name, accounts.email, present.role
    order by count desc, accounts.id limit ${mostNamed}
  `.execute(db);
  const isCutShort = counts.invited === mostCounted;
  return {
    ...(counts as unknown as Pick<Funnel, 'invited' | 'sent' | 'delivered' | 'opened' | 'pending' | 'accepted'>),
    ...(counts as unknown as Pick<Funnel, 'declined' | 'expired' | 'revoked' | 'bounced' | 'complained' | 'failed'>),
    joinedWithin: joinBounds.map((ms, i) => ({ ms, count: within[i]! })),
    medianMs: median,
    flaggedInviters: flagged.rows,
    since: isCutShort ? oldest! : since,
    isCutShort,
  };
}
