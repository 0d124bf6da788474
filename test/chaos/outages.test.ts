import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { revokeSignal } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { decided, until } from '../setup/until.ts';
import type { Answer } from '../setup/usher.ts';
import { inviteShortly } from './guests.ts';
import { type Installation, type Part, startInstallation } from './installation.ts';

/** Each part of an installation down while the others run; and the parts ended in order, with work in flight. */

let usher: Installation;
beforeAll(async () => {
  usher = await startInstallation();
});
afterEach(async () => {
  expect(await findBreaches(usher.db)).toEqual([]);
});
afterAll(() => usher?.close());

const invite = async (email: string) => {
  const { status, body } = await decided(() => usher.invite(email));
  expect(status).toBe(201);
  return body.id as `inv_${string}`;
};
const accepted = (id: `inv_${string}`, email: string) =>
  until('an accept', async () => {
    const answer = await usher.act('accept', id, email);
    return answer.status !== 503 && answer.body.state === 'accepted';
  });
/** Asks again where the machine is so slow that nobody comes to say what is missing. */
const told = (ask: () => Promise<Answer>) =>
  until('what is missing', async () => {
    const answer = await ask();
    return answer.body.code !== 'too_slow' && answer;
  });
const inVain = { status: 503, body: { code: 'engine_unreachable' } };
const ready = async () => (await usher.call('/readyz')).body;
const workflow = (id: string) => usher.temporal.workflow.getHandle(`invitation/${id}`);

/** The hidden fields of the form that posts to a path. */
const fields = (page: string, action: string) => {
  const form = page
    .split('<form ')
    .find((text) => text.includes(`action="${action}"`))!
    .split('</form>')[0]!;
  return Object.fromEntries(
    [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
};

/** A person presses Join while nobody can answer. Returns the browser, and the fields with which it tries again. */
async function joinInVain(id: string, email: string) {
  const browser = await usher.browser(email);
  const path = `/invitations/${id}/accept`;
  const page = await (await browser(`/invitations/${id}`)).text();
  const text = await until('the page to say so', async () => {
    const answer = await browser(path, fields(page, path));
    expect(answer.status).toBe(503);
    const said = await answer.text();
    return !said.includes('It takes too long') && said;
  });
  expect(text).toContain('We cannot reach the engine');
  expect(text).toMatch(/is still open.*Nothing has been decided/s);
  return { browser, again: () => browser(path, fields(text, path)) };
}

/** Holds a lock, so that what needs it stays in flight until it is released. */
async function hold(statement: string) {
  const client = new Client({ connectionString: usher.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(statement);
  return {
    /** Waits until somebody waits for the lock. */
    waitedFor: () =>
      until('somebody in flight', async () => {
        const { rows } = await client.query(`select from pg_stat_activity where wait_event_type = 'Lock'`);
        return rows.length > 0;
      }),
    async release() {
      await client.query('commit');
      await client.end();
    },
  };
}

test('with Temporal down invitations are created and decisions get a 503; once it is back all goes on', async () => {
  const api = await usher.running('api');
  const worker = await usher.running('worker');
  const before = await invite('before@example.com');
  await usher.sent(before);
  await usher.servers.temporal.kill();

  const emails = ['left@example.com', 'early@example.com'] as const;
  const [left, early] = [await invite(emails[0]), await invite(emails[1])];
  expect(await told(() => usher.act('accept', before, 'before@example.com'))).toMatchObject(inVain);
  const { again } = await joinInVain(before, 'before@example.com');
  expect((await usher.call('/healthz')).status).toBe(200);
  expect(await usher.state(before)).toBe('pending');
  expect(await ready()).toEqual({ status: 'unready', missing: ['temporal'] });
  // Told to end, it ends in order, though some of its calls are between two tries.
  expect(await api.end('SIGTERM')).toBe(0);
  await usher.running('api');

  await usher.servers.temporal.restart();
  // An accept may arrive before the workflow exists; what nobody asks for, the Schedule starts.
  await accepted(early, emails[1]);
  await until('the page to lead home', async () => (await again()).status === 303);
  expect(await usher.state(before)).toBe('accepted');
  await usher.reconcile(left);
  await usher.sent(left);
  expect(await usher.mails(emails[0])).toBe(1);
  // It is the same worker: an outage of the engine does not end it.
  expect(await usher.running('worker')).toBe(worker);
});

test('with every worker down decisions get a 503, and take effect when one is back', async () => {
  await usher.running('api');
  const worker = await usher.running('worker');
  const id = await invite('no-worker@example.com');
  await usher.sent(id);
  expect(await worker.end('SIGTERM')).toBe(0);
  const refused = await told(() => usher.act('accept', id, 'no-worker@example.com'));
  expect(refused).toMatchObject(inVain);
  expect(refused.headers.get('retry-after')).toBe('2');
  await joinInVain(id, 'no-worker@example.com');
  await usher.running('worker');
  await accepted(id, 'no-worker@example.com');
  expect(await usher.transitions(id)).toEqual(['created', 'accepted']);
});

test('of more people than the engine takes at a time the last are told so, each to come back at another time', async () => {
  await usher.running('api');
  const emails = Array.from({ length: 60 }, (_, n) => `burst-${n}@example.com`);
  const ids = await Promise.all(emails.map(invite));
  await (await usher.running('worker')).end('SIGTERM');
  const answers = await Promise.all(ids.map((id, n) => usher.act('accept', id, emails[n]!)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  const shed = answers.filter(({ body }) => /^Too many are ahead: this try was not begun/.test(body.detail));
  expect(shed.length).toBeGreaterThan(0);
  expect(shed.length).toBeLessThan(answers.length);
  const times = shed.map(({ headers }) => Number(headers.get('retry-after')));
  expect(times.filter((s) => !(s >= 2 && s <= 10))).toEqual([]);
  await usher.running('worker');
  await Promise.all(ids.map((id, n) => accepted(id, emails[n]!)));
});

test('an accept that came in time and found no worker is in time when it is repeated later', async () => {
  await usher.running('api');
  await usher.kill('worker');
  const email = 'in-time@example.com';
  const { body } = await inviteShortly(usher, { key: email, email, licenses: ['studio'], expiresIn: 6_000 });
  const ask = () => told(() => usher.act('accept', body.id, email));
  expect(await ask()).toMatchObject(inVain);
  await until('the expiry', async () => Date.now() > Date.parse(body.expiresAt));
  // To say "too late" now would be a lie: the first try is with the engine, and may let them in.
  expect(await ask()).toMatchObject(inVain);
  await usher.running('worker');
  await accepted(body.id, email);
  expect(await usher.transitions(body.id)).toEqual(['created', 'accepted']);
});

test('with Postgres down all say so; what the engine has taken waits, and is committed when it is back', async () => {
  await usher.running('api');
  await usher.running('worker');
  const id = await invite('no-database@example.com');
  await usher.sent(id);
  await usher.servers.postgres.kill();

  await workflow(id).signal(revokeSignal);
  const unreachable = { status: 503, body: { code: 'database_unreachable' } };
  expect(await told(() => usher.act('accept', id, 'no-database@example.com'))).toMatchObject(unreachable);
  expect(await told(() => usher.invite('new@example.com'))).toMatchObject(unreachable);
  expect(await ready()).toEqual({ status: 'unready', missing: ['postgres'] });
  expect((await usher.call('/healthz')).status).toBe(200);
  // Where operators see it.
  await until('a regular activity that fails', async () => {
    const { raw } = await workflow(id).describe();
    const commit = raw.pendingActivities?.find((activity) => activity.activityType?.name === 'commit');
    return (commit?.attempt ?? 0) > 1;
  });

  await usher.servers.postgres.restart();
  await workflow(id).result();
  expect(await usher.transitions(id)).toEqual(['created', 'revoked']);
  expect(await usher.act('accept', id, 'no-database@example.com')).toMatchObject({
    status: 409,
    body: { code: 'invitation_revoked' },
  });
});

test('an API that is told to end answers what is in flight, takes nothing new, and ends with 0', async () => {
  await usher.running('worker');
  const api = await usher.running('api');
  const email = 'api-drains@example.com';
  const id = await invite(email);
  const lock = await hold('lock table requests in share mode');
  const answer = usher.act('accept', id, email);
  await lock.waitedFor();
  const exit = api.end('SIGTERM');
  await until('the API to take nothing new', () =>
    usher.call('/healthz').then(
      () => false,
      () => true,
    ),
  );
  await lock.release();
  // On a slow machine it took too long, which is an answer as well.
  expect([200, 503]).toContain((await answer).status);
  expect(await exit).toBe(0);
  await usher.running('api');
  await accepted(id, email);
});

test('a worker that is told to end finishes what is in flight, and ends with 0', async () => {
  await usher.running('api');
  const worker: Part = await usher.running('worker');
  const email = 'worker-drains@example.com';
  const id = await invite(email);
  await usher.sent(id);
  const lock = await hold(`select from invitations where id = '${id}' for update`);
  const answer = usher.act('accept', id, email);
  await lock.waitedFor();
  const exit = worker.end('SIGTERM');
  await until('the worker to drain', async () => worker.output().includes('STOPPING'));
  await lock.release();
  expect(await exit).toBe(0);
  // No other worker was there to do it.
  expect((await workflow(id).describe()).status.name).toBe('COMPLETED');
  expect(await usher.transitions(id)).toEqual(['created', 'accepted']);
  // On a slow machine the caller may have been told to ask again.
  await answer;
  await accepted(id, email);
});
