import { randomInt, timingSafeEqual } from 'node:crypto';
import { html } from 'hono/html';
import { type Account, findAccount } from './account.ts';
import { takeAttempt } from './attempts.ts';
import type { Database } from './database.ts';
import type { Email, Mailer } from './mailer.ts';

/** How long a code can be used, minutes. */
export const codeMinutes = 15;
/** How many tries it allows. */
const codeTries = 5;

/** Codes sent to one address, and the time they are counted over, seconds. */
const sendLimit = 5;
const sendWindow = 60 * 60;

/** @returns whether a code is out that can still be used */
export async function hasCode(db: Database, account: Account): Promise<boolean> {
  const { rows } = await db.query('select 1 from email_code where subject = $1 and tries < $2 and expires_at > now()', [
    account.subject,
    codeTries,
  ]);
  return rows.length > 0;
}

/**
 * Sends a new code, which replaces the one before it.
 *
 * @returns `limited` if the address was sent too many of late, `failed` if the email could not be handed over: no code is
 *   out then
 */
export async function sendCode(db: Database, mail: Mailer, account: Account): Promise<'sent' | 'limited' | 'failed'> {
  if (!(await takeAttempt(db, `code:${account.email}`, sendLimit, sendWindow))) return 'limited';
  const code = randomInt(1_000_000).toString().padStart(6, '0');
  await db.query(
    `insert into email_code (subject, code, expires_at) values ($1, $2, now() + $3 * interval '1 minute')
     on conflict (subject) do update set code = excluded.code, tries = 0, expires_at = excluded.expires_at`,
    [account.subject, code, codeMinutes],
  );
  if (await mail(codeEmail(account, code))) return 'sent';
  await db.query('delete from email_code where subject = $1 and code = $2', [account.subject, code]);
  return 'failed';
}

/**
 * Verifies the account's address if the code is right. Counts the try before it compares, so that tries made at once
 * count as many.
 *
 * @param typed what was typed; anything but digits is ignored
 * @returns `void` if no code is out any more: expired, used up (by this try, perhaps), never sent
 */
export async function verifyEmail(
  db: Database,
  account: Account,
  typed: string,
): Promise<'verified' | 'wrong' | 'void'> {
  const { rows } = await db.query<{ code: string; tries: number }>(
    `update email_code set tries = tries + 1 where subject = $1 and tries < $2 and expires_at > now()
     returning code, tries`,
    [account.subject, codeTries],
  );
  // Whoever presses the button twice was verified by the first press.
  if (!rows[0]) return (await findAccount(db, account.subject))?.emailVerified ? 'verified' : 'void';
  const { code, tries } = rows[0];
  const digits = typed.replace(/\D/g, '');
  if (digits.length !== code.length || !timingSafeEqual(Buffer.from(digits), Buffer.from(code)))
    return tries < codeTries ? 'wrong' : 'void';
  await db.query('update account set email_verified = true where subject = $1', [account.subject]);
  await db.query('delete from email_code where subject = $1', [account.subject]);
  return 'verified';
}

const codeEmail = (account: Account, code: string): Email => ({
  to: account.email,
  subject: `${code} is your verification code`,
  // No name: whoever signs up with a stranger's address would choose a line of this email.
  text: `Hello,

your verification code is

    ${code}

It works for ${codeMinutes} minutes, on the page that asked for it. If you did not ask for a code, ignore this email: without
the code nobody can use your address.

Local identity provider
`,
  html: String(html`<!doctype html>
<html lang="en">
  <body style="font-family: system-ui, sans-serif; line-height: 1.5; color: #1f2937">
    <p>Hello,</p>
    <p>your verification code is</p>
    <p style="font-size: 28px; font-weight: 700; letter-spacing: 4px">${code}</p>
    <p>
      It works for ${codeMinutes} minutes, on the page that asked for it. If you did not ask for a code, ignore this
      email: without the code nobody can use your address.
    </p>
    <p style="color: #6b7280">Local identity provider</p>
  </body>
</html>`),
});
