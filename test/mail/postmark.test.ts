import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { MailError, type SendResult } from '../../mail/mail.ts';
import { namedAddress } from '../../mail/message.ts';
import { until } from '../setup/until.ts';
import { ask, message, postmark, release, sandbox, sentTo, settings } from './with-sandbox.ts';

const sends = async (url: string) => (await ask('GET', `${url}/sandbox/stats`)).body.calls.send as number;

describe('a message that Postmark takes', () => {
  it('is sent, and found again by its delivery', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    const one = message();
    const result = await mail.send(one);
    expect(result).toEqual({ status: 'sent', messageId: expect.any(String) });
    expect(await mail.find(one.delivery)).toEqual({ messageId: (result as { messageId: string }).messageId });
  });

  it('carries its tag, its metadata, its own Message-ID, and tracks nobody', async () => {
    const { url } = await sandbox();
    const one = message({
      kind: 'reminder',
      from: namedAddress('Ada "the Countess", via Usher', 'invitations@usher.example'),
      replyTo: 'ada@acme.example',
      inReplyTo: '<inv_test.1@usher.example>',
    });
    await postmark({ url }).send(one);
    const [{ MessageID }] = (await sentTo(url, one.to)).Messages;
    const { body } = await ask('GET', `${url}/messages/outbound/${MessageID}/details`);
    expect(body).toMatchObject({
      Tag: 'reminder',
      Metadata: { invitation: 'inv_test', delivery: one.delivery },
      TrackOpens: false,
      TrackLinks: 'None',
      HtmlBody: '<p>Hello</p>',
      TextBody: 'Hello',
      From: '"Ada \\"the Countess\\", via Usher" <invitations@usher.example>',
    });
    const page = await (await fetch(`${url}/inbox/${MessageID}`)).text();
    for (const header of [one.messageId, one.inReplyTo!])
      expect(page).toContain(header.replace('<', '&lt;').replace('>', '&gt;'));
    expect(page).toContain('X-PM-KeepID');
    expect(page).toContain('In-Reply-To');
    expect(page).toContain('References');
  });

  it('is not mistaken for another whose delivery begins alike', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    await mail.send(message({ delivery: 'inv_x/12' }));
    expect(await mail.find('inv_x/1')).toBeUndefined();
  });

  it('is not found before the index has it, and then is', async () => {
    const { url } = await sandbox({ settings: { indexLagMs: 3_600_000 } });
    const mail = postmark({ url });
    const one = message();
    await mail.send(one);
    expect(await mail.find(one.delivery)).toBeUndefined();
    await settings(url, { indexLagMs: 0 });
    expect(await mail.find(one.delivery)).toBeDefined();
  });
});

describe('a message that Postmark refuses for good', () => {
  it('has failed, with the code and without the address, when the recipient is inactive', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    const to = 'hardbounce@bounce-testing.postmarkapp.com';
    expect(await mail.send(message({ to }))).toMatchObject({ status: 'sent' });
    expect(await mail.send(message({ to }))).toEqual({ status: 'failed', code: 'postmark_406' });
  });

  it('has failed when the address is one that Postmark calls invalid', async () => {
    const { url } = await sandbox();
    expect(await postmark({ url }).send(message({ to: 'grace..hopper@navy.example' }))).toEqual({
      status: 'failed',
      code: 'postmark_300',
    });
  });

  it('fails alone: the others of its batch are sent', async () => {
    const { url } = await sandbox({
      settings: { failures: [{ match: { tag: 'reminder' }, count: 1, response: 406 }] },
    });
    const mail = postmark({ url });
    const results = await Promise.all([message(), message({ kind: 'reminder' }), message()].map((m) => mail.send(m)));
    expect(results.map((r) => r.status)).toEqual(['sent', 'failed', 'sent']);
    expect(await sends(url)).toBe(1);
  });
});

describe('a message that was certainly not taken', () => {
  it('is not sent when there are too many requests, and says when to come back', async () => {
    const { url } = await sandbox({ settings: { failures: [{ count: 1, response: 429 }] } });
    const mail = postmark({ url });
    const one = message();
    expect(await mail.send(one)).toEqual({ status: 'not_sent', code: 'http_429', retryAfterMs: 1000 });
    expect(await mail.find(one.delivery)).toBeUndefined();
    expect(await mail.send(one)).toMatchObject({ status: 'sent' });
  });

  it('is not sent when nobody listens', async () => {
    const { url, close } = await sandbox();
    await close();
    expect(await postmark({ url }).send(message())).toEqual({ status: 'not_sent', code: 'connection_refused' });
  });

  it('is not sent when the token is wrong', async () => {
    const url = await serve((_request, response) => response.writeHead(401).end('{"ErrorCode":10,"Message":"no"}'));
    expect(await postmark({ url }).send(message())).toEqual({ status: 'not_sent', code: 'http_401' });
  });

  it('does not follow a redirect, which would hand the token to another host', async () => {
    const { url: elsewhere } = await sandbox();
    const url = await serve((_request, response) =>
      response.writeHead(307, { location: `${elsewhere}/email/batch` }).end(),
    );
    expect(await postmark({ url }).send(message())).toEqual({ status: 'not_sent', code: 'http_307' });
    expect(await sends(elsewhere)).toBe(0);
  });

  it('is not sent after closing', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    const last = mail.send(message());
    await mail.close();
    expect(await last).toMatchObject({ status: 'sent' });
    expect(await mail.send(message())).toEqual({ status: 'not_sent', code: 'closed' });
  });
});

describe('a message that may have been taken', () => {
  it.each([
    ['timeout_after', 'timeout', true],
    ['timeout_before', 'timeout', false],
    ['reset_after', 'connection_lost', true],
    ['reset_before', 'connection_lost', false],
    [500, 'http_500', false],
    [503, 'http_503', false],
  ] as const)('is unknown after %s (%s), and only looking it up tells: taken %s', async (response, code, taken) => {
    const { url } = await sandbox({ settings: { failures: [{ count: 1, response }] } });
    const impatient = { url, timeoutMs: 1_000 };
    const one = message();
    expect(await postmark(code === 'timeout' ? impatient : { url }).send(one)).toEqual({ status: 'unknown', code });
    expect((await postmark({ url }).find(one.delivery)) !== undefined).toBe(taken);
    expect(await sends(url)).toBe(1);
  });

  it.each([
    ['no JSON', '<html>'],
    ['too few answers', '[]'],
    ['an answer without an error code', '[{}]'],
    ['an id missing', '[{"ErrorCode":0}]'],
    ['null', '[null]'],
    ['nothing', ''],
  ])('is unknown when the answer is %s', async (_what, body) => {
    const url = await serve((_request, response) => response.writeHead(200).end(body));
    expect(await postmark({ url }).send(message())).toEqual({ status: 'unknown', code: 'unreadable' });
  });

  it('is unknown when the answer breaks off', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('[{"ErrorCode":0,');
      setTimeout(() => response.destroy(), 20);
    });
    expect(await postmark({ url }).send(message())).toEqual({ status: 'unknown', code: 'connection_lost' });
  });

  it('is unknown when the answer begins but does not end in time', async () => {
    const url = await serve((_request, response) => response.writeHead(200).write('[{"ErrorCode":0,'));
    expect(await postmark({ url, timeoutMs: 150 }).send(message())).toEqual({ status: 'unknown', code: 'timeout' });
  });
});

describe('looking a message up', () => {
  it('throws a code when Postmark cannot be asked: that is not the same as not found', async () => {
    const { url, close } = await sandbox();
    const mail = postmark({ url });
    await close();
    await expect(mail.find('inv_test/1')).rejects.toEqual(new MailError('connection_refused'));
  });
});

describe('many messages at once', () => {
  it('travel in one request', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    const messages = Array.from({ length: 100 }, (_, i) => message({ to: `person${i}@navy.example` }));
    const results = await Promise.all(messages.map((m) => mail.send(m)));
    expect(new Set(results.map((r) => r.status === 'sent' && r.messageId)).size).toBe(100);
    expect(await sends(url)).toBe(1);
    // Each caller got the answer to its own message.
    for (const i of [0, 42, 99]) expect(results[i]).toMatchObject((await mail.find(messages[i]!.delivery))!);
  });

  it('travel in requests of 500 when there are more', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    const results = await Promise.all(Array.from({ length: 1001 }, () => mail.send(message())));
    expect(results.every((r) => r.status === 'sent')).toBe(true);
    expect(await sends(url)).toBe(3);
  });

  it('join those that come a moment later', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url });
    const first = mail.send(message());
    // Later, but before any timer.
    await new Promise(setImmediate);
    await Promise.all([first, mail.send(message())]);
    expect(await sends(url)).toBe(1);
  });

  it('gather while four requests are under way', async () => {
    const requests: { messages: number; answer: () => void }[] = [];
    const url = await serve(async (request, response) => {
      const messages = JSON.parse(await text(request)) as unknown[];
      const answer = () => response.end(JSON.stringify(messages.map(() => ({ ErrorCode: 0, MessageID: 'm' }))));
      requests.push({ messages: messages.length, answer });
    });
    const mail = postmark({ url });
    const sent: Promise<SendResult>[] = [];
    for (let i = 1; i <= 4; i++) {
      sent.push(mail.send(message()));
      await until('the request', async () => requests.length === i);
    }
    for (let i = 0; i < 11; i++) sent.push(mail.send(message()));
    for (const { answer } of requests) answer();
    await until('the request of the rest', async () => requests.length === 5);
    requests[4]!.answer();
    expect((await Promise.all(sent)).every((r) => r.status === 'sent')).toBe(true);
    // Four, each alone, and then all that gathered meanwhile.
    expect(requests.map(({ messages }) => messages)).toEqual([1, 1, 1, 1, 11]);
  });

  it('leave no faster than the account allows', async () => {
    const { url } = await sandbox();
    const mail = postmark({ url, perSecond: 100 });
    const start = performance.now();
    const after = await Promise.all(
      Array.from({ length: 150 }, async () => {
        expect(await mail.send(message())).toMatchObject({ status: 'sent' });
        return performance.now() - start;
      }),
    );
    expect(after.filter((ms) => ms < 1_000).length).toBeLessThanOrEqual(100);
    expect(await sends(url)).toBe(2);
  });

  it('all wait when there were too many requests, as long as Postmark says', async () => {
    const { url } = await sandbox({ settings: { failures: [{ count: 1, response: 429 }] } });
    const mail = postmark({ url });
    expect(await mail.send(message())).toMatchObject({ status: 'not_sent', retryAfterMs: 1_000 });
    const start = performance.now();
    expect(await mail.send(message())).toMatchObject({ status: 'sent' });
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  it('are handed back at once when that is long, and Postmark is left alone', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(429, { 'retry-after': '30' }).end('{"ErrorCode":0,"Message":"no"}');
    });
    const mail = postmark({ url });
    await mail.send(message());
    const result = await mail.send(message());
    expect(result).toEqual({ status: 'not_sent', code: 'paused', retryAfterMs: expect.any(Number) });
    expect((result as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(25_000);
    expect(requests).toBe(1);
  });

  it('are handed back unsent when their turn comes too late', async () => {
    const { url } = await sandbox({ settings: { latencyMs: 2300 } });
    const mail = postmark({ url });
    const first = Array.from({ length: 2000 }, () => mail.send(message()));
    const late = message();
    expect(await mail.send(late)).toEqual({ status: 'not_sent', code: 'busy' });
    expect((await Promise.all(first)).every((r) => r.status === 'sent')).toBe(true);
    await settings(url, { latencyMs: 0 });
    expect(await sends(url)).toBe(4);
    expect(await mail.find(late.delivery)).toBeUndefined();
  });

  it('share the outcome of their request', async () => {
    const { url } = await sandbox({ settings: { failures: [{ count: 1, response: 'timeout_after' }] } });
    const mail = postmark({ url, timeoutMs: 1_000 });
    const messages = [message(), message(), message()];
    const results = await Promise.all(messages.map((m) => mail.send(m)));
    expect(results).toEqual(Array(3).fill({ status: 'unknown', code: 'timeout' }));
    for (const { delivery } of messages) expect(await postmark({ url }).find(delivery)).toBeDefined();
  });
});

describe('a message that would smuggle something in', () => {
  it.each([
    ['a second recipient', { to: 'grace@navy.example, eve@evil.example' }, 'invalid_to'],
    ['a second recipient after a semicolon', { to: 'grace@navy.example;eve@evil.example' }, 'invalid_to'],
    ['a header after the recipient', { to: 'grace@navy.example\r\nBcc: eve@evil.example' }, 'invalid_to'],
    ['a named recipient', { to: 'Grace <grace@navy.example>' }, 'invalid_to'],
    ['a header after the sender', { from: 'Usher <a@usher.example>\nBcc: eve@evil.example' }, 'invalid_from'],
    ['a second sender', { from: 'a@usher.example, eve@evil.example' }, 'invalid_from'],
    ['a header after the reply address', { replyTo: 'ada@acme.example\r\nBcc: eve@evil.example' }, 'invalid_reply_to'],
    ['a header after the id', { messageId: '<a@usher.example>\r\nBcc: eve@evil.example' }, 'invalid_message_id'],
    ['two ids', { inReplyTo: '<a@usher.example> <b@usher.example>' }, 'invalid_in_reply_to'],
    ['a header after the kind', { kind: 'invitation\r\nBcc: eve@evil.example' }, 'invalid_kind'],
    ['a long delivery', { delivery: 'x'.repeat(81) }, 'invalid_delivery'],
    ['an invitation of two lines', { invitation: 'inv\n1' }, 'invalid_invitation'],
  ])('is refused without being sent: %s', async (_what, change, code) => {
    const { url } = await sandbox();
    expect(await postmark({ url }).send(message(change))).toEqual({ status: 'failed', code });
    expect(await sends(url)).toBe(0);
  });

  it('keeps its subject on one line, and in the order in which it was written', async () => {
    const { url } = await sandbox();
    const one = message({ subject: 'Ada\r\nBcc: eve@evil.example\u2028of\u0000 \u202eemcA' });
    expect(await postmark({ url }).send(one)).toMatchObject({ status: 'sent' });
    expect((await sentTo(url, one.to)).Messages[0].Subject).toBe('Ada Bcc: eve@evil.example of  emcA');
  });
});

/** A server that answers wrongly in ways the sandbox does not. */
async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  release(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
