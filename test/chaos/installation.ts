import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Kysely } from 'kysely';
import { type Account, upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, scopes } from '../../db/api-keys.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { freePort } from '../../local/ports.ts';
import { startTemporal, type Temporal } from '../../local/temporal.ts';
import { startSandbox } from '../../mail/sandbox/sandbox.ts';
import { freshDatabase } from '../setup/database.ts';
import type { Answer } from '../setup/usher.ts';
import { until } from '../setup/usher.ts';
import type { PointName } from './crash-at.ts';

/** A worker or an API in a process of its own. */
export interface Part {
  /** Resolves with the exit code, or the signal that ended it. */
  exited: Promise<number | string>;
  kill(signal: NodeJS.Signals): Promise<number | string>;
  /** What it has printed. */
  output(): string;
}

/** Usher as operators run it: every part a process that can be killed, over real Postgres, Temporal and mail sandbox. */
export interface Installation {
  db: Kysely<Database>;
  url: string;
  inbox: string;
  temporal: { current: Temporal; restart(): Promise<void>; client: Client };
  environment: Record<string, string>;
  /** Starts a part and waits until it is ready. With a point it will kill itself there. */
  start(part: 'worker' | 'api', crashAt?: PointName): Promise<Part>;
  /** Waits until the point was hit, proved by what the dying process wrote. */
  hit(): Promise<void>;
  /** @throws TypeError when the API dies under it */
  call(path: string, o?: { method?: string; body?: unknown; idempotencyKey?: string }): Promise<Answer>;
  /** How many emails the provider has for an address. */
  mails(email: string): Promise<number>;
  accountOf(email: string): Record<string, unknown>;
  close(): Promise<void>;
}

const root = path.join(import.meta.dirname, '../..');

export async function startInstallation(): Promise<Installation> {
  await using started = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-chaos-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));
  const { url: databaseUrl } = await freshDatabase();
  const db = createDatabase(databaseUrl, 5);
  started.defer(() => db.destroy());
  const sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dir: path.join(dir, 'mail') });
  started.defer(() => sandbox.close());
  const temporalPort = await freePort();
  const startServer = () => startTemporal({ dir: path.join(dir, 'temporal'), port: temporalPort });
  const connection = Connection.lazy({ address: `127.0.0.1:${temporalPort}` });
  started.defer(() => connection.close());
  const temporal: Installation['temporal'] = {
    current: await startServer(),
    async restart() {
      temporal.current = await startServer();
    },
    client: new Client({ connection }),
  };
  started.defer(() => temporal.current.stop());

  const port = await freePort();
  const url = `http://localhost:${port}`;
  const environment = {
    USHER_DATABASE_URL: databaseUrl,
    USHER_PUBLIC_URL: url,
    USHER_HOST: 'localhost',
    USHER_PORT: String(port),
    USHER_LINK_KEYS: randomBytes(32).toString('base64'),
    USHER_COOKIE_KEY: randomBytes(32).toString('base64'),
    USHER_ISSUER: 'http://127.0.0.1:9',
    USHER_CLIENT_ID: 'usher',
    USHER_CLIENT_SECRET: 'secret',
    USHER_POSTMARK_URL: sandbox.url,
    USHER_POSTMARK_TOKEN: 'test',
    USHER_MAIL_FROM: 'usher@usher.example',
    USHER_MAIL_LOOKUP_PATIENCE: '15',
    TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
  };

  const organization = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
  const owner: Account = await upsertAccount(db, {
    issuer: 'test',
    subject: 'owner',
    email: 'owner@acme.example',
    emailVerified: true,
    name: 'Olivia Owner',
  });
  await ensureLicensePool(db, {
    organization: organization.id,
    product: 'studio',
    name: 'Studio',
    kind: 'named',
    quantity: 25,
  });
  const secret = newApiKey();
  await insertApiKey(db, {
    secret,
    organization: organization.id,
    name: 'test',
    role: 'owner',
    scopes,
    createdBy: owner.id,
  });

  const marker = path.join(dir, 'crashed');
  const parts = new Set<Part>();
  const programs = { worker: ['worker.ts', 'the worker is ready'], api: ['api/main.ts', 'the API is ready'] } as const;

  const start: Installation['start'] = async (name, crashAt) => {
    const [program, ready] = programs[name];
    const preload = crashAt ? ['--import', path.join(import.meta.dirname, 'crash-at.ts')] : [];
    const child = spawn(process.execPath, [...preload, program], {
      cwd: root,
      env: { PATH: process.env.PATH!, ...environment, ...(crashAt ? { CRASH_AT: crashAt, CRASH_MARKER: marker } : {}) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
    const part: Part = {
      exited,
      async kill(signal) {
        child.kill(signal);
        return exited;
      },
      output: () => output,
    };
    parts.add(part);
    void exited.then(() => parts.delete(part));
    await until(`${name} to be ready`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      return output.includes(ready);
    });
    return part;
  };
  started.defer(async () => {
    for (const part of [...parts]) await part.kill('SIGKILL');
  });

  const installation: Installation = {
    db,
    url,
    inbox: sandbox.url,
    temporal,
    environment,
    start,
    async hit() {
      await until('the crash', async () => existsSync(marker));
      await rm(marker);
    },
    async call(target, o = {}) {
      const response = await fetch(`${url}${target}`, {
        method: o.method ?? (o.body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${secret}`,
          connection: 'close',
          ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(o.idempotencyKey ? { 'idempotency-key': o.idempotencyKey } : {}),
        },
        ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
      });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
    async mails(email) {
      const response = await fetch(
        `${sandbox.url}/messages/outbound?count=100&offset=0&recipient=${encodeURIComponent(email)}`,
        { headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' } },
      );
      return ((await response.json()) as { TotalCount: number }).TotalCount;
    },
    accountOf: (email) => ({
      account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' },
    }),
    close: async () => undefined,
  };
  const all = started.move();
  installation.close = () => all.disposeAsync();
  return installation;
}
