import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ask, message, postmark, release, sandbox, sentTo, settings, temporaryDir } from './with-sandbox.ts';

const letter = (change: object = {}) => ({
  From: 'Usher <invitations@usher.example>',
  To: 'grace@navy.example',
  Subject: 'Hello',
  TextBody: 'Hello',
  ...change,
});

describe("Postmark's API in the sandbox", () => {
  it('wants a server token, any', async () => {
    const { url } = await sandbox();
    const response = await fetch(`${url}/email`, { method: 'POST' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ ErrorCode: 10 });
    expect((await ask('POST', `${url}/email`, letter())).status).toBe(200);
  });

  it('takes one message', async () => {
    const { url } = await sandbox();
    const { body } = await ask('POST', `${url}/email`, letter());
    expect(body).toEqual({
      To: 'grace@navy.example',
      SubmittedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      MessageID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ErrorCode: 0,
      Message: 'OK',
    });
  });

  it.each([
    [300, { To: 'nobody' }],
    [300, { To: '' }],
    [300, { From: 'a@b.example, c@d.example' }],
    [300, { ReplyTo: 'not an address' }],
    [300, { TextBody: '' }],
    [300, { Subject: 'x'.repeat(2001) }],
    [300, { Metadata: { key: 'x'.repeat(81) } }],
    [300, { Metadata: { ['k'.repeat(21)]: 'x' } }],
    [300, { Metadata: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, 'x'])) }],
    [300, { Headers: [{ Name: 'X-A', Value: 'a\r\nBcc: eve@evil.example' }] }],
  ])('answers %i to %j, alone as an error and in a batch beside the others', async (code, change) => {
    const { url } = await sandbox();
    const alone = await ask('POST', `${url}/email`, letter(change));
    expect(alone.status).toBe(422);
    expect(alone.headers.get('x-pm-apierrorcode')).toBe(String(code));
    expect(alone.body).toEqual({ ErrorCode: code, Message: expect.any(String) });
    const batch = await ask('POST', `${url}/email/batch`, [letter(change), letter()]);
    expect(batch.status).toBe(200);
    expect(batch.body).toMatchObject([{ ErrorCode: code }, { ErrorCode: 0 }]);
  });

  it('takes 500 messages in a batch and no more', async () => {
    const { url } = await sandbox();
    const batch = await ask('POST', `${url}/email/batch`, Array(501).fill(letter()));
    expect([batch.status, batch.body.ErrorCode]).toEqual([422, 410]);
    expect((await ask('POST', `${url}/email/batch`, Array(500).fill(letter()))).body).toHaveLength(500);
  });

  it('answers what it cannot read as Postmark does', async () => {
    const { url } = await sandbox();
    const post = async (contentType: string, body: string) => {
      const response = await fetch(`${url}/email`, {
        method: 'POST',
        headers: { 'x-postmark-server-token': 'any', 'content-type': contentType },
        body,
      });
      return [response.status, ((await response.json()) as { ErrorCode: number }).ErrorCode];
    };
    expect(await post('application/json', '{')).toEqual([422, 402]);
    expect(await post('application/xml', '<a/>')).toEqual([415, 409]);
    expect(await post('application/json', '[]')).toEqual([422, 403]);
  });

  it('reads names before addresses, with commas in them, and several recipients', async () => {
    const { url } = await sandbox();
    await ask(
      'POST',
      `${url}/email`,
      letter({ To: '"Hopper, Grace" <grace@navy.example>, Alan <alan@bletchley.example>' }),
    );
    expect((await sentTo(url, 'alan@bletchley.example')).Messages[0].To).toEqual([
      { Email: 'grace@navy.example', Name: 'Hopper, Grace' },
      { Email: 'alan@bletchley.example', Name: 'Alan' },
    ]);
  });

  it('finds messages by recipient, tag and one field of metadata, newest first, in pages', async () => {
    const { url } = await sandbox();
    const letters = [1, 2, 3].map((i) =>
      letter({ Subject: `No. ${i}`, Tag: i === 2 ? 'even' : 'odd', Metadata: { Delivery: `d/${i}` } }),
    );
    await ask('POST', `${url}/email/batch`, [...letters, letter({ To: 'alan@bletchley.example' })]);
    const search = async (query: string) => {
      const { status, body } = await ask('GET', `${url}/messages/outbound?${query}`);
      return status === 200
        ? [body.TotalCount, ...body.Messages.map((m: { Subject: string }) => m.Subject)]
        : body.ErrorCode;
    };
    expect(await search('count=2&offset=0&recipient=GRACE@navy.example')).toEqual([3, 'No. 3', 'No. 2']);
    expect(await search('count=2&offset=2&recipient=grace@navy.example')).toEqual([3, 'No. 1']);
    expect(await search('count=9&offset=0&tag=even')).toEqual([1, 'No. 2']);
    expect(await search('count=9&offset=0&metadata_delivery=d/3')).toEqual([1, 'No. 3']);
    expect(await search('count=9&offset=0&metadata_delivery=d')).toEqual([0]);
    expect(await search('count=9&offset=0&metadata_delivery=d/3&metadata_b=c')).toBe(700);
    expect(await search('count=501&offset=0')).toBe(700);
    expect(await search('count=1')).toBe(700);
    expect(await search('count=500&offset=9501')).toBe(700);
    expect(await search('count=9&offset=0&fromdate=2026-01-01')).toBe(700);
    expect((await ask('GET', `${url}/messages/outbound/none/details`)).body.ErrorCode).toBe(701);
  });
});

describe('the inbox', () => {
  it('survives a restart: messages, bodies, and who is inactive', async () => {
    const dir = temporaryDir();
    const first = await sandbox({ dir });
    await ask('POST', `${first.url}/email`, letter({ Metadata: { delivery: 'd/1' }, HtmlBody: '<p>é</p>' }));
    await ask('POST', `${first.url}/email`, letter({ To: 'hardbounce@bounce-testing.postmarkapp.com' }));
    await first.close();

    const second = await sandbox({ dir });
    const [found] = (await ask('GET', `${second.url}/messages/outbound?count=1&offset=0&metadata_delivery=d/1`)).body
      .Messages;
    expect((await ask('GET', `${second.url}/messages/outbound/${found.MessageID}/details`)).body.HtmlBody).toBe(
      '<p>é</p>',
    );
    const again = await ask('POST', `${second.url}/email`, letter({ To: 'hardbounce@bounce-testing.postmarkapp.com' }));
    expect(again.body.ErrorCode).toBe(406);
  });

  it('survives a line that was only half written', async () => {
    const dir = temporaryDir();
    const first = await sandbox({ dir });
    await ask('POST', `${first.url}/email`, letter());
    await first.close();
    appendFileSync(join(dir, 'messages.jsonl'), '{"id":"half');

    const second = await sandbox({ dir });
    await ask('POST', `${second.url}/email`, letter());
    await second.close();
    const third = await sandbox({ dir });
    expect((await sentTo(third.url, 'grace@navy.example')).TotalCount).toBe(2);
  });

  it('is emptied on request, and forgets who is inactive', async () => {
    const { url } = await sandbox();
    await ask('POST', `${url}/email`, letter({ To: 'hardbounce@bounce-testing.postmarkapp.com' }));
    expect((await ask('DELETE', `${url}/sandbox/messages`)).status).toBe(204);
    expect((await ask('GET', `${url}/sandbox/stats`)).body).toMatchObject({ messages: 0, calls: { send: 0, find: 0 } });
    const again = await ask('POST', `${url}/email`, letter({ To: 'hardbounce@bounce-testing.postmarkapp.com' }));
    expect(again.body.ErrorCode).toBe(0);
  });
});

describe('settings', () => {
  it('stay as they are when a change leaves them out', async () => {
    const { url } = await sandbox({ settings: { indexLagMs: 5 } });
    expect((await settings(url, { latencyMs: 1 })).body).toMatchObject({ indexLagMs: 5, latencyMs: 1 });
  });

  it.each([
    { indexLagMs: -1 },
    { unknown: 1 },
    { failures: [{ count: 1, response: 418 }] },
    { webhookUrl: 'ftp://a' },
    [],
  ])('refuse %j and say why', async (change) => {
    const { url } = await sandbox();
    const { status, body } = await settings(url, change);
    expect([status, body]).toEqual([400, { error: expect.any(String) }]);
  });

  it('let a failure befall whom it is for, as often as it says', async () => {
    const { url } = await sandbox();
    await settings(url, { failures: [{ match: { recipient: 'Alan@bletchley.example' }, count: 2, response: 500 }] });
    const status = async (To: string) => (await ask('POST', `${url}/email`, letter({ To }))).status;
    expect(await status('grace@navy.example')).toBe(200);
    expect(await status('alan@bletchley.example')).toBe(500);
    expect((await ask('GET', `${url}/sandbox/settings`)).body.failures[0].count).toBe(1);
    expect(await status('alan@bletchley.example')).toBe(500);
    expect(await status('alan@bletchley.example')).toBe(200);
  });

  it('slow every answer down', async () => {
    const { url } = await sandbox({ settings: { latencyMs: 120 } });
    const start = performance.now();
    await sentTo(url, 'grace@navy.example');
    expect(performance.now() - start).toBeGreaterThan(110);
  });
});

describe('webhooks', () => {
  it('tell of a delivery, with its metadata', async () => {
    const { url, next } = await receiver();
    const box = await sandbox({ settings: { webhookUrl: url } });
    const one = message();
    await postmark({ url: box.url }).send(one);
    expect((await next()).body).toMatchObject({
      RecordType: 'Delivery',
      MessageStream: 'outbound',
      Recipient: one.to,
      MessageID: expect.any(String),
      Tag: 'invitation',
      DeliveredAt: expect.any(String),
      Metadata: { invitation: 'inv_test', delivery: one.delivery },
    });
  });

  it.each([
    ['HardBounce', 1, true],
    ['hard_bounce', 1, true],
    ['nobody', 1, true],
    ['SoftBounce', 4096, false],
    ['blocked', 100006, false],
    ['Transient', 2, false],
  ])('tell of the bounce of %s@ (%i), after which the address is inactive: %s', async (local, code, inactive) => {
    const { url, next } = await receiver();
    const box = await sandbox({ settings: { webhookUrl: url } });
    const to = `${local}@bounce-testing.postmarkapp.com`;
    const mail = postmark({ url: box.url });
    await mail.send(message({ to }));
    expect((await next()).body).toMatchObject({
      RecordType: 'Bounce',
      TypeCode: code,
      Email: to,
      ID: expect.any(Number),
      Inactive: inactive,
      Metadata: { invitation: 'inv_test' },
    });
    expect((await mail.send(message({ to }))).status).toBe(inactive ? 'failed' : 'sent');
    expect((await next()).body).toMatchObject(
      inactive
        ? { RecordType: 'SubscriptionChange', SuppressSending: true, SuppressionReason: 'HardBounce' }
        : { RecordType: 'Bounce' },
    );
  });

  it('tell of a complaint after the delivery', async () => {
    const { url, next } = await receiver();
    const box = await sandbox({ settings: { webhookUrl: url } });
    const to = 'spamcomplaint@bounce-testing.postmarkapp.com';
    const mail = postmark({ url: box.url });
    await mail.send(message({ to }));
    expect((await next()).body).toMatchObject({ RecordType: 'Delivery' });
    expect((await next()).body).toMatchObject({
      RecordType: 'SpamComplaint',
      TypeCode: 100001,
      Email: to,
      Inactive: true,
      CanActivate: false,
    });
    expect(await mail.send(message({ to }))).toEqual({ status: 'failed', code: 'postmark_406' });
  });

  it('come again, as the same, when they were not taken, with the credentials of the URL', async () => {
    const { url, next } = await receiver([503]);
    const box = await sandbox({ settings: { webhookUrl: url.replace('http://', 'http://usher:s%40cret@') } });
    await postmark({ url: box.url }).send(message());
    const [first, second] = [await next(), await next()];
    expect(second.body).toEqual(first.body);
    expect(second.headers['x-pm-webhook-trace-id']).toBe(first.headers['x-pm-webhook-trace-id']);
    expect(first.headers.authorization).toBe(`Basic ${Buffer.from('usher:s@cret').toString('base64')}`);
    await expect.poll(async () => (await ask('GET', `${box.url}/sandbox/stats`)).body.webhooks.posted).toBe(1);
  });

  it('tell of a message whatever is asked, in that order and as often', async () => {
    const { url, next } = await receiver();
    const box = await sandbox({ settings: { webhookUrl: url } });
    const one = message();
    await postmark({ url: box.url }).send(one);
    const { MessageID } = (await next()).body as { MessageID: string };
    const at = '2030-01-01T00:00:00.000Z';
    const reports = [
      { type: 'Opened', at },
      { type: 'Bounced', at, bounce: 'SoftBounce' },
      { type: 'Delivered', at },
      { type: 'Delivered', at },
      { type: 'Clicked', at },
      { type: 'SubscriptionChanged', at, reason: 'SpamComplaint' },
    ];
    const posted = await ask('POST', `${box.url}/sandbox/reports`, { message: MessageID, reports });
    expect(posted.body).toEqual({ taken: 6 });
    const bodies = [];
    for (const _ of reports) bodies.push((await next()).body);
    const common = { MessageID, MessageStream: 'outbound', Tag: 'invitation', Metadata: { delivery: one.delivery } };
    expect(bodies).toMatchObject([
      { ...common, RecordType: 'Open', Recipient: one.to, ReceivedAt: at, FirstOpen: true },
      { ...common, RecordType: 'Bounce', Email: one.to, BouncedAt: at, Type: 'SoftBounce' },
      { ...common, RecordType: 'Delivery', Recipient: one.to, DeliveredAt: at },
      { ...common, RecordType: 'Delivery' },
      { ...common, RecordType: 'Click', Recipient: one.to, ReceivedAt: at },
      { ...common, RecordType: 'SubscriptionChange', ChangedAt: at, SuppressSending: true },
    ]);
    const wrong = { message: MessageID, reports: [{ type: 'Read', at }] };
    expect((await ask('POST', `${box.url}/sandbox/reports`, wrong)).status).toBe(400);
  });

  it('do not come again when they were refused', async () => {
    const { url, next } = await receiver([403]);
    const box = await sandbox({ settings: { webhookUrl: url } });
    await postmark({ url: box.url }).send(message());
    await next();
    await expect
      .poll(async () => (await ask('GET', `${box.url}/sandbox/stats`)).body.webhooks)
      .toEqual({
        posted: 0,
        failed: 1,
        dropped: 0,
      });
  });
});

describe('the sandbox as a process', () => {
  const main = fileURLToPath(new URL('../../mail/sandbox/main.ts', import.meta.url));
  const start = (env: Record<string, string>) => {
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    release(() => child.kill('SIGKILL'));
    return child;
  };

  it.each(['SIGTERM', 'SIGINT'] as const)('listens, and stops on %s', async (signal) => {
    const child = start({ USHER_SANDBOX_DIR: temporaryDir(), USHER_SANDBOX_PORT: '0' });
    const [line] = await once(child.stdout, 'data');
    const url = /http:\/\/[\d.:]+/.exec(String(line))![0];
    expect((await ask('POST', `${url}/email`, letter())).status).toBe(200);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('names the variable that is wrong', async () => {
    const child = start({});
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toContain('USHER_SANDBOX_DIR is not set');
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});

interface Received {
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** Takes webhooks; the first ones are answered with the given statuses. */
async function receiver(statuses: number[] = []) {
  const received: Received[] = [];
  let arrived = () => {};
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push({ headers: request.headers, body: JSON.parse(text) });
    response.writeHead(statuses.shift() ?? 200).end();
    arrived();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  release(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async (): Promise<Received> => {
    while (received.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
    return received.shift()!;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/postmark`, next };
}
