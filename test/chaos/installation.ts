import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Kysely } from 'kysely';
import { expect } from 'vitest';
import { type Account, beginSession, upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, scopes } from '../../db/api-keys.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import type { InvitationId } from '../../db/ids.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { migrate } from '../../db/migrate.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { freePort } from '../../local/ports.ts';
import { startPostgres } from '../../local/postgres.ts';
import { startTemporal } from '../../local/temporal.ts';
import { startSandbox } from '../../mail/sandbox/sandbox.ts';
import type { SandboxSettings } from '../../mail/sandbox/settings.ts';
import { freshDatabase } from '../setup/database.ts';
import { searchPersonalData } from '../setup/personal-data.ts';
import { type Answer, until } from '../setup/usher.ts';
import { type ActName, acts } from './acts.ts';
import type { PointName } from './crash-at.ts';

export type PartName = 'worker' | 'api';

/** A worker or an API in a process of its own. */
export interface Part {
  /** Resolves with the exit code, or the signal that ended it. */
  exited: Promise<number | string>;
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** What it has printed. */
  output(): string;
}

/** A server that the parts need. */
export interface Server {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Usher as operators run it: every part a process that can be killed, over real Postgres, Temporal and mail sandbox. */
export interface Installation {
  /** As the owner: the parts have the run role. */
  db: Kysely<Database>;
  databaseUrl: string;
  temporal: Client;
  servers: { temporal: Server; postgres: Server };
  /** Returns a part that runs, started if need be, and ready. */
  running(name: PartName): Promise<Part>;
  /** Starts a part, instead of one that runs, that will kill itself at a point, once so many are there. */
  doomed(point: PointName, together?: number): Promise<Part>;
  /** Waits until the point was hit, proved by what the dying process wrote. */
  hit(): Promise<void>;
  /** @throws TypeError when the API dies under it, or is not there */
  call(path: string, o?: { method?: string; body?: unknown; idempotencyKey?: string }): Promise<Answer>;
  /** Invites an address, with a seat; its key is the address. */
  invite(email: string): Promise<Answer>;
  /** Does an act to an invitation; repeated it has the same Idempotency-Key. */
  act(name: ActName, id: InvitationId, email: string): Promise<Answer>;
  /** Names of the transitions of an invitation, in their order. */
  transitions(id: InvitationId): Promise<string[]>;
  state(id: InvitationId): Promise<string>;
  /** Waits until the current email of an invitation is with the provider. */
  sent(id: InvitationId): Promise<void>;
  /** How many emails the provider has for an address. */
  mails(email: string): Promise<number>;
  /** Changes how the mail provider behaves. */
  mailIs(settings: Partial<SandboxSettings>): Promise<void>;
  /** How often the provider was asked for a message. */
  lookUps(): Promise<number>;
  /** A signed-in browser of a person with a verified account. */
  browser(email: string): Promise<(path: string, form?: Record<string, string>) => Promise<Response>>;
  /** Starts what a crash left unstarted, as the Schedule does every minute, though it is not older than half a minute. */
  reconcile(id: InvitationId): Promise<void>;
  /** @throws when what the parts printed, or a history, holds personal data */
  close(): Promise<void>;
}

const root = path.join(import.meta.dirname, '../..');
const programs = {
  worker: { file: 'worker.ts', ready: 'the worker is ready' },
  api: { file: 'api/main.ts', ready: 'the API is ready' },
};

/** @param options.ownPostgres a cluster of its own, which can be ended */
export async function startInstallation(options: { ownPostgres?: true } = {}): Promise<Installation> {
  await using started = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-chaos-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));

  /** A server that is started, and again after it was ended. */
  const server = async <T>(start: () => Promise<T>, end: (server: T) => Promise<void>, stop = end) => {
    let current: T | undefined = await start();
    started.defer(async () => current && stop(current));
    return {
      first: current,
      async kill() {
        const killed = current!;
        current = undefined;
        await end(killed);
      },
      async restart() {
        current = await start();
      },
    };
  };
  const temporalPort = await freePort();
  const temporalServer = await server(
    () => startTemporal({ dir: path.join(dir, 'temporal'), port: temporalPort }),
    (s) => s.kill(),
    (s) => s.stop(),
  );
  const postgresPort = await freePort();
  const postgres = options.ownPostgres
    ? await server(
        () => startPostgres({ dir: path.join(dir, 'postgres'), port: postgresPort, durable: true }),
        (s) => s.stop(),
      )
    : undefined;
  let databaseUrl: string;
  let runUrl: string;
  if (postgres) {
    await postgres.first.ensureDatabase('usher');
    databaseUrl = postgres.first.url('usher');
    runUrl = postgres.first.runUrl('usher');
    await migrate(databaseUrl, runUrl);
  } else {
    ({ url: databaseUrl, runUrl } = await freshDatabase());
  }
  const db = createDatabase(databaseUrl, 5);
  started.defer(() => db.destroy());
  const sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dir: path.join(dir, 'mail') });
  started.defer(() => sandbox.close());
  const connection = Connection.lazy({ address: `127.0.0.1:${temporalPort}` });
  started.defer(() => connection.close());
  const temporal = new Client({ connection });

  const port = await freePort();
  const url = `http://localhost:${port}`;
  const environment = {
    PATH: process.env.PATH!,
    USHER_DATABASE_URL: runUrl,
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
    // Longer than any test waits: an email is found, or the test fails; it is never sent again for lack of patience.
    USHER_MAIL_LOOKUP_PATIENCE: '600',
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
    quantity: 100,
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
  let dying: Part | undefined;
  const parts = new Map<PartName, Part>();
  const printed: string[] = [];

  const start = async (name: PartName, preload: string[] = [], doom: Record<string, string> = {}): Promise<Part> => {
    const { file, ready } = programs[name];
    const child = spawn(process.execPath, [...preload, file], {
      cwd: root,
      env: { ...environment, ...doom },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const exited = once(child, 'close').then(([code, signal]) => {
      if (parts.get(name) === part) parts.delete(name);
      printed.push(...output.split('\n'));
      return code ?? signal;
    });
    const part: Part = {
      exited,
      async end(signal) {
        child.kill(signal);
        return exited;
      },
      output: () => output,
    };
    parts.set(name, part);
    await until(`${name} to be ready`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      return output.includes(ready);
    });
    return part;
  };
  started.defer(async () => {
    for (const part of parts.values()) await part.end('SIGKILL');
  });

  const call: Installation['call'] = async (target, o = {}) => {
    const response = await fetch(`${url}${target}`, {
      method: o.method ?? (o.body === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${secret}`,
        // A connection kept would be one to an API that has died since.
        connection: 'close',
        ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(o.idempotencyKey ? { 'idempotency-key': o.idempotencyKey } : {}),
      },
      ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  };
  const atSandbox = async (target: string, change?: unknown) => {
    const response = await fetch(`${sandbox.url}${target}`, {
      headers: { 'X-Postmark-Server-Token': 'test', 'content-type': 'application/json' },
      ...(change === undefined ? {} : { method: 'PUT', body: JSON.stringify(change) }),
    });
    if (!response.ok) throw new Error(await response.text());
    // biome-ignore lint/suspicious/noExplicitAny: answers of every kind
    return (await response.json()) as any;
  };

  const installation: Installation = {
    db,
    databaseUrl,
    temporal,
    servers: {
      temporal: temporalServer,
      get postgres() {
        if (!postgres) throw new Error('the Postgres of the whole test run must not be ended: ask for one of its own');
        return postgres;
      },
    },
    running: async (name) => parts.get(name) ?? start(name),
    async doomed(point, together = 1) {
      const name = point.slice(0, point.indexOf(':')) as PartName;
      await parts.get(name)?.end('SIGTERM');
      dying = await start(name, ['--import', path.join(import.meta.dirname, 'crash-at.ts')], {
        CRASH_AT: point,
        CRASH_WITH: String(together),
        CRASH_MARKER: marker,
      });
      return dying;
    },
    async hit() {
      await until('the crash', async () => existsSync(marker));
      await rm(marker);
      expect(await dying!.exited).toBe('SIGKILL');
    },
    call,
    invite: (email) =>
      call('/v1/organizations/acme/invitations', { body: { email, licenses: ['studio'] }, idempotencyKey: email }),
    act: (name, id, email) => {
      const { method, ...request }: { method?: string; body: unknown } = acts[name].request(email);
      return call(`/v1/invitations/${id}${method ? '' : `/${name}`}`, {
        ...request,
        ...(method ? { method } : {}),
        idempotencyKey: `${name}-${id}`,
      });
    },
    async transitions(id) {
      const events = await db
        .selectFrom('events')
        .select('type')
        .where('invitation_id', '=', id)
        .where('sequence', 'is not', null)
        .orderBy('sequence')
        .execute();
      return events.map((event) => event.type);
    },
    state: async (id) =>
      (await db.selectFrom('invitations').select('state').where('id', '=', id).executeTakeFirstOrThrow()).state,
    async sent(id) {
      await until('the email', async () => {
        const { status } = await db
          .selectFrom('deliveries')
          .innerJoin('invitations', 'invitations.delivery_ordinal', 'deliveries.ordinal')
          .select('status')
          .whereRef('invitation_id', '=', 'invitations.id')
          .where('invitations.id', '=', id)
          .executeTakeFirstOrThrow();
        return status === 'sent';
      });
    },
    mails: async (email) =>
      (await atSandbox(`/messages/outbound?count=100&offset=0&recipient=${encodeURIComponent(email)}`)).TotalCount,
    mailIs: (settings) => atSandbox('/sandbox/settings', settings),
    lookUps: async () => (await atSandbox('/sandbox/stats')).calls.find,
    async browser(email) {
      const account = await upsertAccount(db, {
        issuer: environment.USHER_ISSUER,
        subject: email,
        email,
        emailVerified: true,
        name: 'Pat Somebody',
      });
      const { id } = await beginSession(db, { account: account.id, idToken: 'none' });
      const jar = new Map([[`usher_${port}_session`, id]]);
      return async (target, form) => {
        const response = await fetch(`${url}${target}`, {
          method: form ? 'POST' : 'GET',
          redirect: 'manual',
          headers: {
            connection: 'close',
            origin: url,
            cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
          },
          ...(form ? { body: new URLSearchParams(form) } : {}),
        });
        for (const cookie of response.headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
          jar.set(name!, value!);
        }
        return response;
      };
    },
    async reconcile(id) {
      await db
        .updateTable('deliveries')
        .set({ queued_at: new Date(Date.now() - 60_000) })
        .where('invitation_id', '=', id)
        .where('status', '=', 'queued')
        .execute();
      await temporal.schedule.getHandle('reconcile').trigger();
    },
    close: async () => undefined,
  };
  const all = started.move();
  installation.close = async () => {
    await using _ = all;
    for (const part of parts.values()) await part.end('SIGTERM');
    const found = await searchPersonalData(temporal, db, printed);
    if (found.length > 0) throw new Error(`Personal data where none may be:\n${found.slice(0, 20).join('\n')}`);
  };
  return installation;
}
