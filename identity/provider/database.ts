import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { JWK } from 'oidc-provider';
import pg from 'pg';
import type { BaseLogger } from 'pino';

/** The provider's own database. Plain SQL: four small tables that nothing else reads. */
export type Database = pg.Pool;

export interface Keys {
  /** Signs ID tokens. */
  jwks: { keys: JWK[] };
  /** Sign cookies, newest first. */
  cookies: string[];
}

/** One statement list is one transaction; the lock keeps two providers that start together from creating the same table. */
const schema = `
  select pg_advisory_xact_lock(hashtext('usher identity provider'));

  create table if not exists account (
    subject text primary key,
    mailbox text not null unique,
    email text not null,
    name text not null,
    password text not null,
    email_verified boolean not null,
    created_at timestamptz not null default now()
  );

  -- The code last sent to an account. Not hashed: six digits would not resist, and who reads this can write account.
  create table if not exists email_code (
    subject text primary key references account on delete cascade,
    code text not null,
    tries integer not null default 0,
    expires_at timestamptz not null
  );

  create table if not exists attempt (
    subject text primary key,
    count integer not null,
    expires_at timestamptz not null
  );

  -- What oidc-provider keeps: sessions, grants, codes, tokens. Type json, not jsonb, as parameters may hold a NUL.
  create table if not exists artifact (
    model text not null,
    id text not null,
    payload json not null,
    grant_id text,
    uid text,
    consumed_at timestamptz,
    expires_at timestamptz,
    primary key (model, id)
  );
  create index if not exists artifact_grant on artifact (grant_id);
  create index if not exists artifact_uid on artifact (uid);
  create index if not exists artifact_expiry on artifact (expires_at);

  create table if not exists keys (
    only_row boolean primary key default true check (only_row),
    jwks json not null,
    cookies text[] not null
  );
`;

/**
 * Connects, creates what is missing, and makes the keys on the first start; later starts find them, so that tokens,
 * cookies and sessions outlive a restart.
 *
 * The private key lies in the database as it is: this provider is for local use.
 */
export async function openDatabase(url: string, logger: BaseLogger): Promise<{ db: Database; keys: Keys }> {
  const db = new pg.Pool({ connectionString: url, max: 5 });
  // Postgres may go away at any time, also between the end of the pool and that of its sockets: no reason to crash.
  const lost = (error: Error & { code?: string }) =>
    logger.warn({ code: error.code }, 'a connection to the database of the identity provider was lost');
  db.on('error', lost);
  db.on('connect', (client) => client.on('error', () => {}));
  try {
    await db.query(schema);
    const {
      rows: [stored],
    } = await db.query<Keys>('select jwks, cookies from keys');
    return { db, keys: stored ?? (await makeKeys(db)) };
  } catch (error) {
    await db.end();
    throw error;
  }
}

async function makeKeys(db: Database): Promise<Keys> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
  await db.query('insert into keys (jwks, cookies) values ($1, $2) on conflict do nothing', [
    { keys: [jwk] },
    [randomBytes(32).toString('base64url')],
  ]);
  const { rows } = await db.query<Keys>('select jwks, cookies from keys');
  return rows[0]!;
}

/** Deletes what has expired. Reads never see it anyway; this only keeps the tables small. */
export async function sweep(db: Database): Promise<void> {
  await db.query('delete from artifact where expires_at < now()');
  await db.query('delete from attempt where expires_at < now()');
  await db.query('delete from email_code where expires_at < now()');
}
