import type { LookupFunction } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { faultOf, isPublic } from '../../webhooks/addresses.ts';
import { createPost, type Post } from '../../webhooks/post.ts';
import { type Receiver, startReceiver } from '../setup/receiver.ts';

/** What goes out to addresses that others have chosen, and what does not. */

const loopback = ['127.0.0.0/8', '::1/128'];
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answer = (_, response) => response.writeHead(204).end();
});
afterAll(() => receiver?.close());

async function posting<T>(
  post: Post,
  work: (send: (url?: string) => ReturnType<Post['send']>) => Promise<T>,
): Promise<T> {
  try {
    return await work((url = receiver.url) => post.send(url, { 'content-type': 'application/json' }, '{}'));
  } finally {
    await post.close();
  }
}
const to =
  (...addresses: string[]): LookupFunction =>
  (_, options, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };

test.each<[string, boolean]>([
  ['8.8.8.8', true],
  ['2606:4700:4700::1111', true],
  ['::ffff:8.8.8.8', true],
  ...[
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '192.168.1.1', '192.0.2.1'],
    ...['198.18.0.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', '::10.0.0.1'],
    ...['::ffff:10.0.0.1', '::ffff:127.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b:1::1', '2002:a00:1::', '2001::1'],
    ...[
      '2001:db8::1',
      'fc00::1',
      'fd12::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
      '100::1',
      'localhost',
      '',
    ],
  ].map((address): [string, boolean] => [address, false]),
])('%s is of the public internet: %s', (address, is) => {
  expect(isPublic(address)).toBe(is);
});

test.each([
  ['https://app.example.com/webhooks?to=usher', [], true],
  ['https://app.example.com:8443/', [], true],
  ['http://app.example.com/', [], false],
  ['ftp://app.example.com/', [], false],
  ['app.example.com', [], false],
  ['https://user:secret@app.example.com/', [], false],
  ['https://app.example.com/#part', [], false],
  ['https://127.0.0.1/', [], false],
  ['https://2130706433/', [], false],
  ['https://0x7f.1/', [], false],
  ['https://[::1]/', [], false],
  ['https://[::ffff:a00:1]/', [], false],
  ['https://localhost/', [], false],
  ['https://app.localhost./', [], false],
  ['http://localhost:3000/', loopback, true],
  ['http://127.0.0.1:3000/', loopback, true],
  ['http://8.8.8.8/', loopback, false],
  ['https://10.0.0.1/', loopback, false],
  ['https://10.0.0.1/', ['10.0.0.0/8'], true],
])('the URL %s, where %j may be reached besides, is taken: %s', (url, networks, is) => {
  expect(faultOf(url, networks) === undefined).toBe(is);
});

test('a message arrives as it was given, on a connection of its own', async () => {
  const answer = await posting(createPost(loopback), (send) => send());
  expect(answer).toEqual({ status: 204 });
  expect(receiver.received).toMatchObject([{ body: '{}', headers: { connection: 'close' } }]);
});

describe('nobody is reached', () => {
  test.each([
    ['at a private address, where no network is allowed', 'https', [], to('127.0.0.1')],
    ['at a private address beside a public one', 'https', [], to('8.8.8.8', '10.0.0.1')],
    ['at a public address without TLS', 'http', loopback, to('8.8.8.8')],
    ['at a private address of no network that is allowed', 'http', loopback, to('10.0.0.1')],
    ['at an address that IPv6 maps', 'https', [], to('::ffff:127.0.0.1')],
    ['at none', 'http', loopback, to()],
  ] as const)('%s', async (_, scheme, networks, lookup) => {
    const { port } = new URL(receiver.url);
    const answer = await posting(createPost(networks, lookup), (send) => send(`${scheme}://app.example.com:${port}/`));
    expect(answer).toEqual({ code: 'address_not_public' });
    expect(receiver.received).toEqual([]);
  });

  test('by an address in the place of a name', async () => {
    const { port } = new URL(receiver.url);
    await posting(createPost([]), async (send) => {
      for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f000001'])
        for (const scheme of ['http', 'https'])
          expect(await send(`${scheme}://${host}:${port}/`)).toEqual({ code: 'address_not_public' });
    });
    expect(receiver.received).toEqual([]);
  });

  test('by a name that changes its address between two messages, nor between the look and the connection', async () => {
    let looks = 0;
    // The first answer is allowed; whoever asks a second time for the same message would be led elsewhere.
    const rebinding: LookupFunction = (...asked) => (looks++ === 0 ? to('127.0.0.1') : to('10.0.0.1'))(...asked);
    const { port } = new URL(receiver.url);
    await posting(createPost(loopback, rebinding), async (send) => {
      expect(await send(`http://app.example.com:${port}/`)).toEqual({ status: 204 });
      expect([looks, receiver.received.length]).toEqual([1, 1]);
      expect(await send(`http://app.example.com:${port}/`)).toEqual({ code: 'address_not_public' });
      expect([looks, receiver.received.length]).toEqual([2, 1]);
    });
  });

  test('by a redirect', async () => {
    receiver.answer = (_, response) => response.writeHead(307, { location: receiver.url }).end();
    expect(await posting(createPost(loopback), (send) => send())).toEqual({ status: 307 });
    expect(receiver.received).toHaveLength(1);
  });
});

describe('of an answer', () => {
  test('little is read, however long it is', async () => {
    let written = 0;
    receiver.answer = (_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && written < 1e9) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more);
        }
      };
      more();
    };
    expect(await posting(createPost(loopback), (send) => send())).toEqual({ status: 200 });
    expect(written).toBeLessThan(100e6);
  });

  test('the status is known, and how long to wait, by seconds or a time, up to a day', async () => {
    const waits = async (header: string) => {
      receiver.answer = (_, response) => response.writeHead(503, { 'retry-after': header }).end();
      const answer = await posting(createPost(loopback), (send) => send());
      return (answer as { retryAfterMs?: number }).retryAfterMs;
    };
    expect([await waits('120'), await waits('9999999'), await waits('soon')]).toEqual([120_000, 86_400_000, undefined]);
    const inAMinute = await waits(new Date(Date.now() + 60_000).toUTCString());
    expect(inAMinute).toBeGreaterThan(50_000);
    expect(inAMinute).toBeLessThanOrEqual(60_000);
  });

  test('none is waited for without end, and nobody there is told by a code', async () => {
    receiver.answer = () => undefined;
    expect(await posting(createPost(loopback, undefined, 300), (send) => send())).toEqual({ code: 'timeout' });
    receiver.answer = (_, response) => response.socket?.destroy();
    expect(await posting(createPost(loopback), (send) => send())).toEqual({ code: 'UND_ERR_SOCKET' });
    const gone = await startReceiver();
    await gone.close();
    expect(await posting(createPost(loopback), (send) => send(gone.url))).toEqual({ code: 'ECONNREFUSED' });
  });
});
