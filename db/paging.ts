/**
 * The most rows that a page of a list looks at. A filter that no index serves passes over the rows that do not match: so that
 * no page takes long, however many rows there are, it ends after so many, and the next one goes on from there. Such a page
 * may be short, or empty, and not be the last.
 */
export const mostLookedAt = 2_000;

/** A page of a list. */
export interface Page<TRow, TCursor> {
  rows: TRow[];
  /** Where the next page begins; null: this was the last one. */
  next: TCursor | null;
}

/**
 * The page that was read.
 *
 * @param rows read one row further than the limit
 * @param end the last row that was looked at; undefined when there were no more than could be looked at
 */
export function pageOf<TRow, TCursor>(
  rows: TRow[],
  limit: number,
  cursor: (row: TRow) => TCursor,
  end: TCursor | undefined,
): Page<TRow, TCursor> {
  if (rows.length > limit) return { rows: rows.slice(0, limit), next: cursor(rows[limit - 1]!) };
  return { rows, next: end ?? null };
}
