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

/** Uses of a limit: `amount` in `seconds` at most. */
export interface Use {
  key: string;
  amount: number;
  seconds: number;
  /** How many at once. @default 1 */
  times?: number;
}

/** How far one use moves a limit on, microseconds. Rounded down, so that the whole amount fits into the window. */
const shareOf = ({ amount, seconds }: Pick<Use, 'amount' | 'seconds'>) => Math.floor((seconds * 1e6) / amount);

/**
 * Uses all of these limits, or none of them when one is used up, in one statement of its own: no lock outlives it. Exact
 * under concurrency; only when somebody else uses two limits for the first time ever at the same moment can one be used
 * although the other refuses.
 *
 * @param request key of the request that uses them: repeated within the hour, it uses them once. (Twice if at the same moment.)
 * @returns those used up, with the seconds until each can be used as often as was asked
 */
export async function use(
  db: Kysely<Database>,
  uses: readonly Use[],
  request?: string,
): Promise<{ key: string; wait: number }[]> {
  const mark = request === undefined ? null : `counted ${request}`;
  const shares = uses.map((u) => shareOf(u) * (u.times ?? 1));
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

/**
 * Uses a limit once for each of many, or not for those for whom it is used up.
 *
 * @returns the keys of those
 */
export async function useEach(
  db: Kysely<Database>,
  limit: Pick<Use, 'amount' | 'seconds'>,
  keys: readonly string[],
): Promise<Set<string>> {
  const share = sql`${shareOf(limit)}::bigint * interval '1 microsecond'`;
  const { rows } = await sql<{ key: string }>`
    insert into limits (key, spent_until)
    select key, now() + ${share} from unnest(${keys}::text[]) as wanted (key)
    -- In one order for everybody: no deadlocks.
    order by key collate "C"
    on conflict (key) do update set spent_until = greatest(limits.spent_until, now()) + ${share}
      where greatest(limits.spent_until, now()) + ${share} <= now() + ${limit.seconds}::bigint * interval '1 second'
    returning key
  `.execute(db);
  const used = new Set(rows.map((row) => row.key));
  return new Set(keys.filter((key) => !used.has(key)));
}

/** Deletes rows of limits that are unused again. Returns how many. */
export async function forgetUnused(db: Kysely<Database>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('limits')
    .where('spent_until', '<', sql<Date>`now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
