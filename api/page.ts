import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseAccept } from 'hono/utils/accept';
import type { Account } from '../db/accounts.ts';
import { type Words, wordsFor } from '../languages/words.ts';
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

/**
 * Answers with an email, as a page of the console frames it: without rights of any kind.
 *
 * @param publicUrl where logos are
 */
export const sendEmail = (reply: FastifyReply, email: string, publicUrl: string): FastifyReply => {
  reply.helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        // Emails carry their styles in themselves, for mail programs.
        styleSrc: ["'unsafe-inline'"],
        imgSrc: [new URL(publicUrl).origin],
        frameAncestors: ["'self'"],
        sandbox: [],
      },
    },
    frameguard: { action: 'sameorigin' },
  });
  return reply.type('text/html; charset=utf-8').send(email);
};

/** Whom a form's token is for; an empty name would be none. */
export const csrfSubject = (account?: Account): string => account?.id ?? 'nobody';

/**
 * The words for whoever asks: in the language of the invitation, else in the one that their browser likes best
 * (RFC 9110, section 12.5.4), else in English.
 *
 * @param locale of the invitation that the page is about; null: nothing is said of it
 */
export const wordsOf = ({ headers }: FastifyRequest, locale?: string | null): Words =>
  wordsFor(locale, ...parseAccept(headers['accept-language'] ?? '').flatMap(({ type, q }) => (q > 0 ? [type] : [])));

/**
 * What every page's frame shows: who is signed in, and the token for its forms.
 *
 * @param locale as of {@link wordsOf}
 */
export const frameOf = (
  reply: FastifyReply,
  account?: Account,
  locale?: string | null,
): { account?: AccountView; csrf: string; words: Words } => ({
  words: wordsOf(reply.request, locale),
  ...(account ? { account: { name: account.name, email: account.email } } : {}),
  // Good for this account alone, so that a page kept from before a sign-in cannot act after it.
  csrf: reply.generateCsrf({ userInfo: csrfSubject(account) }),
});

/**
 * Sends somebody to another site: to the identity provider, or to where an organization is at home. Nothing else of Usher
 * leads anywhere else.
 *
 * @param locale as of {@link wordsOf}
 */
export const leave = async (
  request: FastifyRequest,
  reply: FastifyReply,
  { url, purpose }: Pick<LeavingPageView, 'url' | 'purpose'>,
  locale?: string | null,
): Promise<FastifyReply> =>
  request.method === 'GET'
    ? reply.redirect(url, 303)
    : sendPage(reply.header('refresh', `0;url=${url}`), leavingPage({ words: wordsOf(request, locale), url, purpose }));
