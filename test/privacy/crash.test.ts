import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestErasure } from '../../db/erasure.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { erasureStart, workflowTypes } from '../../workflows/contract.ts';
import { type Installation, startInstallation } from '../chaos/installation.ts';
import { findBreaches } from '../setup/consistency.ts';
import { searchPersonalData } from '../setup/personal-data.ts';
import { decided, until } from '../setup/until.ts';

/** An erasure whose worker dies in the midst of it. */

let usher: Installation;
beforeAll(async () => {
  usher = await startInstallation();
});
afterAll(() => usher?.close());

/** Holds a row, and waits until somebody waits for it. */
async function holding(row: string, work: () => Promise<unknown>) {
  const client = new Client({ connectionString: usher.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(`${row} for update`);
  // Asked on another connection: within a transaction Postgres shows what it showed first.
  await until('the worker to wait for the row', async () => {
    const { rows } = await sql`
      select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
    `.execute(usher.db);
    return rows.length > 0;
  });
  await work();
  await client.query('rollback');
  await client.end();
}

test('another worker finishes it', async () => {
  await usher.running('api');
  const email = 'grace.hopper@example.com';
  const open = await usher.invite(email);
  expect(open.status).toBe(201);
  await usher.running('worker');
  await usher.sent(open.body.id);
  const joined = await decided(() => usher.act('accept', open.body.id, email));
  expect(joined.body.state).toBe('accepted');
  const account = await usher.db
    .selectFrom('accounts')
    .select('id')
    .where('email', '=', email)
    .executeTakeFirstOrThrow();

  const id = await requestErasure(usher.db, { mailbox: mailboxOf(email)!, account: null }, 'Ticket of Hopper');
  const die = async () => {
    expect(await (await usher.running('worker')).end('SIGKILL')).toBe('SIGKILL');
  };
  const run = usher.temporal.workflow.start(workflowTypes.erasure, erasureStart(id)).then((handle) => handle.result());
  await holding(`select from accounts where id = '${account.id}'`, die);
  const half = await usher.db.selectFrom('invitations').select('email').executeTakeFirstOrThrow();
  const whole = await usher.db
    .selectFrom('accounts')
    .select('email')
    .where('id', '=', account.id)
    .executeTakeFirstOrThrow();
  expect([half.email, whole.email]).toEqual(['erased', email]);

  await usher.running('worker');
  await run;
  const { rows: tables } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
  `.execute(usher.db);
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(usher.db);
    // Of the reason, what is no address is the operator's own business.
    for (const { row } of rows) expect(row).not.toMatch(name === 'reasons' ? /hopper@/ : /hopper/i);
  }
  expect(await searchPersonalData(usher.temporal, usher.db, [], ['hopper', 'Hopper'])).toEqual([]);
  const events = await usher.db
    .selectFrom('events')
    .select('type')
    .where('reason_id', 'is not', null)
    .orderBy('type')
    .execute();
  expect(events.map((e) => e.type)).toEqual(['account_erased', 'invitation_erased', 'member_removed']);
  expect(await findBreaches(usher.db)).toEqual([]);
});
