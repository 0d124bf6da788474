import type { FastifyReply } from 'fastify';
import type { Account } from '../db/accounts.ts';
import type { AccountView, Html } from './pages/layout.ts';

/** Answers with a page. */
export const sendPage = async (reply: FastifyReply, page: Html): Promise<FastifyReply> =>
  reply.type('text/html; charset=utf-8').send(String(await page));

/** Whom a form's token is for; an empty name would be none. */
export const csrfSubject = (account?: Account): string => account?.id ?? 'nobody';

/** What every page's frame shows: who is signed in, and the token for its forms. */
export const frameOf = (reply: FastifyReply, account?: Account): { account?: AccountView; csrf: string } => ({
  ...(account ? { account: { name: account.name, email: account.email } } : {}),
  // Good for this account alone, so that a page kept from before a sign-in cannot act after it.
  csrf: reply.generateCsrf({ userInfo: csrfSubject(account) }),
});
