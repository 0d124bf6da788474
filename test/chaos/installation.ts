import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Kysely } from 'kysely';
import { type Account, beginSession, upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, scopes } from '../../db/api-keys.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import type { InvitationId } from '../../db/ids.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { migrate } from '../../db/migrate.ts';
import { ensureOrganization, type Organization, registerTrust } from '../../db/organizations.ts';
import { guarded } from '../../local/child.ts';
import { freePort } from '../../local/ports.ts';
import { startPostgres } from '../../local/postgres.ts';
import { startTemporal } from '../../local/temporal.ts';
import type { SandboxSettings } from '../../mail/sandbox/settings.ts';
import { machine } from '../setup/machine.ts';
import { searchPersonalData } from '../setup/personal-data.ts';
import { until } from '../setup/until.ts';
import type { Answer } from '../setup/usher.ts';
import { type ActName, acts } from './acts.ts';
import type { PointName } from './crash-at.ts';
import { type Link, startLink } from './link.ts';

const root = path.join(import.meta.dirname, '../..');

/** The programs of an installation, each a process of its own, and what they say when they are ready. */
const programs = {
  worker: { file: 'worker.ts', ready: 'the worker is ready' },
  api: { file: 'api/main.ts', ready: 'the API is ready' },
  /** The sandbox, in the provider's place. */
  mail: { file: 'mail/sandbox/main.ts', ready: 'Server listening' },
};
export type PartName = keyof typeof programs;

/** Who talks with whom, over a link that can be disturbed. */
export const linkNames = [
  'people to API',
  'API to Postgres',
  'API to Temporal',
  'worker to Postgres',
  'worker to Temporal',
  'worker to mail provider',
] as const;
export type LinkName = (typeof linkNames)[number];

/** A program of an installation, running. */
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

export interface Email {
  to: string;
  /** `<invitation>/<ordinal>` */
  delivery: string;
}

/** Usher as operators run it: every part a process that can be killed, and real Postgres and Temporal. */
export interface Installation {
  /** As the owner: the parts have the run role. */
  db: Kysely<Database>;
  databaseUrl: string;
  temporal: Client;
  /** host:port */
  temporalAddress: string;
  /** Base URL of the mail provider. */
  inbox: string;
  /** Base URL of the API. */
  url: string;
  servers: {
    temporal: Server & {
      /** Kills it, and starts it with nothing in it. */
      forget(): Promise<void>;
    };
    postgres: Server;
  };
  /** @throws unless the installation was started with links */
  link(name: LinkName): Link;
  organization: Organization;
  owner: Account;
  /** Returns a part that runs, started if need be, and ready. */
  running(name: PartName): Promise<Part>;
  /** Starts one more of a part, of another version of the product. It is ended with the rest, if not before. */
  another(name: PartName, product: string, environment: Record<string, string>): Promise<Part>;
  /** Runs a program of the product to its end, as the owner of the database. */
  run(args: string[], product?: string): Promise<{ code: number; stdout: string; stderr: string }>;
  isRunning(name: PartName): boolean;
  /** The last lines that any part has printed which ended since. */
  lastWords(): string;
  /** Ends a part as a crash would, if it runs. */
  kill(name: PartName): Promise<void>;
  /** Starts a part, instead of one that runs, that will kill itself at a point, once so many are there. */
  doomed(point: PointName, together?: number): Promise<Part>;
  /** Waits until the point was hit, proved by what the dying process wrote. */
  hit(): Promise<void>;
  /** @throws TypeError when the API dies under it, or is not there; DOMException when it does not answer within 10 s */
  call(
    path: string,
    o?: { method?: string; body?: unknown; idempotencyKey?: string; at?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Invites an address, with a seat; its key is the address. */
  invite(email: string): Promise<Answer>;
  /** Does an act to an invitation; repeated it has the same Idempotency-Key. */
  act(name: ActName, id: InvitationId, email: string): Promise<Answer>;
  /** Names of the transitions of an invitation, in their order. */
  transitions(id: InvitationId): Promise<string[]>;
  state(id: InvitationId): Promise<string>;
  /** Waits until the current email of an invitation is with the provider. */
  sent(id: InvitationId): Promise<void>;
  /** All emails that the provider has taken. */
  emails(): Promise<Email[]>;
  /** How many emails the provider has for an address. */
  mails(email: string): Promise<number>;
  /** Changes how the mail provider behaves. */
  mailIs(settings: Partial<SandboxSettings>): Promise<void>;
  /** How often the provider was asked for a message. */
  lookUps(): Promise<number>;
  /** A signed-in browser of a person with a verified account. */
  browser(email: string): Promise<(path: string, form?: Record<string, string>) => Promise<Response>>;
  /** Starts what a crash left unstarted, as the Schedule does every minute, though it is not older than a minute. */
  reconcile(id: InvitationId): Promise<void>;
  /** @throws when what the parts printed, or a history, holds personal data */
  close(): Promise<void>;
  /** Ends it without looking for personal data. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface InstallationOptions {
  /** A migrated database, as its owner and as the run role. @default one in a cluster of its own, which can be killed */
  database?: { url: string; runUrl: string };
  /** The product's folder. @default the one that holds this file */
  product?: string;
  /** Puts a link that can be disturbed between any two that talk. */
  links?: true;
  /** How long an email that may have been sent is looked for, s. @default longer than any test waits */
  lookupPatience?: number;
  /** More variables for worker and API. */
  environment?: Record<string, string>;
  /** Seats of the licence pools, by product. */
  seats?: Record<string, number>;
}

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const { product = root, lookupPatience = 600, seats = { studio: 100 } } = options;
  await using started = new AsyncDisposableStack();
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-chaos-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));

  /** A server that is started, and again after it was killed. */
  const server = async <T extends { stop(): Promise<void>; kill(): Promise<void> }>(start: () => Promise<T>) => {
    let current: T | undefined = await start();
    started.defer(async () => current?.stop());
    return {
      first: current,
      async kill() {
        const killed = current;
        current = undefined;
        await killed?.kill();
      },
      async restart() {
        current ??= await start();
      },
    };
  };
  const temporalPort = await freePort();
  const temporalDir = path.join(dir, 'temporal');
  const temporalServer = await server(() => startTemporal({ dir: temporalDir, port: temporalPort }));
  let { database } = options;
  let postgres: Server | undefined;
  if (!database) {
    const port = await freePort();
    const own = await server(() => startPostgres({ dir: path.join(dir, 'postgres'), port, durable: true }));
    await own.first.ensureDatabase('usher');
    database = { url: own.first.url('usher'), runUrl: own.first.runUrl('usher') };
    await migrate(database.url, database.runUrl);
    postgres = {
      kill: own.kill,
      // The memory of a killed cluster is free once the last of its processes has noticed.
      async restart() {
        await until('Postgres to start again', () =>
          own.restart().then(
            () => true,
            () => false,
          ),
        );
      },
    };
  }
  const { url: databaseUrl, runUrl } = database;
  const db = createDatabase(databaseUrl, 5);
  started.defer(() => db.destroy());
  const connection = Connection.lazy({ address: `127.0.0.1:${temporalPort}` });
  started.defer(() => connection.close());
  const temporal = new Client({ connection });

  const port = await freePort();
  const mailPort = await freePort();
  const ports: Record<LinkName, number> = {
    'people to API': port,
    'API to Postgres': Number(new URL(databaseUrl).port),
    'API to Temporal': temporalPort,
    'worker to Postgres': Number(new URL(databaseUrl).port),
    'worker to Temporal': temporalPort,
    'worker to mail provider': mailPort,
  };
  const links = new Map<LinkName, Link>();
  for (const name of options.links ? linkNames : []) {
    const link = await startLink(ports[name]);
    started.defer(() => link.close());
    links.set(name, link);
    ports[name] = link.port;
  }
  const databaseAt = (name: LinkName) => {
    const at = new URL(runUrl);
    at.port = String(ports[name]);
    return at.href;
  };

  const url = `http://localhost:${ports['people to API']}`;
  const environment = {
    USHER_PUBLIC_URL: url,
    USHER_HOST: 'localhost',
    USHER_PORT: String(port),
    USHER_LINK_KEYS: randomBytes(32).toString('base64'),
    USHER_COOKIE_KEY: randomBytes(32).toString('base64'),
    USHER_ISSUER: 'http://127.0.0.1:9',
    USHER_CLIENT_ID: 'usher',
    USHER_CLIENT_SECRET: 'secret',
    USHER_POSTMARK_URL: `http://127.0.0.1:${ports['worker to mail provider']}`,
    USHER_POSTMARK_TOKEN: 'test',
    USHER_MAIL_FROM: 'usher@usher.example',
    USHER_MAIL_LOOKUP_PATIENCE: String(lookupPatience),
    USHER_LIMIT_FACTOR: '1000',
    ...options.environment,
  };
  const environments: Record<PartName, Record<string, string>> = {
    worker: {
      ...environment,
      USHER_DATABASE_URL: databaseAt('worker to Postgres'),
      TEMPORAL_ADDRESS: `127.0.0.1:${ports['worker to Temporal']}`,
    },
    api: {
      ...environment,
      USHER_DATABASE_URL: databaseAt('API to Postgres'),
      TEMPORAL_ADDRESS: `127.0.0.1:${ports['API to Temporal']}`,
    },
    mail: { USHER_SANDBOX_PORT: String(mailPort), USHER_SANDBOX_DIR: path.join(dir, 'mail') },
  };

  const organization = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
  await registerTrust(db, 'acme', { issuer: 'https://idp.example' }, [environment.USHER_ISSUER]);
  const owner: Account = await upsertAccount(db, {
    issuer: 'test',
    subject: 'owner',
    email: 'owner@acme.example',
    emailVerified: true,
    name: 'Olivia Owner',
  });
  for (const [product, quantity] of Object.entries(seats)) {
    await ensureLicensePool(db, { organization: organization.id, product, name: product, kind: 'named', quantity });
  }
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
  const parts = new Map<string, Part>();
  const printed: string[] = [];

  const start = async (
    name: PartName,
    preload: string[] = [],
    doom: Record<string, string> = {},
    folder = product,
  ): Promise<Part> => {
    const key = folder === product ? name : `${name} of ${folder}`;
    const { file, ready } = programs[name];
    // Guarded: it must not outlive this process, however that ends.
    const child = spawn('/bin/sh', ['-c', guarded('SIGKILL'), name, process.execPath, ...preload, file], {
      cwd: folder,
      env: { ...machine, ...environments[name], ...doom },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    child.once('exit', () => child.stdin.destroy());
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const exited = once(child, 'close').then(([code, signal]) => {
      if (parts.get(key) === part) parts.delete(key);
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
    parts.set(key, part);
    await until(`${name} to be ready`, async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended: ${output}`);
      return output.includes(ready);
    });
    return part;
  };
  started.defer(async () => {
    for (const part of parts.values()) await part.end('SIGKILL');
  });

  const call: Installation['call'] = async (target, o = {}) => {
    const response = await fetch(`${o.at ?? url}${target}`, {
      method: o.method ?? (o.body === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${secret}`,
        // A connection kept would be one to an API that has died since.
        connection: 'close',
        ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(o.idempotencyKey ? { 'idempotency-key': o.idempotencyKey } : {}),
        ...o.headers,
      },
      ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  };
  const atSandbox = async (target: string, change?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${mailPort}${target}`, {
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
    temporalAddress: `127.0.0.1:${temporalPort}`,
    inbox: `http://127.0.0.1:${mailPort}`,
    url,
    servers: {
      temporal: {
        ...temporalServer,
        async forget() {
          await temporalServer.kill();
          await rm(temporalDir, { recursive: true, force: true });
          await temporalServer.restart();
        },
      },
      get postgres() {
        if (!postgres) throw new Error('the Postgres of the whole test run must not be ended: ask for one of its own');
        return postgres;
      },
    },
    link(name) {
      const link = links.get(name);
      if (!link) throw new Error('the installation was started without links');
      return link;
    },
    organization,
    owner,
    running: async (name) => parts.get(name) ?? start(name),
    another: (name, folder, more) => start(name, [], more, folder),
    run: (args, folder = product) =>
      new Promise((resolve) => {
        const env = { ...machine, ...environments.worker, USHER_MIGRATE_DATABASE_URL: databaseUrl };
        execFile(process.execPath, args, { cwd: folder, env }, (error, stdout, stderr) => {
          printed.push(...stdout.split('\n'), ...stderr.split('\n'));
          resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
        });
      }),
    isRunning: (name) => parts.has(name),
    lastWords: () => printed.filter(Boolean).slice(-3).join('\n'),
    async kill(name) {
      await parts.get(name)?.end('SIGKILL');
    },
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
      const end = await dying!.exited;
      if (end !== 'SIGKILL') throw new Error(`it ended with ${end}`);
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
    async emails() {
      const emails: Email[] = [];
      for (;;) {
        const { Messages } = await atSandbox(`/messages/outbound?count=500&offset=${emails.length}`);
        for (const { Recipients, Metadata } of Messages) {
          emails.push({ to: Recipients[0], delivery: Metadata.delivery });
        }
        if (Messages.length < 500) return emails;
      }
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
      const jar = new Map([[`usher_${new URL(url).port}_session`, id]]);
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
        .set({ queued_at: new Date(Date.now() - 61_000) })
        .where('invitation_id', '=', id)
        .where('status', '=', 'queued')
        .execute();
      // By hand, so that it looks at all there is, and not only at what has become due since the last run.
      await temporal.schedule.getHandle('reconcile').trigger();
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  await installation.running('mail');
  const all = started.move();
  installation[Symbol.asyncDispose] = () => all.disposeAsync();
  installation.close = async () => {
    await using _ = all;
    for (const part of parts.values()) await part.end('SIGTERM');
    const found = await searchPersonalData(temporal, db, printed);
    if (found.length > 0) throw new Error(`Personal data where none may be:\n${found.slice(0, 20).join('\n')}`);
  };
  return installation;
}
