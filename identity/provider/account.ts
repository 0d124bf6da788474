import { randomUUID } from 'node:crypto';
import type { Mailbox } from '../mailbox.ts';
import { forgetAttempts, takeAttempt } from './attempts.ts';
import type { Database } from './database.ts';
import { hashPassword, isPassword } from './password.ts';

export interface Account {
  subject: string;
  email: string;
  name: string;
  emailVerified: boolean;
}

export interface NewAccount {
  /** The address as typed, and what accounts are told apart by. */
  email: string;
  mailbox: Mailbox;
  name: string;
  password: string;
}

const columns = 'subject, email, name, email_verified as "emailVerified"';

/** Wrong passwords for one address, and the time after which they are forgiven, seconds. */
const signInLimit = 10;
const signInWindow = 15 * 60;

export async function findAccount(db: Database, subject: string): Promise<Account | undefined> {
  const { rows } = await db.query<Account>(`select ${columns} from account where subject = $1`, [subject]);
  return rows[0];
}

/**
 * Signs up. An address belongs to whoever has verified it: an account that never did gives way to the new one, which has
 * another subject, so that nobody can sign up with a stranger's address and wait for the stranger to verify it.
 *
 * @returns undefined if the address belongs to a verified account
 */
export async function createAccount(db: Database, o: NewAccount): Promise<Account | undefined> {
  const password = await hashPassword(o.password);
  await db.query('delete from account where mailbox = $1 and not email_verified', [o.mailbox]);
  const { rows } = await db.query<Account>(
    `insert into account (subject, mailbox, email, name, password, email_verified) values ($1, $2, $3, $4, $5, false)
     on conflict (mailbox) do nothing returning ${columns}`,
    [randomUUID(), o.mailbox, o.email, o.name, password],
  );
  return rows[0];
}

/** Makes sure that an account exists with these particulars; one that exists keeps its subject, and stays verified. */
export async function ensureAccount(db: Database, o: NewAccount & { emailVerified: boolean }): Promise<Account> {
  const { rows } = await db.query<Account>(
    `insert into account as a (subject, mailbox, email, name, password, email_verified) values ($1, $2, $3, $4, $5, $6)
     on conflict (mailbox) do update set name = excluded.name, password = excluded.password,
       email_verified = a.email_verified or excluded.email_verified
     returning ${columns}`,
    [randomUUID(), o.mailbox, o.email, o.name, await hashPassword(o.password), o.emailVerified],
  );
  return rows[0]!;
}

/** @returns the account, `wrong` for address or password (without saying which), or `limited` after too many of those */
export async function signIn(
  db: Database,
  o: { mailbox: Mailbox; password: string },
): Promise<Account | 'wrong' | 'limited'> {
  const attempts = `sign-in:${o.mailbox}`;
  if (!(await takeAttempt(db, attempts, signInLimit, signInWindow))) return 'limited';
  const { rows } = await db.query<{ subject: string; password: string }>(
    'select subject, password from account where mailbox = $1',
    [o.mailbox],
  );
  if (!(await isPassword(o.password, rows[0]?.password))) return 'wrong';
  await forgetAttempts(db, attempts);
  return (await findAccount(db, rows[0]!.subject)) ?? 'wrong';
}
