import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../config.ts';
import type { Mail } from '../../mail/mail.ts';
import { namedAddress } from '../../mail/message.ts';
import { createSmtpMail, type SmtpOptions } from '../../mail/smtp.ts';
import { refusal, type SmtpServerOptions, startSmtpServer } from './smtp-server.ts';
import { message, release, temporaryDir } from './with-sandbox.ts';

/** Over the wire, to a real server, which does what servers do. */

async function server(options?: SmtpServerOptions) {
  const started = await startSmtpServer(options);
  release(() => started.close());
  return started;
}

function smtp(options: SmtpOptions): Mail {
  const mail = createSmtpMail(options);
  release(() => mail.close());
  return mail;
}

describe('a message that the mail server takes', () => {
  it('is sent, with its own ids, both texts, and a sender and a subject that read as they were written', async () => {
    const { smtp: to, received } = await server();
    const one = message({
      from: namedAddress('Ada "the Countess", via Usher', 'invitations@usher.example'),
      replyTo: 'ada@acme.example',
      subject: 'Äda invited you',
      text: 'Hello\n.\nthere',
      inReplyTo: '<inv_test.1@usher.example>',
    });
    expect(await smtp({ smtp: to }).send(one)).toEqual({ status: 'sent', messageId: one.messageId });
    const [{ source, ...envelope }] = received as [(typeof received)[0]];
    expect(envelope).toMatchObject({ from: 'invitations@usher.example', to: [one.to] });
    expect(source.match(/^[\w-]+: .*$/gm)).toEqual(
      expect.arrayContaining([
        `Message-ID: ${one.messageId}`,
        `In-Reply-To: ${one.inReplyTo}`,
        `References: ${one.inReplyTo}`,
        'From: "Ada \\"the Countess\\", via Usher" <invitations@usher.example>',
        'Reply-To: ada@acme.example',
        'To: grace@navy.example',
        'Subject: =?UTF-8?Q?=C3=84da_invited_you?=',
      ]),
    );
    expect(source).toContain('\r\nHello\r\n.\r\nthere');
    expect(source).toContain('<p>Hello</p>');
  });

  it('travels over connections that are kept, a few at a time', async () => {
    const { smtp: to, received, connections } = await server({ onMessage: (answer) => setTimeout(answer, 10) });
    const mail = smtp({ smtp: to });
    const results = await Promise.all(Array.from({ length: 20 }, () => mail.send(message())));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['sent']));
    expect(received.length).toBe(20);
    expect(connections()).toBe(5);
  });

  it('is sent when the connection that was kept had been closed meanwhile', async () => {
    const { smtp: to, received, hangUp } = await server();
    const mail = smtp({ smtp: to });
    await mail.send(message());
    hangUp();
    expect(await mail.send(message())).toMatchObject({ status: 'sent' });
    expect(received.length).toBe(2);
  });

  it('is never found: there is nobody to ask', async () => {
    const { smtp: to } = await server();
    const mail = smtp({ smtp: to });
    const one = message();
    await mail.send(one);
    expect(await mail.find(one.delivery)).toBeUndefined();
  });

  it('leaves no faster than the account allows', async () => {
    const { smtp: to } = await server();
    const mail = smtp({ smtp: to, perSecond: 10 });
    const start = performance.now();
    const after = await Promise.all(
      Array.from({ length: 15 }, async () => {
        expect(await mail.send(message())).toMatchObject({ status: 'sent' });
        return performance.now() - start;
      }),
    );
    expect(after.filter((ms) => ms < 1_000).length).toBeLessThanOrEqual(10);
  });
});

describe('a message that the mail server refuses for good', () => {
  it('has failed when the recipient does not exist; the next one is sent', async () => {
    const { smtp: to, received } = await server({
      onRcptTo: ({ address }, _session, answer) =>
        answer(address.startsWith('nobody') ? refusal(550, `5.1.1 No ${address} here`) : null),
    });
    const mail = smtp({ smtp: to });
    expect(await mail.send(message({ to: 'nobody@navy.example' }))).toEqual({ status: 'failed', code: 'smtp_550' });
    expect(await mail.send(message())).toMatchObject({ status: 'sent' });
    expect(received.length).toBe(1);
  });

  it.each([
    ['what it says', 554, '5.6.0 Not like this'],
    ['its length', 552, 'Too long'],
    ['its recipient, once all was read', 550, '5.1.10 RESOLVER.ADR.RecipientNotFound'],
  ])('has failed when %s is refused', async (_what, code, text) => {
    const { smtp: to } = await server({ onMessage: (answer) => answer(refusal(code, text)) });
    expect(await smtp({ smtp: to }).send(message())).toEqual({ status: 'failed', code: `smtp_${code}` });
  });
});

describe('a message that was certainly not taken', () => {
  it('is not sent when the recipient is to be tried later, and then is', async () => {
    let tries = 0;
    const { smtp: to } = await server({
      onRcptTo: (_address, _session, answer) => answer(tries++ === 0 ? refusal(451, '4.7.1 Greylisted') : null),
    });
    const mail = smtp({ smtp: to });
    const one = message();
    expect(await mail.send(one)).toEqual({ status: 'not_sent', code: 'smtp_451' });
    expect(await mail.send(one)).toMatchObject({ status: 'sent' });
  });

  it.each([
    ['the sender is refused', { onMailFrom: (_a, _s, answer) => answer(refusal(550, '5.1.8 Who?')) }, 'smtp_550'],
    [
      'nothing is relayed for us',
      { onRcptTo: (_a, _s, answer) => answer(refusal(554, '5.7.1 Relay denied')) },
      'smtp_554',
    ],
    [
      'the sender is refused with the recipient',
      { onRcptTo: (_a, _s, answer) => answer(refusal(550, '5.1.8 No such domain')) },
      'smtp_550',
    ],
    [
      'the sender may not send as that, once all was read',
      { onMessage: (answer) => answer(refusal(550, '5.7.60 Send as')) },
      'smtp_550',
    ],
    [
      'the sender is not confirmed, once all was read',
      { onMessage: (answer) => answer(refusal(554, 'Email address is not verified')) },
      'smtp_554',
    ],
    [
      'the account has sent enough for today',
      { onMessage: (answer) => answer(refusal(550, '5.4.5 Daily limit')) },
      'smtp_550',
    ],
    ['nobody may send without signing in', { authOptional: false, disabledCommands: ['STARTTLS'] }, 'smtp_530'],
    ['the server is too busy to greet', { onConnect: (_s, answer) => answer(refusal(421, 'Later')) }, 'smtp_421'],
    ['the server fails in the end', { onMessage: (answer) => answer(refusal(452, '4.3.1 Full')) }, 'smtp_452'],
  ] satisfies [string, SmtpServerOptions, string][])('is not sent when %s', async (_what, options, code) => {
    const { smtp: to } = await server(options);
    expect(await smtp({ smtp: to }).send(message())).toEqual({ status: 'not_sent', code });
  });

  it('is not sent when the connection is lost before the message', async () => {
    const { smtp: to, hangUp } = await server({ onRcptTo: () => hangUp() });
    expect(await smtp({ smtp: to }).send(message())).toEqual({ status: 'not_sent', code: 'connection_lost' });
  });

  it('is not sent when nobody greets in time', async () => {
    const { smtp: to } = await server({ onConnect: () => undefined });
    expect(await smtp({ smtp: to, timeoutMs: 200 }).send(message())).toEqual({ status: 'not_sent', code: 'timeout' });
  });

  it('is not sent when nobody listens, nor after closing', async () => {
    const { smtp: to, close } = await server();
    await close();
    const mail = smtp({ smtp: to });
    expect(await mail.send(message())).toEqual({ status: 'not_sent', code: 'connection_refused' });
    await mail.close();
    expect(await mail.send(message())).toEqual({ status: 'not_sent', code: 'closed' });
  });
});

describe('a message that may have been taken', () => {
  it.each([
    ['in the midst of it', false],
    ['after its end', true],
  ])('is unknown when the connection is lost %s', async (_when, whole) => {
    const {
      smtp: to,
      received,
      hangUp,
    } = await server(
      whole ? { onMessage: () => hangUp() } : { onData: (body) => void body.once('data', () => hangUp()) },
    );
    const text = 'x'.repeat(100_000);
    expect(await smtp({ smtp: to }).send(message({ text }))).toEqual({ status: 'unknown', code: 'connection_lost' });
    expect(received.length).toBe(whole ? 1 : 0);
  });

  it('is unknown when the server says nothing in time', async () => {
    const { smtp: to, received } = await server({ onMessage: () => undefined });
    const mail = smtp({ smtp: to, timeoutMs: 300 });
    expect(await mail.send(message())).toEqual({ status: 'unknown', code: 'timeout' });
    expect(received.length).toBe(1);
  });
});

describe('TLS and signing in', () => {
  const auth = { user: 'usher', pass: 'the password' };
  const onAuth: SmtpServerOptions['onAuth'] = ({ username, password }, _session, answer) =>
    username === auth.user && password === auth.pass
      ? answer(null, { user: username })
      : answer(refusal(535, '5.7.8 Wrong'));
  const known = tls.getCACertificates('default');
  let certificate: { key: string; cert: string };
  beforeAll(() => {
    const dir = temporaryDir();
    const [key, cert] = [path.join(dir, 'key'), path.join(dir, 'cert')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, '-days', '2'],
        ...['-subj', '/CN=mail.example', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ],
      { stdio: 'ignore' },
    );
    certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    tls.setDefaultCACertificates([...known, certificate.cert]);
  });
  afterAll(() => tls.setDefaultCACertificates(known));

  it.each(['implicit', 'starttls'] as const)('are %s, and then the password', async (kind) => {
    const { smtp: to, received } = await server({ ...certificate, secure: kind === 'implicit', onAuth });
    expect(await smtp({ smtp: { ...to, tls: kind, auth } }).send(message())).toMatchObject({ status: 'sent' });
    expect(received[0]!.session).toMatchObject({ secure: true, user: auth.user });
  });

  it.each([
    ['a server that does not offer TLS', { disabledCommands: ['STARTTLS'], hideSTARTTLS: true }, 'tls_failed'],
    ['a password that is wrong', { onAuth: (_a, _s, answer) => answer(refusal(535, '5.7.8 Wrong')) }, 'smtp_535'],
    ['a server that takes none', { disabledCommands: ['AUTH'] }, 'smtp_500'],
  ] satisfies [string, SmtpServerOptions, string][])('send nothing to %s', async (_what, options, code) => {
    const { smtp: to, received } = await server({ ...certificate, onAuth, ...options });
    const result = await smtp({ smtp: { ...to, tls: 'starttls', auth } }).send(message());
    expect(result).toEqual({ status: 'not_sent', code });
    expect(received).toEqual([]);
  });

  it.each(['implicit', 'starttls'] as const)('send nothing to somebody else (%s)', async (kind) => {
    const { smtp: to, received } = await server({ ...certificate, secure: kind === 'implicit', onAuth });
    const result = await smtp({ smtp: { ...to, host: 'localhost', tls: kind, auth } }).send(message());
    expect(result).toEqual({ status: 'not_sent', code: 'tls_failed' });
    expect(received).toEqual([]);
  });
});

describe('a message that would smuggle something in', () => {
  it('is refused without being sent, or is text', async () => {
    const { smtp: to, received } = await server();
    const mail = smtp({ smtp: to });
    expect(await mail.send(message({ to: 'grace@navy.example\r\nRCPT TO:<eve@evil.example>' }))).toEqual({
      status: 'failed',
      code: 'invalid_to',
    });
    const smuggled = 'Hello\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\nHa';
    expect(
      await mail.send(message({ subject: 'Ada\r\nBcc: eve@evil.example', text: smuggled, html: smuggled })),
    ).toMatchObject({ status: 'sent' });
    expect(received.map((r) => [r.from, r.to])).toEqual([['invitations@usher.example', ['grace@navy.example']]]);
    expect(received[0]!.source).toMatch(/^Subject: Ada Bcc: eve@evil\.example\r$/m);
    expect(received[0]!.source).not.toMatch(/^Bcc:/m);
  });
});

describe('the URL of a mail server', () => {
  const key = Buffer.alloc(32).toString('base64');
  const smtpOf = (url: string) =>
    readConfig({
      USHER_DATABASE_URL: 'postgres://usher@db/usher',
      USHER_PUBLIC_URL: 'https://usher.example.com',
      USHER_LINK_KEYS: key,
      USHER_COOKIE_KEY: key,
      USHER_ISSUER: 'https://login.example.com',
      USHER_CLIENT_ID: 'usher',
      USHER_CLIENT_SECRET: 'secret',
      USHER_MAIL_FROM: 'usher@example.com',
      USHER_SMTP_URL: url,
    }).mail.smtp;

  it.each([
    [
      'smtps://usher:p%40ss@mail.example',
      { host: 'mail.example', port: 465, tls: 'implicit', auth: { user: 'usher', pass: 'p@ss' } },
    ],
    ['smtp://mail.example:2525/', { host: 'mail.example', port: 2525, tls: 'starttls' }],
    ['smtp://mail.example?tls=off', { host: 'mail.example', port: 587, tls: 'off' }],
    ['smtp://u:p@localhost:25', { host: 'localhost', port: 25, tls: 'off', auth: { user: 'u', pass: 'p' } }],
    ['smtp://[::1]', { host: '::1', port: 587, tls: 'off' }],
  ])('%s is read', (url, expected) => {
    expect(smtpOf(url)).toEqual(expected);
  });

  it.each([
    'https://mail.example',
    'smtp://',
    'smtp://mail.example/path',
    'smtp://mail.example?tls=no',
    'smtps://mail.example?tls=off',
    'smtp://usher@mail.example',
    'smtp://usher:pass@mail.example?tls=off',
    'smtp://us%er:pass@mail.example',
  ])('%s is none', (url) => {
    expect(() => smtpOf(url)).toThrow(ConfigError);
  });
});
