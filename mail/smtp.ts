import type { Readable } from 'node:stream';
import { createTransport, type NodemailerError } from 'nodemailer';
import { createLine } from './line.ts';
import type { Mail, Message, SendResult } from './mail.ts';

/** Where a mail server is, and how it is spoken to. */
export interface SmtpServer {
  host: string;
  port: number;
  /** `implicit`: from the first byte on; `starttls`: once it has greeted, or nothing is sent; `off`: never. */
  tls: 'implicit' | 'starttls' | 'off';
  auth?: { user: string; pass: string };
}

export interface SmtpOptions {
  smtp: SmtpServer;
  /** Messages a second: what the account allows. @default as many as there are */
  perSecond?: number | undefined;
  /** How long one message may take once its turn has come, ms. @default 10_000 */
  timeoutMs?: number;
}

/** RFC 5321, 4.5.4.1, leaves the number to us; relays often allow 10 or 20 of one client. */
const connections = 5;

/**
 * Sends through a mail server, one message at a time on each of a few connections that are kept open. A message is on its
 * way within two seconds or not at all, and within `timeoutMs` more its outcome is known, or known to be unknown.
 *
 * SMTP cannot look a message up: one that may have been taken is never found, and so goes out again in the end, under the
 * same Message-ID.
 */
export function createSmtpMail({ smtp, perSecond, timeoutMs = 10_000 }: SmtpOptions): Mail {
  const { host, port, tls, auth } = smtp;
  /** What is read of a message once the server has asked for it, by the attempt's signal. */
  const bodies = new WeakMap<AbortSignal, Readable>();
  const transport = createTransport({
    pool: true,
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    // Else a server that does not offer to be signed in to would be sent to as nobody.
    ...(auth && { auth, forceAuth: true }),
    maxConnections: connections,
    // Only of a message of which nothing has left: the server had closed a connection that was kept open.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  transport.use('stream', ({ message, data }, done) => {
    message.processFunc((body) => {
      bodies.set(data.signal!, body);
      return body;
    });
    done();
  });

  async function send(message: Message): Promise<SendResult> {
    const { to, from, replyTo, subject, html, text, messageId, inReplyTo } = message;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await transport.sendMail({
        ...{ to, from, replyTo, subject, html, text, messageId, signal },
        ...(inReplyTo && { inReplyTo, references: inReplyTo }),
      });
      return { status: 'sent', messageId };
    } catch (error) {
      return resultOf(error as NodemailerError, bodies.get(signal)?.readableDidRead === true);
    }
  }
  const line = createLine({
    request: ([message]) => send(message!).then((result) => [result]),
    batchSize: 1,
    requestsAtOnce: connections,
    perSecond,
  });

  return {
    ...line,
    find: async () => undefined,
    async close() {
      await line.close();
      transport.close();
    },
  };
}

/**
 * Reads why a message was not sent.
 *
 * @param begun whether any of it has left: then only an answer of the server says that it was not taken
 */
function resultOf(error: NodemailerError, begun: boolean): SendResult {
  const code = codeOf(error);
  const { command, permanent, responseCode = 0 } = error;
  const answered = error.code === 'EMESSAGE' && responseCode >= 400;
  if (begun && !answered) return { status: 'unknown', code };
  const isOfMessage = command === 'RCPT TO' ? !isOfUs(error) : (answered || command === 'DATA') && isOfThis(error);
  return permanent && isOfMessage ? { status: 'failed', code } : { status: 'not_sent', code };
}

/**
 * Whether a recipient was refused because of who sends: not signed in (RFC 4954, section 6), not allowed to (RFC 3463, 3.8:
 * `5.7.x`), not known (3.2: `5.1.7`, `5.1.8`), or too much for today (`5.4.5`, so Gmail). As a sender that is refused, it is
 * for the operator to mend, and worth repeating.
 */
const isOfUs = ({ response = '' }: NodemailerError): boolean =>
  /^(53[0458]|\d{3}[ -]5\.(7\.|1\.[78]\b|4\.5\b))/.test(response);

/**
 * Whether a message was refused for what it is, or for whom: too large (RFC 5321: `552`; RFC 3463: `5.3.4`), of such content
 * (`5.6.x`), to no such mailbox (`5.1.1` to `5.1.6`, `5.1.10`) or to one that takes nothing (`5.2.x`). So late servers refuse
 * for any reason: that a sender is not confirmed yet, or that the account is suspended. What they do not say is no verdict.
 */
const isOfThis = (error: NodemailerError): boolean =>
  !isOfUs(error) && /^(552|\d{3}[ -]5\.(1\.([1-6]|10)|2\.\d+|3\.4|6\.\d+))\b/.test(error.response ?? '');

const codes: Partial<Record<string, string>> = {
  EAUTH: 'smtp_auth',
  EDNS: 'host_unknown',
  ETIMEDOUT: 'timeout',
  EABORT: 'timeout',
  ECONNECTION: 'connection_lost',
  ESOCKET: 'connection_lost',
};

/** A short token: the server's text quotes addresses. */
function codeOf({ code = '', originalCode = '', responseCode }: NodemailerError): string {
  if (code === 'ETLS' || /CERT|SSL|TLS|VERIFY/.test(originalCode)) return 'tls_failed';
  if (responseCode) return `smtp_${responseCode}`;
  if (originalCode === 'ECONNREFUSED') return 'connection_refused';
  return codes[code] ?? 'smtp_failed';
}
