import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { hostOf, isAllowed, type Networks } from './addresses.ts';

/** What came of a POST. `code` is a short token (`timeout`, `ECONNREFUSED`), never text of the receiver's. */
export type Answer = { status: number; retryAfterMs?: number } | { code: string };

export interface Post {
  /** POSTs JSON, follows no redirect, and reads next to nothing of what is answered. Never throws. */
  send(url: string, headers: Record<string, string>, body: string): Promise<Answer>;
  close(): Promise<void>;
}

/** As much of an answer is read, bytes, so that the receiver can end in order. */
const mostRead = 4_096;
/** As long a wait as a receiver may ask for, ms. */
const longestWaitMs = 86_400_000;

/**
 * Makes what POSTs to endpoints. Each POST has a connection of its own, whose host is resolved anew; it goes to an address
 * that was looked at, or to none: every address of the host must be allowed, and what was looked at is connected to.
 *
 * @param networks that may be reached although they are private, and without TLS
 * @param lookup how names are resolved. @default as the system does
 * @param patienceMs how long a receiver may take in all. @default 10 s
 */
export function createPost(networks: Networks, lookup: LookupFunction = dns.lookup, patienceMs = 10_000): Post {
  const connectorFor = (secure: boolean) => {
    const mayReach = (address: string) => isAllowed(address, secure, networks);
    const checked: LookupFunction = (hostname, options, done) =>
      lookup(hostname, { ...options, all: true }, (error, found) => {
        const addresses = found as dns.LookupAddress[];
        if (error) return done(error, '');
        if (addresses.length === 0 || !addresses.every(({ address }) => mayReach(address))) return done(refusal(), '');
        if (options.all) return done(null, addresses);
        done(null, addresses[0]!.address, addresses[0]!.family);
      });
    const connect = buildConnector({ lookup: checked, allowH2: false, timeout: patienceMs });
    return ((options, done) => {
      const host = hostOf(options as unknown as URL);
      // Nobody is asked for what is an address already.
      if (isIP(host) !== 0 && !mayReach(host)) return done(refusal(), null);
      connect(options, done);
    }) satisfies typeof connect;
  };
  const [secure, plain] = [connectorFor(true), connectorFor(false)];
  const dispatcher = new Agent({
    connect: (options, done) => (options.protocol === 'https:' ? secure : plain)(options, done),
  });
  return {
    async send(url, headers, body) {
      const signal = AbortSignal.timeout(patienceMs);
      try {
        const answer = await request(url, { method: 'POST', headers, body, signal, dispatcher, reset: true });
        // The status says all; whether the rest arrives makes no difference.
        await answer.body.dump({ limit: mostRead, signal }).catch(() => undefined);
        const retryAfterMs = waitOf(answer.headers['retry-after']);
        return { status: answer.statusCode, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      } catch (error) {
        return { code: signal.aborted ? 'timeout' : codeOf(error) };
      }
    },
    close: () => dispatcher.close(),
  };
}

const refusal = () => Object.assign(new Error('the address is not public'), { code: 'address_not_public' });

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : 'unreachable';
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function waitOf(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestWaitMs);
}
