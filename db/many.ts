import { type RawBuilder, sql, type Updateable } from 'kysely';
import type { Database } from './database.ts';

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
