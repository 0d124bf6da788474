import type { Database } from './database.ts';

/**
 * Takes one of a limited number of attempts, to be called before the attempt is made: so many at once count as many.
 *
 * @param subject what is limited, e.g. `sign-in:<address>`
 * @param window how long after the first attempt the count begins anew, seconds
 * @returns whether the attempt may be made
 */
export async function takeAttempt(db: Database, subject: string, limit: number, window: number): Promise<boolean> {
  const { rows } = await db.query<{ count: number }>(
    `insert into attempt as a (subject, count, expires_at) values ($1, 1, now() + $2 * interval '1 second')
     on conflict (subject) do update set
       count = case when a.expires_at < now() then 1 else a.count + 1 end,
       expires_at = case when a.expires_at < now() then excluded.expires_at else a.expires_at end
     returning count`,
    [subject, window],
  );
  return rows[0]!.count <= limit;
}

/** Gives the attempts back, after one that was right. */
export async function forgetAttempts(db: Database, subject: string): Promise<void> {
  await db.query('delete from attempt where subject = $1', [subject]);
}
