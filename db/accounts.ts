import { createHash, randomBytes } from 'node:crypto';
import { type Generated, type Kysely, type Selectable, sql } from 'kysely';
import type { Bearer } from '../identity/bearers.ts';
import { type Mailbox, mailboxOf } from '../identity/mailbox.ts';
import type { Identity } from '../identity/oidc.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { insertEvent } from './events.ts';
import { type AccountId, isId, newId } from './ids.ts';
import { plainName } from './plain-text.ts';
import type { StaffRole } from './staff.ts';

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
  /** Null for everybody else. Only accounts of the installation's issuer have one. */
  staff_role: StaffRole | null;
  /** When the person was last here, to some minutes; null before it was noted. */
  seen_at: Date | null;
}
export type Account = Selectable<AccountsTable>;
/** All of them, by name: see `prepareRepeated`. */
const columns = [
  'accounts.id',
  'issuer',
  'subject',
  'email',
  'mailbox',
  'email_verified',
  'name',
  'accounts.created_at',
  'updated_at',
  'erased_at',
  'staff_role',
  'accounts.seen_at',
] as const;

export interface SessionsTable {
  /** SHA-256 of the cookie's value: who reads the table cannot sign in with it. */
  id_hash: Buffer;
  account_id: AccountId;
  id_token: string;
  created_at: Generated<Date>;
  expires_at: Date;
  /** When it was last used, to some minutes. */
  seen_at: Generated<Date>;
}

/** Records what the identity provider says of a person now; issuer and subject name them, all else may change. */
export function upsertAccount(db: Kysely<Database>, identity: Omit<Identity, 'idToken'>): Promise<Account> {
  const facts = {
    email: identity.email,
    mailbox: mailboxOf(identity.email) ?? ('' as const),
    email_verified: identity.emailVerified,
    name: plainName(identity.name, identity.email),
  };
  return db
    .insertInto('accounts')
    .values({ id: newId('acc'), issuer: identity.issuer, subject: identity.subject, ...facts, erased_at: null })
    .onConflict((c) => c.columns(['issuer', 'subject']).doUpdateSet({ ...facts, updated_at: sql`now()` }))
    .returning(columns)
    .executeTakeFirstOrThrow();
}

/**
 * The account a bearer token speaks for. What the token says of the person is taken as a sign-in's would be, if it was said
 * later than what is known: an old token must not bring an old address back.
 *
 * @returns undefined when it is not known yet, and the token does not say enough to know it
 */
export async function accountOfBearer(db: Kysely<Database>, bearer: Bearer): Promise<Account | undefined> {
  const { issuer, subject, person } = bearer;
  if (person) {
    const { email, emailVerified: email_verified, saidAt } = person;
    const name = person.name && plainName(person.name, email);
    const facts = { email, mailbox: mailboxOf(email) ?? ('' as const), email_verified };
    await db
      .insertInto('accounts')
      .values({ id: newId('acc'), issuer, subject, ...facts, name: plainName(name, email) })
      .onConflict((c) =>
        c
          .columns(['issuer', 'subject'])
          .doUpdateSet({ ...facts, ...(name ? { name } : {}), updated_at: sql`now()` })
          .where('accounts.updated_at', '<', saidAt)
          // Most tokens say what is known, and write nothing.
          .where((e) =>
            e.or([
              e('accounts.email', '<>', email),
              e('accounts.email_verified', '<>', email_verified),
              ...(name ? [e('accounts.name', '<>', name)] : []),
            ]),
          ),
      )
      .execute();
  }
  const account = await db
    .selectFrom('accounts')
    .select(columns)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
  if (account) await noteSeen(db, account);
  return account;
}

/** Days. Whoever comes back later signs in again, which most identity providers do without asking. */
const longestSession = 14;
/** Hours without a request. */
const idleSession = 24;
/** An account has this many at once; the oldest gives way to the next. */
const sessionsKept = 10;
/** Minutes. Not every request need be a write. */
const seenEvery = 10;

const idleSince = sql<Date>`now() - make_interval(hours => ${sql.lit(idleSession)})`;
const hashOf = (sessionId: string) => createHash('sha256').update(sessionId).digest();

const isStale = (at: Date | null) => at === null || Date.now() - at.getTime() > seenEvery * 60_000;

/** Notes that a person is here. */
async function noteSeen(db: Kysely<Database>, { id, seen_at }: Pick<Account, 'id' | 'seen_at'>): Promise<void> {
  if (isStale(seen_at)) await db.updateTable('accounts').set({ seen_at: sql`now()` }).where('id', '=', id).execute();
}

/** Begins a session under a new id. Returns the cookie's value, which is not stored, and when it ends at the latest. */
export async function beginSession(
  db: Kysely<Database>,
  session: { account: AccountId; idToken: string },
): Promise<{ id: string; expiresAt: Date }> {
  const id = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Date.now() + longestSession * 86_400_000);
  await db.transaction().execute(async (trx) => {
    const ofAccount = trx.selectFrom('sessions').where('account_id', '=', session.account);
    // One after the other, so that sign-ins at the same time count each other.
    await trx.selectFrom('accounts').select('id').where('id', '=', session.account).forNoKeyUpdate().execute();
    await trx
      .insertInto('sessions')
      .values({
        id_hash: hashOf(id),
        account_id: session.account,
        id_token: session.idToken,
        created_at: sql`clock_timestamp()`,
        expires_at: expiresAt,
      })
      .execute();
    await trx.updateTable('accounts').set({ seen_at: sql`now()` }).where('id', '=', session.account).execute();
    await trx
      .deleteFrom('sessions')
      .where('id_hash', 'in', ofAccount.select('id_hash').orderBy('created_at', 'desc').offset(sessionsKept))
      .execute();
  });
  return { id, expiresAt };
}

/** The account of a live session, which is in use by this. */
export async function accountOfSession(db: Kysely<Database>, sessionId: string): Promise<Account | undefined> {
  const live = await db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select(columns)
    .select('sessions.seen_at as used_at')
    .where('id_hash', '=', hashOf(sessionId))
    .where('expires_at', '>', sql<Date>`now()`)
    .where('sessions.seen_at', '>', idleSince)
    .executeTakeFirst();
  if (!live) return undefined;
  const { used_at, ...account } = live;
  if (isStale(used_at))
    await db.updateTable('sessions').set({ seen_at: sql`now()` }).where('id_hash', '=', hashOf(sessionId)).execute();
  await noteSeen(db, account);
  return account;
}

/** Ends a session; returns the ID token it began with, if there was one. */
export const endSession = async (db: Kysely<Database>, sessionId: string): Promise<string | undefined> =>
  (await db.deleteFrom('sessions').where('id_hash', '=', hashOf(sessionId)).returning('id_token').executeTakeFirst())
    ?.id_token;

/** The accounts, of whatever issuer, that have an address; or the one that has the id. */
export const listAccounts = async (db: Kysely<Database>, who: string): Promise<AccountId[]> => {
  const accounts = db.selectFrom('accounts').select('id');
  const rows = await (isId('acc', who)
    ? accounts.where('id', '=', who)
    : accounts.where('mailbox', '=', mailboxOf(who) ?? ('none' as Mailbox))
  ).execute();
  return rows.map(({ id }) => id);
};

/** Ends every session of an account, with an event: it is signed out everywhere. Returns how many that were. */
export const endSessions = (db: Kysely<Database>, account: AccountId, by: Actor, request?: string): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await trx.deleteFrom('sessions').where('account_id', '=', account).executeTakeFirst();
    await insertEvent(trx, {
      organization: null,
      target: { kind: 'account', id: account },
      type: 'signed_out_everywhere',
      by,
      request: request ?? null,
    });
    return Number(numDeletedRows);
  });

/** Deletes sessions that have ended by themselves. Returns how many. */
export const forgetSessions = async (db: Kysely<Database>): Promise<number> =>
  Number(
    (
      await db
        .deleteFrom('sessions')
        .where((e) => e.or([e('expires_at', '<', sql<Date>`now()`), e('seen_at', '<', idleSince)]))
        .executeTakeFirst()
    ).numDeletedRows,
  );

/** Ends every session there is. Returns how many. */
export const endAllSessions = async (db: Kysely<Database>): Promise<number> =>
  Number((await db.deleteFrom('sessions').executeTakeFirst()).numDeletedRows);
