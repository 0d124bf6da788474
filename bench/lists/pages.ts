import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { createDatabase } from '../../db/database.ts';
import { newId } from '../../db/ids.ts';
import { insertMember } from '../../db/members.ts';
import { migrate } from '../../db/migrate.ts';
import { freePort } from '../../local/ports.ts';
import { percentile } from '../figures.ts';
import { startProgram } from '../program.ts';
import type { Scenario } from '../report.ts';
import { startDatabaseServer } from '../servers.ts';
import { fill, large, madeAt, studio } from './filled.ts';

const issuer = 'http://127.0.0.1:9';

/** The console's pages of an organization with so many invitations, as its owner's browser has them. */
export async function measurePages(o: {
  invitations: number;
  samples: number;
  report(line: string): void;
}): Promise<Pick<Scenario, 'head' | 'rows'>> {
  await using started = new AsyncDisposableStack();
  const server = await startDatabaseServer();
  started.defer(() => server.stop());
  const url = await server.database('pages');
  await migrate(url);
  // A migration-long statement: filling is not what is measured.
  const db = createDatabase(url, 1, 120_000);
  started.defer(() => db.destroy());
  // The oldest are of long ago, all others until now: the overview counts those of the last months.
  const old = 20;
  const last = Math.floor((Date.now() - madeAt(0)) / (madeAt(1) - madeAt(0)));
  o.report(`filling up to ${o.invitations} invitations`);
  await fill(db, 0, old);
  await fill(db, last - o.invitations + old, last);
  await db.updateTable('accounts').set({ issuer }).where('id', '=', 'acc_owner').execute();
  const { slug } = await db
    .selectFrom('organizations')
    .select('slug')
    .where('id', '=', large)
    .executeTakeFirstOrThrow();
  const member = await db
    .transaction()
    .execute((trx) =>
      insertMember(trx, { organization: large, account: 'acc_owner', role: 'owner', teams: [], invitation: null }),
    );
  const session = newId('ses');
  await db
    .insertInto('sessions')
    .values({
      id_hash: createHash('sha256').update(session).digest(),
      account_id: 'acc_owner',
      id_token: 'none',
      expires_at: new Date(Date.now() + 86_400_000),
    })
    .execute();
  const newest = await db
    .selectFrom('invitations')
    .select('id')
    .where('organization_id', '=', large)
    .orderBy('id', 'desc')
    .limit(Math.ceil(o.invitations / 2))
    .execute();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const api = await startProgram({
    file: 'api/main.ts',
    cwd: path.join(import.meta.dirname, '../..'),
    env: {
      USHER_DATABASE_URL: url,
      USHER_PUBLIC_URL: publicUrl,
      USHER_PORT: String(port),
      USHER_LINK_KEYS: randomBytes(32).toString('base64'),
      USHER_COOKIE_KEY: randomBytes(32).toString('base64'),
      USHER_ISSUER: issuer,
      USHER_CLIENT_ID: 'usher',
      USHER_CLIENT_SECRET: 'secret',
      USHER_POSTMARK_TOKEN: 'bench',
      USHER_MAIL_FROM: 'usher@usher.example',
      USHER_LOG_LEVEL: 'info',
      // No page needs the engine.
      TEMPORAL_ADDRESS: '127.0.0.1:9',
    },
    ready: 'the API is ready',
  });
  started.defer(() => api.stop());
  const get = async (page: string) => {
    const response = await fetch(`${publicUrl}/console/${slug}${page}`, {
      headers: { cookie: `usher_${port}_session=${session}` },
      redirect: 'manual',
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${page} was answered ${response.status}`);
    return text;
  };
  const list = '/invitations';
  const pages: Record<string, string> = {
    overview: '',
    invitations: list,
    'invitations, halfway': `${list}?cursor=${newest.at(-1)!.id}`,
    'invitations that are pending': `${list}?state=pending`,
    'invitations that were revoked (none)': `${list}?state=revoked`,
    'invitations as an owner (few, the oldest)': `${list}?role=owner`,
    'invitations complained about (few, the oldest)': `${list}?delivery=complained`,
    'invitations with a licence (most)': `${list}?license=studio`,
    'invitations of an address': `${list}?email=person-3@people.example`,
    'invitations by a part of an address (few, the oldest)': `${list}?email=person-3@`,
    'an invitation': `${list}/${newest[0]!.id}`,
    'its email': `${list}/${newest[0]!.id}/email`,
    'invite people': '/invite',
    'audit log': '/events',
    'audit log, of a type (none)': '/events?type=erased',
    members: '/members',
    'members by a part of their address (few, the oldest)': '/members?search=person-3@',
    'members who are pending': '/members?state=pending',
    'members who were removed (none)': '/members?state=removed',
    'a member': `/members/${member}`,
    licences: '/licenses',
    'a licence': `/licenses/${studio}`,
    'a licence, by a part of an address (few, the oldest)': `/licenses/${studio}?search=person-4@`,
  };
  const rows: (string | number)[][] = [];
  for (const [name, page] of Object.entries(pages)) {
    // The first ones read from disk what the others find in memory.
    let text = '';
    for (let i = 0; i < 5; i++) text = await get(page);
    const times: number[] = [];
    for (let i = 0; i < o.samples; i++) {
      const from = performance.now();
      await get(page);
      times.push(performance.now() - from);
    }
    rows.push([name, percentile(times, 0.5), percentile(times, 0.99), Buffer.byteLength(text) / 1024]);
    o.report(rows.at(-1)!.join(' | '));
  }
  return { head: ['page', 'p50 ms', 'p99 ms', 'KiB'], rows };
}
