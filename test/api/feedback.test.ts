import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { App, RouteDeps } from '../../api/deps.ts';
import { registerPostmark } from '../../api/routes/postmark.ts';
import { beginSession } from '../../db/accounts.ts';
import type { InvitationId } from '../../db/ids.ts';
import { bounceTypes } from '../../mail/bounce-types.ts';
import { postmarkFeedback } from '../../mail/postmark-feedback.ts';
import type { Order } from '../../mail/sandbox/reports.ts';
import { emailReports } from '../../telemetry/metrics.ts';
import { invitationWorkflowId, reloadSignal, stateQuery } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What the mail provider tells of emails, as the sandbox posts it, and what becomes of that. */

let usher: Usher;
/** Of the owner. */
let session: string;
beforeAll(async () => {
  usher = await startUsher();
  session = (await beginSession(usher.db, { account: usher.owner.id, idToken: 'none' })).id;
});
afterEach(async () => {
  expect(await findBreaches(usher.db)).toEqual([]);
});
afterAll(() => usher?.close());

const read = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body;
const became = (id: string, status: string) =>
  usher.until(`the email to be ${status}`, async () => (await read(id)).delivery.status === status);
const standing = (id: string) =>
  usher.temporal.client.workflow.getHandle(invitationWorkflowId(id as InvitationId)).query(stateQuery);
const stands = (id: string, at: string) => usher.until(`its run at ${at}`, async () => (await standing(id)).at === at);
const events = async (id: string): Promise<string[]> =>
  (await usher.call(`/v1/invitations/${id}/events`)).body.items.map((event: { type: string }) => event.type);
const notices = async (id: string) =>
  (
    await usher.db
      .selectFrom('notices')
      .select('kind')
      .where('invitation_id', '=', id as InvitationId)
      .execute()
  ).map((row) => row.kind);
/** Invites as a person does, who can be told. */
async function invite(email: string): Promise<string> {
  const { status, body } = await usher.call('/v1/organizations/acme/invitations', { session, body: { email } });
  expect(status).toBe(201);
  return body.id;
}
const at = (second: number) => new Date(Date.UTC(2030, 0, 1) + second * 1_000).toISOString();

describe('the webhook', () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    usher.call('/webhooks/postmark', { key: null, body, headers });
  const right = () => ({
    authorization: `Basic ${Buffer.from(`postmark:${new URL(usher.feedbackUrl).password}`).toString('base64')}`,
  });
  const delivery = (metadata: unknown, more: object = {}) => ({
    RecordType: 'Delivery',
    MessageID: 'a-message',
    Metadata: metadata,
    DeliveredAt: at(1),
    ...more,
  });

  test('takes nothing without the password, and does not look at it', async () => {
    const wrong = [{}, { authorization: `Bearer ${usher.key}` }, { authorization: `Basic ${btoa('postmark:wrong')}` }];
    for (const headers of wrong) {
      const refused = await post(delivery({ delivery: 'inv_x/1' }), headers);
      expect([refused.status, refused.body.code]).toEqual([401, 'not_authenticated']);
      expect(refused.headers.get('www-authenticate')).toBe('Basic realm="Usher"');
    }
  });

  test('is not there where there is no password', async () => {
    const app = Fastify();
    registerPostmark(app as unknown as App, { feedbackPassword: undefined } as RouteDeps);
    expect((await app.inject({ method: 'POST', url: '/webhooks/postmark', payload: {} })).statusCode).toBe(404);
  });

  test('refuses what is no webhook of Postmark', async () => {
    const bad = [[], {}, { RecordType: 1 }, delivery({ delivery: 'inv_x/1' }, { DeliveredAt: 'soon' })];
    for (const body of bad) expect((await post(body, right())).body.code).toBe('invalid_request');
    expect((await post(`{"x": "${'x'.repeat(1024 * 1024)}"}`, right())).body.code).toBe('too_large');
  });

  test('answers 200 to what is about no email of ours, or says nothing: Postmark would repeat it for hours', async () => {
    const foreign = [
      delivery(null),
      delivery({}),
      delivery({ delivery: 'somebody-else/7' }),
      delivery({ delivery: 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q/1' }),
      delivery({ delivery: 'x\u0000' }),
      { RecordType: 'Inbound', Details: '\u0000 is not looked at' },
      { ...delivery({ delivery: 'inv_x/1' }), RecordType: 'Bounce', Type: 'AutoResponder' },
    ];
    for (const body of foreign)
      expect(await post(body, right())).toMatchObject({ status: 200, body: { recorded: false } });
  });

  test('knows what each type of bounce says, and what is none of them', () => {
    const said = (type: string) =>
      postmarkFeedback({ ...delivery({ delivery: 'x/1' }), RecordType: 'Bounce', Type: type, BouncedAt: at(1) });
    const trouble = Object.keys(bounceTypes).filter((type) => said(type));
    expect(Object.keys(bounceTypes).filter((type) => !trouble.includes(type))).toEqual([
      ...['Transient', 'Unsubscribe', 'Subscribe', 'AutoResponder', 'AddressChange', 'OpenRelayTest', 'InboundError'],
    ]);
    const details = ['HardBounce', 'DMARCPolicy', 'SMTPApiError', 'SpamComplaint', 'New'].map((type) => said(type));
    expect(details.map((feedback) => [feedback?.status, feedback?.detail])).toEqual([
      ['bounced', 'hard_bounce'],
      ['bounced', 'dmarc_policy'],
      ['bounced', 'smtp_api_error'],
      ['complained', 'spam_complaint'],
      ['bounced', 'unknown'],
    ]);
  });
});

describe('with a provider that reports', () => {
  beforeAll(() => usher.mailIs({ webhookUrl: usher.feedbackUrl }));
  afterAll(() => usher.mailIs({ webhookUrl: null }));

  test('an email that arrives says so, in its row, its log and the list, though the provider’s own answer was lost', async () => {
    await usher.mailIs({ failures: [{ count: 1, response: 'reset_after' }] });
    const id = await invite('arrives@example.com');
    await became(id, 'delivered');
    expect((await read(id)).delivery.detail).toBeNull();
    expect(await events(id)).toEqual(['created', 'invitation_sent', 'invitation_delivered']);
    expect((await usher.messages('arrives@example.com')).length).toBe(1);
    const { body } = await usher.call('/v1/organizations/acme/invitations?delivery=delivered');
    expect(body.items.map((item: { id: string }) => item.id)).toContain(id);
    await stands(id, 'pending.waiting');
  });

  test('one that bounces puts its invitation in trouble, where operators find it; a corrected address mends it', async () => {
    const id = await invite('hardbounce@bounce-testing.postmarkapp.com');
    await became(id, 'bounced');
    expect((await read(id)).delivery).toMatchObject({ status: 'bounced', detail: 'hard_bounce' });
    await stands(id, 'pending.undeliverable');
    expect(await notices(id)).toEqual(['undeliverable']);
    const isListed = async () => {
      const query = `WorkflowId = '${invitationWorkflowId(id as InvitationId)}' AND UsherDelivery = 'bounced'`;
      for await (const _ of usher.temporal.client.workflow.list({ query })) return true;
      return false;
    };
    await usher.until('operators to find it', isListed);
    const body = { email: 'mended@example.com' };
    const amended = await decided(() => usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body }));
    expect(amended.status).toBe(200);
    await became(id, 'delivered');
    await stands(id, 'pending.waiting');
    await usher.until('operators to see that it is over', async () => !(await isListed()));
    // The provider sends that address nothing more: it refuses, which is a failure.
    const refused = await invite('hardbounce@bounce-testing.postmarkapp.com');
    await became(refused, 'failed');
    expect((await read(refused)).delivery).toMatchObject({ status: 'failed', detail: 'postmark_406' });
    await stands(refused, 'pending.undeliverable');
    expect(await notices(refused)).toEqual(['undeliverable']);
  });

  test('one that is called spam was delivered before, and is in trouble', async () => {
    const id = await invite('spamcomplaint@bounce-testing.postmarkapp.com');
    await became(id, 'complained');
    await stands(id, 'pending.undeliverable');
    expect((await events(id)).slice(-2)).toEqual(['invitation_delivered', 'invitation_complained']);
  });

  test('a message that is only delayed is not in trouble', async () => {
    const id = await invite('transient@bounce-testing.postmarkapp.com');
    await became(id, 'sent');
    expect(await notices(id)).toEqual([]);
  });
});

describe('reports', () => {
  type Reports = Order['reports'];
  const [delivered, opened] = [{ type: 'Delivered' }, { type: 'Opened' }] as const;
  const bounced = { type: 'Bounced', bounce: 'SoftBounce' } as const;
  const orders = <T>([first, ...rest]: readonly T[]): T[][] =>
    first === undefined
      ? [[]]
      : orders(rest).flatMap((order) => order.map((_, i) => order.toSpliced(i, 0, first)).concat([[...order, first]]));

  /** An email that is sent, of which the provider has told nothing. */
  const unreported = async (email: string) => {
    await usher.mailIs({ webhookUrl: null });
    const id = await invite(email);
    await became(id, 'sent');
    await usher.mailIs({ webhookUrl: usher.feedbackUrl });
    return id;
  };
  /** Has the sandbox report, one after the other, of a message. */
  const report = async (message: { MessageID: string } | undefined, reports: Reports) => {
    const response = await fetch(`${usher.inbox}/sandbox/reports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message: message?.MessageID, reports }),
    });
    expect(await response.json()).toEqual({ taken: reports.length });
  };
  afterAll(() => usher.mailIs({ webhookUrl: null }));

  test.each([
    { last: 'bounce', told: [delivered, bounced, opened], status: 'bounced', stand: 'pending.undeliverable' },
    { last: 'delivery', told: [bounced, delivered, opened], status: 'opened', stand: 'pending.waiting' },
  ])('of a $last that counts come to the same in every order, each twice', async ({ last, told, status, stand }) => {
    const timed = told.map((one, i) => ({ ...one, at: at(i) }));
    for (const [i, order] of orders(timed).entries()) {
      const email = `order-${last}-${i}@example.com`;
      const id = await unreported(email);
      const [message] = await usher.messages(email);
      await report(message, order as Reports);
      const log = await events(id);
      await report(message, order as Reports);
      expect(await events(id)).toEqual(log);
      const { delivery } = await read(id);
      expect(delivery, JSON.stringify(order)).toMatchObject({ status, at: at(status === 'bounced' ? 1 : 2) });
      await stands(id, stand);
      // Told once, if there ever was anything to tell.
      const bounceShows = status === 'bounced' || order.indexOf(timed[0]!) < order.indexOf(timed[1]!);
      expect(await notices(id)).toEqual(bounceShows ? ['undeliverable'] : []);
    }
  });

  test('a click says that it was opened; that nothing more is sent to the address, why', async () => {
    const id = await unreported('clicks@example.com');
    const [message] = await usher.messages('clicks@example.com');
    const changed = { type: 'SubscriptionChanged' } as const;
    await report(message, [
      { type: 'Clicked', at: at(1) },
      { ...changed, at: at(2), reason: 'ManualSuppression' },
      { ...changed, at: at(3), reason: null },
    ]);
    expect((await read(id)).delivery.status).toBe('opened');
    const counted = async () =>
      (await emailReports.get()).values.find(({ labels }) => labels.status === 'bounced')!.value;
    const before = await counted();
    await report(message, [{ ...changed, at: at(4), reason: 'HardBounce' }]);
    expect((await read(id)).delivery).toMatchObject({ status: 'bounced', detail: 'hard_bounce' });
    // However often it is told, one email bounced.
    await report(message, [{ type: 'Bounced', bounce: 'HardBounce', at: at(5) }]);
    expect((await counted()) - before).toBe(1);
  });

  test('on a former email, or an invitation that is over, are written down and move nothing', async () => {
    const email = 'former@example.com';
    const id = await unreported(email);
    await usher.mailIs({ webhookUrl: null });
    await decided(() => usher.call(`/v1/invitations/${id}/resend`, { body: {} }));
    const [newest, former] = await usher.until('another email', async () => {
      const both = await usher.messages(email);
      return both.length === 2 && both;
    });
    await became(id, 'sent');
    await usher.mailIs({ webhookUrl: usher.feedbackUrl });
    const rows = () =>
      usher.db
        .selectFrom('deliveries')
        .select(['ordinal', 'status', 'untold_at'])
        .where('invitation_id', '=', id as InvitationId)
        .orderBy('ordinal')
        .execute();
    await report(former, [{ ...bounced, at: at(1) }]);
    expect(await rows()).toEqual([
      { ordinal: 1, status: 'bounced', untold_at: null },
      { ordinal: 2, status: 'sent', untold_at: null },
    ]);
    expect((await standing(id)).at).toBe('pending.waiting');
    const run = usher.temporal.client.workflow.getHandle(invitationWorkflowId(id as InvitationId));
    const { events: history } = await run.fetchHistory();
    const signals = history!.flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
    expect(signals).not.toContain(reloadSignal.name);
    await decided(() => usher.call(`/v1/invitations/${id}/revoke`, { body: {} }));
    await report(newest, [{ ...bounced, at: at(1) }]);
    expect((await rows())[1]).toEqual({ ordinal: 2, status: 'bounced', untold_at: null });
    expect(await read(id)).toMatchObject({ state: 'revoked', delivery: { status: 'bounced' } });
    expect(await notices(id)).toEqual([]);
  });
});
