import { afterAll, beforeAll, expect, test } from 'vitest';
import { attemptTogether, createFirstAttempts } from '../../activities/first-attempts.ts';
import type { InvitationId } from '../../db/ids.ts';
import { createPostmarkMail } from '../../mail/postmark.ts';
import type { FailureResponse, SandboxSettings } from '../../mail/sandbox/settings.ts';
import { createSmtpMail } from '../../mail/smtp.ts';
import { deliveryStart, workflowTypes } from '../../workflows/contract.ts';
import { startSmtpServer } from '../mail/smtp-server.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type RunningWorker, startUsher, type Usher } from '../setup/usher.ts';
import { accountOf } from './acts.ts';

/** What the mail provider can do to a delivery: each ends mailed once, and nobody who joins waits for it. */

let usher: Usher;
let worker: RunningWorker;
const closing = new AsyncDisposableStack();
beforeAll(async () => {
  usher = await startUsher({ withWorker: false });
  closing.defer(() => usher.close());
  // A silent provider is waited for longer than those who join wait for the engine.
  const mail = createPostmarkMail({ url: usher.inbox, token: 'test', timeoutMs: 3_000 });
  closing.defer(() => mail.close());
  worker = await usher.startWorker({ mail, lookupPatienceMs: 6_000 });
  closing.defer(() => worker.stop());
});
afterAll(async () => {
  await closing.disposeAsync();
});

const providerIs = async (settings: Partial<SandboxSettings>) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${usher.inbox}/sandbox/settings`, {
    method: 'PUT',
    headers,
    body: JSON.stringify(settings),
  });
  expect(response.status).toBe(200);
};
const deliveryOf = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.delivery;
const settled = (id: string) =>
  usher.until('the delivery to be settled', async () => {
    const delivery = await deliveryOf(id);
    return delivery.status !== 'queued' && delivery;
  });
const attempted = (id: string) =>
  usher.until('an attempt', async () => {
    const { attempted_at, status } = await usher.db
      .selectFrom('deliveries')
      .select(['attempted_at', 'status'])
      .where('invitation_id', '=', id as InvitationId)
      .executeTakeFirstOrThrow();
    return attempted_at !== null || status !== 'queued';
  });

/** What befalls the first attempts, how often, and what the delivery comes to. */
const troubles: Record<string, { response: FailureResponse; count: number; status: string; mails: number }> = {
  'rate-limited': { response: 429, count: 1, status: 'sent', mails: 1 },
  'in-maintenance': { response: 503, count: 1, status: 'sent', mails: 1 },
  'broken-down': { response: 500, count: 1, status: 'sent', mails: 1 },
  'silent-and-not-taken': { response: 'timeout_before', count: 1, status: 'sent', mails: 1 },
  'silent-though-taken': { response: 'timeout_after', count: 1, status: 'sent', mails: 1 },
  'cut-off-and-not-taken': { response: 'reset_before', count: 1, status: 'sent', mails: 1 },
  'cut-off-though-taken': { response: 'reset_after', count: 1, status: 'sent', mails: 1 },
  // A refusal may be lost with the answer to the batch that carried it, so it is repeated.
  inactive: { response: 406, count: 100, status: 'failed', mails: 0 },
  'not-an-address': { response: 300, count: 100, status: 'failed', mails: 0 },
};

test('whatever the provider does, and however late its index, a delivery is mailed once or refused for good', async () => {
  const addresses = Object.keys(troubles).map((name) => [name, `${name}@example.com`] as const);
  await providerIs({
    indexLagMs: 1_000,
    failures: addresses.map(([name, recipient]) => {
      const { response, count } = troubles[name]!;
      return { match: { recipient }, response, count };
    }),
  });
  const outcomes: Promise<readonly [string, string]>[] = [];
  for (const [name, email] of addresses) {
    const { id } = await usher.invite(email);
    // One after the other, so that hardly two share a batch, and with it their trouble.
    await attempted(id);
    outcomes.push(settled(id).then(({ status }) => [name, status]));
  }
  const statuses = await Promise.all(outcomes);
  // All there is, indexed or not.
  await providerIs({ indexLagMs: 0, failures: [] });
  const found = await Promise.all(
    statuses.map(async ([name, status]) => [name, status, (await usher.messages(`${name}@example.com`)).length]),
  );
  expect(found).toEqual(Object.entries(troubles).map(([name, { status, mails }]) => [name, status, mails]));
  expect(await findBreaches(usher.db)).toEqual([]);
});

test('while the provider is silent people join, decline and are revoked, and wait for nothing', async () => {
  await providerIs({ failures: [{ count: 1_000, response: 'timeout_before' }] });
  const acts = { accept: 'accepted', decline: 'declined', revoke: 'revoked' } as const;
  await Promise.all(
    Object.entries(acts).map(async ([act, state]) => {
      const email = `silent-${act}@example.com`;
      const { id } = await usher.invite(email);
      await attempted(id);
      const answer = await usher.call(`/v1/invitations/${id}/${act}`, {
        body: act === 'revoke' ? {} : accountOf(email),
      });
      // Answered though the provider never answers.
      expect(answer).toMatchObject({ status: 200, body: { state } });
      await usher.temporal.client.workflow.getHandle(`invitation/${id}`).result();
    }),
  );
});

test('an address that was corrected while the provider did not take its email is not mailed by a late attempt', async () => {
  const [wrong, right] = ['wrong@example.com', 'right@example.com'];
  await providerIs({ failures: [{ match: { recipient: wrong }, count: 1_000, response: 429 }] });
  const { id } = await usher.invite(wrong);
  const amended = await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: right } });
  expect(amended.status).toBe(200);
  expect(await settled(id)).toMatchObject({ status: 'sent' });

  await providerIs({ failures: [] });
  await usher.temporal.client.workflow.execute(workflowTypes.delivery, deliveryStart({ invitation: id, ordinal: 1 }));
  const deliveries = await usher.db
    .selectFrom('deliveries')
    .select(['status', 'detail'])
    .where('invitation_id', '=', id)
    .orderBy('ordinal')
    .execute();
  expect(deliveries).toEqual([
    { status: 'failed', detail: 'superseded' },
    { status: 'sent', detail: null },
  ]);
  expect(await usher.messages(wrong)).toEqual([]);
  expect((await usher.messages(right)).length).toBe(1);
});

test('a mail server that cannot be asked is sent the message again after a while, under the same Message-ID, and a batch at the rate of the account', async () => {
  await worker.stop();
  const server = await startSmtpServer({
    onMessage: (answer) => (server.received.length === 1 ? server.hangUp() : answer()),
  });
  closing.defer(() => server.close());
  const mail = createSmtpMail({ smtp: server.smtp, perSecond: 5 });
  closing.defer(() => mail.close());
  worker = await usher.startWorker({ mail, lookupPatienceMs: 1_000 });
  const { id } = await usher.invite('cut-off-by-smtp@example.com');
  expect(await settled(id)).toMatchObject({ status: 'sent' });
  const ids = server.received.map(({ source }) => /^Message-ID: (.+)$/m.exec(source)![1]);
  expect(ids.length).toBe(2);
  expect(new Set(ids).size).toBe(1);

  // And no more in a second than its account allows, however many are invited at once.
  const start = Date.now();
  const invitations = Array.from({ length: 12 }, (_, i) => ({ email: `rated-${i}@example.com` }));
  await usher.call('/v1/organizations/acme/invitation-batches', { body: { mode: 'all', invitations } });
  await usher.until('all of the batch', async () => server.received.length >= 14);
  expect(Date.now() - start).toBeGreaterThanOrEqual(2_000);
  expect(server.received.length).toBe(14);
});

test('of no more emails than a mail server takes at once is it unknown when a worker dies; none is turned away, and one that ends leaves the rest', async () => {
  await worker.stop();
  const rows = () =>
    usher.db
      .selectFrom('deliveries')
      .innerJoin('invitations', 'invitations.id', 'invitation_id')
      .select(['invitations.id', 'status', 'attempted_at'])
      .where('email', 'like', 'slice-%')
      .orderBy('invitations.id')
      .execute();
  const isMarked = (row: Awaited<ReturnType<typeof rows>>[number]) =>
    row.status === 'queued' && row.attempted_at !== null;
  const marked: number[] = [];
  // So slow that the last of 50 on five connections would wait longer than any may.
  const server = await startSmtpServer({
    onMessage: async (answer) => {
      marked.push((await rows()).filter(isMarked).length);
      setTimeout(answer, 250);
    },
  });
  closing.defer(() => server.close());
  const mail = createSmtpMail({ smtp: server.smtp });
  closing.defer(() => mail.close());
  const invitations = Array.from({ length: 62 }, (_, i) => ({ email: `slice-${i}@example.com` }));
  await usher.call('/v1/organizations/acme/invitation-batches', { body: { mode: 'all', invitations } });

  const { db, links, temporal } = usher;
  const deps = { db, mail, links, from: 'usher@usher.example', temporal: temporal.client };
  const deliveries = (await rows()).map(({ id }) => ({ invitation: id, ordinal: 1 }));
  const ended = await attemptTogether(deps, deliveries.slice(0, 50));
  expect(new Set(ended.map(({ result }) => result.status))).toEqual(new Set(['sent']));
  expect(server.received.length).toBe(50);
  expect(Math.max(...marked)).toBe(5);

  const firstAttempts = createFirstAttempts({ ...deps, mail: { ...mail, perSecond: 5 } });
  for (const delivery of deliveries.slice(50)) expect(firstAttempts.handOver(delivery)).toBe(true);
  await firstAttempts.close();
  expect(server.received.length).toBe(51);
  expect((await rows()).filter((row) => row.status === 'queued' && !row.attempted_at).length).toBe(11);
});
