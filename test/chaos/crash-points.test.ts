import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findBreaches } from '../setup/consistency.ts';
import { until } from '../setup/usher.ts';
import { type Installation, type Part, startInstallation } from './installation.ts';

/** Each point at which a crash could lose or double something: hit for sure, then looked at. */

let usher: Installation;
let parts: Part[] = [];
beforeAll(async () => {
  usher = await startInstallation();
});
afterEach(async () => {
  for (const part of parts) await part.kill('SIGKILL');
  parts = [];
  expect(await findBreaches(usher.db)).toEqual([]);
});
afterAll(() => usher?.close());

const run = async (...names: Parameters<Installation['start']>): Promise<Part> => {
  const part = await usher.start(...names);
  parts.push(part);
  return part;
};
const state = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.state;
const invite = async (email: string, idempotencyKey = email) =>
  usher.call('/v1/organizations/acme/invitations', { body: { email, licenses: ['studio'] }, idempotencyKey });
const accept = (id: string, email: string) =>
  usher.call(`/v1/invitations/${id}/accept`, {
    body: usher.accountOf(email),
    idempotencyKey: `accept ${id}`.replace(' ', '-'),
  });
const settled = async (ask: () => ReturnType<typeof accept>) =>
  until('an outcome', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });
const events = async (id: string) =>
  (
    await usher.db
      .selectFrom('events')
      .select('type')
      .where('invitation_id', '=', id as never)
      .where('sequence', 'is not', null)
      .orderBy('sequence')
      .execute()
  ).map((e) => e.type);
const sent = (id: string) =>
  until('the email', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');

test('the worker dies after the commit of an accept: the caller’s repeat gets the one true outcome', async () => {
  await run('api');
  const healthy = await run('worker');
  const email = 'worker-dies@example.com';
  const { id } = (await invite(email)).body;
  await sent(id);
  await healthy.kill('SIGKILL');

  await run('worker', 'worker: after the commit of a transition');
  // Unknown to the engine, but once it is committed Postgres knows it: no worker is there to answer.
  const [answer] = await Promise.all([settled(() => accept(id, email)), usher.hit()]);
  expect(answer).toMatchObject({ status: 200, body: { state: 'accepted' } });
  await run('worker');
  expect((await accept(id, email)).body.state).toBe('accepted');
  expect(await events(id)).toEqual(['created', 'accepted']);
  await usher.temporal.client.workflow.getHandle(`invitation/${id}`).result();
});

test('worker, engine and caller die after the commit of a resend, and a revoke comes first: it is taken on the row as it is', async () => {
  const api = await run('api');
  const healthy = await run('worker');
  const email = 'all-die@example.com';
  const { id } = (await invite(email)).body;
  await sent(id);
  await healthy.kill('SIGKILL');

  await run('worker', 'worker: after the commit of a transition');
  const lost = usher
    .call(`/v1/invitations/${id}/resend`, { body: {}, idempotencyKey: 'lost-resend' })
    .catch(() => undefined);
  await usher.hit();
  await Promise.all([usher.temporal.current.kill(), api.kill('SIGKILL')]);
  await lost;
  expect(await events(id)).toEqual(['created', 'resent']);

  await usher.temporal.restart();
  await run('api');
  await run('worker');
  const revoked = await settled(() =>
    usher.call(`/v1/invitations/${id}/revoke`, { body: {}, idempotencyKey: 'next-revoke' }),
  );
  expect(revoked).toMatchObject({ status: 200, body: { state: 'revoked' } });
  // The lost caller repeats: it was carried out, once.
  const repeat = await settled(() =>
    usher.call(`/v1/invitations/${id}/resend`, { body: {}, idempotencyKey: 'lost-resend' }),
  );
  expect(repeat.status).toBe(200);
  expect(await events(id)).toEqual(['created', 'resent', 'revoked']);
  expect(await usher.mails(email)).toBeLessThanOrEqual(2);
});

test('the worker dies after the provider took the email: it is found there, and not sent again', async () => {
  await run('api');
  await run('worker', 'worker: before a sent email is recorded');
  const email = 'mail-taken@example.com';
  const { id } = (await invite(email)).body;
  await usher.hit();
  expect(await usher.mails(email)).toBe(1);
  expect((await usher.call(`/v1/invitations/${id}`)).body.delivery.status).toBe('queued');
  await run('worker');
  await sent(id);
  expect(await usher.mails(email)).toBe(1);
});

test('the API dies after the creating transaction: the repeat finds the invitation, the Schedule starts it', async () => {
  await run('worker');
  await run('api', 'api: after the creating transaction');
  const email = 'api-dies@example.com';
  await expect(invite(email)).rejects.toThrow();
  await usher.hit();
  await run('api');
  const again = await invite(email);
  expect(again).toMatchObject({ status: 201, body: { state: 'pending', email } });
  const rows = await usher.db.selectFrom('invitations').select('id').where('email', '=', email).execute();
  expect(rows).toEqual([{ id: again.body.id }]);
  expect(await usher.mails(email)).toBe(0);
  // Older than half a minute, it counts as left behind.
  await usher.db
    .updateTable('deliveries')
    .set({ queued_at: new Date(Date.now() - 60_000) })
    .where('invitation_id', '=', again.body.id)
    .execute();
  await usher.temporal.client.schedule.getHandle('reconcile').trigger();
  await sent(again.body.id);
  expect(await usher.mails(email)).toBe(1);
});

test('the API dies after the Update and before the answer: the repeat answers what happened', async () => {
  await run('worker');
  const healthy = await run('api');
  const email = 'answer-lost@example.com';
  const { id } = (await invite(email)).body;
  await sent(id);
  await healthy.kill('SIGKILL');
  await run('api', 'api: before the answer is kept');
  await expect(accept(id, email)).rejects.toThrow();
  await usher.hit();
  await run('api');
  expect(await accept(id, email)).toMatchObject({ status: 200, body: { state: 'accepted' } });
  expect(await events(id)).toEqual(['created', 'accepted']);
});

test('with the engine down invitations are created, and accepts say 503; once it is back all goes on', async () => {
  await run('api');
  const worker = await run('worker');
  const before = (await invite('before-outage@example.com')).body;
  await sent(before.id);
  await usher.temporal.current.kill();

  const during = await invite('during-outage@example.com');
  expect(during).toMatchObject({ status: 201, body: { state: 'pending' } });
  const refused = await accept(before.id, 'before-outage@example.com');
  expect(refused).toMatchObject({ status: 503, body: { code: 'engine_unreachable' } });
  expect(refused.headers.get('retry-after')).toBe('2');
  expect(await usher.call('/readyz')).toMatchObject({ status: 503, body: { missing: ['temporal'] } });
  expect((await usher.call('/healthz')).status).toBe(200);
  expect(await state(before.id)).toBe('pending');

  await usher.temporal.restart();
  // A worker that lost its engine for long may end; operators' supervisors start it again.
  await Promise.race([worker.exited, new Promise((resolve) => setTimeout(resolve, 100))]);
  await run('worker');
  expect((await settled(() => accept(before.id, 'before-outage@example.com'))).body.state).toBe('accepted');
  expect((await settled(() => accept(during.body.id, 'during-outage@example.com'))).body.state).toBe('accepted');
});

test('with every worker down an accept says 503 and takes effect when one is back', async () => {
  await run('api');
  const worker = await run('worker');
  const email = 'no-worker@example.com';
  const { id } = (await invite(email)).body;
  await sent(id);
  expect(await worker.kill('SIGTERM')).toBe(0);
  expect(await accept(id, email)).toMatchObject({ status: 503, body: { code: 'engine_unreachable' } });
  await run('worker');
  expect((await settled(() => accept(id, email))).body.state).toBe('accepted');
});

test('SIGTERM drains: what is under way is answered, and both end with 0', async () => {
  const api = await run('api');
  const worker = await run('worker');
  const email = 'drained@example.com';
  const { id } = (await invite(email)).body;
  await sent(id);
  const answer = accept(id, email);
  const exits = Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);
  const outcome = await answer.catch(() => undefined);
  expect(await exits).toEqual([0, 0]);
  if (outcome?.status === 200) expect(await events(id)).toEqual(['created', 'accepted']);
  await run('api');
  await run('worker');
  expect((await settled(() => accept(id, email))).body.state).toBe('accepted');
});

test('neither program printed an address or a link', async () => {
  const api = await run('api');
  const worker = await run('worker');
  const { id } = (await invite('printed@example.com')).body;
  await sent(id);
  await accept(id, 'printed@example.com');
  for (const part of [api, worker]) expect(part.output()).not.toMatch(/printed@example|\/i\/[\w-]{60}/);
});
