import type { BaseLogger } from 'pino';

export interface Email {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Hands an email over. @returns whether the mail service took it; failures are logged without the address */
export type Mailer = (email: Email) => Promise<boolean>;

/** ms. A person waits for the page meanwhile. */
const timeout = 4000;

/**
 * Sends through Postmark's API, or the sandbox that speaks it.
 *
 * @param o.url base URL of the API, without a trailing slash
 * @param o.token the server token
 */
export function postmarkMailer(o: { url: string; token: string; from: string }, logger: BaseLogger): Mailer {
  return async (email) => {
    try {
      const response = await fetch(`${o.url.replace(/\/+$/, '')}/email`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'x-postmark-server-token': o.token,
        },
        body: JSON.stringify({
          From: o.from,
          To: email.to,
          Subject: email.subject,
          TextBody: email.text,
          HtmlBody: email.html,
          Tag: 'verification-code',
          MessageStream: 'outbound',
          TrackOpens: false,
          TrackLinks: 'None',
        }),
        signal: AbortSignal.timeout(timeout),
      });
      const { ErrorCode: code } = (await response.json()) as { ErrorCode?: number };
      if (response.ok && !code) return true;
      logger.warn({ status: response.status, code }, 'Postmark did not take a verification code');
    } catch (error) {
      logger.warn({ code: error instanceof Error ? error.name : 'unknown' }, 'Postmark cannot be reached');
    }
    return false;
  };
}
