import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Connection, Client as Temporal } from '@temporalio/client';
import { afterAll, describe, expect, test } from 'vitest';
import type { LocalAddresses } from '../../local/local.ts';
import { freePort } from '../../local/ports.ts';
import { decided } from '../setup/until.ts';

const program = path.join(import.meta.dirname, '../../local/start.ts');
const home = mkdtempSync(path.join(tmpdir(), 'usher-local-'));
await chmod(home, 0o755);
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Run {
  process: ChildProcess;
  /** Everything printed, once it has ended. */
  output: Promise<string>;
  exitCode: Promise<number | null>;
}

function start(state: string, portBase: number): Run {
  const child = spawn(process.execPath, [program, '--state', state, '--port-base', String(portBase)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((both) => both.join(''));
  return { process: child, output, exitCode };
}

async function ready(run: Run, state: string): Promise<LocalAddresses> {
  const ended = run.exitCode.then(async () => Promise.reject(new Error(`It ended: ${await run.output}`)));
  ended.catch(() => undefined);
  for (;;) {
    try {
      return JSON.parse(await readFile(path.join(state, 'local.json'), 'utf8'));
    } catch {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), ended]);
    }
  }
}

/** Process ids and command lines that name the state folder. */
const processesOf = (state: string): string[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(state));

async function gone(state: string): Promise<void> {
  // Postgres itself waits 5 s for its own before it kills them.
  const deadline = Date.now() + 15_000;
  while (processesOf(state).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(processesOf(state)).toEqual([]);
}

function call(local: LocalAddresses, method: string, route: string, body?: object): Promise<Response> {
  const key = crypto.randomUUID();
  return decided(() =>
    fetch(`${local.api}/v1${route}`, {
      method,
      headers: {
        authorization: `Bearer ${local.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      ...(body && { body: JSON.stringify(body) }),
    }),
  );
}

interface Invitation {
  id: string;
  state: string;
  delivery: { status: string };
}

const read = async (local: LocalAddresses, id: string) =>
  (await (await call(local, 'GET', `/invitations/${id}`)).json()) as Invitation;

/** Invites someone, and waits until the sandbox has told that the email arrived: then the workflow waits, on its timers. */
async function invite(local: LocalAddresses): Promise<string> {
  const response = await call(local, 'POST', '/organizations/acme/invitations', {
    email: 'new@person.example',
    licenses: ['studio'],
  });
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as Invitation;
  await expect.poll(async () => (await read(local, id)).delivery.status, { timeout: 60_000 }).toBe('delivered');
  return id;
}

/** The run of an invitation's workflow, which comes to wait for a timer: after a crash, its last task is done again. */
async function waitingRun(local: LocalAddresses, id: string): Promise<string> {
  const connection = await Connection.connect({ address: local.temporal });
  try {
    const handle = new Temporal({ connection }).workflow.getHandle(`invitation/${id}`);
    const armed = async () => {
      const { events } = await handle.fetchHistory();
      const count = (type: 'timerStarted' | 'timerFired' | 'timerCanceled') =>
        events!.filter((event) => event[`${type}EventAttributes`]).length;
      return count('timerStarted') - count('timerFired') - count('timerCanceled');
    };
    await expect.poll(armed, { timeout: 60_000 }).toBeGreaterThan(0);
    const { runId, status } = await handle.describe();
    expect(status.name).toBe('RUNNING');
    return runId;
  } finally {
    await connection.close();
  }
}

describe('a local run', () => {
  const one = path.join(home, 'one');
  const two = path.join(home, 'two');
  const runs: Run[] = [];
  const begin = (state: string, portBase: number) => {
    const run = start(state, portBase);
    runs.push(run);
    return run;
  };
  let ports: [number, number];
  let first: Run;
  let second: Run;

  afterAll(async () => {
    for (const run of runs) run.process.kill('SIGKILL');
    await Promise.all(runs.map((run) => run.exitCode));
    await gone(home);
  });

  test('runs beside another, each with an organization of its own', async () => {
    const base = await freePort(6);
    ports = [base, await freePort(6)];
    first = begin(one, ports[0]);
    second = begin(two, ports[1]);
    for (const [run, state] of [
      [first, one],
      [second, two],
    ] as const) {
      const local = await ready(run, state);
      expect(local).toMatchObject({ organization: 'acme', owner: { email: 'owner@acme.example' } });
      for (const url of [`${local.issuer}/.well-known/openid-configuration`, `${local.inbox}/`, local.temporalUi])
        expect((await fetch(url)).status, url).toBe(200);
      const { items } = (await (await call(local, 'GET', '/organizations/acme/invitations')).json()) as {
        items: unknown[];
      };
      expect(items).toEqual([]);
    }
  });

  test('on taken ports says which, and how to choose others', async () => {
    const run = begin(path.join(home, 'three'), ports[0]);
    expect(await run.exitCode).toBe(1);
    expect(await run.output).toMatch(new RegExp(`^Port ${ports[0]} \\(API\\) is taken.*--port-base \\d+\\.\n$`));
  });

  test('on a state folder in use says so, and leaves it alone', async () => {
    const run = begin(one, await freePort(6));
    expect(await run.exitCode).toBe(1);
    expect(await run.output).toContain('Usher runs already with the same state folder');
    expect(await readFile(path.join(one, 'local.json'), 'utf8')).toContain('acme');
  });

  test('ends at Ctrl-C with no process left, and finds invitations and their timers again', async () => {
    const before = await ready(first, one);
    const invitation = await invite(before);
    const run = await waitingRun(before, invitation);
    // Browsers have connections at hand, on which they ask nothing.
    const spare = [before.api, before.issuer, before.inbox].map((url) =>
      connect(Number(new URL(url).port), '127.0.0.1'),
    );
    await Promise.all(spare.map((socket) => once(socket, 'connect')));
    const ended = spare.map((socket) =>
      once(
        socket.on('error', () => undefined),
        'close',
      ),
    );
    first.process.kill('SIGINT');
    expect(await first.exitCode).toBe(0);
    await Promise.all(ended);
    await gone(one);

    first = begin(one, ports[0]);
    const after = await ready(first, one);
    expect(after).toEqual(before);
    expect(await waitingRun(after, invitation)).toBe(run);
    expect((await call(after, 'POST', `/invitations/${invitation}/revoke`, {})).status).toBe(200);
  });

  test('comes back after it was killed', async () => {
    const before = await ready(second, two);
    const invitation = await invite(before);
    second.process.kill('SIGKILL');
    await second.exitCode;
    rmSync(path.join(two, 'local.json'));

    second = begin(two, ports[1]);
    const after = await ready(second, two);
    expect((await read(after, invitation)).state).toBe('pending');
    await waitingRun(after, invitation);
  });

  test('names the part that died, and stops the rest', async () => {
    const temporal = processesOf(two).find((line) => line.includes('server start-dev') && !line.includes('/bin/sh'))!;
    process.kill(Number.parseInt(temporal, 10), 'SIGKILL');
    expect(await second.exitCode).toBe(1);
    expect(await second.output).toContain('Temporal ended (SIGKILL)');
    await gone(two);
  });
});
