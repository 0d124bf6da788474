import { Errors, Models, ServerClient } from 'postmark';
import { createLine } from './line.ts';
import { type Mail, MailError, type Message, type SendResult } from './mail.ts';

export interface PostmarkOptions {
  /** Base URL of Postmark's API, `https://api.postmarkapp.com`, or of the sandbox that speaks it. */
  url: string;
  /** Server token. */
  token: string;
  /** Messages a second: what the account allows. @default as many as there are */
  perSecond?: number | undefined;
  /** How long one request may take, ms. @default 10_000 */
  timeoutMs?: number;
}

/** https://postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails: at most 500 messages a request. */
const batchSize = 500;
/** With more at a time each is slower, until all time out; what waits for its turn gathers into fuller batches. */
const requestsAtOnce = 4;

/**
 * Sends through Postmark, many messages to a request. A message is on its way within two seconds or not at all, and
 * within `timeoutMs` more its outcome is known, or known to be unknown.
 *
 * Links are not tracked (a tracked link is rewritten to lead through Postmark), nor are opens.
 */
export function createPostmarkMail({ url, token, perSecond, timeoutMs = 10_000 }: PostmarkOptions): Mail {
  const request = createRequest(url, token, timeoutMs);
  return {
    ...createLine({ request: (messages) => sendBatch(request, messages), batchSize, requestsAtOnce, perSecond }),

    async find(delivery) {
      try {
        // The library passes unknown filters on as they are. Of a filter that the server ignored, or understood more
        // widely, the comparison below takes no harm.
        // https://postmarkapp.com/support/article/1125-custom-metadata-faq: one metadata field a search.
        const { Messages } = await request((client) =>
          client.getOutboundMessages({ count: 100, offset: 0, metadata_delivery: delivery }),
        );
        const found = Messages.find((m) => m.Metadata?.delivery === delivery);
        return found && { messageId: found.MessageID };
      } catch (error) {
        throw new MailError(codeOf(error));
      }
    },
  };
}

type Request = <T>(call: (client: ServerClient) => Promise<T>) => Promise<T>;

/** What a request came to when it did not succeed: enough to tell refused from unknown. */
class RequestError extends MailError {
  readonly outcome: 'refused' | 'unknown';
  readonly retryAfterMs: number | undefined;

  constructor(outcome: 'refused' | 'unknown', code: string, retryAfterMs?: number) {
    super(code);
    this.outcome = outcome;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Runs calls of Postmark's library. It reduces every failure of the network to a message without cause and drops the
 * headers, so each call gets a client whose `fetch` keeps what decides between "not taken" and "perhaps taken".
 */
function createRequest(url: string, token: string, timeoutMs: number): Request {
  const { protocol, host, pathname } = new URL(url);
  return async (call) => {
    let failure: RequestError | undefined;
    let retryAfterMs: number | undefined;
    const client = new ServerClient(token, {
      useHttps: protocol === 'https:',
      requestHost: host + pathname.replace(/\/+$/, ''),
      // The library's own limit is in whole seconds and does not cover the body; ours does both.
      timeout: Math.ceil(timeoutMs / 1000),
      fetch: async (input, init) => {
        try {
          const response = await fetch(input, {
            ...init,
            // Following one would hand the token to another host.
            redirect: 'manual',
            signal: AbortSignal.timeout(timeoutMs),
          });
          retryAfterMs = retryAfter(response.headers.get('retry-after'));
          const body = await response.text();
          return new Response(body || null, { status: response.status });
        } catch (error) {
          failure = networkFailure(error);
          throw error;
        }
      },
    });
    try {
      return await call(client);
    } catch (error) {
      throw failure ?? refusal(error, retryAfterMs);
    }
  };
}

type SystemError = { code?: string; syscall?: string };

/** A request that never left the machine was not taken; of any other that failed on the way, nobody knows. */
function networkFailure(error: unknown): RequestError {
  const { name, cause } = error as { name?: string; cause?: SystemError & { errors?: SystemError[] } };
  if (name === 'TimeoutError') return new RequestError('unknown', 'timeout');
  // Several, when the host has several addresses.
  const first = cause?.errors?.[0] ?? cause;
  if (first?.code === 'UND_ERR_CONNECT_TIMEOUT') return new RequestError('refused', 'connect_timeout');
  if (first?.syscall === 'getaddrinfo') return new RequestError('refused', 'host_unknown');
  if (first?.syscall === 'connect') return new RequestError('refused', 'connection_refused');
  return new RequestError('unknown', 'connection_lost');
}

/**
 * Reads an answer other than 2xx. https://postmarkapp.com/developer/api/overview: 4xx are refusals; 500 mostly, and 503
 * in maintenance, mean that the message was not taken, but "mostly" is not enough to send it twice.
 */
function refusal(error: unknown, retryAfterMs: number | undefined): RequestError {
  if (!(error instanceof Errors.PostmarkError) || error.statusCode === 0)
    return new RequestError('unknown', 'unreadable');
  const { statusCode, code } = error;
  if (statusCode >= 500 || statusCode === 408) return new RequestError('unknown', `http_${statusCode}`);
  if (statusCode === 422) return new RequestError('refused', `postmark_${code}`);
  if (statusCode === 429) return new RequestError('refused', 'http_429', retryAfterMs ?? 1_000);
  return new RequestError('refused', `http_${statusCode}`, retryAfterMs);
}

/** RFC 9110, 10.2.3: seconds or a date; ms from now. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

const codeOf = (error: unknown): string => (error instanceof MailError ? error.code : 'unreadable');

async function sendBatch(request: Request, messages: readonly Message[]): Promise<SendResult[]> {
  try {
    const answers: unknown = await request((client) => client.sendEmailBatch(messages.map(toPostmark)));
    // One answer a message, in their order; anything else is no answer to rely on.
    if (!Array.isArray(answers) || answers.length !== messages.length) throw new RequestError('unknown', 'unreadable');
    return answers.map(resultOf);
  } catch (error) {
    const { outcome, code, retryAfterMs } =
      error instanceof RequestError ? error : new RequestError('unknown', codeOf(error));
    const result: SendResult =
      outcome === 'unknown'
        ? { status: 'unknown', code }
        : { status: 'not_sent', code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    return messages.map(() => result);
  }
}

/** 300: the message cannot be sent as it is; 406: the recipient bounced or complained before; 411: attachment type. */
const permanent = [300, 406, 411];
/** Codes that say more about Postmark's state than about the message. */
const unclear = [100, 500, 503];

/** https://postmarkapp.com/developer/api/overview#error-codes; within a batch every message has its own. */
function resultOf(answer: unknown): SendResult {
  const { ErrorCode: errorCode, MessageID: id } = (answer ?? {}) as { ErrorCode?: unknown; MessageID?: unknown };
  if (errorCode === 0 && typeof id === 'string') return { status: 'sent', messageId: id };
  if (typeof errorCode !== 'number' || errorCode === 0) return { status: 'unknown', code: 'unreadable' };
  const code = `postmark_${errorCode}`;
  if (permanent.includes(errorCode)) return { status: 'failed', code };
  if (unclear.includes(errorCode)) return { status: 'unknown', code };
  // What is left is for the operator to mend (sender not confirmed, account not approved): worth repeating.
  return { status: 'not_sent', code };
}

const toPostmark = (message: Message): Models.Message => ({
  To: message.to,
  From: message.from,
  ...(message.replyTo !== undefined && { ReplyTo: message.replyTo }),
  Subject: message.subject,
  HtmlBody: message.html,
  TextBody: message.text,
  Tag: message.kind,
  TrackOpens: false,
  TrackLinks: Models.LinkTrackingOptions.None,
  Metadata: { invitation: message.invitation, delivery: message.delivery },
  Headers: [
    { Name: 'Message-ID', Value: message.messageId },
    // https://postmarkapp.com/developer/user-guide/send-email-with-smtp: without it Postmark puts its own id there.
    { Name: 'X-PM-KeepID', Value: 'true' },
    ...(message.inReplyTo === undefined
      ? []
      : [
          { Name: 'In-Reply-To', Value: message.inReplyTo },
          { Name: 'References', Value: message.inReplyTo },
        ]),
  ],
});
