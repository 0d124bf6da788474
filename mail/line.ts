import { type Mail, MailError, type Message, type SendResult } from './mail.ts';
import { checkedMessage } from './message.ts';

export interface LineOptions {
  /** Hands messages to the provider: one result each, in their order. Never rejects. */
  request(messages: readonly Message[]): Promise<readonly SendResult[]>;
  /** Messages a request. */
  batchSize: number;
  requestsAtOnce: number;
  /** Messages a second, in whatever second: what the account allows. @default as many as there are */
  perSecond?: number | undefined;
}

/** How long the first message of a batch waits for those that are sent with it, ms. Under load it waits for its turn anyway. */
const batchWindowMs = 2;
/**
 * A message that waited longer for its turn is handed back unsent, ms. Its caller may have given up, and may look for
 * it and send it again: nothing may go out much later than it was asked for.
 */
const longestWaitMs = 2_000;
/** However long a provider wants to be left alone, it is asked again after this, ms. */
const longestPauseMs = 300_000;

/**
 * The line in which messages wait for a provider. Those sent at about the same time travel together; no more leave in a
 * second than the account allows; and when the provider has said when to come back, none leave before.
 *
 * A message is on its way within two seconds or not at all.
 */
export function createLine(o: LineOptions): Omit<Mail, 'find'> {
  const { request, batchSize, requestsAtOnce, perSecond = Number.POSITIVE_INFINITY } = o;
  const line: Waiting[] = [];
  const underWay = new Set<Promise<SendResult>>();
  /** What has left within the last second, the oldest first. */
  const recent: { at: number; messages: number }[] = [];
  let spent = 0;
  let requests = 0;
  let pausedUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  /** When the next request may begin, as far as is known. */
  const opening = (): number => {
    if (requests === requestsAtOnce) return Number.POSITIVE_INFINITY;
    return Math.max(pausedUntil, spent < perSecond ? 0 : recent[0]!.at + 1_000);
  };

  /** Whoever waits begins or is handed back, if it is time. */
  function move(): void {
    clearTimeout(timer);
    timer = undefined;
    const now = performance.now();
    while (recent.length > 0 && recent[0]!.at <= now - 1_000) spent -= recent.shift()!.messages;
    const inTime = line.findIndex(({ since }) => since > now - longestWaitMs);
    const late = line.splice(0, inTime < 0 ? line.length : inTime);
    for (const { settle } of late) settle({ status: 'not_sent', code: 'busy', ...comeBack(now) });
    while (line.length > 0 && opening() <= now) void begin(line.splice(0, Math.min(batchSize, perSecond - spent)), now);
    if (line.length > 0) timer = setTimeout(move, Math.min(opening(), line[0]!.since + longestWaitMs) - now);
  }

  async function begin(batch: readonly Waiting[], now: number): Promise<void> {
    requests += 1;
    spent += batch.length;
    recent.push({ at: now, messages: batch.length });
    const results = await request(batch.map(({ message }) => message));
    requests -= 1;
    for (const [i, { settle }] of batch.entries()) settle(results[i]!);
    const pauses = results.map((result) => (result.status === 'not_sent' && result.retryAfterMs) || 0);
    pausedUntil = Math.max(pausedUntil, performance.now() + Math.min(Math.max(...pauses), longestPauseMs));
    move();
  }

  const comeBack = (now: number) => (pausedUntil > now ? { retryAfterMs: Math.ceil(pausedUntil - now) } : {});

  return {
    perSecond,
    atOnce: batchSize * requestsAtOnce,

    async send(message) {
      if (closed) return { status: 'not_sent', code: 'closed' };
      let checked: Message;
      try {
        checked = checkedMessage(message);
      } catch (error) {
        return { status: 'failed', code: error instanceof MailError ? error.code : 'unreadable' };
      }
      const now = performance.now();
      if (pausedUntil > now + longestWaitMs) return { status: 'not_sent', code: 'paused', ...comeBack(now) };
      const result = new Promise<SendResult>((settle) => line.push({ message: checked, since: now, settle }));
      underWay.add(result);
      if (line.length >= batchSize) move();
      else timer ??= setTimeout(move, batchWindowMs);
      return result.finally(() => underWay.delete(result));
    },

    async close() {
      closed = true;
      await Promise.all(underWay);
    },
  };
}

/** A message, and the time since which it waits for its turn, ms of `performance.now()`. */
interface Waiting {
  message: Message;
  since: number;
  settle(result: SendResult): void;
}
