import { setTimeout as sleep } from 'node:timers/promises';
import { Context, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { Webhook as Signer } from 'standardwebhooks';
import type { Database } from '../db/database.ts';
import type { WebhookId } from '../db/ids.ts';
import { listOwners } from '../db/members.ts';
import {
  type Attempted,
  dueWebhooks,
  findReceptive,
  findUntold,
  nextMessages,
  nextProbes,
  noteAttempts,
  noteFailure,
  noteReceived,
  noteTelling,
  noteTold,
  triedDays,
  type Untold,
  type Webhook,
  type WebhookMessage,
} from '../db/webhooks.ts';
import { envelopeAddress } from '../identity/mailbox.ts';
import { type Mail, MailError, type Message } from '../mail/mail.ts';
import { messageIdOf } from '../mail/message.ts';
import { webhookDisabledEmail } from '../mail/templates/webhook-disabled-email.ts';
import { codeLabel, webhookAttempts } from '../telemetry/metrics.ts';
import type { Answer, Post } from '../webhooks/post.ts';
import { webhookStart, workflowTypes } from '../workflows/contract.ts';
import type { WebhookActivities } from '../workflows/webhook.ts';
import { tryAgain } from './delivery.ts';
import { beating } from './heartbeat.ts';

export interface WebhookDeps {
  db: Kysely<Database>;
  mail: Mail;
  /** The sender address of emails. */
  from: string;
  /** How long an email that may have been sent is looked for before it is sent again, ms. */
  lookupPatienceMs: number;
  post: Post;
  /** What a message says now; given by whoever serves the same over HTTP. */
  payloadOf: (db: Kysely<Database>, webhook: Webhook, message: WebhookMessage) => Promise<object>;
}

/** How many messages travel at once to one endpoint, each of another thread. */
const atOnce = 10;
/** How long one activity goes on sending, ms: then others have their turn. */
const turnMs = 10_000;
const second = 1_000;
const hour = 3_600 * second;
const triedMs = triedDays * 24 * hour;
/** So many owners are told at most. */
const mostOwners = 50;

/** Longer each time, up to the longest, and by a quarter more or less, so that what failed together does not come again together. ms */
const delayOf = (times: number, longest: number) =>
  Math.min(5 * second * 3 ** times, longest) * (0.75 + Math.random() / 2);

const isReceived = (answer: Answer) => 'status' in answer && answer.status >= 200 && answer.status < 300;
const textOf = (answer: Answer) => ('status' in answer ? String(answer.status) : answer.code);
/** The longest pause that was asked for by those not received, ms. */
const pauseOf = (answers: readonly Answer[]) =>
  Math.max(0, ...answers.map((a) => ('retryAfterMs' in a && !isReceived(a) ? (a.retryAfterMs ?? 0) : 0)));
/** Of a message that cannot be written: it is the message's fault, and the endpoint was not asked. */
const unreadable: Answer = { code: 'unreadable' };

/**
 * Sends what endpoints are to be told. A message is sent at least once: one whose answer could not be noted is sent again,
 * under the same id.
 */
export function createWebhookActivities(deps: WebhookDeps): WebhookActivities {
  const { db, mail, from, post, payloadOf } = deps;

  async function bodyOf(webhook: Webhook, message: WebhookMessage): Promise<string | undefined> {
    try {
      return JSON.stringify(await payloadOf(db, webhook, message));
    } catch (error) {
      log.error('a message to a webhook cannot be written', { message: message.id, error: (error as Error).name });
      return undefined;
    }
  }

  async function attempt(webhook: Webhook, message: WebhookMessage, body: string): Promise<Answer> {
    const answer = await post.send(webhook.url, headersOf(webhook, message, body, new Date()), body);
    webhookAttempts.inc({
      answer: 'status' in answer ? `${Math.floor(answer.status / 100)}xx` : codeLabel(answer.code),
    });
    return answer;
  }

  /** Sends some of what is due; false when there is nothing, or the endpoint is left in peace. */
  async function sendSome(id: Webhook['id']): Promise<boolean> {
    const webhook = await findReceptive(db, id);
    const messages = webhook ? await (webhook.failures > 0 ? nextProbes : nextMessages)(db, id, atOnce) : [];
    if (!webhook || messages.length === 0) return false;
    const bodies = await Promise.all(messages.map((message) => bodyOf(webhook, message)));
    const answers = await Promise.all(
      bodies.map((body, i) => (body === undefined ? unreadable : attempt(webhook, messages[i]!, body))),
    );
    await note(webhook, messages, answers);
    return true;
  }

  /**
   * Notes what was answered, at one moment: the messages with which an outage begins are not older than it. The endpoint is
   * noted first, as whoever enables it locks it before its messages.
   */
  async function note(webhook: Webhook, messages: readonly WebhookMessage[], answers: readonly Answer[]) {
    const heard = answers.filter((answer) => answer !== unreadable);
    const received = heard.some(isReceived);
    const failing = received ? null : webhook.failing_since;
    await db.transaction().execute(async (trx) => {
      if (heard.some((answer) => textOf(answer) === '410'))
        await noteFailure(trx, webhook, { againInMs: 0, disable: 'gone' });
      else if (!received && heard.length > 0) await noteFailure(trx, webhook, troubleOf(webhook, heard));
      else if (received && (webhook.failing_since || pauseOf(heard) > 0))
        await noteReceived(trx, webhook.id, pauseOf(heard));
      await noteAttempts(
        trx,
        messages.map((message, i) => outcomeOf(message, answers[i]!, failing)),
      );
    });
  }

  return {
    sendDue: beating(async ({ id }) => {
      const until = Date.now() + turnMs;
      const { cancellationSignal } = Context.current();
      while (await sendSome(id)) if (Date.now() > until || cancellationSignal.aborted) return true;
      return false;
    }),

    tellOwners: beating(async ({ id }) => {
      const webhook = await findUntold(db, id);
      if (!webhook) return;
      const { telling_since: before } = webhook;
      const waited = before ? Date.now() - before.getTime() : 0;
      if (before && waited < deps.lookupPatienceMs)
        throw tryAgain('may_have_been_sent', Math.min(5 * second, deps.lookupPatienceMs - waited));
      await noteTelling(db, webhook);
      let untaken: string | undefined;
      for (const owner of await listOwners(db, webhook.organization_id, mostOwners)) {
        const message = noticeTo(owner, webhook, from);
        const found =
          before &&
          (await mail.find(message.delivery).catch((error) => {
            throw error instanceof MailError ? tryAgain(error.code, 5 * second) : error;
          }));
        if (found) continue;
        const result = await mail.send(message);
        if (result.status === 'not_sent' || result.status === 'unknown') untaken = result.code;
      }
      if (untaken) throw tryAgain(untaken, Math.max(30 * second, deps.lookupPatienceMs));
      await noteTold(db, webhook);
    }),
  };
}

/** Standard Webhooks: the message's own id, the time of this attempt, a signature by each secret that counts. */
function headersOf(
  { secret, previous_secret, previous_secret_until }: Webhook,
  { id }: Pick<WebhookMessage, 'id'>,
  body: string,
  at: Date,
): Record<string, string> {
  const secrets = [secret, ...(previous_secret && previous_secret_until! > at ? [previous_secret] : [])];
  return {
    'content-type': 'application/json',
    'user-agent': 'Usher-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / second)),
    'webhook-signature': secrets.map((s) => new Signer(s).sign(id, at, body)).join(' '),
  };
}

/**
 * What an attempt came to. A message is given up only while others get through: an endpoint with which none does is
 * disabled, and then it waits.
 *
 * @param failing since when none gets through; null: until now some did
 */
function outcomeOf(message: WebhookMessage, answer: Answer, failing: Date | null): Attempted {
  const { position, attempts, first_attempted_at: first } = message;
  const noted = { position, answer: textOf(answer) };
  if (isReceived(answer)) return { ...noted, became: { state: 'delivered' } };
  const againInMs = Math.max(delayOf(attempts, 3 * hour), pauseOf([answer]));
  const isTriedEnough = first !== null && Date.now() + againInMs > first.getTime() + triedMs;
  const othersGotThrough = failing === null || (first !== null && failing > first);
  return {
    ...noted,
    became: isTriedEnough && othersGotThrough ? { state: 'failed' } : { state: 'waiting', againInMs },
  };
}

/** Until when an endpoint with which nothing got through is left in peace, and whether it has been for too long. */
function troubleOf({ failures, failing_since }: Webhook, answers: readonly Answer[]) {
  const againInMs = Math.max(delayOf(failures, hour * 0.75), pauseOf(answers));
  const isOver = failing_since !== null && Date.now() + againInMs > failing_since.getTime() + triedMs;
  return { againInMs, ...(isOver ? { disable: 'failing' as const } : {}) };
}

/** The email that tells an owner. One of an endpoint that was disabled again is another. */
function noticeTo(owner: Awaited<ReturnType<typeof listOwners>>[number], webhook: Untold, from: string): Message {
  const delivery = `${webhook.id}/${Math.floor(webhook.disabled_at.getTime() / second)}/${owner.id}`;
  return {
    ...webhookDisabledEmail({
      name: owner.name,
      organization: webhook.organization_name,
      locale: webhook.languages[0] ?? 'en',
      url: webhook.url,
      isGone: webhook.disabled_why === 'gone',
      since: webhook.failing_since ?? webhook.disabled_at,
    }),
    from,
    to: envelopeAddress(owner.email),
    kind: 'webhook_disabled',
    invitation: webhook.id,
    delivery,
    messageId: messageIdOf(delivery, from),
  };
}

/** How often is looked for what is due, and how long Temporal may take to start a run, ms. */
const lookEveryMs = 1_000;
const startPatienceMs = 5_000;
/** Endpoints found by one look. */
const mostFound = 100;

/**
 * Starts the workflows of endpoints for which something is due, from now on. What could not be started is found again by
 * a later look, of this worker or another; that looks fail is logged once until one succeeds.
 */
export function watchWebhooks({ db, temporal, logger }: { db: Kysely<Database>; temporal: Client; logger?: Logger }): {
  close(): Promise<void>;
} {
  const closing = new AbortController();
  let after: WebhookId | undefined;
  let fails = false;
  const look = async () => {
    const found = await dueWebhooks(db, mostFound, after);
    // More than one look finds have their turn one after the other.
    after = found.length === mostFound ? found.at(-1) : undefined;
    await temporal.withDeadline(Date.now() + startPatienceMs, async () => {
      const started = await Promise.allSettled(
        found.map((id) => temporal.workflow.start(workflowTypes.webhook, webhookStart(id))),
      );
      for (const each of started) if (each.status === 'rejected') throw each.reason;
    });
  };
  const lookLogging = async () => {
    try {
      await look();
      fails = false;
    } catch (error) {
      if (!fails) logger?.error({ error: (error as Error).name }, 'webhooks with something due could not be started');
      fails = true;
    }
  };
  const ended = (async () => {
    while (!closing.signal.aborted) {
      await lookLogging();
      await sleep(lookEveryMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();
  return {
    close() {
      closing.abort();
      return ended;
    },
  };
}
