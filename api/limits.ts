import { createHmac, createSecretKey } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { AccountId } from '../db/ids.ts';
import { type Use, use, useEach } from '../db/limits.ts';
import type { Organization } from '../db/organizations.ts';
import type { Mailbox } from '../identity/mailbox.ts';
import { Problem } from './problem.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

interface Limit {
  /** What is counted, as the refusal and docs/api.md name it. */
  counts: string;
  /** Of whom. */
  per: 'address' | 'organization' | 'inviter' | 'network address';
  amount: number;
  /** For organizations in their first days; those alone, their members and what they send have limits of their own. */
  amountWhenNew?: number;
  seconds: number;
}

/**
 * Every limit on how often. An unused limit can be used `amount` times at once, and then once more every `seconds / amount`.
 * Inviting, resending and changing an address send an email, and use the first five.
 */
export const limits = {
  recipient: { counts: 'emails to this address', per: 'address', amount: 20, seconds: day },
  // Lower, so that no organization can use up for the others what an address may get.
  organization_recipient: {
    counts: 'emails to this address by the organization',
    per: 'address',
    amount: 10,
    amountWhenNew: 5,
    seconds: day,
  },
  inviter: {
    counts: 'emails by this inviter',
    per: 'inviter',
    amount: 10_000,
    amountWhenNew: 100,
    seconds: day,
  },
  organization: {
    counts: 'emails by the organization',
    per: 'organization',
    amount: 20_000,
    amountWhenNew: 250,
    seconds: day,
  },
  sender: { counts: 'emails sent from your network address', per: 'network address', amount: 20_000, seconds: hour },
  request: { counts: 'requests for a new link', per: 'network address', amount: 20, seconds: hour },
  requested: { counts: 'requests for a new link to this inviter', per: 'inviter', amount: 50, seconds: day },
  webhook: {
    counts: 'messages to webhooks asked for by hand',
    per: 'organization',
    amount: 100,
    seconds: hour,
  },
  sign_in: { counts: 'sign-ins', per: 'network address', amount: 300, seconds: 10 * minute },
  unknown_link: { counts: 'links that are none of ours', per: 'network address', amount: 60, seconds: 10 * minute },
  unknown_key: { counts: 'API keys that are not valid', per: 'network address', amount: 60, seconds: 10 * minute },
  visit: { counts: 'requests without signing in', per: 'network address', amount: 3_000, seconds: 10 * minute },
} as const satisfies Record<string, Limit>;
export type LimitName = keyof typeof limits;

/** For so long an organization is new. */
export const newForMs = 7 * day * 1000;

/** What has sending limits: an organization, as far as limits know it. */
type Sender = Pick<Organization, 'id' | 'created_at' | 'limit_factor'>;

export interface Limits {
  /**
   * Counts an email that somebody has sent.
   *
   * @param email.client the network address it came from
   * @param email.request key of a request that may be repeated: it counts once
   * @throws Problem `rate_limited`, and nothing is counted
   */
  email(email: {
    mailbox: Mailbox;
    organization: Sender;
    inviter: AccountId;
    client: string;
    request?: string;
  }): Promise<void>;
  /**
   * Counts an email to each of these addresses, for the addresses alone.
   *
   * @returns those that have had too many, and get none
   */
  recipients(
    mailboxes: readonly Mailbox[],
    organization: Sender,
  ): Promise<Map<Mailbox, { code: 'rate_limited'; detail: string }>>;
  /**
   * Counts many emails at once, for those who send them.
   *
   * @param emails.times how many
   * @throws Problem `rate_limited`, which says how many there can be; and nothing is counted
   */
  emails(emails: {
    organization: Sender;
    inviter: AccountId;
    client: string;
    request: string;
    times: number;
  }): Promise<void>;
  /**
   * Counts uses of limits that no organization has of its own.
   *
   * @param uses whose, by the name of the limit
   * @throws Problem `rate_limited`, and nothing is counted
   */
  use(uses: Partial<Record<LimitName, string>>): Promise<void>;
}

/** For so long, at most, what is used up is refused without asking Postgres, ms: whoever hammers makes no work for it. */
const longestMemory = 60_000;
const mostRemembered = 10_000;

/**
 * Limits on how often, counted in Postgres.
 *
 * @param options.key hashes what is limited, so that the table names nobody
 * @param options.factor multiplies every amount
 */
export function createLimits({ db, key, factor }: { db: Kysely<Database>; key: Buffer; factor: number }): Limits {
  const hashKey = createSecretKey(key);
  /** What is used up: until when, and how long we may say so without looking, epoch ms. */
  const usedUp = new Map<string, { until: number; remembered: number }>();

  const refuse = (name: LimitName, amount: number, wait: number) => {
    const { seconds } = limits[name];
    const retryAfter = Math.max(1, Math.ceil(wait));
    // Of an address only one limit is told: how much the others send there is theirs.
    const policy = name === 'organization_recipient' ? 'recipient' : name;
    return new Problem('rate_limited', `${tooMany(name, amount)} Try again in ${inWords(retryAfter)}.`, undefined, {
      'retry-after': String(retryAfter),
      // draft-ietf-httpapi-ratelimit-headers-10
      'ratelimit-policy': `"${policy}";q=${amount};w=${seconds}`,
      ratelimit: `"${policy}";r=0;t=${retryAfter}`,
    });
  };

  /** A limit as it is for somebody. */
  const limitOf = (name: LimitName, whose: string, organization?: Sender) => {
    const limit: Limit = limits[name];
    const subject = limit.per === 'network address' ? network(whose) : whose;
    const hash = createHmac('sha256', hashKey).update(`limits ${name} ${subject}`).digest('base64url').slice(0, 22);
    return {
      name,
      key: `${name} ${hash}`,
      amount: Math.max(1, Math.floor(amountOf(limit, organization) * factor)),
      seconds: limit.seconds,
    };
  };

  const count = async (uses: Partial<Record<LimitName, string>>, organization?: Sender, request?: string) => {
    const asked = Object.entries(uses).map(([name, whose]) => limitOf(name as LimitName, whose, organization));
    const now = Date.now();
    for (const { name, amount, key } of asked) {
      const { until, remembered } = usedUp.get(key) ?? { until: 0, remembered: 0 };
      if (remembered > now) throw refuse(name, amount, (until - now) / 1000);
    }
    const refused = await use(db, asked, request);
    for (const { key, wait } of refused) {
      if (usedUp.size >= mostRemembered) usedUp.clear();
      usedUp.set(key, { until: now + wait * 1000, remembered: now + Math.min(wait * 1000, longestMemory) });
    }
    const longest = refused.toSorted((a, b) => b.wait - a.wait)[0];
    if (!longest) return;
    const { name, amount } = asked.find((a) => a.key === longest.key)!;
    throw refuse(name, amount, longest.wait);
  };

  return {
    email: ({ mailbox, organization, inviter, client, request }) =>
      count(
        {
          recipient: mailbox,
          organization_recipient: `${organization.id} ${mailbox}`,
          inviter,
          organization: organization.id,
          sender: client,
        },
        organization,
        request,
      ),
    async recipients(mailboxes, organization) {
      const tired = new Map<Mailbox, { code: 'rate_limited'; detail: string }>();
      for (const name of ['recipient', 'organization_recipient'] as const) {
        const each = mailboxes.map((mailbox) => ({
          mailbox,
          limit: limitOf(name, name === 'recipient' ? mailbox : `${organization.id} ${mailbox}`, organization),
        }));
        const [any] = each;
        if (!any) break;
        const refused = await useEach(
          db,
          any.limit,
          each.map(({ limit }) => limit.key),
        );
        const detail = tooMany(name, any.limit.amount);
        for (const { mailbox, limit } of each)
          if (refused.has(limit.key)) tired.set(mailbox, { code: 'rate_limited', detail });
      }
      return tired;
    },
    async emails({ organization, inviter, client, request, times }) {
      const uses = { inviter, organization: organization.id, sender: client };
      const asked = Object.entries(uses).map(([name, whose]) => ({
        ...limitOf(name as LimitName, whose, organization),
        times,
      }));
      const refused = await use(db, asked, request);
      const [worst] = refused
        .map(({ key, wait }) => ({ ...asked.find((a) => a.key === key)!, wait }))
        .toSorted((a, b) => leftOf(a) - leftOf(b));
      if (worst) throw refuseMany(worst, leftOf(worst));
    },
    use: (uses) => count(uses),
  };
}

/** What is over a limit. */
const tooMany = (name: LimitName, amount: number) =>
  `Too many ${limits[name].counts}: ${amount} in ${inWords(limits[name].seconds)} at most.`;

type Overused = Use & { name: LimitName; times: number; wait: number };

/** How many of a limit there can be now, when `times` would be allowed in `wait` seconds. */
const leftOf = ({ times, wait, seconds, amount }: Overused) =>
  Math.max(0, times - Math.ceil((wait * amount) / seconds));

/** More at once than a limit allows now, or ever. */
function refuseMany({ name, amount, seconds, times, wait }: Overused, left: number): Problem {
  const isTooBig = times > amount;
  const retryAfter = Math.ceil(isTooBig ? seconds : wait);
  const when = isTooBig
    ? `That many are never allowed at once: send ${left} now and the others later, or ask whoever runs Usher for more.`
    : `${left} can be sent now, all of them in ${inWords(retryAfter)}.`;
  return new Problem('rate_limited', `${tooMany(name, amount)} These are ${times}. ${when}`, undefined, {
    'retry-after': String(retryAfter),
    'ratelimit-policy': `"${name}";q=${amount};w=${seconds}`,
    ratelimit: `"${name}";r=${left};t=${retryAfter}`,
  });
}

/** What an organization has of a limit. */
function amountOf(limit: Limit, organization?: Pick<Organization, 'created_at' | 'limit_factor'>): number {
  if (limit.amountWhenNew === undefined || !organization) return limit.amount;
  if (organization.limit_factor !== null) return limit.amount * organization.limit_factor;
  return Date.now() - organization.created_at.getTime() < newForMs ? limit.amountWhenNew : limit.amount;
}

/** Of IPv6 a subscriber has 2^64 addresses at least (RFC 6177), which count as one. */
export function network(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? parsed.parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(':')
    : parsed.toString();
}

const inWords = (seconds: number): string => {
  for (const [unit, size] of [
    ['day', day],
    ['hour', hour],
    ['minute', minute],
  ] as const) {
    if (seconds >= size) {
      const n = Math.ceil(seconds / size);
      return n === 1 ? `1 ${unit}` : `${n} ${unit}s`;
    }
  }
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
};
