import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetExpired } from '../../db/requests.ts';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

const create = (email: string, idempotencyKey: string, more: object = {}) =>
  usher.call('/v1/organizations/acme/invitations', { body: { email, ...more }, idempotencyKey });
const personOf = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' },
});

test('the same key and body replay the first answer, also after the state has moved on', async () => {
  const first = await create('replay@example.com', 'create-1');
  expect(first.status).toBe(201);
  const { id } = first.body;
  const steps = [
    { path: `/v1/invitations/${id}/resend`, body: { expiresIn: 'P3D' }, idempotencyKey: 'resend-1' },
    { path: `/v1/invitations/${id}`, method: 'PATCH', body: { teams: ['Blue'] }, idempotencyKey: 'amend-1' },
    { path: `/v1/invitations/${id}/revoke`, body: {}, idempotencyKey: 'revoke-1' },
    { path: `/v1/invitations/${id}/resend`, body: {}, idempotencyKey: 'resend-2' },
    { path: `/v1/invitations/${id}/accept`, body: personOf('replay@example.com'), idempotencyKey: 'accept-1' },
  ];
  const answers = [];
  for (const { path, ...step } of steps) answers.push(await usher.call(path, step));
  expect(answers.map((a) => [a.status, a.body.state])).toEqual([
    [200, 'pending'],
    [200, 'pending'],
    [200, 'revoked'],
    [200, 'pending'],
    [200, 'accepted'],
  ]);
  await usher.temporal.client.workflow.getHandle(first.body.workflowId).result();
  const before = await stateOf(usher.db);
  for (const [i, { path, ...step }] of steps.entries()) {
    const again = await usher.call(path, step);
    expect(again.body).toEqual(answers[i]!.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  }
  expect((await create('replay@example.com', 'create-1')).body).toEqual(first.body);
  expect(await stateOf(usher.db)).toBe(before);
});

test('another body under the same key is refused', async () => {
  await create('body@example.com', 'body-1');
  const other = await create('other-body@example.com', 'body-1');
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
});

test('a key is of its caller and its route alone', async () => {
  const a = await create('caller-a@example.com', 'shared');
  const key = await usher.apiKey({});
  const b = await usher.call('/v1/organizations/acme/invitations', {
    body: { email: 'caller-b@example.com' },
    idempotencyKey: 'shared',
    key,
  });
  const c = await usher.call(`/v1/invitations/${a.body.id}/revoke`, { body: {}, idempotencyKey: 'shared' });
  expect([a.status, b.status, c.status]).toEqual([201, 201, 200]);
});

test('16 equal requests at once make one invitation and one answer', async () => {
  const answers = await Promise.all(Array.from({ length: 16 }, () => create('burst@example.com', 'burst')));
  expect(new Set(answers.map((a) => `${a.status} ${a.body.id}`)).size).toBe(1);
  const { id } = answers[0]!.body;
  const resends = await Promise.all(
    Array.from({ length: 16 }, () =>
      usher.call(`/v1/invitations/${id}/resend`, { body: {}, idempotencyKey: 'burst-resend' }),
    ),
  );
  expect(new Set(resends.map((a) => a.status))).toEqual(new Set([200]));
  const { sequence } = await usher.db
    .selectFrom('invitations')
    .select('sequence')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  expect(sequence).toBe(2);
});

test('a refusal is replayed too', async () => {
  await create('refused@example.com', 'refused-1');
  const refused = await create('refused@example.com', 'refused-2');
  expect(refused).toMatchObject({ status: 409, body: { code: 'already_invited' } });
  await usher.db
    .updateTable('invitations')
    .set({ state: 'declined' })
    .where('email', '=', 'refused@example.com')
    .execute();
  await usher.db
    .updateTable('invitations')
    .set({ state: 'pending' })
    .where('email', '=', 'refused@example.com')
    .execute();
  const again = await create('refused@example.com', 'refused-2');
  expect(again.status).toBe(409);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
});

test('a request whose answer was lost is carried out once', async () => {
  const first = await create('lost@example.com', 'lost-1');
  const revoked = await usher.call(`/v1/invitations/${first.body.id}/revoke`, { body: {}, idempotencyKey: 'lost-2' });
  // As after a crash between the act and the storing of its answer.
  await usher.db.updateTable('requests').set({ status: null, body: null }).execute();
  const before = await stateOf(usher.db);
  expect((await create('lost@example.com', 'lost-1')).body.id).toBe(first.body.id);
  const again = await usher.call(`/v1/invitations/${first.body.id}/revoke`, { body: {}, idempotencyKey: 'lost-2' });
  expect(again).toMatchObject({ status: 200, body: { state: 'revoked', generation: revoked.body.generation } });
  expect(await stateOf(usher.db)).toBe(before);
});

test('answers are forgotten after 24 hours', async () => {
  await create('old@example.com', 'old-1');
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await usher.db.updateTable('requests').set({ created_at: yesterday }).execute();
  expect(await forgetExpired(usher.db)).toBeGreaterThan(0);
  expect(await usher.db.selectFrom('requests').selectAll().execute()).toEqual([]);
});

test.each(['', ' ', 'with space', 'x'.repeat(256), 'ümlaut'])('the key %j is refused', async (key) => {
  const answer = await usher.call('/v1/organizations/acme/invitations', {
    body: { email: 'key@example.com' },
    headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
  });
  expect(answer.status).toBe(400);
});
