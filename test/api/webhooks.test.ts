import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sql } from 'kysely';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId, type WebhookId } from '../../db/ids.ts';
import { forgetExpired } from '../../db/requests.ts';
import { webhookTypes } from '../../db/webhooks.ts';
import { webhookAttempts } from '../../telemetry/metrics.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type Received, type Receiver, startReceiver } from '../setup/receiver.ts';
import { type RunningWorker, startUsher, type Usher } from '../setup/usher.ts';

/** A program is told what happens: over real HTTP, by a real worker, which may die. */

const base = '/v1/organizations/acme/webhooks';
let usher: Usher;
let receiver: Receiver;
beforeAll(async () => {
  usher = await startUsher();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  // None is told what the next test does.
  await usher.db.updateTable('webhooks').set({ removed_at: new Date() }).execute();
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

interface Made {
  id: WebhookId;
  secret: string;
}
async function add(more: object = {}): Promise<Made> {
  const { status, body } = await usher.call(base, { body: { url: receiver.url, ...more } });
  expect(status).toBe(201);
  return body;
}
const get = async (path: string) => (await usher.call(`${base}/${path}`)).body;
const post = (path: string, body: object = {}) => usher.call(`${base}/${path}`, { body });
/** What arrived of one invitation and its member, in order. */
const typesOf = (id: string, received = receiver.received) =>
  received
    .filter(({ message }) => (message.data.invitation?.id ?? message.data.member?.invitation) === id)
    .map(({ message }) => message.type);
const arrived = (what: string, is: () => unknown) => usher.until(what, async () => Boolean(is()));
const verified = ({ headers, body }: Received, secret: string) =>
  new Verifier(secret).verify(body, headers as Record<string, string>);
const accept = (id: string, email: string) =>
  usher.call(`/v1/invitations/${id}/accept`, {
    body: { account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' } },
  });
/** As if time had passed: a receiver in trouble is tried again now. */
const tryNow = (id: WebhookId) =>
  usher.db.updateTable('webhooks').set({ retry_at: null }).where('id', '=', id).execute();
/** As if much had: so is every message. */
const tryAllNow = async (id: WebhookId) => {
  await tryNow(id);
  await usher.db
    .updateTable('webhook_messages')
    .set({ next_attempt_at: sql`now()` })
    .where('webhook_id', '=', id)
    .where('state', '=', 'waiting')
    .execute();
};
const answering =
  (status: number, headers: Record<string, string> = {}): Receiver['answer'] =>
  (_, response) =>
    response.writeHead(status, headers).end();

describe('a program', () => {
  test('is told the whole life of an invitation and its member, in order, signed, as the API shows it', async () => {
    const { id, secret } = await add();
    const email = 'lived@example.com';
    const invitation = await usher.invite(email, { licenses: ['studio'], metadata: { ours: '7' } });
    await arrived('the email', () => typesOf(invitation.id).includes('invitation.sent'));
    expect((await accept(invitation.id, email)).status).toBe(200);
    await arrived('the seat', () => typesOf(invitation.id).includes('license.assigned'));
    const [member] = (await usher.call(`/v1/organizations/acme/members?search=${email}`)).body.items;
    const members = '/v1/organizations/acme/members';
    await usher.call(`${members}/${member.id}`, { method: 'PATCH', body: { role: 'admin' } });
    await usher.call(`${members}/${member.id}`, { method: 'DELETE' });
    await arrived('the removal', () => typesOf(invitation.id).includes('license.released'));
    expect(typesOf(invitation.id)).toEqual([
      ...['invitation.created', 'invitation.sent', 'invitation.accepted', 'member.joined', 'license.assigned'],
      ...['member.changed', 'member.removed', 'license.released'],
    ]);
    for (const received of receiver.received) expect(verified(received, secret)).toEqual(received.message);
    expect(() => verified(receiver.received[0]!, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow();
    expect(new Set(receiver.received.map((received) => received.id)).size).toBe(receiver.received.length);

    const told = Object.fromEntries(receiver.received.map(({ message }) => [message.type, message]));
    expect(Object.keys(told['invitation.created'].data.invitation).sort()).toEqual(Object.keys(invitation).sort());
    expect(told['invitation.created']).toMatchObject({ version: 'v1', timestamp: expect.stringMatching(/^20.*Z$/) });
    expect(told['invitation.accepted'].data.invitation).toEqual(
      (await usher.call(`/v1/invitations/${invitation.id}`)).body,
    );
    expect(told['member.removed'].data.member).toEqual((await usher.call(`${members}/${member.id}`)).body);
    expect(told['license.assigned'].data).toMatchObject({
      member: { id: member.id, email },
      license: { product: 'studio' },
    });
    const { items } = await get(`${id}/messages`);
    expect(items).toHaveLength(8);
    for (const item of items)
      expect(item).toMatchObject({ state: 'delivered', attempts: 1, lastAnswer: '204', nextAttemptAt: null });
    // Exactly what is described.
    const { webhooks } = (await usher.call('/openapi.json')).body;
    expect(Object.keys(webhooks)).toEqual([...webhookTypes, 'webhook.test']);
    for (const { message } of receiver.received) {
      const { properties } = webhooks[message.type].post.requestBody.content['application/json'].schema;
      expect(Object.keys(message)).toEqual(Object.keys(properties));
      expect(Object.keys(message.data).sort()).toEqual(Object.keys(properties.data.properties).sort());
    }
  });

  test('is told only what it wants, by two endpoints each for itself', async () => {
    await add({ types: ['invitation.revoked'] });
    await add({ types: ['invitation.created', 'invitation.revoked'] });
    const { id } = await usher.invite('chosen@example.com');
    await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
    await arrived('three messages', () => receiver.received.length === 3);
    expect(typesOf(id).toSorted()).toEqual(['invitation.created', 'invitation.revoked', 'invitation.revoked']);
  });

  test('that refuses one message gets others, and what follows it afterwards, in order', async () => {
    const { id } = await add({ types: ['invitation.created', 'invitation.revoked'] });
    const refused = await usher.invite('refused@example.com');
    let refuses = true;
    receiver.answer = ({ message }, response) =>
      response.writeHead(refuses && message.data.invitation.id === refused.id ? 500 : 204).end();
    await usher.call(`/v1/invitations/${refused.id}/revoke`, { body: {} });
    await arrived('a refusal', () => receiver.received.length > 0);
    const other = await usher.invite('other@example.com');
    await usher.until('the other', async () => {
      await tryNow(id);
      return typesOf(other.id).length === 1;
    });
    expect(new Set(typesOf(refused.id))).toEqual(new Set(['invitation.created']));
    refuses = false;
    await usher.until('the rest', async () => {
      await tryAllNow(id);
      return typesOf(refused.id).includes('invitation.revoked');
    });
    const ofRefused = receiver.received.filter(({ message }) => message.data.invitation.id === refused.id);
    expect(typesOf(refused.id, ofRefused.slice(-2))).toEqual(['invitation.created', 'invitation.revoked']);
    // One message, however often it is sent.
    expect(new Set(ofRefused.map((received) => received.id)).size).toBe(2);
  });

  test('that refuses all of one type gets the others', async () => {
    const before = await usher.invite('before@example.com');
    await add({ types: ['invitation.created', 'invitation.revoked'] });
    receiver.answer = ({ message }, response) =>
      response.writeHead(message.type === 'invitation.created' ? 500 : 204).end();
    // More than travel at once.
    await Promise.all(Array.from({ length: 12 }, (_, n) => usher.invite(`refused-${n}@example.com`)));
    await arrived('a refusal', () => receiver.received.length > 0);
    await usher.call(`/v1/invitations/${before.id}/revoke`, { body: {} });
    await arrived('the other', () => typesOf(before.id).length === 1);
  });

  test('that asks for a pause is given it, until somebody tries it or it has moved', async () => {
    const { id } = await add();
    receiver.answer = answering(503, { 'retry-after': '120' });
    await post(`${id}/test`);
    await arrived('it', () => receiver.received.length === 1);
    const { retry_at, failures } = await usher.until('the pause', async () => {
      const row = await usher.db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
      return row.retry_at !== null && row;
    });
    expect(failures).toBe(1);
    expect(retry_at!.getTime() - Date.now()).toBeGreaterThan(100_000);
    expect((await get(id)).failingSince).not.toBeNull();
    const [message] = (await get(`${id}/messages?state=waiting`)).items;
    expect(message).toMatchObject({ type: 'webhook.test', attempts: 1, lastAnswer: '503' });
    expect(Date.parse(message.nextAttemptAt) - Date.now()).toBeGreaterThan(100_000);
    await post(`${id}/test`);
    await arrived('another', () => receiver.received.length === 2);
    await usher.until('the pause', async () => (await get(`${id}/messages`)).items[0].attempts === 1);
    receiver.answer = answering(204);
    const url = `${receiver.url}?moved`;
    const moved = await usher.call(`${base}/${id}`, { method: 'PATCH', body: { url } });
    expect(moved.body.failingSince).toBeNull();
    await usher.until('both', async () => (await get(`${id}/messages?state=delivered`)).items.length === 2);
  });

  test('is heard of each message of a batch: one that cannot be written, one taken, one that asks for a pause', async () => {
    const { id } = await add();
    let asked = 0;
    receiver.answer = (received, response) =>
      (asked++ === 0 ? answering(204) : answering(503, { 'retry-after': '120' }))(received, response);
    const ofBatch = { webhook_id: id, type: 'webhook.test' } as const;
    await usher.db
      .insertInto('webhook_messages')
      .values([
        { ...ofBatch, type: 'invitation.sent', thread: 'a', invitation_id: newId('inv') },
        ...['b', 'c'].map((thread) => ({ ...ofBatch, thread })),
      ])
      .execute();
    const answers = await usher.until('all', async () => {
      const { items } = await get(`${id}/messages`);
      const found: (string | null)[] = items.map(({ lastAnswer }: { lastAnswer: string | null }) => lastAnswer);
      return !found.includes(null) && found;
    });
    expect(answers.toSorted()).toEqual(['204', '503', 'unreadable']);
    const row = await usher.db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ failures: 0, failing_since: null });
    expect(row.retry_at!.getTime() - Date.now()).toBeGreaterThan(60_000);
  });

  test('gets both signatures for a day after its secret was rotated, and then the new one', async () => {
    const { id, secret } = await add();
    const rotated = await post(`${id}/rotate`);
    expect(rotated.body).toMatchObject({ id, previousSecretUntil: expect.any(String) });
    const left = Date.parse(rotated.body.previousSecretUntil) - Date.now();
    expect(left).toBeGreaterThan(23.9 * 3_600_000);
    expect(left).toBeLessThanOrEqual(24 * 3_600_000);
    await post(`${id}/test`);
    await arrived('it', () => receiver.received.length === 1);
    for (const each of [secret, rotated.body.secret]) verified(receiver.received[0]!, each);
    // The answer may have been lost: the receiver still has the first.
    const again = await post(`${id}/rotate`);
    expect(again.body.previousSecretUntil).toBe(rotated.body.previousSecretUntil);
    await post(`${id}/test`);
    await arrived('another', () => receiver.received.length === 2);
    for (const each of [secret, again.body.secret]) verified(receiver.received[1]!, each);
    await usher.db
      .updateTable('webhooks')
      .set({ previous_secret_until: new Date(Date.now() - 1) })
      .where('id', '=', id)
      .execute();
    await post(`${id}/test`);
    await arrived('a third', () => receiver.received.length === 3);
    verified(receiver.received[2]!, again.body.secret);
    expect(() => verified(receiver.received[2]!, secret)).toThrow();
    await forgetExpired(usher.db);
    const row = await usher.db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(row.previous_secret).toBeNull();
  });
});

describe('an endpoint', () => {
  test('that is gone is disabled, its owners are told once, and what waits is sent when it is enabled', async () => {
    const { id } = await add({ types: ['invitation.created', 'invitation.revoked'] });
    receiver.answer = answering(410);
    const { id: invitation } = await usher.invite('kept@example.com');
    const disabled = await usher.until('it to be disabled', async () => (await get(id)).disabled ?? undefined);
    expect(disabled.why).toBe('gone');
    expect((await post(`${id}/test`)).body.code).toBe('webhook_disabled');
    await usher.call(`/v1/invitations/${invitation}/revoke`, { body: {} });
    const notices = async () =>
      (await usher.messages('owner@acme.example')).filter(({ Subject }) => /webhook/.test(Subject));
    await usher.until('the email', async () => (await notices()).length > 0);
    await usher.until('that to be noted', async () => {
      const { told_at } = await usher.db
        .selectFrom('webhooks')
        .select('told_at')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return told_at !== null;
    });
    receiver.answer = answering(204);
    receiver.received.length = 0;
    const enabled = await usher.call(`${base}/${id}`, { method: 'PATCH', body: { disabled: false } });
    expect(enabled.body).toMatchObject({ disabled: null, failingSince: null });
    await arrived('what waited', () => receiver.received.length === 2);
    expect(typesOf(invitation)).toEqual(['invitation.created', 'invitation.revoked']);
    expect((await notices()).map(({ Subject }) => Subject)).toEqual(['A webhook of Acme has been disabled']);
    const events = await usher.call(`/v1/organizations/acme/events?target=${id}`);
    expect(events.body.items.map(({ type, detail }: { type: string; detail: string }) => [type, detail])).toEqual([
      ['webhook_created', null],
      ['webhook_disabled', 'gone'],
      ['webhook_enabled', 'by_hand'],
    ]);
  });

  test('with which nothing got through for three days is disabled', async () => {
    const { id } = await add();
    receiver.answer = answering(500);
    await post(`${id}/test`);
    await usher.until('a failure', async () => (await get(id)).failingSince !== null);
    // The very message with which it began, as if that were three days ago.
    await usher.db
      .updateTable('webhook_messages')
      .set({ first_attempted_at: sql`first_attempted_at - interval '3 days'`, next_attempt_at: sql`now()` })
      .where('webhook_id', '=', id)
      .execute();
    await usher.db
      .updateTable('webhooks')
      .set({ failing_since: sql`failing_since - interval '3 days'`, retry_at: null })
      .where('id', '=', id)
      .execute();
    expect(await usher.until('it', async () => (await get(id)).disabled ?? undefined)).toMatchObject({
      why: 'failing',
    });
    const [message] = (await get(`${id}/messages`)).items;
    expect(message).toMatchObject({ state: 'waiting', attempts: 2 });
  });

  test('that has recovered gets at once what waited for a later attempt', async () => {
    const { id } = await add();
    receiver.answer = answering(500);
    for (const _ of [1, 2, 3]) await post(`${id}/test`);
    await usher.until('a failure', async () => (await get(id)).failingSince !== null);
    receiver.answer = answering(204);
    await usher.db
      .updateTable('webhook_messages')
      .set({ next_attempt_at: sql`now() + interval '3 hours'`, attempts: 5 })
      .where('webhook_id', '=', id)
      .execute();
    await usher.db
      .updateTable('webhooks')
      .set({ failing_since: sql`now() - interval '1 hour'`, retry_at: null })
      .where('id', '=', id)
      .execute();
    await post(`${id}/test`);
    await usher.until('all', async () => (await get(`${id}/messages?state=delivered`)).items.length === 4);
  });

  test('gives a message up that was refused for three days while others got through; it is sent again when asked', async () => {
    const { id } = await add({ types: ['invitation.created', 'invitation.revoked'] });
    let refuses = true;
    receiver.answer = ({ message }, response) =>
      response.writeHead(refuses && message.type === 'invitation.created' ? 400 : 204).end();
    const { id: invitation } = await usher.invite('given-up@example.com');
    const messages = async (state: string) => (await get(`${id}/messages?state=${state}`)).items;
    await usher.until('an attempt', async () => (await messages('waiting'))[0]?.attempts === 1);
    await usher.db
      .updateTable('webhook_messages')
      .set({ first_attempted_at: sql`now() - interval '3 days'` })
      .where('webhook_id', '=', id)
      .execute();
    await usher.db.updateTable('webhooks').set({ failing_since: null }).where('id', '=', id).execute();
    await tryAllNow(id);
    const [failed] = await usher.until('it to be given up', async () => {
      const found = await messages('failed');
      return found.length > 0 && found;
    });
    expect(failed).toMatchObject({ type: 'invitation.created', attempts: 2, lastAnswer: '400', nextAttemptAt: null });
    const shown = await get(`${id}/messages/${failed.id}`);
    expect(shown.payload).toMatchObject({ type: 'invitation.created', data: { invitation: { id: invitation } } });
    await usher.call(`/v1/invitations/${invitation}/revoke`, { body: {} });
    await tryNow(id);
    await arrived('the next', () => typesOf(invitation).includes('invitation.revoked'));

    refuses = false;
    receiver.received.length = 0;
    expect((await post(`${id}/resend`, { since: new Date(0).toISOString() })).body).toEqual({ resent: 1, more: false });
    await arrived('it', () => receiver.received.length === 1);
    expect(receiver.received[0]!.id).toBe(failed.id);
    await usher.until('that to be noted', async () => (await messages('delivered')).length === 2);
    expect((await post(`${id}/messages/${failed.id}/resend`)).body).toMatchObject({ state: 'waiting', attempts: 0 });
    await arrived('it again', () => receiver.received.length === 2);
    expect(receiver.received[1]!.id).toBe(failed.id);
  });

  test('at a private address is told nothing', async () => {
    for (const url of ['https://10.0.0.1/', 'http://app.example.com@10.0.0.1/', 'ftp://app.example.com/']) {
      const answer = await usher.call(base, { body: { url } });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    }
    const { id } = await add();
    // Plain HTTP goes to networks that are allowed, whatever the name says.
    await usher.db.updateTable('webhooks').set({ url: 'http://10.255.255.1:9/' }).where('id', '=', id).execute();
    await post(`${id}/test`);
    const [message] = await usher.until('an attempt', async () => {
      const { items } = await get(`${id}/messages`);
      return items[0]?.attempts === 1 && items;
    });
    expect(message.lastAnswer).toBe('address_not_public');
  });

  test('has had its attempts counted, by what came of them', async () => {
    const { values } = await webhookAttempts.get();
    const answers = values.filter(({ value }) => value > 0).map(({ labels }) => labels.answer);
    // As the tests before this one have it.
    expect(answers).toEqual(expect.arrayContaining(['2xx', '4xx', '5xx', 'address_not_public']));
  });

  test('is made once a request, of ten at most, changed, and removed', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => usher.call(base, { body: { url: receiver.url }, idempotencyKey: 'one-webhook' })),
    );
    expect(first!.body.id).toBe(second!.body.id);
    expect([first!.body.secret, second!.body.secret].filter((secret) => secret === null)).toHaveLength(1);
    const { id } = first!.body;
    const changed = await usher.call(`${base}/${id}`, { method: 'PATCH', body: { types: ['member.joined'] } });
    expect(changed.body).toMatchObject({ id, url: receiver.url, types: ['member.joined'] });
    for (let n = 1; n < 10; n++) await add();
    expect((await usher.call(base, { body: { url: receiver.url } })).body.code).toBe('too_many_webhooks');
    const page = await usher.call(`${base}?limit=4`);
    expect(page.body.items).toHaveLength(4);
    expect((await usher.call(`${base}?limit=6&cursor=${page.body.cursor}`)).body.items.at(-1).id).toBe(id);
    expect((await usher.call(`${base}/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await usher.call(`${base}/${id}`)).status).toBe(404);
    expect((await usher.call(`${base}/${id}`, { method: 'DELETE' })).status).toBe(404);
    const row = await usher.db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect([row.secret, row.previous_secret]).toEqual(['', null]);
  });
});

test('a worker that is killed between sending a message and noting it sends it again, under the same id', async () => {
  const { id } = await add();
  await usher.worker.stop();
  const secret = Buffer.alloc(32).toString('base64');
  const child = spawn(process.execPath, ['worker.ts'], {
    cwd: new URL('../..', import.meta.url),
    env: {
      ...process.env,
      USHER_DATABASE_URL: usher.runUrl,
      USHER_PUBLIC_URL: usher.url,
      USHER_LINK_KEYS: secret,
      USHER_COOKIE_KEY: secret,
      USHER_ISSUER: usher.issuer,
      USHER_CLIENT_ID: 'usher',
      USHER_CLIENT_SECRET: 'secret',
      USHER_POSTMARK_URL: usher.inbox,
      USHER_POSTMARK_TOKEN: 'test',
      USHER_MAIL_FROM: 'usher@usher.example',
      USHER_WEBHOOK_NETWORKS: '127.0.0.0/8',
      TEMPORAL_ADDRESS: usher.temporal.address,
    },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  let successor: RunningWorker | undefined;
  try {
    // It has the message, and nobody will ever hear so.
    receiver.answer = () => undefined;
    await post(`${id}/test`);
    await arrived('the message', () => receiver.received.length === 1);
    child.kill('SIGKILL');
    expect((await exited)[1]).toBe('SIGKILL');
    receiver.answer = answering(204);
    successor = await usher.startWorker();
    await usher.until('it', async () => (await get(`${id}/messages?state=delivered`)).items.length === 1);
    expect(receiver.received.map((received) => received.id)).toEqual([
      receiver.received[0]!.id,
      receiver.received[0]!.id,
    ]);
  } finally {
    child.kill('SIGKILL');
    usher.worker = successor ?? (await usher.startWorker());
  }
});
