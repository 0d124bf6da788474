import { type CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dueSpans } from '../../activities/due.ts';
import type { Database } from '../../db/database.ts';
import { countQueued, listQueuedDeliveries } from '../../db/deliveries.ts';
import { findPending, listOverdue, listPending, type Span } from '../../db/invitations.ts';
import { findMiscounted } from '../../db/licenses.ts';
import { freshDatabase } from '../setup/database.ts';

/**
 * What the reconciler asks every minute, by index, on many pending invitations. For a million of them:
 * `PENDING=1000000 npm run test:unit -- test/db/due.test.ts`; it prints how long each question takes.
 */
const pending = Number(process.env.PENDING ?? 20_000);
const pools = 100;

let db: Kysely<Database>;
const asked: CompiledQuery[] = [];
beforeAll(async () => {
  const pool = new Pool({ connectionString: (await freshDatabase()).url, max: 1 });
  db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }), log: ({ query }) => void asked.push(query) });
  // A thousandth of the emails is stuck, for a minute and a half; a thousandth of the invitations is overdue, for as long.
  await sql`
    insert into organizations (id, slug, name) values ('org_a', 'acme', 'Acme');
  `.execute(db);
  await sql`
    insert into accounts (id, issuer, subject, email, mailbox, email_verified, name)
    values ('acc_a', 'test', 'a', 'a@example.com', 'a@example.com', true, 'A')
  `.execute(db);
  await sql`
    insert into license_pools (id, organization_id, product, name, kind, quantity, reserved)
    select 'lic_' || lpad(p::text, 3, '0'), 'org_a', p, p, 'floating', 0, ${sql.lit(pending / pools)}
    from generate_series(0, ${sql.lit(pools - 1)}) p
  `.execute(db);
  await sql`
    insert into invitations (id, organization_id, email, mailbox, role, inviter_id, created_by_kind, sequence, state,
      generation, email_version, expires_in_ms, expires_at, reminders, delivery_ordinal, created_at)
    select 'inv_' || lpad(i::text, 8, '0'), 'org_a', i || '@example.com', i || '@example.com', 'member', 'acc_a', 'system', 1,
      'pending', 1, 1, 604800000,
      now() + case when i % 1000 = 1 then interval '-90 seconds' else interval '1 day' + i * interval '1 second' end,
      '{}', 1, now()
    from generate_series(1, ${sql.lit(pending)}) i
  `.execute(db);
  await sql`
    insert into deliveries (invitation_id, ordinal, generation, kind, status, queued_at)
    select 'inv_' || lpad(i::text, 8, '0'), 1, 1, 'invitation', case when i % 1000 = 0 then 'queued' else 'sent' end,
      now() - interval '90 seconds'
    from generate_series(1, ${sql.lit(pending)}) i
  `.execute(db);
  await sql`
    insert into seats (pool_id, invitation_id, state)
    select 'lic_' || lpad((i % ${sql.lit(pools)})::text, 3, '0'), 'inv_' || lpad(i::text, 8, '0'), 'reserved'
    from generate_series(1, ${sql.lit(pending)}) i
  `.execute(db);
  for (const table of ['organizations', 'invitations', 'deliveries', 'license_pools', 'seats'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
}, 600_000);
afterAll(() => db?.destroy());

/** Asks, and tells which indexes Postgres used for it, and what it read from end to end. */
async function plan(what: string, ask: () => Promise<unknown>) {
  asked.length = 0;
  await ask();
  const begun = performance.now();
  await ask();
  const ms = performance.now() - begun;
  const [query] = asked;
  const { rows } = await db.executeQuery<{ 'QUERY PLAN': unknown }>({
    ...query!,
    sql: `explain (format json) ${query!.sql}`,
  });
  const text = JSON.stringify(rows[0]!['QUERY PLAN']);
  const indexes = [...new Set([...text.matchAll(/"Index Name":"(\w+)"/g)].map(([, name]) => name))];
  const scanned = [...text.matchAll(/"Node Type":"Seq Scan"[^{}]*?"Relation Name":"(\w+)"/g)].map(([, name]) => name);
  if (pending > 20_000) console.log(`${what}: ${ms.toFixed(1)} ms; ${indexes.join(', ')}`);
  return { indexes, scanned: scanned.filter((table) => table !== 'organizations') };
}

test('each question is answered by index, and the first page has what is stuck', async () => {
  const now = Date.now();
  const everything: Span = dueSpans(0, now)[0]!;
  const emails = await plan('a page of queued deliveries', () => listQueuedDeliveries(db, everything, undefined, 500));
  expect(emails.indexes).toContain('deliveries_due');
  expect(emails.scanned).toEqual([]);
  const overdue = await plan('a page of overdue invitations', () => listOverdue(db, everything, undefined, 500));
  expect(overdue.indexes).toContain('invitations_due');
  expect(overdue.scanned).toEqual([]);
  const counted = await plan('how many are queued', () => countQueued(db, 60_000));
  expect(counted.indexes).toEqual(['deliveries_due']);
  const all = await plan('a page of a sweep', () => listPending(db, 'inv_00010000', 500));
  expect(all.indexes).toContain('invitations_pkey');
  expect(all.scanned).toEqual([]);
  const some = await plan('500 by id', () => findPending(db, [`inv_00010000`, 'inv_00010001']));
  expect(some.scanned).toEqual([]);
  const seats = await plan('seats of a page of pools', () => findMiscounted(db, null, 100_000));
  if (pending >= 1_000_000) expect(seats.scanned).not.toContain('seats');
  expect(await findMiscounted(db, null, 100_000)).toMatchObject({ miscounted: [] });
});

test('pages reach everything, also what was due at the same time', async () => {
  const everything = dueSpans(0, Date.now())[0]!;
  const ids: string[] = [];
  const begun = performance.now();
  for (let page = await listQueuedDeliveries(db, everything, undefined, 7); page.length > 0; ) {
    ids.push(...page.map((row) => row.id));
    page = await listQueuedDeliveries(db, everything, page.at(-1), page.length === 7 ? 7 : 1);
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(pending / 1_000);
  const late: string[] = [];
  for (let page = await listOverdue(db, everything, undefined, 7); page.length > 0; ) {
    late.push(...page.map((row) => row.id));
    page = await listOverdue(db, everything, page.at(-1), 7);
  }
  expect(new Set(late).size).toBe(pending / 1_000);
  expect(late.length).toBe(pending / 1_000);
  if (pending > 20_000) console.log(`all of them, 7 at a time: ${Math.round(performance.now() - begun)} ms`);
});

test('a run that finds nothing asks for next to nothing', async () => {
  // What is stuck has been looked at when it was late by half an hour, and will be after an hour.
  const { queued_at } = await db
    .selectFrom('deliveries')
    .select('queued_at')
    .where('status', '=', 'queued')
    .limit(1)
    .executeTakeFirstOrThrow();
  const now = queued_at.getTime() + 45 * 60_000;
  const begun = performance.now();
  for (const span of dueSpans(now - 60_000, now)) {
    expect(await listQueuedDeliveries(db, span, undefined, 500)).toEqual([]);
    expect(await listOverdue(db, span, undefined, 500)).toEqual([]);
  }
  console.log(`a minute without a find, of ${pending} pending: ${Math.round(performance.now() - begun)} ms`);
});
