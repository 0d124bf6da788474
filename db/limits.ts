import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';

/** What has been used of a limit, kept here so that it holds across processes and restarts. */
export interface LimitsTable {
  /** Name of the limit, and a hash of what is limited. */
  key: string;
  /**
   * When the limit will be unused again. Every use moves it on by its share of the window, and none may move it further
   * than a window ahead: the generic cell rate algorithm (ITU-T I.371), a token bucket in one column.
   */
  spent_until: Date;
}

/** One use of a limit: `amount` in `seconds` at most. */
export interface Use {
  key: string;
  amount: number;
  seconds: number;
}

/**
 * Uses all of these limits, or none of them when one is used up, in one statement of its own: no lock outlives it. Exact
 * under concurrency; only when somebody else uses two limits for the first time ever at the same moment can one be used
 * although the other refuses.
 *
 * @param request key of the request that uses them: repeated within the hour, it uses them once. (Twice if at the same moment.)
 * @returns those used up, with the seconds until each can be used once more
 */
export async function use(
  db: Kysely<Database>,
  uses: readonly Use[],
  request?: string,
): Promise<{ key: string; wait: number }[]> {
  const mark = request === undefined ? null : `counted ${request}`;
  // Rounded down, so that the whole amount fits into the window.
  const shares = uses.map(({ amount, seconds }) => Math.floor((seconds * 1e6) / amount));
  const { rows } = await sql<{ key: string; used: boolean; counted: boolean; wait: number }>`
    with wanted as (
      select key, share * interval '1 microsecond' as share, span * interval '1 second' as span
      from unnest(${uses.map((u) => u.key)}::text[], ${shares}::bigint[], ${uses.map((u) => u.seconds)}::bigint[])
        as wanted (key, share, span)
    ), held as (
      -- In one order for everybody: no deadlocks.
      select limits.key, limits.spent_until from limits join wanted on wanted.key = limits.key collate "C"
      order by limits.key for update of limits
    ), offered as (
      select wanted.*, greatest(held.spent_until, now()) + share as next
      from wanted left join held on held.key = wanted.key collate "C"
    ), used as (
      insert into limits (key, spent_until)
      select key, next from offered
      where not exists (select from offered where next - span > now())
        and not exists (select from limits where key = ${mark})
      order by key collate "C"
      on conflict (key) do update
        set spent_until = greatest(limits.spent_until, now()) + (select share from wanted where wanted.key = excluded.key)
        where greatest(limits.spent_until, now())
          + (select share - span from wanted where wanted.key = excluded.key) <= now()
      returning key
    ), marked as (
      insert into limits (key, spent_until) select mark, now() + interval '1 hour' from (values (${mark}::text)) as m (mark)
      where mark is not null and exists (select from used) on conflict (key) do nothing
    )
    select offered.key, used.key is not null as used, exists (select from limits where key = ${mark}) as counted,
      extract(epoch from greatest(next - span - now(), interval '0'))::float as wait
    -- A crash of Postgres may forget the last second's uses; that is not worth a wait for its disk.
    from (select set_config('synchronous_commit', 'off', true)) as setting, offered left join used on used.key = offered.key
  `.execute(db);
  if (rows.every((row) => row.used || row.counted)) return [];
  const refused = rows.filter((row) => row.wait > 0);
  // Used up by somebody else between the look and the use.
  return refused.length > 0 ? refused : rows.filter((row) => !row.used).map(({ key }) => ({ key, wait: 1 }));
}

/** Deletes rows of limits that are unused again. Returns how many. */
export async function forgetUnused(db: Kysely<Database>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('limits')
    .where('spent_until', '<', sql<Date>`now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
