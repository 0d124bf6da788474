import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LimitName, limits, network } from '../../api/limits.ts';
import { upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, scopes } from '../../db/api-keys.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { type Use, use } from '../../db/limits.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { forgetExpired } from '../../db/requests.ts';
import { freePort } from '../../local/ports.ts';
import { freshDatabase } from '../setup/database.ts';
import { machine } from '../setup/machine.ts';
import { type Answer, startUsher, type Usher, until } from '../setup/usher.ts';

/** Limits on how often: exact, shared by all APIs over one database, and truthful about when to come back. */

const root = path.join(import.meta.dirname, '../..');
const day = 86_400;

/** Repeats a request until it is refused: after as many as the limit allows, and what it refilled meanwhile. */
async function untilRefused<T extends { status: number }>(name: LimitName, ask: () => Promise<T>): Promise<T> {
  const { amount, seconds } = limits[name];
  const start = Date.now();
  for (let passed = 0; ; passed++) {
    const answer = await ask();
    const refilled = ((Date.now() - start) * amount) / (seconds * 1000);
    expect(passed).toBeLessThanOrEqual(amount + refilled);
    if (answer.status !== 429) continue;
    expect(passed).toBeGreaterThanOrEqual(amount);
    return answer;
  }
}

test('the table in docs/api.md is the one that counts', () => {
  const words = (seconds: number) =>
    seconds === day ? '1 day' : seconds === 3600 ? '1 hour' : `${seconds / 60} minutes`;
  const expected = Object.entries(limits).map(([name, limit]) => [
    `\`${name}\``,
    limit.counts,
    limit.per,
    `${limit.amount} in ${words(limit.seconds)}`,
    'amountWhenNew' in limit ? `${limit.amountWhenNew} in ${words(limit.seconds)}` : '',
  ]);
  const section = readFileSync(path.join(root, 'docs/api.md'), 'utf8')
    .split('## Limits on how often')[1]!
    .split('\n## ')[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  expect(
    rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
  ).toEqual(expected);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::99', '2001:db8:1:2'],
])('%s is of the network %s', (address, expected) => expect(network(address)).toBe(expected));

describe('in the database', () => {
  let db: Kysely<Database>;
  beforeAll(async () => {
    // Three hundred at once, on one row: each waits for its turn.
    db = createDatabase((await freshDatabase()).url, 10, 60_000, 60_000);
  });
  afterAll(() => db?.destroy());

  /** As if so much time had passed. */
  const pass = (key: string, seconds: number) =>
    sql`update limits set spent_until = spent_until - ${seconds} * interval '1 second' where key = ${key}`.execute(db);

  test('of three times as many at once, exactly the amount passes', async () => {
    for (const amount of [1, 7, 100]) {
      const one: Use = { key: `exact ${amount}`, amount, seconds: day };
      const outcomes = await Promise.all(Array.from({ length: 3 * amount }, () => use(db, [one])));
      expect(outcomes.filter((refused) => refused.length === 0)).toHaveLength(amount);
    }
  });

  test('also of those that were under way when it was used for the first time ever', async () => {
    const one: Use = { key: 'first ever', amount: 3, seconds: day };
    const others: ReturnType<typeof use>[] = [];
    await db.transaction().execute(async (trx) => {
      await use(trx, [one]);
      for (let i = 0; i < 6; i++) others.push(use(db, [one]));
      await until('all to wait', async () => {
        const { rows } = await sql`select from pg_stat_activity where wait_event_type = 'Lock'
          and datname = current_database()`.execute(db);
        return rows.length === 6;
      });
    });
    expect((await Promise.all(others)).filter((refused) => refused.length === 0)).toHaveLength(2);
  });

  test('one more passes after the wait that it names, and not a second before', async () => {
    const one: Use = { key: 'wait', amount: 4, seconds: day };
    for (let i = 0; i < 4; i++) expect(await use(db, [one])).toEqual([]);
    const [refused] = await use(db, [one]);
    expect(refused!.wait).toBeGreaterThan(day / 4 - 60);
    expect(refused!.wait).toBeLessThanOrEqual(day / 4);
    await pass('wait', refused!.wait - 60);
    expect((await use(db, [one]))[0]!.wait).toBeLessThanOrEqual(60);
    await pass('wait', 60);
    expect(await use(db, [one])).toEqual([]);
    expect(await use(db, [one])).toHaveLength(1);
  });

  test('where one is used up, the others are not used', async () => {
    const small: Use = { key: 'small', amount: 1, seconds: day };
    const large: Use = { key: 'large', amount: 3, seconds: day };
    expect(await use(db, [small, large])).toEqual([]);
    for (let i = 0; i < 5; i++) expect((await use(db, [small, large])).map((r) => r.key)).toEqual(['small']);
    expect(await use(db, [large])).toEqual([]);
    expect(await use(db, [large])).toEqual([]);
    expect((await use(db, [large])).map((r) => r.key)).toEqual(['large']);
  });

  test('many at once that use the same limits in other orders do not block each other', async () => {
    const pair: Use[] = ['first', 'second'].map((key) => ({ key, amount: 1000, seconds: day }));
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) => use(db, i % 2 ? pair : pair.toReversed())),
    );
    expect(outcomes.flat()).toEqual([]);
  });

  test('what is unused again is forgotten, and nothing else', async () => {
    await use(db, [{ key: 'old', amount: 2, seconds: 60 }]);
    await use(db, [{ key: 'young', amount: 2, seconds: day }]);
    await pass('old', 31);
    await forgetExpired(db);
    const keys = (await db.selectFrom('limits').select('key').execute()).map((row) => row.key);
    expect(keys).toContain('young');
    expect(keys).not.toContain('old');
  });
});

describe('two APIs over one database', () => {
  let db: Kysely<Database>;
  let api: string;
  /** Behind a proxy on this machine. */
  let proxied: string;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const { url: databaseUrl } = await freshDatabase();
    db = createDatabase(databaseUrl, 5);
    ends.push(() => db.destroy());
    const cookieKey = randomBytes(32).toString('base64');
    const linkKey = randomBytes(32).toString('base64');
    const start = async (more: Record<string, string>) => {
      const port = String(await freePort());
      const child = spawn(process.execPath, ['api/main.ts'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...machine,
          USHER_DATABASE_URL: databaseUrl,
          USHER_PUBLIC_URL: 'http://localhost:8080',
          USHER_PORT: port,
          USHER_LINK_KEYS: linkKey,
          USHER_COOKIE_KEY: cookieKey,
          // No engine and no identity provider: what is limited here needs none.
          TEMPORAL_ADDRESS: '127.0.0.1:9',
          USHER_ISSUER: 'http://127.0.0.1:9',
          USHER_CLIENT_ID: 'usher',
          USHER_CLIENT_SECRET: 'secret',
          USHER_POSTMARK_TOKEN: 'token',
          USHER_MAIL_FROM: 'usher@usher.example',
          ...more,
        },
      });
      const exited = once(child, 'close');
      let output = '';
      child.stdout.on('data', (chunk) => (output += chunk));
      ends.push(async () => {
        child.kill('SIGTERM');
        await exited;
      });
      await until('the API', async () => output.includes('the API is ready'));
      return `http://127.0.0.1:${port}`;
    };
    [api, proxied] = (await Promise.all([start({}), start({ USHER_TRUSTED_PROXIES: '127.0.0.1' })])) as [
      string,
      string,
    ];
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  beforeEach(() => db.deleteFrom('limits').execute());

  let organizations = 0;
  /** An organization of its own, with a key, so that no test meets what another one used. */
  async function organization(change: Partial<Organization> = {}) {
    const slug = `org-${++organizations}`;
    const made = await ensureOrganization(db, { slug, name: 'Acme' });
    await db
      .updateTable('organizations')
      .set({ created_at: new Date(Date.now() - 30 * day * 1000), ...change })
      .where('id', '=', made.id)
      .execute();
    const { id: createdBy } = await upsertAccount(db, {
      issuer: 'test',
      subject: slug,
      email: `${slug}@acme.example`,
      emailVerified: true,
      name: 'Olivia',
    });
    const secret = newApiKey();
    await insertApiKey(db, { secret, organization: made.id, name: 'k', role: 'owner', scopes, createdBy });
    return {
      id: made.id,
      slug,
      secret,
      resend: async (invitation: string, key: string) => {
        const response = await fetch(`${api}/v1/invitations/${invitation}/resend`, {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'idempotency-key': key },
        });
        return ((await response.json()) as { code: string }).code;
      },
      /** Repeated with the same key while a busy machine makes it wait too long for the database: it counts once. */
      invite: (email: string, { at = api, key = randomUUID() }: { at?: string; key?: string } = {}) =>
        until('an answer', async () => {
          const response = await fetch(`${at}/v1/organizations/${slug}/invitations`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${secret}`,
              'content-type': 'application/json',
              'idempotency-key': key,
            },
            body: JSON.stringify({ email }),
          });
          const body = (await response.json()) as { id: string; code: string; detail: string };
          return response.status !== 503 && { status: response.status, headers: response.headers, body };
        }),
    };
  }
  const tally = (answers: { status: number }[]) =>
    answers.reduce<Record<number, number>>((sum, { status }) => ({ ...sum, [status]: (sum[status] ?? 0) + 1 }), {});

  test('share what an address may get, of one organization and of all', async () => {
    const [first, second, third] = [await organization(), await organization(), await organization()];
    const many = (o: typeof first) =>
      Promise.all(Array.from({ length: 30 }, (_, i) => o.invite('ada@example.com', { at: i % 2 ? api : proxied })));
    // What was tried counts, also when it came to nothing.
    expect(tally(await many(first))).toEqual({ 201: 1, 409: 9, 429: 20 });
    expect(tally(await many(second))).toEqual({ 201: 1, 409: 9, 429: 20 });
    expect(tally(await many(third))).toEqual({ 429: 30 });
    // Of other spellings there is one address; others are not concerned.
    expect((await third.invite('Ada@EXAMPLE.com')).status).toBe(429);
    expect((await third.invite('bob@example.com')).status).toBe(201);
  });

  test('say when to come back, and keep to it', async () => {
    const { invite } = await organization();
    for (let i = 0; i < 10; i++) await invite('say-when@example.com');
    const { headers, body } = await invite('say-when@example.com');
    expect(body).toMatchObject({ type: '/docs/errors/rate_limited', code: 'rate_limited', status: 429 });
    expect(body.detail).toBe(
      'Too many emails to this address by the organization: 10 in 1 day at most. Try again in 3 hours.',
    );
    const retryAfter = Number(headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(day / 10 - 60);
    expect(retryAfter).toBeLessThanOrEqual(day / 10);
    expect(headers.get('ratelimit-policy')).toBe('"recipient";q=10;w=86400');
    expect(headers.get('ratelimit')).toBe(`"recipient";r=0;t=${retryAfter}`);
    // As if that time had passed; the API that refused would still remember it.
    await sql`update limits set spent_until = spent_until - ${retryAfter} * interval '1 second'`.execute(db);
    expect((await invite('say-when@example.com', { at: proxied })).status).toBe(409);
    expect((await invite('say-when@example.com', { at: proxied })).status).toBe(429);
  });

  test('a replay does not count, and a refusal is not kept for replays', async () => {
    const { invite } = await organization();
    for (let i = 0; i < 30; i++) expect((await invite('replay@example.com', { key: 'one' })).status).toBe(201);
    expect(tally(await Promise.all(Array.from({ length: 15 }, () => invite('replay@example.com'))))).toEqual({
      409: 9,
      429: 6,
    });
    expect((await invite('replay@example.com', { key: 'two' })).status).toBe(429);
    await db.deleteFrom('limits').execute();
    expect((await invite('replay@example.com', { key: 'two', at: proxied })).status).toBe(409);
    expect((await invite('replay@example.com', { key: 'one' })).headers.get('idempotency-replayed')).toBe('true');
  });

  test('what had no answer counts once, however often it is repeated', async () => {
    const { invite, resend } = await organization({ limit_factor: 0.2 });
    const { body } = await invite('unknown-outcome@example.com');
    // There is no engine here.
    const repeat = () =>
      until('what is missing', async () => {
        const code = await resend(body.id, 'one');
        return code !== 'too_slow' && code;
      });
    for (let i = 0; i < 3; i++) expect(await repeat()).toBe('engine_unreachable');
    expect(await resend(body.id, 'two')).toBe('rate_limited');
    expect(await resend(body.id, 'two')).toBe('rate_limited');
  });

  test('an organization has less in its first days, unless it was given limits of its own', async () => {
    const tries = async (change: Partial<Organization>) => {
      const { invite } = await organization(change);
      const answers = [];
      for (let i = 0; i < 20; i++) answers.push(await invite(`ada-${organizations}@example.com`));
      return answers.filter((a) => a.status !== 429).length;
    };
    const now = new Date();
    expect(await tries({ created_at: now })).toBe(5);
    expect(await tries({ created_at: new Date(now.getTime() - 8 * day * 1000) })).toBe(10);
    expect(await tries({ created_at: now, limit_factor: 1.5 })).toBe(15);
    expect(await tries({ limit_factor: 0.2 })).toBe(2);
  });

  test('an inviter and an organization have a limit each', async () => {
    // 10,000 and 20,000 a day at 0.0004: four by the inviter.
    const { invite, id } = await organization({ limit_factor: 0.0004 });
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await invite(`person-${i}@example.com`));
    expect(tally(answers)).toEqual({ 201: 4, 429: 2 });
    expect(answers.at(-1)!.body.detail).toMatch(/^Too many emails by this inviter: 4 in 1 day/);
    // Each by another inviter: eight by the organization.
    await db.deleteFrom('limits').execute();
    const others = [];
    for (let i = 0; i < 10; i++) {
      const { id: createdBy } = await upsertAccount(db, {
        issuer: 'test',
        subject: `inviter ${i}`,
        email: `inviter-${i}@acme.example`,
        emailVerified: true,
        name: 'Another',
      });
      await db.updateTable('api_keys').set({ created_by: createdBy }).where('organization_id', '=', id).execute();
      others.push(await invite(`someone-${i}@example.com`));
    }
    expect(tally(others)).toEqual({ 201: 8, 429: 2 });
    expect(others.at(-1)!.body.detail).toMatch(/^Too many emails by the organization: 8 in 1 day/);
  });

  test('a batch counts as many as it invites, and is told how many there can be', async () => {
    const { secret, slug } = await organization({ limit_factor: 0.0004 });
    const batch = async (name: string, size: number) => {
      const invitations = Array.from({ length: size }, (_, i) => ({ email: `${name}-${i}@example.com` }));
      const response = await fetch(`${api}/v1/organizations/${slug}/invitation-batches`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ mode: 'valid', invitations }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers of two kinds
      return { status: response.status, headers: response.headers, body: (await response.json()) as any };
    };
    const tooMany = await batch('five', 5);
    expect(tooMany.status).toBe(429);
    expect(tooMany.body.detail).toBe(
      'Too many emails by this inviter: 4 in 1 day at most. These are 5. That many are never allowed at once: send 4 now and the others later, or ask whoever runs Usher for more.',
    );
    expect((await batch('three', 3)).status).toBe(202);
    const left = await batch('two', 2);
    expect(left.body.detail).toMatch(/These are 2\. 1 can be sent now, all of them in \d+ hours\.$/);
    expect(Number(left.headers.get('retry-after'))).toBeLessThanOrEqual(day / 4);
    expect((await batch('one', 1)).status).toBe(202);
  });

  test('an address that has had too many refuses its row of a batch alone', async () => {
    const { secret, slug } = await organization();
    await sql`update organizations set limit_factor = 1 where slug = ${slug}`.execute(db);
    const send = async () => {
      const response = await fetch(`${api}/v1/organizations/${slug}/invitation-batches`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          mode: 'valid',
          invitations: [{ email: 'popular@example.com' }, { email: `fresh-${randomUUID()}@example.com` }],
        }),
      });
      return (await response.json()) as { results: { result: string; detail?: string }[] };
    };
    for (let sent = 0; sent < 10; sent++) {
      expect((await send()).results.map((row) => row.result)).toEqual(['invited', 'invited']);
      // As if it had been taken back.
      await db
        .updateTable('invitations')
        .set({ state: 'revoked' })
        .where('email', '=', 'popular@example.com')
        .execute();
    }
    const { results } = await send();
    expect(results.map((row) => row.result)).toEqual(['rate_limited', 'invited']);
    expect(results[0]!.detail).toBe('Too many emails to this address by the organization: 10 in 1 day at most.');
  });

  test('unknown links from one network are refused after many, on a page; X-Forwarded-For is not believed', async () => {
    let i = 0;
    const last = await untilRefused('unknown_link', () =>
      fetch(`${api}/i/nonsense`, { headers: { 'x-forwarded-for': `203.0.113.${++i}` } }),
    );
    expect(Number(last.headers.get('retry-after'))).toBeLessThanOrEqual(10);
    expect(last.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await last.text()).toMatch(/Too many of these for now.*Try again in \d+ (seconds?|minutes?)\./s);
  });

  test('behind a trusted proxy, whom it names last counts, and not what the client wrote', async () => {
    const follow = (forwarded: string) => fetch(`${proxied}/i/nonsense`, { headers: { 'x-forwarded-for': forwarded } });
    let i = 0;
    await untilRefused('unknown_link', () => follow(`198.51.100.${++i}, 203.0.113.9`));
    expect((await follow('203.0.113.9, 203.0.113.10')).status).toBe(404);
    // IPv6: the network, not the address.
    await untilRefused('unknown_link', () => follow(`2001:db8:1:2:${(++i).toString(16)}::1`));
    expect((await follow('2001:db8:1:3::1')).status).toBe(404);
  });

  test('wrong API keys are refused after many; right ones from the same network are not', async () => {
    const guess = () =>
      fetch(`${api}/v1/me/invitations`, {
        headers: { authorization: `Bearer usher_sk_${randomBytes(32).toString('hex')}` },
      });
    expect(await untilRefused('unknown_key', guess)).toMatchObject({ status: 429 });
    expect((await (await organization()).invite('right-key@example.com')).status).toBe(201);
  });

  test('the table holds no address', async () => {
    await (await organization()).invite('table@example.com');
    await fetch(`${proxied}/i/nonsense`, { headers: { 'x-forwarded-for': '203.0.113.77' } });
    const rows = await db.selectFrom('limits').selectAll().execute();
    expect(rows.map((row) => row.key.split(' ')[0]).sort()).toEqual([
      'counted',
      'inviter',
      'organization',
      'organization_recipient',
      'recipient',
      'sender',
      'unknown_link',
      'visit',
    ]);
    for (const { key } of rows) expect(key).toMatch(/^[a-z_]+ [\w-]{22,43}$/);
    expect(JSON.stringify(rows)).not.toMatch(/table|example|203\.0|127\.0/);
  });
});

describe('with the engine', () => {
  let usher: Usher;
  beforeAll(async () => {
    usher = await startUsher({ limitFactor: 1 });
    await usher.db
      .updateTable('organizations')
      .set({ created_at: new Date(0) })
      .execute();
  });
  afterAll(() => usher?.close());

  test('sending again and changing the address count as inviting does; a repeat of either does not', async () => {
    const { id } = await usher.invite('ada@example.com');
    /** Repeated with the same key while the outcome is unknown, which does not count. */
    const settled = (ask: (idempotencyKey: string) => Promise<Answer>, idempotencyKey: string = randomUUID()) =>
      usher.until('an answer', async () => {
        const answer = await ask(idempotencyKey);
        return answer.status !== 503 && answer;
      });
    const resend = (key?: string) =>
      settled((idempotencyKey) => usher.call(`/v1/invitations/${id}/resend`, { body: {}, idempotencyKey }), key);
    for (let i = 0; i < 20; i++) expect((await resend('the-same')).status).toBe(200);
    for (let i = 0; i < 8; i++) expect((await resend()).status).toBe(200);
    expect((await resend()).body.code).toBe('rate_limited');
    const change = (body: unknown) =>
      settled((idempotencyKey) => usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body, idempotencyKey }));
    // Back and forth between two addresses: each is asked about when it is written to.
    expect((await change({ email: 'bob@example.com' })).status).toBe(200);
    expect((await change({ email: 'ada@example.com' })).body.code).toBe('rate_limited');
    // What sends no email has no limit.
    expect((await change({ teams: ['Design'], email: 'bob@example.com' })).status).toBe(200);
    expect((await settled(() => usher.call(`/v1/invitations/${id}/revoke`, { body: {} }))).status).toBe(200);
  });

  test('asking for a new link is refused after many, by network and by inviter', async () => {
    const { id, generation } = await usher.invite('carol@example.com');
    const opened = await usher.call(`/i/${usher.links.token({ invitation: id, generation })}`, { key: null });
    await usher.until('the revocation', async () => {
      const { status } = await usher.call(`/v1/invitations/${id}/revoke`, { body: {}, idempotencyKey: id });
      return status === 200;
    });
    const cookies = opened.headers.getSetCookie().map((c) => c.split(';')[0]);
    const page = await usher.call(`/invitations/${id}`, { key: null, headers: { cookie: cookies.join('; ') } });
    expect(page.status).toBe(410);
    const cookie = [...cookies, ...page.headers.getSetCookie().map((c) => c.split(';')[0])].join('; ');
    const form = new URLSearchParams({ invitation: id, _csrf: /name="_csrf" value="([^"]+)"/.exec(page.body)![1]! });
    const ask = () =>
      usher.call(`/invitations/${id}/ask-to-resend`, {
        body: form.toString(),
        key: null,
        headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, origin: usher.url },
      });
    const refused = await untilRefused('request', ask);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(180);
    expect(refused.body).toMatch(/Too many of these for now.*Try again in \d+ minutes?\./s);
    await usher.until('the one email', async () => (await usher.messages('owner@acme.example')).length === 1);
  });

  test('signing in is refused after many', async () => {
    // The identity provider is not there, which is not the question here.
    const refused = await untilRefused('sign_in', () => usher.call('/console', { key: null }));
    expect(refused.body).toContain('Too many sign-ins');
  });
});
