import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What no well-behaved client sends, byte for byte. Every refusal names its limit, and none is an error of ours. */

let usher: Usher;
let port: number;
beforeAll(async () => {
  usher = await startUsher({ withWorker: false });
  port = Number(new URL(usher.url).port);
});
afterAll(() => usher?.close());

/** Sends bytes on a connection of their own, and returns all that comes back. */
async function send(bytes: string | Uint8Array): Promise<{ status: number; head: string; body: string }> {
  const socket = connect({ port, host: 'localhost' });
  await once(socket, 'connect');
  // The server may end it before it has read everything.
  socket.on('error', () => undefined);
  socket.write(bytes);
  const all = await text(socket).catch(() => '');
  const [head = '', body = ''] = all.split('\r\n\r\n', 2);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head: head.toLowerCase(), body };
}
const request = (line: string, headers: string[] = [], body = '') =>
  send([`${line} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers, '', body].join('\r\n'));
const problem = ({ status, head, body }: Awaited<ReturnType<typeof send>>) => {
  expect(head).toContain('content-type: application/problem+json');
  expect(head).toContain('cache-control: no-store');
  return [status, JSON.parse(body).code, JSON.parse(body).detail];
};

test('a path that cannot be read', async () => {
  for (const path of ['/v1/invitations/%', '/v1/invitations/%ff', '/v1/invitations/%c3%28', '/v1/invitations/%zz']) {
    const answer = await request(`GET ${path}`, [`authorization: Bearer ${usher.key}`]);
    expect(answer.status, path).toBeGreaterThanOrEqual(400);
    expect(answer.status, path).toBeLessThan(500);
    expect(answer.head).toContain('application/problem+json');
  }
});

test('a part of the path that is too long is not repeated in the answer', async () => {
  const long = 'x'.repeat(201);
  const api = await request(`GET /v1/invitations/${long}`);
  expect(problem(api)).toEqual([400, 'invalid_request', 'A part of the path may have 200 characters at most.']);
  const page = await request(`GET /i/${long}`);
  expect([page.status, page.body.includes('The request is not valid')]).toEqual([400, true]);
  expect(api.body + page.body).not.toContain('xxxx');
});

test('headers of more than 16 KiB', async () => {
  const answer = await request('GET /v1/me/invitations', [`cookie: a=${'x'.repeat(17 * 1024)}`]);
  expect(problem(answer)).toEqual([431, 'headers_too_large', 'Headers may have 16 KiB at most.']);
  const longPath = await request(`GET /v1/me/invitations?cursor=${'x'.repeat(17 * 1024)}`);
  expect(longPath.status).toBe(431);
});

test('a method that the path does not take is told which it does', async () => {
  for (const method of ['DELETE', 'PUT', 'TRACE', 'OPTIONS', 'QUERY', 'PROPFIND']) {
    const answer = await request(`${method} /v1/organizations/acme/invitations?limit=1`);
    expect(problem(answer), method).toEqual([405, 'method_not_allowed', 'It takes GET, HEAD, POST.']);
    expect(answer.head).toContain('allow: get, head, post');
  }
  expect(problem(await request('DELETE /v1/nowhere')).slice(0, 2)).toEqual([404, 'not_found']);
});

test.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['an unknown method', 'JOIN / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ['two lengths', 'POST /v1/me/invitations HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a bad chunk', 'POST /v1/me/invitations HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n'],
  ['a control character in a header', 'GET / HTTP/1.1\r\nhost: a\r\nx: \u0001\r\n\r\n'],
  ['a header folded over two lines', 'GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n'],
])('%s is refused, and the connection closed', async (_, bytes) => {
  expect((await send(bytes)).status).toBe(400);
});

test('a body in another encoding or charset, or with two types', async () => {
  const route = 'POST /v1/organizations/acme/invitations';
  const body = '{"email":"raw@example.com"}';
  const headers = [`authorization: Bearer ${usher.key}`, `content-length: ${body.length}`];
  const tries: [number, string[]][] = [
    [415, ['content-type: application/json5']],
    [415, ['content-type: text/html']],
    [415, ['content-type: multipart/form-data; boundary=x']],
    [415, ['content-type: application/x-www-form-urlencoded']],
    [415, ['content-type: ;']],
    [400, ['content-type: application/json', 'idempotency-key: \u00e9']],
    [400, ['content-type: application/json', `idempotency-key: ${'k'.repeat(256)}`]],
    [401, ['content-type: application/json', 'authorization: Basic b3duZXI6']],
  ];
  for (const [status, more] of tries) {
    // Of two Authorization headers Node keeps the first.
    const answer = await request(route, status === 401 ? [...more, headers[1]!] : [...headers, ...more], body);
    expect(answer.status, more.join()).toBe(status);
    expect(answer.head).toContain('application/problem+json');
  }
});

describe('slowness', () => {
  test('has limits', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout } = usher.app.server;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout }).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 72_000,
    });
  });

  test('of headers, and of a body, ends the connection', async () => {
    const { server } = usher.app;
    const { headersTimeout, requestTimeout } = server;
    Object.assign(server, { headersTimeout: 50, requestTimeout: 100 });
    try {
      const started = 'POST /v1/organizations/acme/invitations HTTP/1.1\r\nhost: a\r\n';
      const [headers, body] = await Promise.all([
        send(started),
        send(`${started}content-type: application/json\r\ncontent-length: 10\r\n\r\n{`),
      ]);
      for (const answer of [headers, body]) expect(problem(answer).slice(0, 2)).toEqual([408, 'request_timeout']);
    } finally {
      Object.assign(server, { headersTimeout, requestTimeout });
    }
  });

  test('of our own has an end for the caller', async () => {
    const slow = await startUsher({ withWorker: false, patienceMs: 300 });
    try {
      await slow.db.transaction().execute(async (trx) => {
        await sql`lock table invitations in access exclusive mode`.execute(trx);
        const answer = await slow.call('/v1/organizations/acme/invitations');
        expect([answer.status, answer.body.code]).toEqual([503, 'too_slow']);
        expect(answer.headers.get('retry-after')).toBe('2');
      });
      // Soon: the lock is gone, and what waited for it ends.
      expect((await decided(() => slow.call('/v1/organizations/acme/invitations'))).status).toBe(200);
    } finally {
      await slow.close();
    }
  });

  test('of who asks nothing, or half of something, keeps no API from ending, and who has asked is answered', async () => {
    const ending = await startUsher({ withWorker: false });
    try {
      const others = await Promise.all(
        ['', 'GET / HTTP/1.1\r\nhost: a\r\n'].map(async (bytes) => {
          const { address, port } = ending.app.server.address() as AddressInfo;
          const socket = connect(port, address).on('error', () => undefined);
          await once(socket, 'connect');
          socket.write(bytes);
          return socket;
        }),
      );
      const answer = await ending.db.transaction().execute(async (trx) => {
        await sql`lock table invitations in access exclusive mode`.execute(trx);
        const asked = ending.call('/v1/organizations/acme/invitations');
        const waiting = sql`
          select from pg_locks join pg_database d on d.oid = database where not granted and datname = current_database()`;
        await ending.until('the request to be worked on', async () => (await waiting.execute(trx)).rows.length > 0);
        const ended = others.map((socket) => socket.closed || once(socket, 'close'));
        const began = performance.now();
        const closing = ending.app.close().then(() => performance.now() - began);
        await Promise.all(ended);
        return { asked, closing };
      });
      expect((await answer.asked).status).toBe(200);
      // Less than those have who are being answered.
      expect(await answer.closing).toBeLessThan(20_000);
    } finally {
      await ending.close();
    }
  });
});

test('whatever the bytes, there is no error of ours, and the API lives on', async () => {
  const token = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('GET', 'POST', 'PATCH', 'application/json', '*/*'),
  );
  const path = fc.oneof(
    fc.constantFrom('/v1/organizations/acme/invitations', '/', '/i/x', '/v1/me/invitations', '/sign-in/callback'),
    fc.string({ maxLength: 60 }).map((s) => `/${s}`),
  );
  const header = fc.tuple(
    fc.constantFrom(
      'authorization',
      'content-type',
      'cookie',
      'idempotency-key',
      'origin',
      'expect',
      'upgrade',
      'range',
    ),
    fc.oneof(token, fc.string({ unit: 'binary', maxLength: 40 })),
  );
  const wellFormed = fc.record({
    method: token,
    path,
    headers: fc.array(header, { maxLength: 4 }),
    body: fc.json({ maxDepth: 3 }),
  });
  const bytes = fc.oneof(
    wellFormed.map(({ method, path: target, headers, body }) =>
      Buffer.from(
        [
          `${method} ${target} HTTP/1.1`,
          'host: localhost',
          'connection: close',
          `content-length: ${Buffer.byteLength(body)}`,
          ...headers.map(([name, value]) => `${name}: ${value}`),
          '',
          body,
        ].join('\r\n'),
      ),
    ),
    fc
      .uint8Array({ minLength: 1, maxLength: 200 })
      .map((random) => Buffer.concat([random, Buffer.from('\r\n\r\n\r\n')])),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (input) => {
      const { status } = await send(input);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
  expect((await usher.call('/healthz')).status).toBe(200);
});

test('every text, list and number that the API takes has a limit', async () => {
  const { paths } = (await usher.call('/openapi.json', { key: null })).body;
  const unlimited: string[] = [];
  let seen = 0;
  // biome-ignore lint/suspicious/noExplicitAny: JSON Schema
  const walk = (schema: any, where: string): void => {
    seen++;
    for (const [i, option] of (schema.anyOf ?? []).entries()) walk(option, `${where}|${i}`);
    if (schema.enum || schema.const !== undefined) return;
    if (schema.type === 'string' && schema.maxLength === undefined) unlimited.push(where);
    if (/^(integer|number)$/.test(schema.type) && (schema.minimum === undefined || schema.maximum === undefined))
      unlimited.push(where);
    if (schema.type === 'array') {
      if (schema.maxItems === undefined) unlimited.push(where);
      walk(schema.items, `${where}[]`);
    }
    if (schema.type === 'object') {
      for (const [name, property] of Object.entries(schema.properties ?? {})) walk(property, `${where}.${name}`);
      if (schema.additionalProperties === false) return;
      // Free names: limited in number, in length and in what is under them.
      if (schema.maxProperties === undefined || !/\{1,\d+\}\$$/.test(schema.propertyNames?.pattern))
        unlimited.push(where);
      walk(schema.additionalProperties, `${where}.*`);
    }
  };
  // biome-ignore lint/suspicious/noExplicitAny: OpenAPI
  for (const [route, operations] of Object.entries<Record<string, any>>(paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
      const where = `${method} ${route}`;
      for (const { name, schema } of parameters) walk(schema, `${where} ${name}`);
      for (const [type, { schema }] of Object.entries<{ schema: object }>(requestBody?.content ?? {}))
        walk(schema, `${where} ${type}`);
    }
  }
  expect(unlimited).toEqual([]);
  expect(seen).toBeGreaterThan(60);
});
