import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { bounceTypes } from '../bounce-types.ts';
import { testBounce } from './bounces.ts';
import { type FailureResponse, type SandboxSettings, takeMessageFailure, takeRequestFailure } from './settings.ts';
import type { Address, Bodies, MessageEvent, MessageStore, StoredMessage } from './store.ts';
import type { Webhooks } from './webhooks.ts';

export interface PostmarkApiOptions {
  store: MessageStore;
  webhooks: Webhooks;
  settings: () => SandboxSettings;
  /** Counts the requests that send and those that search. */
  calls: { send: number; find: number };
}

/** An error as Postmark's API answers it (https://postmarkapp.com/developer/api/overview#error-codes). */
class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly headers: Record<string, string>;

  constructor(status: number, code: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const megabyte = 1 << 20;

/** The part of Postmark's API that Usher uses: sending, alone and in batches, and the search of what was sent. */
export async function postmarkApi(app: FastifyInstance, options: PostmarkApiOptions): Promise<void> {
  const { store, webhooks, settings, calls } = options;

  app.addHook('onRequest', async (request) => {
    if (!request.headers['x-postmark-server-token']) {
      throw new ApiError(401, 10, 'The request does not contain a valid Server token.');
    }
    await sleep(settings().latencyMs);
  });

  app.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const { status, code, message, headers } = apiErrorOf(error);
    if (status === 500 && !(error instanceof ApiError)) request.log.error(error);
    return reply
      .code(status)
      .headers({ 'x-pm-apierrorcode': String(code), ...headers })
      .send({ ErrorCode: code, Message: message });
  });

  /**
   * Takes what a request carries and answers it, unless a failure is set to befall it.
   *
   * @param answer what to say of the results, one for each message
   */
  async function receive(reply: FastifyReply, bodies: unknown[], answer: (results: (Taken | ApiError)[]) => unknown) {
    calls.send += 1;
    const messages = bodies.map(parseMessage);
    const failure = takeRequestFailure(
      settings(),
      messages.flatMap((m) => (m instanceof ApiError ? [] : [matchable(m)])),
    );
    if (failure === 'timeout_before' || failure === 'reset_before') return giveUp(reply, failure);
    if (typeof failure === 'number') throw requestFailure(failure);

    const results = messages.map((message) => (message instanceof ApiError ? message : take(message)));
    const taken = results.filter((result): result is Taken => !(result instanceof ApiError));
    store.append(taken);
    webhooks.report(taken);
    if (failure) return giveUp(reply, failure);
    return answer(results);
  }

  function take(draft: Draft): Taken | ApiError {
    const code = takeMessageFailure(settings(), matchable(draft));
    if (code === 300)
      return new ApiError(422, 300, `Invalid 'To' address: '${draft.to.map((a) => a.Email).join(', ')}'.`);
    const inactive = draft.to.map((a) => a.Email).filter((email) => code === 406 || store.isInactive(email));
    if (inactive.length === draft.to.length) {
      return new ApiError(
        422,
        406,
        `You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ${inactive.join(', ')}. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression.`,
      );
    }
    const at = new Date().toISOString();
    return {
      id: randomUUID(),
      receivedAt: at,
      ...draft,
      events: draft.to.flatMap(({ Email }) => (inactive.includes(Email) ? [] : eventsOf(Email, at))),
    };
  }

  app.post('/email', { bodyLimit: 10 * megabyte }, (request, reply) =>
    receive(reply, [request.body], ([result]) => {
      if (result instanceof ApiError) throw result;
      return sendResult(result!);
    }),
  );

  app.post('/email/batch', { bodyLimit: 50 * megabyte }, async (request, reply) => {
    if (!Array.isArray(request.body)) throw new ApiError(422, 403, 'The batch must be an array of messages.');
    if (request.body.length > 500) {
      throw new ApiError(422, 410, 'You may only send up to 500 messages in a single batched request.');
    }
    return receive(reply, request.body, (results) =>
      results.map((result) =>
        result instanceof ApiError ? { ErrorCode: result.code, Message: result.message } : sendResult(result),
      ),
    );
  });

  app.get('/messages/outbound', (request) => {
    calls.find += 1;
    const { count, offset, keep, candidates } = parseSearch(request.query as Record<string, unknown>, store);
    const indexed = new Date(Date.now() - settings().indexLagMs).toISOString();
    const found = candidates.flatMap((index) => {
      const message = store.at(index)!;
      return message.receivedAt <= indexed && keep(message) ? [message] : [];
    });
    return {
      TotalCount: found.length,
      Messages: found
        .reverse()
        .slice(offset, offset + count)
        .map(summary),
    };
  });

  app.get<{ Params: { id: string } }>('/messages/outbound/:id/details', (request) => {
    const message = store.byId(request.params.id);
    if (!message) throw new ApiError(422, 701, 'This message was not found.');
    const { html, text } = store.bodies(message.id);
    return {
      ...summary(message),
      TextBody: text,
      HtmlBody: html,
      Body: '',
      MessageEvents: message.events.map(eventDetails),
    };
  });
}

type Taken = StoredMessage & Bodies;
type Draft = Omit<Taken, 'id' | 'receivedAt' | 'events'>;

const matchable = (draft: Draft) => ({ recipients: draft.to.map((a) => a.Email), tag: draft.tag });

/** Leaves the client without an answer. */
function giveUp(reply: FastifyReply, how: FailureResponse): void {
  reply.hijack();
  if (how === 'reset_before' || how === 'reset_after') reply.raw.socket?.resetAndDestroy();
}

function requestFailure(status: FailureResponse): ApiError {
  if (status === 429) return new ApiError(429, 429, 'Rate limit exceeded.', { 'retry-after': '1' });
  if (status === 503) return new ApiError(503, 100, 'The Postmark API is offline for maintenance.');
  return new ApiError(500, 500, 'Internal server error.');
}

function apiErrorOf(error: FastifyError | ApiError): ApiError {
  if (error instanceof ApiError) return error;
  switch (error.statusCode) {
    case 400:
      return new ApiError(422, 402, 'Invalid JSON.');
    case 413:
      return new ApiError(413, 413, 'The request is too large.');
    case 415:
      return new ApiError(415, 409, 'Set the Content-Type header to application/json.');
    default:
      return new ApiError(500, 500, 'Internal server error.');
  }
}

function eventsOf(recipient: string, at: string): MessageEvent[] {
  const delivered: MessageEvent = { type: 'Delivered', recipient, at };
  const bounce = testBounce(recipient);
  if (bounce === undefined) return [delivered];
  const bounceId = randomInt(1, 2 ** 47);
  // A complaint comes from somebody who got the message.
  return bounce === 'SpamComplaint'
    ? [delivered, { type: 'SpamComplaint', recipient, at, bounce, bounceId }]
    : [{ type: 'Bounced', recipient, at, bounce, bounceId }];
}

const sendResult = (message: Taken) => ({
  To: message.to.map((a) => a.Email).join(', '),
  SubmittedAt: message.receivedAt,
  MessageID: message.id,
  ErrorCode: 0,
  Message: 'OK',
});

const summary = (message: StoredMessage) => ({
  Tag: message.tag,
  MessageID: message.id,
  MessageStream: 'outbound',
  To: message.to,
  Cc: [],
  Bcc: [],
  Recipients: message.to.map((a) => a.Email),
  ReceivedAt: message.receivedAt,
  From: message.from,
  Subject: message.subject,
  Attachments: [],
  Status: 'Sent',
  TrackOpens: false,
  TrackLinks: 'None',
  Metadata: message.metadata,
  Sandboxed: true,
});

const eventDetails = (event: MessageEvent) => ({
  Recipient: event.recipient,
  // Postmark lists complaints among the bounces here.
  Type: event.type === 'Delivered' ? 'Delivered' : 'Bounced',
  ReceivedAt: event.at,
  Details:
    event.type === 'Delivered'
      ? { DeliveryMessage: 'smtp;250 2.0.0 OK', DestinationServer: 'sandbox', DestinationIP: '127.0.0.1' }
      : { Summary: bounceTypes[event.bounce][1], BounceID: event.bounceId },
});

// https://postmarkapp.com/support/article/1180-what-does-errorcode-300-mean
const mailbox = /^[a-z0-9.!#$%&'`*+\-/=^_{}|~]+@(\.?[a-z0-9-])+$/i;

/** Reads `a@b`, `Name <a@b>`, `"Name, with comma" <a@b>`, and lists of them; undefined if any is malformed. */
function parseAddresses(list: string): Address[] | undefined {
  const addresses = (list.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? []).map((item) => {
    const [, name = '', email] = /^\s*(?:(.*?)\s*<([^<>]+)>)\s*$/s.exec(item) ?? [undefined, '', item.trim()];
    const [local = ''] = email!.split('@');
    if (!mailbox.test(email!) || /^\.|\.\.|\.$/.test(local)) return undefined;
    return { Email: email!, Name: name.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1') };
  });
  return addresses.includes(undefined) ? undefined : (addresses as Address[]);
}

/** Reads and checks a message (https://postmarkapp.com/developer/api/email-api#send-a-single-email). */
function parseMessage(body: unknown): Draft | ApiError {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return new ApiError(422, 403, 'A message must be an object.');
  }
  const fields = body as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
  const invalid = (message: string) => new ApiError(422, 300, message);

  const from = parseAddresses(text('From'));
  if (from?.length !== 1) return invalid(`Invalid 'From' address: '${text('From')}'.`);
  const to = parseAddresses(text('To'));
  if (!to || to.length === 0) return invalid(`Invalid 'To' address: '${text('To')}'.`);
  if (to.length > 50) return invalid('Exceeded the maximum of 50 recipients per message.');
  if (text('ReplyTo') !== '' && !parseAddresses(text('ReplyTo'))) {
    return invalid(`Invalid 'ReplyTo' address: '${text('ReplyTo')}'.`);
  }
  if (text('HtmlBody') === '' && text('TextBody') === '') {
    return invalid('Provide either email TextBody or HtmlBody or both.');
  }
  if (text('Subject').length > 2000) return invalid("The 'Subject' may be 2000 characters long at most.");
  if (text('Tag').length > 1000) return invalid("The 'Tag' may be 1000 characters long at most.");

  const headers = Array.isArray(fields.Headers) ? (fields.Headers as StoredMessage['headers']) : [];
  if (!headers.every((h) => /^[!-9;-~]+$/.test(h?.Name) && typeof h.Value === 'string' && !/[\r\n]/.test(h.Value))) {
    return invalid("A header in 'Headers' is malformed.");
  }
  const metadata = Object.entries((fields.Metadata ?? {}) as Record<string, unknown>);
  if (metadata.length > 10) return invalid('Metadata may contain at most 10 fields.');
  for (const [key, value] of metadata) {
    if (key.length > 20) return invalid(`The metadata field name '${key}' is longer than 20 characters.`);
    if (typeof value !== 'string' || value.length > 80) {
      return invalid(`The value of the metadata field '${key}' must be a string of 80 characters at most.`);
    }
  }
  return {
    from: text('From'),
    replyTo: text('ReplyTo'),
    to,
    subject: text('Subject'),
    tag: text('Tag'),
    metadata: Object.fromEntries(metadata) as Record<string, string>,
    headers: headers.map(({ Name, Value }) => ({ Name, Value })),
    html: text('HtmlBody'),
    text: text('TextBody'),
  };
}

/**
 * Reads a search (https://postmarkapp.com/developer/api/messages-api#outbound-message-search). A filter that the
 * sandbox does not have is refused: to ignore it would answer another question.
 */
function parseSearch(query: Record<string, unknown>, store: MessageStore) {
  const invalid = (message: string) => new ApiError(422, 700, message);
  const count = Number(query.count);
  const offset = Number(query.offset);
  if (!Number.isInteger(count) || count < 1 || count > 500) throw invalid("The 'count' must be between 1 and 500.");
  if (!Number.isInteger(offset) || offset < 0) throw invalid("The 'offset' must be 0 or more.");
  if (count + offset > 10_000) throw invalid("The sum of 'count' and 'offset' may not exceed 10000.");

  const filters: ((message: StoredMessage) => boolean)[] = [];
  let candidates: readonly number[] | undefined;
  for (const [name, given] of Object.entries(query)) {
    const value = String(given);
    const filter = name.toLowerCase();
    const same = (other: string) => other.toLowerCase() === value.toLowerCase();
    if (filter.startsWith('metadata_')) {
      if (candidates) throw invalid('You can search by a single metadata field at a time.');
      candidates = store.byMetadata(filter.slice('metadata_'.length), value);
    } else if (filter === 'recipient') filters.push((m) => m.to.some((a) => same(a.Email)));
    else if (filter === 'fromemail') filters.push((m) => m.from.toLowerCase().includes(value.toLowerCase()));
    else if (filter === 'tag') filters.push((m) => m.tag === value);
    else if (filter === 'subject') filters.push((m) => m.subject.includes(value));
    else if (filter === 'messagestream') filters.push(() => value === 'outbound');
    else if (filter === 'status') filters.push(() => same('sent') || same('processed'));
    else if (filter !== 'count' && filter !== 'offset')
      throw invalid(`The sandbox does not have the filter '${name}'.`);
  }
  return {
    count,
    offset,
    keep: (message: StoredMessage) => filters.every((filter) => filter(message)),
    candidates: candidates ?? Array.from({ length: store.size }, (_, index) => index),
  };
}
