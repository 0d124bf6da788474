import type { Page } from '../../../db/paging.ts';

/** Rows of a page of a list. */
export const pageRows = 50;
/** So long a page looks for more of what little matches, ms; then it says that there is more to look through. */
const lookedMs = 50;

/**
 * A page of a list. Of what no index serves, a list looks through so many rows a page: people would rather see some.
 *
 * @param read a page of so many rows, from a cursor on
 */
export async function lookThrough<TRow, TCursor extends string>(
  cursor: string | undefined,
  read: (page: { cursor?: string; limit: number }) => Promise<Page<TRow, TCursor>>,
): Promise<Page<TRow, TCursor>> {
  const began = performance.now();
  const found = await read({ ...(cursor === undefined ? {} : { cursor }), limit: pageRows });
  while (found.next && found.rows.length < pageRows && performance.now() - began < lookedMs) {
    const more = await read({ cursor: found.next, limit: pageRows - found.rows.length });
    found.rows.push(...more.rows);
    found.next = more.next;
  }
  return found;
}
