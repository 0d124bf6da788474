import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { follow } from '../../client/follow.ts';
import { file, generatedTypes } from '../../client/generate.ts';
import {
  type Usher as Client,
  createUsher,
  type UsherOptions,
  UsherProblem,
  UsherUnreachable,
} from '../../client/index.ts';
import { type Deed, startProxy } from '../setup/proxy.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

const root = path.join(import.meta.dirname, '../..');

test('the types are those of the app as it is', async () => {
  // When they are not: npm run client:types
  expect(await readFile(file, 'utf8')).toBe(await generatedTypes());
});

describe('against an Usher', () => {
  let usher: Usher;
  let client: Client;
  const options = (more: Partial<UsherOptions> = {}): UsherOptions => ({ url: usher.url, apiKey: usher.key, ...more });
  beforeAll(async () => {
    usher = await startUsher({ withWorker: false });
    client = createUsher(options());
  });
  afterAll(() => usher?.close());

  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });
  const proxy = async (...deeds: Deed[]) => {
    const started = await startProxy(usher.url, deeds);
    open.push(() => started.close());
    return started;
  };
  const invite = (by: Client, email: string, more: { idempotencyKey?: string; signal?: AbortSignal } = {}) =>
    by.post('/v1/organizations/{organization}/invitations', {
      path: { organization: 'acme' },
      body: { email },
      ...more,
    });
  const created = async (email: string) => {
    const { items } = await client.get('/v1/organizations/{organization}/invitations', {
      path: { organization: 'acme' },
      query: { email },
    });
    return items.length;
  };
  const refusal = async (call: Promise<unknown>): Promise<UsherProblem> => {
    const error: unknown = await call.catch((e) => e);
    expect(error).toBeInstanceOf(UsherProblem);
    return error as UsherProblem;
  };

  test('a call answers the body; lists are read over all their pages', async () => {
    const invited = [];
    for (const i of [1, 2, 3, 4, 5]) invited.push(await invite(client, `page-${i}@example.com`));
    expect(invited[0]).toMatchObject({ state: 'pending', email: 'page-1@example.com' });
    const listed: string[] = [];
    const list = client.list('/v1/organizations/{organization}/invitations', {
      path: { organization: 'acme' },
      query: { state: 'pending', limit: 2 },
    });
    for await (const { email } of list) listed.push(email);
    expect(listed).toEqual([5, 4, 3, 2, 1].map((i) => `page-${i}@example.com`));
  });

  test('a batch is followed until it is finished, over a connection that ends early, or until that is given up', async () => {
    const send = (email: string) =>
      client.post('/v1/organizations/{organization}/invitation-batches', {
        path: { organization: 'acme' },
        body: { mode: 'valid', invitations: [{ email }] },
      });
    // Nobody is invited, so there is nothing left to do.
    const { results: _, ...over } = await send('nobody');
    const running = { ...over, state: 'running', finishedAt: null };
    const { url, seen } = await proxy({
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
      body: `: hello\n\nevent: progress\ndata: ${JSON.stringify(running)}\n\n`,
    });
    const heard: object[] = [];
    const by = createUsher(options({ url }));
    for await (const batch of by.follow('/v1/invitation-batches/{id}', { path: { id: over.id } })) heard.push(batch);
    expect(heard).toEqual([running, over]);
    expect(seen.map(({ headers }) => headers.accept)).toEqual(Array(2).fill(expect.stringMatching(/^text\/event-/)));

    // There is no worker, so this one has no end.
    const { id } = await send('followed@example.com');
    const given = new AbortController();
    const follows = (async () => {
      for await (const batch of client.follow('/v1/invitation-batches/{id}', { path: { id }, signal: given.signal })) {
        expect(batch).toMatchObject({ id, state: 'running' });
        given.abort(new Error('enough'));
      }
    })();
    await expect(follows).rejects.toThrow('enough');
  });

  test('a connection that breaks off while the caller is at something else harms nothing', async () => {
    const { url, close } = await startProxy(usher.url, [
      {
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'content-length': '1000' },
        body: 'data: {"finishedAt": null}\n\n',
      },
    ]);
    const silenceMs = 100;
    const heard = follow<object>(
      () => fetch(url),
      () => false,
      undefined,
      silenceMs,
    );
    expect(await heard.next()).toEqual({ done: false, value: { finishedAt: null } });
    await close();
    // An error that nobody catches would end the process, and fails the run.
    await sleep(2 * silenceMs);
    expect(await heard.return(undefined)).toEqual({ done: true, value: undefined });
  });

  test('a refusal is an error with what the problem says', async () => {
    await invite(client, 'twice@example.com');
    const again = await refusal(invite(client, 'twice@example.com'));
    expect(again).toMatchObject({
      code: 'already_invited',
      status: 409,
      title: 'The address has a pending invitation',
      type: `${usher.url}/docs/errors/already_invited`,
      requestId: expect.any(String),
    });
    const invalid = await refusal(
      client.post('/v1/organizations/{organization}/invitations', {
        path: { organization: 'acme' },
        body: { email: 'a@example.com', message: 'x'.repeat(1001) },
      }),
    );
    expect(invalid).toMatchObject({ code: 'invalid_request', errors: [{ path: 'body/message' }] });
    expect(invalid.message).toContain('body/message');
  });

  test('an answer that was lost on the way is asked for again, and done once', async () => {
    const { url, seen } = await proxy('lose', 'lose');
    const { id } = await invite(createUsher(options({ url })), 'lost@example.com');
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(
      Array(3).fill(seen[0]!.headers['idempotency-key']),
    );
    const { items } = await client.get('/v1/invitations/{id}/events', { path: { id } });
    expect(items.map(({ type }) => type)).toEqual(['created']);
    expect(await created('lost@example.com')).toBe(1);
  });

  test('two calls are two requests, unless the caller says otherwise', async () => {
    const { url, seen } = await proxy();
    const by = createUsher(options({ url }));
    const first = await invite(by, 'same@example.com', { idempotencyKey: 'one' });
    expect(await invite(by, 'same@example.com', { idempotencyKey: 'one' })).toEqual(first);
    await refusal(invite(by, 'same@example.com'));
    expect(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  test.each([429, 503])('after %i it waits for as long as it is told', async (status) => {
    const { url, seen } = await proxy({ status, headers: { 'retry-after': '1' } });
    const began = performance.now();
    await invite(createUsher(options({ url })), `told-${status}@example.com`);
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(seen).toHaveLength(2);
  });

  test('what says to come back in an hour is told at once', async () => {
    const { url, seen } = await proxy({ status: 429, headers: { 'retry-after': '3600' } });
    expect(await refusal(invite(createUsher(options({ url })), 'late@example.com'))).toMatchObject({
      status: 429,
      retryAfterMs: 3_600_000,
    });
    expect(seen).toHaveLength(1);
    expect(await created('late@example.com')).toBe(0);
  });

  test('who is refused is not asked again, and tries have an end', async () => {
    const refusing = await proxy();
    await refusal(invite(createUsher(options({ url: refusing.url, apiKey: 'usher_sk_wrong' })), 'no@example.com'));
    expect(refusing.seen).toHaveLength(1);
    const failing = await proxy(...Array(9).fill({ status: 502, body: '<h1>Bad gateway</h1>' }));
    const given = await refusal(invite(createUsher(options({ url: failing.url, repeats: 2 })), 'no@example.com'));
    expect(given).toMatchObject({ code: 'unknown', status: 502 });
    expect(failing.seen).toHaveLength(3);
  });

  test('silence ends after its time, names the key to repeat it with, and no secret', async () => {
    const { url, seen } = await proxy('silence', 'silence');
    const by = createUsher(options({ url, timeoutMs: 300, repeats: 1 }));
    const error = await invite(by, 'silent@example.com').catch((e) => e);
    expect(error).toBeInstanceOf(UsherUnreachable);
    expect(error.message).toContain('does not answer within 0.3 s');
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual([error.idempotencyKey, error.idempotencyKey]);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(usher.key);
    const patient = createUsher(options({ url }));
    await invite(patient, 'silent@example.com', { idempotencyKey: error.idempotencyKey });
    expect(await created('silent@example.com')).toBe(1);
  });

  test('where nobody listens it says so', async () => {
    const gone = await startProxy(usher.url, []);
    await gone.close();
    const error = await invite(createUsher(options({ url: gone.url, repeats: 0 })), 'x@example.com').catch((e) => e);
    expect(error).toBeInstanceOf(UsherUnreachable);
    expect(error.message).toBe(`${gone.url} cannot be reached (ECONNREFUSED)`);
  });

  test('a key goes nowhere but to the address given, and what answers there must be Usher', async () => {
    const elsewhere = await proxy();
    const moved = await proxy(...Array(9).fill({ status: 302, headers: { location: `${elsewhere.url}/` } }));
    await expect(client && createUsher(options({ url: moved.url, repeats: 0 })).get('/v1/me')).rejects.toThrow();
    expect(elsewhere.seen).toEqual([]);
    const page = await proxy(
      ...Array(2).fill({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' }),
    );
    const lost = createUsher(options({ url: page.url }));
    await expect(lost.get('/v1/me')).rejects.toThrow('is not Usher');
    const followed = lost.follow('/v1/invitation-batches/{id}', { path: { id: 'bat_1' } });
    await expect(followed[Symbol.asyncIterator]().next()).rejects.toThrow('is not Usher');
    expect(() => createUsher(options({ url: 'usher.example.com' }))).toThrow(TypeError);
  });

  test('packed, it is plain JavaScript that needs nothing of this checkout', async () => {
    const app = await mkdtemp(path.join(tmpdir(), 'usher-client-'));
    open.push(() => rm(app, { recursive: true, force: true }));
    const run = promisify(execFile);
    await run('npm', ['pack', '--workspace', 'client', '--pack-destination', app], { cwd: root });
    const own = path.join(app, 'node_modules/usher-client');
    await mkdir(own, { recursive: true });
    await run('tar', ['-xzf', path.join(app, 'usher-client-0.1.0.tgz'), '--strip-components=1', '-C', own]);
    const { dependencies } = JSON.parse(await readFile(path.join(own, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies))
      await symlink(path.join(root, 'node_modules', name), path.join(app, 'node_modules', name));
    await writeFile(
      path.join(app, 'app.mjs'),
      `import { createUsher } from 'usher-client';
      const usher = createUsher({ url: process.argv[2], apiKey: process.env.KEY });
      console.log((await usher.get('/v1/me')).organization);`,
    );
    const plain = ['--no-strip-types', 'app.mjs', usher.url];
    const { stdout } = await run(process.execPath, plain, { cwd: app, env: { KEY: usher.key } });
    expect(stdout).toBe('acme\n');
  });

  test('a caller who gives up is let go at once', async () => {
    const { url } = await proxy('silence');
    const given = new AbortController();
    const call = invite(createUsher(options({ url })), 'x@example.com', { signal: given.signal });
    given.abort();
    await expect(call).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
