import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { sql } from 'kysely';
import { upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, scopes } from '../../db/api-keys.ts';
import { createDatabase } from '../../db/database.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { migrate } from '../../db/migrate.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { freePort } from '../../local/ports.ts';
import { type CallFailed, createCaller } from '../http.ts';
import { type Program, startProgram } from '../program.ts';
import type { Person, Row, Running } from '../row.ts';
import type { Servers } from '../servers.ts';

const root = path.join(import.meta.dirname, '../..');
const issuer = 'http://127.0.0.1:9';

/** An organization with seats enough, and people with sessions: `session-<n>` is the cookie of person n. */
async function furnish(url: string, people: number, seats: number): Promise<string> {
  await migrate(url);
  const db = createDatabase(url, 2);
  try {
    const { id: organization } = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
    const owner = { issuer, subject: 'owner', email: 'owner@acme.example', emailVerified: true, name: 'Olivia' };
    const { id: createdBy } = await upsertAccount(db, owner);
    const pool = { organization, product: 'studio', name: 'Studio', kind: 'named', quantity: seats } as const;
    await ensureLicensePool(db, pool);
    const secret = newApiKey();
    await insertApiKey(db, { secret, organization, name: 'bench', role: 'owner', scopes, createdBy });
    await sql`
      insert into accounts (id, issuer, subject, email, mailbox, email_verified, name)
      select 'acc_' || n, ${issuer}, n, 'person-' || n || '@people.example', 'person-' || n || '@people.example', true, 'Pat'
      from generate_series(0, ${people}::int) n
    `.execute(db);
    const hashes = Array.from({ length: people + 1 }, (_, n) => createHash('sha256').update(`session-${n}`).digest());
    for (let from = 0; from < hashes.length; from += 1000) {
      await db
        .insertInto('sessions')
        .values(
          hashes.slice(from, from + 1000).map((id_hash, i) => ({
            id_hash,
            account_id: `acc_${from + i}` as const,
            id_token: 'none',
            expires_at: new Date(Date.now() + 86_400_000),
          })),
        )
        .execute();
    }
    return secret;
  } finally {
    await db.destroy();
  }
}

export interface UsherRunning extends Running {
  apiKey: string;
  url: string;
  /** As `create`, with an Idempotency-Key, and again until it is answered. */
  invite(person: Person): Promise<string>;
}

/** Usher on the servers, with its programs as `programs` starts them. */
export async function startUsher(
  servers: Servers,
  o: { database: string; namespace: string; people: number; seats?: number },
  programs: (env: Record<string, string>) => Promise<{ pids: Running['pids']; programs: Program[] }>,
): Promise<UsherRunning> {
  const database = await servers.database(o.database);
  const apiKey = await furnish(database, o.people, o.seats ?? 100_000_000);
  const { namespace } = o;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = await programs({
    USHER_DATABASE_URL: database,
    USHER_PUBLIC_URL: url,
    USHER_PORT: String(port),
    USHER_LINK_KEYS: randomBytes(32).toString('base64'),
    USHER_COOKIE_KEY: randomBytes(32).toString('base64'),
    USHER_ISSUER: issuer,
    USHER_CLIENT_ID: 'usher',
    USHER_CLIENT_SECRET: 'secret',
    USHER_POSTMARK_URL: servers.mail.url,
    USHER_POSTMARK_TOKEN: 'bench',
    USHER_MAIL_FROM: 'usher@usher.example',
    // One organization and one address do here what many do elsewhere; the limits are still counted.
    USHER_LIMIT_FACTOR: '10000',
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: namespace,
  });
  // The first request of all takes longer than one may, where the machine is busy with the others that start.
  await fetch(`${url}/v1/organizations/acme/invitations`, { headers: { authorization: `Bearer ${apiKey}` } });
  const caller = createCaller(url);
  const invitations = '/v1/organizations/acme/invitations';
  const asKey = { authorization: `Bearer ${apiKey}` };
  const invitationOf = ({ email }: Person) => ({ email, licenses: ['studio'] });
  return {
    apiKey,
    url,
    pids: started.pids,
    database,
    namespace,
    mails: true,
    create: async (person) => (await caller.post(invitations, invitationOf(person), asKey)).id,
    invite: async (person) =>
      (
        await untilKnown(() =>
          caller.post(invitations, invitationOf(person), { ...asKey, 'idempotency-key': `invite-${person.n}` }),
        )
      ).id,
    accept: (invitation, { n }) =>
      untilKnown(() =>
        caller.post(
          `/v1/invitations/${invitation}/accept`,
          {},
          { cookie: `usher_${port}_session=session-${n}`, origin: url, 'idempotency-key': String(n) },
        ),
      ),
    workflowId: (invitation) => `invitation/${invitation}`,
    async stop() {
      await caller.close();
      for (const program of started.programs) await program.stop();
    },
  };
}

/**
 * Repeats a call while it is answered 503: not known yet, or not now, which callers repeat with the same key when the answer
 * says so. It is all one wait.
 */
async function untilKnown<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const { status, retryAfterMs } = error as CallFailed;
      if (status !== 503) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    }
  }
}

/** How `npm run worker` and `npm run api` have Node, and the C library below it, use memory. */
export const memory = {
  args: ['--max-old-space-size=512', '--max-semi-space-size=8'],
  env: { MALLOC_ARENA_MAX: '2' },
};

/** API and worker as operators run them. */
export const separatePrograms = async (env: Record<string, string>) => {
  const as = { args: memory.args, cwd: root, env: { ...memory.env, ...env } };
  const worker = await startProgram({ ...as, file: 'worker.ts', ready: 'the worker is ready' });
  const api = await startProgram({ ...as, file: 'api/main.ts', ready: 'the API is ready' });
  return { pids: { worker: worker.pid, api: api.pid }, programs: [api, worker] };
};

export const usher: Row = {
  name: 'usher',
  about: 'Usher, API and worker each a process.',
  start: (servers, people) =>
    startUsher(servers, { database: 'usher', namespace: 'default', people }, separatePrograms),
};

export const usherTogether: Row = {
  name: 'usher in one process',
  about: 'Usher as npm start runs it: API and worker in one process.',
  start: async (servers, people) => {
    const namespace = await servers.namespace('usher-together');
    return startUsher(servers, { database: 'usher_together', namespace, people }, async (env) => {
      const program = await startProgram({
        file: path.join(import.meta.dirname, 'together.ts'),
        cwd: root,
        env,
        ready: 'ready',
      });
      return { pids: { worker: program.pid }, programs: [program] };
    });
  },
};
