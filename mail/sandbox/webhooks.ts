import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { bounceTypes } from '../bounce-types.ts';
import { deactivates } from './bounces.ts';
import type { MessageEvent, StoredMessage } from './store.ts';

/** What can be reported: what became of a message, and what else its reader did. */
export type Report =
  | MessageEvent
  | { type: 'Opened' | 'Clicked'; recipient: string; at: string }
  | {
      type: 'SubscriptionChanged';
      recipient: string;
      at: string;
      /** Why nothing more is sent to the address; null: it is sent to again. */
      reason: 'HardBounce' | 'SpamComplaint' | 'ManualSuppression' | null;
    };

/** Waits before each attempt, ms. Postmark's own are minutes; nobody wants to wait those on a laptop. */
const waits = [0, 200, 1_000, 5_000, 15_000, 30_000];
const concurrency = 8;
const limit = 10_000;
const timeoutMs = 5_000;

/**
 * Reports what happened to messages, as Postmark's webhooks do
 * (https://postmarkapp.com/developer/webhooks/webhooks-overview): 200 is success, 403 is the end of it, any other answer and
 * none are tried again. Best effort: what waits when the sandbox closes, or beyond ten thousand, is lost.
 */
export class Webhooks {
  readonly stats = { posted: 0, failed: 0, dropped: 0 };
  readonly #url: () => string | null;
  readonly #log: FastifyBaseLogger;
  readonly #stopping = new AbortController();
  #queue: object[][] = [];
  #active = 0;

  constructor(url: () => string | null, log: FastifyBaseLogger) {
    this.#url = url;
    this.#log = log;
  }

  /** Reports the events of messages; those of one message in their order. */
  report(messages: readonly StoredMessage[]): void {
    if (this.#url() === null) return;
    for (const message of messages) {
      if (this.#queue.length >= limit) this.stats.dropped += message.events.length;
      else {
        const reports = message.events.flatMap((event) => [event, ...following(event)]);
        this.#queue.push(reports.map((report) => payload(message, report)));
      }
    }
    this.#pump();
  }

  /** Posts a report, and waits for that. Returns whether it was taken. */
  async reportNow(message: StoredMessage, report: Report): Promise<boolean> {
    const posted = await this.#post(JSON.stringify(payload(message, report)));
    this.stats[posted ? 'posted' : 'failed'] += 1;
    return posted;
  }

  close(): void {
    this.#queue = [];
    this.#stopping.abort();
  }

  #pump(): void {
    while (this.#active < concurrency && this.#queue.length > 0) {
      const payloads = this.#queue.shift()!;
      this.#active += 1;
      this.#postAll(payloads)
        .catch(() => {})
        .finally(() => {
          this.#active -= 1;
          this.#pump();
        });
    }
  }

  async #postAll(payloads: readonly object[]): Promise<void> {
    for (const body of payloads) {
      const posted = await this.#post(JSON.stringify(body));
      this.stats[posted ? 'posted' : 'failed'] += 1;
      if (!posted) this.#log.warn('a webhook was not taken');
    }
  }

  async #post(body: string): Promise<boolean> {
    const trace = randomUUID();
    const { signal } = this.#stopping;
    for (const [attempt, wait] of waits.entries()) {
      await sleep(wait, undefined, { signal });
      const url = this.#url();
      if (url === null) return false;
      const response = await fetch(withoutCredentials(url), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Postmark',
          'x-pm-webhook-trace-id': trace,
          'x-pm-retries-remaining': String(waits.length - 1 - attempt),
          ...authorization(url),
        },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      }).catch(() => undefined);
      await response?.body?.cancel().catch(() => {});
      if (response?.status === 200) return true;
      if (response?.status === 403) return false;
    }
    return false;
  }
}

/** That the address is sent nothing more is reported after the reason for it. */
function following(event: MessageEvent): Report[] {
  if (event.type === 'Delivered' || !deactivates(event.bounce)) return [];
  const { recipient, at, bounce } = event;
  const reason = bounce === 'HardBounce' || bounce === 'SpamComplaint' ? bounce : 'ManualSuppression';
  return [{ type: 'SubscriptionChanged', recipient, at, reason }];
}

/** Postmark takes credentials in the URL; `fetch` refuses such URLs. */
function authorization(url: string): { authorization?: string } {
  const { username, password } = new URL(url);
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function withoutCredentials(url: string): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/**
 * The body of a webhook, field by field as in https://postmarkapp.com/developer/webhooks/delivery-webhook,
 * …/bounce-webhook, …/spam-complaint-webhook, …/open-tracking-webhook, …/click-webhook and …/subscription-change-webhook.
 */
function payload(message: StoredMessage, report: Report): object {
  const { recipient, at } = report;
  const common = { MessageStream: 'outbound', MessageID: message.id, Tag: message.tag, Metadata: message.metadata };
  const read = { ...common, Recipient: recipient, ReceivedAt: at, UserAgent: 'Sandbox', OS: {}, Client: {}, Geo: {} };
  switch (report.type) {
    case 'Delivered':
      return {
        RecordType: 'Delivery',
        ServerID: 1,
        ...common,
        Recipient: recipient,
        DeliveredAt: at,
        Details: 'smtp;250 2.0.0 OK (sandbox: nothing left this machine)',
      };
    case 'Opened':
      return { RecordType: 'Open', ...read, FirstOpen: true, Platform: 'WebMail' };
    case 'Clicked':
      return {
        RecordType: 'Click',
        ...read,
        Platform: 'Desktop',
        ClickLocation: 'HTML',
        OriginalLink: 'https://sandbox.example',
      };
    case 'SubscriptionChanged':
      return {
        RecordType: 'SubscriptionChange',
        ServerID: 1,
        ...common,
        ChangedAt: at,
        Recipient: recipient,
        Origin: 'Recipient',
        SuppressSending: report.reason !== null,
        SuppressionReason: report.reason,
      };
    case 'Bounced':
    case 'SpamComplaint': {
      const [code, name, description] = bounceTypes[report.bounce];
      return {
        RecordType: report.type === 'SpamComplaint' ? 'SpamComplaint' : 'Bounce',
        ServerID: 1,
        ...common,
        ID: report.bounceId,
        Type: report.bounce,
        TypeCode: code,
        Name: name,
        Description: description,
        Details: 'Sandbox bounce',
        Email: recipient,
        From: message.from,
        BouncedAt: at,
        DumpAvailable: false,
        Inactive: deactivates(report.bounce),
        CanActivate: report.bounce !== 'SpamComplaint',
        Subject: message.subject,
      };
    }
    default:
      return report satisfies never;
  }
}
