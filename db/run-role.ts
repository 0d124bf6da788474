import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { ConfigError } from '../config.ts';
import type { Database } from './database.ts';

/** The role as which API and worker run: it works on rows, changes no table, and the audit log it only lengthens. */
export interface RunRole {
  name: string;
  /** Needed only to make the role. */
  password?: string;
}

/** What the run role may do with a table, where that is less than {@link rows}. */
const less: Record<string, string> = {
  admission: 'select',
  events: 'select, insert',
  kysely_migration: 'select',
  kysely_migration_lock: 'select',
};
const rows = 'select, insert, update, delete';

/** The role that a connection string names; undefined when it names none. */
export function runRoleOf(url: string): RunRole | undefined {
  const { username, password } = new URL(url);
  if (!username) return undefined;
  return { name: decodeURIComponent(username), ...(password ? { password: decodeURIComponent(password) } : {}) };
}

/**
 * Gives the run role what it needs of every table, and takes everything else; makes the role if it does not exist. Done
 * again after each migration, so that no table is forgotten, whoever made it.
 *
 * @param db a connection of the role that owns the tables
 * @throws ConfigError with what to run, when that role may not make roles, or the run role can do more all the same
 */
export async function grantRunRole(db: Kysely<Database>, role: RunRole): Promise<void> {
  await ensureRole(db, role);
  await db.transaction().execute(async (trx) => {
    // Two at once would be refused by Postgres: "tuple concurrently updated".
    await sql`select pg_advisory_xact_lock(hashtext('usher run role'))`.execute(trx);
    const name = sql.id(role.name);
    const { rows: tables } = await sql<{ name: string; database: string }>`
      select relname as name, current_database() as database from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname
    `.execute(trx);
    const database = sql.id(tables[0]!.database);
    // What everybody has without being given it: before Postgres 15 that includes making tables.
    await sql`revoke create on schema public from public`.execute(trx);
    await sql`revoke temporary on database ${database} from public`.execute(trx);
    await sql`grant connect on database ${database} to ${name}`.execute(trx);
    await sql`grant usage on schema public to ${name}`.execute(trx);
    for (const table of tables) {
      await sql`revoke all on table ${sql.id(table.name)} from ${name}`.execute(trx);
      await sql`grant ${sql.raw(less[table.name] ?? rows)} on table ${sql.id(table.name)} to ${name}`.execute(trx);
    }
    await requireBounded(trx, role);
  });
}

async function ensureRole(db: Kysely<Database>, { name, password }: RunRole): Promise<void> {
  const { rows: found } = await sql`select from pg_roles where rolname = ${name}`.execute(db);
  if (found.length > 0) return;
  const verifier = password === undefined ? sql`` : sql`password ${sql.lit(scramVerifier(password))}`;
  await sql`create role ${sql.id(name)} login ${verifier}`.execute(db).catch((error: { code?: string }) => {
    if (error.code === '42501')
      throw new ConfigError(
        `The role "${name}" of USHER_DATABASE_URL does not exist, and that of USHER_MIGRATE_DATABASE_URL may not make it: have an administrator of Postgres run: create role "${name}" login password '…'; then migrate again.`,
      );
    // Made by another migration at the same time.
    if (error.code !== '42710' && error.code !== '23505') throw error;
  });
}

/** As a superuser, an owner or another's heir it could do what it was not given. @throws ConfigError */
async function requireBounded(trx: Transaction<Database>, { name }: RunRole): Promise<void> {
  const { rows: found } = await sql<{ bounded: boolean }>`
    select not (
      has_table_privilege(${name}, 'events', 'update, delete, truncate')
      or has_schema_privilege(${name}, 'public', 'create')
      or has_database_privilege(${name}, current_database(), 'create, temporary')
    ) as bounded
  `.execute(trx);
  if (!found[0]!.bounded)
    throw new ConfigError(
      `The role "${name}" of USHER_DATABASE_URL can change tables or the audit log all the same: it owns them, is a superuser, or belongs to a role that may. Give USHER_DATABASE_URL a role that does not exist yet.`,
    );
}

/** What Postgres stores of a password (RFC 5803), so that the password itself is in no statement that it may log. */
function scramVerifier(password: string): string {
  const iterations = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const keyOf = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyOf('Server Key').toString('base64')}`;
}
