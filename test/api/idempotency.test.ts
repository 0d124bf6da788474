import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertMember } from '../../db/members.ts';
import { claimRequest, forgetExpired } from '../../db/requests.ts';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { type Answer, startUsher, type Usher } from '../setup/usher.ts';

let usher: Usher;
beforeAll(async () => {
  // What an unknown outcome is answered like is looked at, too.
  usher = await startUsher({ enginePatienceMs: 5_000 });
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
/** Until its current email has been sent, and nothing goes on by itself. */
const sent = (id: string) =>
  usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');

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
  for (const { path, ...step } of steps) {
    await sent(id);
    answers.push(await usher.call(path, step));
  }
  expect(answers.map((a) => [a.status, a.body.state])).toEqual([
    [200, 'pending'],
    [200, 'pending'],
    [200, 'revoked'],
    [200, 'pending'],
    [200, 'accepted'],
  ]);
  const before = await stateOf(usher.db, id);
  for (const [i, { path, ...step }] of steps.entries()) {
    const again = await usher.call(path, step);
    expect(again.body).toEqual(answers[i]!.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  }
  const created = await create('replay@example.com', 'create-1');
  expect([created.status, created.body]).toEqual([201, first.body]);
  expect(await stateOf(usher.db, id)).toBe(before);
});

test('what took effect does not again when the answer to it was lost, whatever others have changed since', async () => {
  const { account } = await usher.person('changed@example.com');
  const member = await usher.db.transaction().execute((trx) =>
    insertMember(trx, {
      ...{ organization: usher.organization.id, account: account.id, role: 'member', teams: [], invitation: null },
    }),
  );
  const license = (await usher.call('/v1/organizations/acme/licenses', { body: { product: 'lost', quantity: 1 } }))
    .body;
  const acts = [
    { path: `/v1/organizations/acme/members/${member}`, first: { role: 'admin' }, later: { role: 'member' } },
    { path: '/v1/organizations/acme', first: { name: 'First' }, later: { name: 'Acme' } },
    { path: `/v1/organizations/acme/licenses/${license.id}`, first: { quantity: 2 }, later: { quantity: 3 } },
  ];
  for (const [i, { path, first, later }] of acts.entries()) {
    const act = { method: 'PATCH', body: first, idempotencyKey: `lost-${i}` };
    expect((await usher.call(path, act)).body).toMatchObject(first);
    await usher.call(path, { method: 'PATCH', body: later });
    await usher.db.updateTable('requests').set({ status: null, body: null }).execute();
    expect((await usher.call(path, act)).body, path).toMatchObject(later);
  }
});

test('every try counts as received with the first one, however long that took to be claimed', async () => {
  const at = new Date(Date.now() - 5_000);
  const tries = { key: 'tried twice', bodyHash: 'same' };
  expect((await claimRequest(usher.db, { ...tries, requestId: 'first', at })).at).toEqual(at);
  const again = await claimRequest(usher.db, { ...tries, requestId: 'second', at: new Date() });
  expect(again).toMatchObject({ at, requestId: 'first' });
});

test('a decline is replayed after its time', async () => {
  const { body } = await create('declining@example.com', 'create-2');
  const decline = () =>
    usher.call(`/v1/invitations/${body.id}/decline`, {
      body: personOf('declining@example.com'),
      idempotencyKey: 'decline-1',
    });
  const first = await decline();
  expect(first).toMatchObject({ status: 200, body: { state: 'declined' } });
  // Invited anew, under another id.
  expect((await create('declining@example.com', 'create-3')).status).toBe(201);
  const again = await decline();
  expect([again.status, again.body]).toEqual([200, first.body]);
});

test('another body under the same key is refused', async () => {
  const { body } = await create('body@example.com', 'body-1');
  const refused = {
    status: 422,
    body: { code: 'idempotency_key_reused', type: '/docs/errors/idempotency_key_reused' },
  };
  expect(await create('other-body@example.com', 'body-1')).toMatchObject(refused);
  const acts: [string, object, object][] = [
    ['resend', { expiresIn: 'P2D' }, { expiresIn: 'P3D' }],
    ['accept', personOf('body@example.com'), personOf('other-body@example.com')],
  ];
  for (const [verb, one, other] of acts) {
    const ask = (wanted: object) =>
      usher.call(`/v1/invitations/${body.id}/${verb}`, { body: wanted, idempotencyKey: `body-${verb}` });
    expect((await ask(one)).status).toBe(200);
    await sent(body.id);
    const before = await stateOf(usher.db, body.id);
    expect(await ask(other)).toMatchObject(refused);
    expect(await stateOf(usher.db, body.id)).toBe(before);
  }
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

test('16 equal requests at once make one invitation, one transition each, and one answer', async () => {
  const sixteen = (ask: () => Promise<Answer>) => Promise.all(Array.from({ length: 16 }, ask));
  const created = await sixteen(() => create('burst@example.com', 'burst'));
  const { id } = created[0]!.body;
  const act = (verb: string, body: object) => () =>
    usher.call(`/v1/invitations/${id}/${verb}`, { body, idempotencyKey: `burst-${verb}` });
  const answers = [
    created,
    await sixteen(act('resend', {})),
    await sixteen(act('revoke', {})),
    await sixteen(act('resend', {})), // replayed: it is revoked
    await sixteen(() =>
      usher.call(`/v1/invitations/${id}/resend`, { body: { expiresIn: 'P2D' }, idempotencyKey: 'burst-revive' }),
    ),
    await sixteen(act('accept', personOf('burst@example.com'))),
  ];
  expect(answers.map((those) => [...new Set(those.map((a) => a.status))])).toEqual([
    [201],
    [200],
    [200],
    [200],
    [200],
    [200],
  ]);
  for (const those of answers) for (const { body } of those) expect(body).toEqual(those[0]!.body);
  expect(answers[3]![0]!.body).toEqual(answers[1]![0]!.body);
  const { body } = await usher.call(`/v1/invitations/${id}/events`);
  const transitions = body.items.filter((e: { sequence: number | null }) => e.sequence !== null);
  expect(transitions.map((e: { type: string }) => e.type)).toEqual([
    'created',
    'resent',
    'revoked',
    'resent',
    'accepted',
  ]);
});

test('16 refusals at once are one answer', async () => {
  await create('refused-burst@example.com', 'refused-burst-1');
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => create('refused-burst@example.com', 'refused-burst-2')),
  );
  expect(new Set(answers.map((a) => `${a.status} ${a.body.code}`))).toEqual(new Set(['409 already_invited']));
});

test('a refusal is replayed too, though it would no longer be refused', async () => {
  const first = await create('refused@example.com', 'refused-1');
  const refused = await create('refused@example.com', 'refused-2');
  expect(refused).toMatchObject({ status: 409, body: { code: 'already_invited' } });
  await usher.call(`/v1/invitations/${first.body.id}/revoke`, { body: {} });
  const again = await create('refused@example.com', 'refused-2');
  expect(again).toMatchObject({ status: 409, body: { code: 'already_invited' } });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await create('refused@example.com', 'refused-3')).status).toBe(201);
});

test('an answer that the outcome is unknown is not kept', async () => {
  const { body } = await create('unknown@example.com', 'unknown-1');
  await sent(body.id);
  const accept = () =>
    usher.call(`/v1/invitations/${body.id}/accept`, {
      body: personOf('unknown@example.com'),
      idempotencyKey: 'unknown-2',
    });
  await usher.worker.stop();
  const unknown = await accept();
  expect(unknown).toMatchObject({ status: 503, body: { code: 'engine_unreachable' } });
  expect(unknown.headers.get('retry-after')).toMatch(/^\d+$/);
  const still = await accept();
  expect([still.status, still.headers.get('idempotency-replayed')]).toEqual([503, null]);
  usher.worker = await usher.startWorker();
  const settled = await usher.until('an answer', async () => {
    const answer = await accept();
    return answer.status !== 503 && answer;
  });
  expect(settled).toMatchObject({ status: 200, body: { state: 'accepted' } });
  const again = await accept();
  expect([again.status, again.body]).toEqual([200, settled.body]);
});

/** As after a crash between the act and the storing of its answer. */
const loseAnswers = () => usher.db.updateTable('requests').set({ status: null, body: null }).execute();

test('a request that took effect, and whose answer was lost, is answered and not done again', async () => {
  const { body } = await create('lost@example.com', 'lost-1');
  await sent(body.id);
  const revoke = () => usher.call(`/v1/invitations/${body.id}/revoke`, { body: {}, idempotencyKey: 'lost-2' });
  const revoked = await revoke();
  expect(revoked.status).toBe(200);
  await loseAnswers();
  const before = await stateOf(usher.db, body.id);
  expect(await create('lost@example.com', 'lost-1')).toMatchObject({ status: 201, body: { id: body.id } });
  for (const again of await Promise.all(Array.from({ length: 8 }, revoke))) {
    expect([again.status, again.body]).toEqual([200, revoked.body]);
  }
  expect(await stateOf(usher.db, body.id)).toBe(before);
});

test('a request that was claimed, and died before it took effect, is carried out once', async () => {
  const first = await create('claimed@example.com', 'claimed-1');
  const claim = () => create('claimed@example.com', 'claimed-2');
  // It had no effect, being refused; with its answer lost, all that is left of it is the claim.
  expect((await claim()).status).toBe(409);
  await usher.call(`/v1/invitations/${first.body.id}/revoke`, { body: {} });
  await loseAnswers();
  const answers = await Promise.all(Array.from({ length: 8 }, claim));
  expect(new Set(answers.map((a) => a.status))).toEqual(new Set([201]));
  for (const { body } of answers) expect(body).toEqual(answers[0]!.body);
  const { items } = (await usher.call('/v1/organizations/acme/invitations?email=claimed@example.com')).body;
  expect(items).toHaveLength(2);
});

test('answers are forgotten after 24 hours', async () => {
  const old = await create('old@example.com', 'old-1');
  const young = await create('young@example.com', 'young-1');
  const set = (hours: number, id: string) =>
    usher.db
      .updateTable('requests')
      .set({ created_at: new Date(Date.now() - hours * 3_600_000) })
      .where(sql<boolean>`body ->> 'id' = ${id}`)
      .execute();
  await set(24.1, old.body.id);
  await set(23.9, young.body.id);
  const kept = async () => (await usher.db.selectFrom('requests').select('key').execute()).length;
  const before = await kept();
  await forgetExpired(usher.db);
  expect(await kept()).toBe(before - 1);
  // It is another request now, with whatever body.
  expect(await create('old@example.com', 'old-1')).toMatchObject({ status: 409, body: { code: 'already_invited' } });
  await usher.db
    .updateTable('requests')
    .set({ created_at: new Date(Date.now() - 25 * 3_600_000) })
    .where('status', '=', 409)
    .execute();
  await forgetExpired(usher.db);
  const anew = await create('new@example.com', 'old-1');
  expect([anew.status, anew.body.email]).toEqual([201, 'new@example.com']);
  const replayed = await create('young@example.com', 'young-1');
  expect([replayed.body, replayed.headers.get('idempotency-replayed')]).toEqual([young.body, 'true']);
});

test.each(['', ' ', 'with space', 'x'.repeat(256), 'ümlaut'])('the key %j is refused', async (key) => {
  const answer = await usher.call('/v1/organizations/acme/invitations', {
    body: { email: 'key@example.com' },
    headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
  });
  expect(answer.status).toBe(400);
});
