import { execFile } from 'node:child_process';
import path from 'node:path';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../db/database.ts';
import { migrate } from '../../db/migrate.ts';
import { type InvitationId, invitationWorkflowId } from '../../workflows/contract.ts';
import { emptyDatabase, freshDatabase } from '../setup/database.ts';
import { machine } from '../setup/machine.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What programs do that meet rows or a database of another version. */

let usher: Usher;
let outside: Client;
beforeAll(async () => {
  usher = await startUsher();
  outside = await connect(usher.databaseUrl);
});
afterAll(async () => {
  await outside?.end();
  await usher?.close();
});

/** A connection that the database does not ask for its version. */
async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}

const run = (program: string, databaseUrl: string) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const key = Buffer.alloc(32).toString('base64');
    const env = {
      ...machine,
      USHER_DATABASE_URL: databaseUrl,
      USHER_PUBLIC_URL: 'http://localhost:8080',
      USHER_LINK_KEYS: key,
      USHER_COOKIE_KEY: key,
      USHER_ISSUER: 'http://127.0.0.1:9',
      USHER_CLIENT_ID: 'usher',
      USHER_CLIENT_SECRET: 'secret',
      USHER_POSTMARK_TOKEN: 'secret',
      USHER_MAIL_FROM: 'usher@usher.example',
      TEMPORAL_ADDRESS: usher.temporal.connection.options.address,
    };
    execFile(
      process.execPath,
      [program],
      { cwd: path.join(import.meta.dirname, '../..'), env },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });

/** Waits until the tasks of an invitation's run fail. History keeps the first attempt alone, which can be late instead. */
const failing = (id: string) =>
  usher.until('failing tasks', async () => {
    const run = usher.temporal.client.workflow.getHandle(invitationWorkflowId(id as InvitationId));
    // It may not have begun.
    const described = await run.describe().catch(() => undefined);
    if ((described?.raw.pendingWorkflowTask?.attempt ?? 0) >= 3) return true;
    const { events } = described ? await run.fetchHistory() : {};
    return events?.some((e) =>
      e.workflowTaskFailedEventAttributes?.failure?.message?.startsWith('the facts are of chart version 99'),
    );
  });

describe('a row that a newer version stored', () => {
  const become = (version: number, id: string) =>
    outside.query('update invitations set chart_version = $1 where id = $2', [version, id]);

  test('is shown but not judged by an older API, which answers acts with 503', async () => {
    const { id } = await usher.invite('newer@example.com');
    // Its run has read the row as it was; one that read it later would fail its task, and be tried again after 10 s.
    await usher.linkTo('newer@example.com');
    await become(99, id);
    const shown = await usher.call(`/v1/invitations/${id}`);
    expect(shown).toMatchObject({ status: 200, body: { state: 'pending', allowed: [] } });
    expect((await usher.call('/v1/organizations/acme/invitations')).status).toBe(200);
    const answer = await usher.call(`/v1/invitations/${id}/revoke`, { body: {}, idempotencyKey: 'newer' });
    expect(answer).toMatchObject({ status: 503, body: { code: 'version_mismatch' } });
    await become(1, id);
    const again = await decided(() =>
      usher.call(`/v1/invitations/${id}/revoke`, { body: {}, idempotencyKey: 'newer' }),
    );
    expect(again).toMatchObject({ status: 200, body: { state: 'revoked' } });
  });

  test('fails the workflow task of an older worker, until one takes it that knows the version', async () => {
    await usher.worker.stop();
    const { id } = await usher.invite('retried@example.com');
    await become(99, id);
    usher.worker = await usher.startWorker();
    await failing(id);
    expect(await usher.messages('retried@example.com')).toHaveLength(0);
    await become(1, id);
    await usher.linkTo('retried@example.com');
  });

  test('is left alone by the commit of an older worker that knows it from before', async () => {
    const { id } = await usher.invite('overtaken@example.com');
    await usher.linkTo('overtaken@example.com');
    const handle = usher.temporal.client.workflow.getHandle(invitationWorkflowId(id));
    await outside.query(
      'update invitations set chart_version = 99, sequence = 2, expires_in_ms = 3600007 where id = $1',
      [id],
    );
    await outside.query(
      `insert into events (organization_id, invitation_id, sequence, type, actor_kind)
       values ($1, $2, 2, 'amended', 'system')`,
      [usher.organization.id, id],
    );
    await handle.signal('resend');
    await failing(id);
    const { rows } = await outside.query('select sequence, expires_in_ms from invitations where id = $1', [id]);
    expect(rows).toEqual([{ sequence: 2, expires_in_ms: 3_600_007 }]);
    await become(1, id);
    await usher.until('the resend', async () => (await usher.messages('overtaken@example.com')).length === 2);
  });
});

describe('a database that has left the program behind', () => {
  const oldest = (number: number) => outside.query('update admission set oldest_program = $1', [number]);
  /** As the end of their lifetime, which comes within a minute. */
  const endConnections = () =>
    outside.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'usher'`,
    );
  const sentence =
    /^The database no longer admits this program: it knows migrations up to \d+, and needs 9999\. Run a newer version\.$/;

  test('refuses one under way, which says so', async () => {
    await oldest(9999);
    await endConnections();
    // The first that asks may meet the end of its connection instead.
    const ready = await usher.until('the refusal', async () => {
      const answer = await usher.call('/readyz');
      return answer.body.detail !== undefined && answer;
    });
    expect(ready).toMatchObject({ status: 503, body: { missing: ['postgres'] } });
    expect(ready.body.detail).toMatch(sentence);
    const answer = await usher.call('/v1/organizations/acme/invitations', { body: { email: 'late@example.com' } });
    expect(answer).toMatchObject({ status: 503, body: { code: 'version_mismatch' } });
    await oldest(1);
    expect((await usher.call('/readyz')).status).toBe(200);
  });

  test.each(['worker.ts', 'db/migrate.ts'])('refuses to let %s start', async (program) => {
    const { url } = await freshDatabase();
    const client = await connect(url);
    await client.query('update admission set oldest_program = 9999');
    await client.end();
    const { code, stdout, stderr } = await run(program, url);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim()).toMatch(sentence);
  });

  test('is nothing to migrate for an older program that it still admits', async () => {
    const { url } = await freshDatabase();
    const client = await connect(url);
    await client.query(`insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01T00:00:00Z')`);
    await client.end();
    expect(await migrate(url)).toEqual([]);
  });
});

test('an API newer than the database says to migrate', async () => {
  const { code, stderr } = await run('api/main.ts', (await emptyDatabase()).url);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^The database is older than this program: run npm run migrate \(0001-invitations, .*\)\.\n$/);
});

describe('a migration', () => {
  test('that does not get its lock lets the others pass, and comes again', async () => {
    const { url } = await freshDatabase();
    const client = await connect(url);
    const pool = new Pool({ connectionString: url, max: 2 });
    const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
    const { rows } = await client.query('select name from kysely_migration order by name desc limit 1');
    const { down } = await import(`../../db/migrations/${rows[0].name}.ts`);
    await down(db);
    await client.query('delete from kysely_migration where name = $1', [rows[0].name]);

    await client.query('begin');
    // Reading stays possible; what the migration writes at its end must wait.
    await client.query('lock table kysely_migration in share mode');
    const migrated = migrate(url);
    await usher.until('a wait', async () => {
      const waiting = await sql`select from pg_locks where not granted`.execute(db);
      return waiting.rows.length > 0;
    });
    await usher.until('the end of the wait', async () => {
      const waiting = await sql`select from pg_locks where not granted`.execute(db);
      return waiting.rows.length === 0;
    });
    await client.query('commit');
    expect(await migrated).toEqual([rows[0].name]);
    await db.destroy();
    await client.end();
  });
});
