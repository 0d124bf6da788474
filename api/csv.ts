import { pipeline } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';
import type { Page } from '../db/paging.ts';

/** How long the longest export may take, ms: it is sent while it is read. */
export const csvTimeoutMs = 120_000;
/** Rows of an export read at a time. */
const exported = 1_000;

/** The answer of an export, for {@link answers}. */
export const csvAnswer = {
  description: 'Comma-separated values (RFC 4180), in UTF-8 with a byte order mark; formulas are made harmless.',
  content: { 'text/csv': { schema: { type: 'string' } } },
} as unknown as TSchema;

/**
 * Sends a list as CSV while it is read, however long it is: what changes meanwhile may be in it, or not. A cell that begins
 * like a formula is text: a spreadsheet would carry it out.
 *
 * @param name of the file, without its ending
 * @param next reads the page that follows a row; an empty one ends the list
 * @param cells of a row, by their headings
 */
export function sendCsv<TRow>(
  reply: FastifyReply,
  name: string,
  headings: readonly string[],
  next: (after: TRow | undefined) => Promise<TRow[]>,
  cells: (row: TRow) => Record<string, string | null>,
): FastifyReply {
  const lines = stringify({
    header: true,
    columns: [...headings],
    bom: true,
    record_delimiter: 'windows',
    escape_formulas: true,
  });
  const rows = async function* () {
    for (let page = await next(undefined); page.length > 0; page = await next(page.at(-1))) yield* page.map(cells);
  };
  // An error ends the lines too, and with them the answer: it does not end as a whole one does.
  pipeline(rows, lines, () => undefined);
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name.replace(/[^\w.-]/g, '-')}.csv"`)
    .send(lines);
}

/**
 * The pages of a list one after the other, for {@link sendCsv}. A page may be empty, and not be the last.
 *
 * @param read the page that begins at a cursor
 */
export function pagesOfList<TRow, TCursor extends string>(
  read: (page: { cursor?: TCursor; limit: number }) => Promise<Page<TRow, TCursor>>,
): () => Promise<TRow[]> {
  let cursor: TCursor | null | undefined;
  return async () => {
    while (cursor !== null) {
      const page: Page<TRow, TCursor> = await read({ ...(cursor === undefined ? {} : { cursor }), limit: exported });
      cursor = page.next;
      if (page.rows.length > 0) return page.rows;
    }
    return [];
  };
}
