import { createHash, randomBytes } from 'node:crypto';
import { type Generated, type Kysely, type Selectable, sql } from 'kysely';
import { type Mailbox, mailboxOf } from '../identity/mailbox.ts';
import type { Identity } from '../identity/oidc.ts';
import type { Database } from './database.ts';
import { type AccountId, newId } from './ids.ts';

export interface AccountsTable {
  id: AccountId;
  issuer: string;
  subject: string;
  email: string;
  /** The address in comparable form; empty when it is no address that mail can be sent to, which matches nothing. */
  mailbox: Mailbox | '';
  email_verified: boolean;
  name: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  /** When everything that names the person was taken out of this row. */
  erased_at: Date | null;
}
export type Account = Selectable<AccountsTable>;

export interface SessionsTable {
  /** SHA-256 of the cookie's value: who reads the table cannot sign in with it. */
  id_hash: Buffer;
  account_id: AccountId;
  id_token: string;
  created_at: Generated<Date>;
  expires_at: Date;
}

/** Records what the identity provider says of a person now; issuer and subject name them, all else may change. */
export function upsertAccount(db: Kysely<Database>, identity: Omit<Identity, 'idToken'>): Promise<Account> {
  const facts = {
    email: identity.email,
    mailbox: mailboxOf(identity.email) ?? ('' as const),
    email_verified: identity.emailVerified,
    name: identity.name,
  };
  return db
    .insertInto('accounts')
    .values({ id: newId('acc'), issuer: identity.issuer, subject: identity.subject, ...facts, erased_at: null })
    .onConflict((c) => c.columns(['issuer', 'subject']).doUpdateSet({ ...facts, updated_at: sql`now()` }))
    .returningAll()
    .executeTakeFirstOrThrow();
}

const sessionDays = 14;
const hashOf = (sessionId: string) => createHash('sha256').update(sessionId).digest();

/** Begins a session under a new id. Returns the cookie's value, which is not stored, and when it ends. */
export async function beginSession(
  db: Kysely<Database>,
  session: { account: AccountId; idToken: string },
): Promise<{ id: string; expiresAt: Date }> {
  const id = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Date.now() + sessionDays * 86_400_000);
  await db
    .insertInto('sessions')
    .values({ id_hash: hashOf(id), account_id: session.account, id_token: session.idToken, expires_at: expiresAt })
    .execute();
  return { id, expiresAt };
}

/** The account of a live session. */
export const accountOfSession = (db: Kysely<Database>, sessionId: string): Promise<Account | undefined> =>
  db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .selectAll('accounts')
    .where('id_hash', '=', hashOf(sessionId))
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();

/** Ends a session; returns the ID token it began with, if there was one. */
export const endSession = async (db: Kysely<Database>, sessionId: string): Promise<string | undefined> =>
  (await db.deleteFrom('sessions').where('id_hash', '=', hashOf(sessionId)).returning('id_token').executeTakeFirst())
    ?.id_token;
