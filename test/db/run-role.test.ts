import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { emptyDatabase, type TestDatabase } from '../setup/database.ts';

/** What the role that Usher runs as cannot do, whatever its programs are made to say. (All that it must do, the suite does.) */

let database: TestDatabase;
let run: Client;
let owner: Client;

const connect = async (url: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
};

beforeAll(async () => {
  database = await emptyDatabase();
  await migrate(database.url, database.runUrl);
  run = await connect(database.runUrl);
  owner = await connect(database.url);
});
afterAll(async () => {
  await run?.end();
  await owner?.end();
});

/** insufficient_privilege */
const denied = { code: '42501' };

describe('the run role is refused', () => {
  test.each([
    'create table mine (id int)',
    'create temporary table mine (id int)',
    'create schema mine',
    'create view mine as select 1',
    "create function mine() returns int language sql as 'select 1'",
    'create index mine on invitations (email)',
    'alter table invitations drop constraint invitations_state_check',
    'alter table events disable trigger all',
    'drop table events',
    'drop index invitations_one_pending',
    'truncate invitations',
    'create role mine',
    'comment on table events is null',
    'set role usher',
    "set session_replication_role = 'replica'",
    "copy events to program 'cat'",
    "select pg_read_file('/etc/passwd')",
    'select rolpassword from pg_authid',
    "update events set type = 'other'",
    'delete from events',
    'truncate events',
    'insert into events overriding system value select * from events for update',
    "insert into kysely_migration values ('9999', now()::text)",
    'delete from kysely_migration',
    'update kysely_migration_lock set is_locked = 1',
  ])('%s', async (statement) => {
    await expect(run.query(statement)).rejects.toMatchObject(denied);
  });

  test('what an owner of a table may do, in every table there is', async () => {
    const { rows } = await run.query(
      `select relname, has_table_privilege(oid, 'truncate, references, trigger, maintain') as more,
         has_table_privilege(oid, 'update, delete') as changes
       from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
    );
    expect(rows.filter((r) => r.more)).toEqual([]);
    expect(
      rows
        .filter((r) => !r.changes)
        .map((r) => r.relname)
        .sort(),
    ).toEqual(['admission', 'events', 'kysely_migration', 'kysely_migration_lock']);
  });
});

test('a table of a later migration is given to the run role when migrating again, and what was given by hand is taken back', async () => {
  await owner.query('create table later (id int)');
  await owner.query('grant all on events to usher_run');
  await migrate(database.url, database.runUrl);
  await run.query('insert into later values (1)');
  await run.query('update later set id = 2');
  await run.query('delete from later');
  await expect(run.query('delete from events')).rejects.toMatchObject(denied);
  await owner.query('drop table later');
});

test('migrating twice at once gives the run role what it needs', async () => {
  await Promise.all([1, 2, 3].map(() => migrate(database.url, database.runUrl)));
  await expect(run.query('delete from events')).rejects.toMatchObject(denied);
  await run.query('select from invitations');
});

/** A URL of the same database as another role. */
const as = (role: string, password = 'a password with : @ / in it') => {
  const url = new URL(database.url);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
};

describe('a role', () => {
  const suffix = randomBytes(4).toString('hex');
  const names = { made: `made_${suffix}`, modest: `modest_${suffix}`, missing: `missing ${suffix}` };
  afterAll(async () => {
    for (const name of Object.values(names)) {
      const { rowCount } = await owner.query('select from pg_roles where rolname = $1', [name]);
      if (!rowCount) continue;
      const role = owner.escapeIdentifier(name);
      await owner.query(`reassign owned by ${role} to usher`);
      await owner.query(`drop owned by ${role}`);
      await owner.query(`drop role ${role}`);
    }
  });

  test('that does not exist is made, with the password of its URL, of which no statement tells', async () => {
    await migrate(database.url, as(names.made));
    const client = await connect(as(names.made));
    await client.query('select from invitations');
    await client.end();
    await expect(connect(as(names.made, 'another'))).rejects.toMatchObject({ code: '28P01' });
  });

  test('that owns the tables, or could be more than it was given, is no run role', async () => {
    await expect(migrate(database.url, database.url)).rejects.toThrow(/^The role "usher" .* can change tables/);
    await owner.query(`grant usher to ${names.made}`);
    await expect(migrate(database.url, as(names.made))).rejects.toThrow(/Give USHER_DATABASE_URL a role that does not/);
    await owner.query(`revoke usher from ${names.made}`);
  });

  test('that may make no roles migrates all the same, once somebody has made the run role', async () => {
    const password = 'modest';
    await owner.query(`create role ${names.modest} login password '${password}'`);
    const { url } = await emptyDatabase();
    const here = new URL(url);
    await owner.query(`alter database ${here.pathname.slice(1)} owner to ${names.modest}`);
    here.username = names.modest;
    here.password = password;
    const runUrl = new URL(here);
    runUrl.username = encodeURIComponent(names.missing);
    await expect(migrate(here.href, runUrl.href)).rejects.toThrow(`create role "${names.missing}" login password`);

    await owner.query(`create role "${names.missing}" login password '${password}'`);
    await migrate(here.href, runUrl.href);
    const client = await connect(runUrl.href);
    await client.query('select from invitations');
    await expect(client.query('delete from events')).rejects.toMatchObject(denied);
    await client.end();
    await owner.query(`alter database ${here.pathname.slice(1)} owner to usher`);
    const there = await connect(url);
    await there.query(`reassign owned by ${names.modest} to usher`);
    await there.query(`drop owned by ${names.modest}, "${names.missing}"`);
    await there.end();
  });
});
