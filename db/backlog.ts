import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';

/** How many queued emails are counted at most, and how many messages. */
const mostCounted = 10_000;

/** What waits, in the whole installation. Ages in seconds; 0 when nothing waits. */
export interface Backlog {
  /** Emails that are queued, {@link mostCounted} at most, and the age of the oldest. */
  emails: number;
  oldestEmail: number;
  /** Messages that wait for endpoints that are not disabled, {@link mostCounted} at most. */
  messages: number;
  /** Endpoints that are not disabled, and with which nothing gets through. */
  failingWebhooks: number;
  /** Since the oldest unfinished batch was made. */
  oldestBatch: number;
  /** Since the pending invitation expired that did so first. */
  overdue: number;
  /** Seats of the named licences that have not ended. */
  reserved: number;
  assigned: number;
  available: number;
  /** Those of them without a seat left. */
  fullPools: number;
}

/** Looks what waits, by one statement that takes no longer the more there is: at the ends of indexes, and at every licence pool and endpoint. */
export async function readBacklog(db: Kysely<Database>): Promise<Backlog> {
  const age = (column: string) => sql`extract(epoch from now() - ${sql.ref(column)})::float8`;
  const { rows } = await sql<Backlog>`
    select
      (select count(*)::int from (select from deliveries where status = 'queued' limit ${sql.lit(mostCounted)}) queued)
        as emails,
      coalesce((select ${age('queued_at')} from deliveries where status = 'queued' order by queued_at limit 1), 0)
        as "oldestEmail",
      coalesce((select ${age('created_at')} from batches where finished_at is null order by id limit 1), 0)
        as "oldestBatch",
      coalesce(
        (select greatest(${age('expires_at')}, 0) from invitations where state = 'pending' order by expires_at limit 1), 0
      ) as overdue,
      (
        select count(*)::int from (
          select from webhooks cross join lateral (
            select from webhook_messages where webhook_id = webhooks.id and state = 'waiting' limit ${sql.lit(mostCounted)}
          ) of_one
          where disabled_at is null and removed_at is null limit ${sql.lit(mostCounted)}
        ) waiting
      ) as messages,
      (
        select count(*)::int from webhooks
        where failing_since is not null and disabled_at is null and removed_at is null
      ) as "failingWebhooks",
      pools.*
    from (
      select coalesce(sum(reserved), 0)::bigint as reserved, coalesce(sum(assigned), 0)::bigint as assigned,
        coalesce(sum(greatest(quantity - reserved - assigned, 0)), 0)::bigint as available,
        count(*) filter (where reserved + assigned >= quantity)::int as "fullPools"
      from license_pools where kind = 'named' and (expires_at is null or expires_at > now())
    ) pools
  `.execute(db);
  return rows[0]!;
}
