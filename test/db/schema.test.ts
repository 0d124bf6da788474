import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../db/database.ts';
import { dumpSchema } from '../../db/dump.ts';
import { emptyDatabase, freshDatabase } from '../setup/database.ts';

const root = path.join(import.meta.dirname, '../..');
const schemaFile = path.join(root, 'db/schema.sql');

let migrated: Kysely<Database>;
let empty: Kysely<Database>;
beforeAll(async () => {
  migrated = createDatabase((await freshDatabase()).url, 1);
  // Usher's own connections are for databases with its tables.
  const pool = new Pool({ connectionString: (await emptyDatabase()).url, max: 1 });
  empty = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
});
afterAll(async () => {
  await migrated?.destroy();
  await empty?.destroy();
});

test('db/schema.sql is what the migrations make', async () => {
  // When it has changed: npm run test:unit -- test/db/schema.test.ts --update
  await expect(await dumpSchema(migrated)).toMatchFileSnapshot(schemaFile);
});

test('db/schema.sql makes the schema it was dumped from', async () => {
  const schema = readFileSync(schemaFile, 'utf8');
  await sql.raw(schema).execute(empty);
  expect(await dumpSchema(empty)).toBe(schema);
});

test('the dump names what it cannot write', async () => {
  await sql`create view accounts_by_name as select 1 as one`.execute(empty);
  await expect(dumpSchema(empty)).rejects.toThrow('the relation accounts_by_name');
});

interface Column {
  name: string;
  type: string;
}

/** The body of an interface as written in db/; the formatter keeps a property to a line. */
function interfaceOf(name: string): Column[] {
  const [body, another] = globSync('db/*.ts', { cwd: root })
    .map((file) =>
      new RegExp(`interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(readFileSync(path.join(root, file), 'utf8')),
    )
    .filter((found) => found !== null);
  if (!body || another) throw new Error(`There must be one interface ${name} in db/.`);
  return [...body[1]!.matchAll(/^ {2}(\w+)(\??): (.+);$/gm)].map(([, column, optional, type]) => ({
    name: `${column}${optional}`,
    type: type!,
  }));
}

/** What a column's type looks like in TypeScript; strings are mostly of narrower types. */
const types: Record<string, RegExp> = {
  bigint: /^number$/,
  boolean: /^boolean$/,
  bytea: /^Buffer$/,
  integer: /^number$/,
  jsonb: /./,
  real: /^number$/,
  text: /^(?!(number|boolean|Date|Buffer|unknown|any)$).*(?<!\[\])$/,
  'text[]': /\[\]$/,
  'timestamp with time zone': /^Date$/,
  'timestamp with time zone[]': /^Date\[\]$/,
};

describe('the table interfaces', () => {
  const tables = interfaceOf('Database');

  test('name every table there is, and no other', async () => {
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'kysely\_%'
    `.execute(migrated);
    expect(tables.map((t) => t.name).sort()).toEqual(rows.map((r) => r.name).sort());
  });

  test.each(tables)('name every column of $name, and no other, with its type', async (table) => {
    const { rows } = await sql<{ name: string; type: string; nullable: boolean; generated: boolean }>`
      select attname as name, format_type(atttypid, atttypmod) as type, not attnotnull as nullable,
        atthasdef or attidentity <> '' as generated
      from pg_attribute where attrelid = ${table.name}::regclass and attnum > 0 and not attisdropped
    `.execute(migrated);
    const columns = interfaceOf(table.type);
    expect(columns.map((c) => c.name).sort()).toEqual(rows.map((r) => r.name).sort());
    for (const { name, type } of columns) {
      const column = rows.find((r) => r.name === name)!;
      const generated = /^Generated<(.*)>$/.exec(type);
      const [, bare = '', nullable] = /^(.*?)( \| null)?$/.exec(generated?.[1] ?? type)!;
      expect({ name, nullable: nullable !== undefined }).toEqual({ name, nullable: column.nullable });
      // What Postgres fills in may be required of callers all the same, but never the other way round.
      if (generated) expect(column, `${name} is Generated`).toMatchObject({ generated: true });
      expect(bare, `${name} is ${column.type}`).toMatch(types[column.type]!);
    }
  });
});
