import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../db/accounts.ts';
import type { AccountView, Html } from './pages/layout.ts';
import { type LeavingPageView, leavingPage } from './pages/leaving-page.ts';

/** The Content-Security-Policy of pages, as helmet takes it. */
export const policy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  // Browsers hold the redirects after a form to this as well: whoever leaves does so by a page of ours.
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
};

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

/**
 * Sends somebody to another site: to the identity provider, or to where an organization is at home. Nothing else of Usher
 * leads anywhere else.
 */
export const leave = async (
  request: FastifyRequest,
  reply: FastifyReply,
  { url, purpose }: Pick<LeavingPageView, 'url' | 'purpose'>,
): Promise<FastifyReply> =>
  request.method === 'GET'
    ? reply.redirect(url, 303)
    : sendPage(reply.header('refresh', `0;url=${url}`), leavingPage({ url, purpose }));
