import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { ensureOrganization, findOrganization } from '../../db/organizations.ts';
import { freshDatabase } from '../setup/database.ts';

test('a connection on which Postgres has fallen silent is given up, and the next question has another', async () => {
  const url = new URL((await freshDatabase()).url);
  const { hostname, port } = url;
  /** Connections that no longer bring answers; a failover looks like that from outside. */
  const sockets = new Map<Socket, Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    sockets.set(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream);
    upstream.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);
  const db = createDatabase(url.href, 1, 1_000);
  try {
    const ask = () => sql<{ one: number }>`select 1 as one`.execute(db);
    await ask();
    for (const [client, upstream] of sockets) upstream.unpipe(client);
    await expect(ask()).rejects.toThrow('Query read timeout');
    expect((await ask()).rows).toEqual([{ one: 1 }]);
  } finally {
    await db.destroy();
    for (const pair of sockets) for (const socket of pair) socket.destroy();
    proxy.close();
  }
});

test('what is asked again and again is prepared, and outlives a migration that adds a column', async () => {
  const db = createDatabase((await freshDatabase()).url, 1);
  try {
    const { slug } = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
    const named = () => findOrganization(db, slug);
    const whole = () => db.selectFrom('organizations').selectAll().where('slug', '=', slug).execute();
    for (let i = 0; i < 8; i++) await Promise.all([named(), whole()]);
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
    expect(rows.map(({ statement }) => statement)).toEqual([expect.stringContaining('from "organizations"')]);
    await sql`alter table organizations add column later text`.execute(db);
    expect(await named()).toMatchObject({ slug });
    expect(await whole()).toMatchObject([{ slug, later: null }]);
  } finally {
    await db.destroy();
  }
});
