import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fill, large, madeAt } from '../../bench/lists/filled.ts';
import { listsOf } from '../../bench/lists/lists.ts';
import type { Database } from '../../db/database.ts';
import { countFunnel } from '../../db/funnel.ts';
import { listInvitations } from '../../db/invitations.ts';
import { mostLookedAt } from '../../db/paging.ts';
import { freshDatabase } from '../setup/database.ts';

/** No list takes longer because there are more invitations: Postgres reads none of the large tables from end to end. */

const count = 20_000;
const asked: CompiledQuery[] = [];
let db: Kysely<Database>;
beforeAll(async () => {
  const pool = new Pool({ connectionString: (await freshDatabase()).url, max: 1 });
  db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }), log: ({ query }) => void asked.push(query) });
  await fill(db, 0, count);
});
afterAll(() => db?.destroy());

/** What a plan says of its reading, as far as this looks at it. */
interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

/** How often each table or index was read, and how many rows of it, by statement. */
async function readings(ask: (db: Kysely<Database>) => Promise<unknown>) {
  asked.length = 0;
  await ask(db);
  const found: { by: string; of: string; rows: number }[] = [];
  for (const query of [...asked]) {
    const { rows } = await db.executeQuery<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>({
      ...query,
      sql: `explain (analyze, format json) ${query.sql}`,
    });
    const visit = (node: PlanNode) => {
      const of = node['Relation Name'] ?? node['Index Name'];
      const passed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
      if (of)
        found.push({
          by: node['Node Type'],
          of,
          rows: Math.ceil((node['Actual Rows'] + passed) * node['Actual Loops']),
        });
      for (const child of node.Plans ?? []) visit(child);
    };
    visit(rows[0]!['QUERY PLAN'][0].Plan);
  }
  return found;
}

/** Tables that do not grow with invitations. */
const small = ['organizations', 'license_pools', 'reasons', 'webhooks'];

test.each(Object.entries(listsOf(count)))('%s', async (_, ask) => {
  const all = await readings(ask);
  expect(all.length).toBeGreaterThan(0);
  const read = all.filter(({ of }) => !small.includes(of));
  expect(read.filter(({ by }) => by === 'Seq Scan')).toEqual([]);
  // Where most rows are the organization's, or of the state, Postgres may pass over those that are not.
  expect(read.filter(({ rows }) => rows > 2 * mostLookedAt)).toEqual([]);
});

test('what became of invitations is counted by their keys, and of no more than it says', async () => {
  const ask = () => countFunnel(db, large, new Date(madeAt(0)));
  const read = (await readings(ask)).filter(({ of }) => !small.includes(of));
  expect(read.filter(({ by }) => by === 'Seq Scan')).toEqual([]);
  const funnel = await ask();
  const { invited, pending, accepted, declined, expired } = funnel;
  // Of ten that are made nine are the organization's, and one of those pending.
  expect({ invited, pending, accepted, declined, expired }).toEqual({
    invited: 10_000,
    pending: 1_111,
    accepted: 6_667,
    declined: 1_111,
    expired: 1_111,
  });
  expect(funnel).toMatchObject({ sent: 10_000, delivered: 0, isCutShort: true, medianMs: 3_600_000 });
  expect(funnel.joinedWithin.map(({ count }) => count)).toEqual([6_667, 6_667, 6_667, 6_667]);
  const ofSome = await countFunnel(db, large, new Date(madeAt(count - 100)));
  expect([ofSome.invited, ofSome.isCutShort]).toEqual([90, false]);
});

test('a filter that matches little is found in the end, page by page, and nothing twice', async () => {
  const found: string[] = [];
  let pages = 0;
  for (let before: `inv_${string}` | null | undefined; before !== null; pages += 1) {
    const page = await listInvitations(db, large, { role: 'owner' }, { ...(before ? { before } : {}), limit: 1 });
    found.push(...page.rows.map((row) => row.email));
    before = page.next;
  }
  expect(found).toEqual(['person-13@people.example', 'person-3@people.example']);
  expect(pages).toBeLessThanOrEqual(Math.ceil(count / mostLookedAt) + 2);
});
