import { type RawBuilder, sql, type Updateable } from 'kysely';
import type { Database } from './database.ts';

/** So many rows one statement inserts: it ends long before it would be given up, on a busy machine too. */
const atOnce = 2_000;

/** Rows in pages of as many as one statement inserts. */
export const pagesOf = <TRow>(rows: readonly TRow[]): TRow[][] =>
  Array.from({ length: Math.ceil(rows.length / atOnce) }, (_, i) => rows.slice(i * atOnce, (i + 1) * atOnce));

/**
 * An insert of many rows of the same columns by one parameter, in their order: a parameter a value would end at 65,535 of
 * them. To be followed by what else the statement says, such as `on conflict`.
 */
export function insertMany<TTable extends keyof Database & string>(
  table: TTable,
  rows: readonly Updateable<Database[TTable]>[],
): RawBuilder<unknown> {
  const columns = sql.join(Object.keys(rows[0] ?? {}).map((column) => sql.ref(column)));
  return sql`insert into ${sql.table(table)} (${columns})
    select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`;
}
