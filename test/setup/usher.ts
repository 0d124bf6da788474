import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { FastifyInstance } from 'fastify';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { buildApp } from '../../api/app.ts';
import { callbackPath } from '../../api/routes/sign-in.ts';
import { type Account, beginSession, upsertAccount } from '../../db/accounts.ts';
import { insertApiKey, newApiKey, type Scope, scopes } from '../../db/api-keys.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { insertMember, type Role } from '../../db/members.ts';
import { ensureOrganization, type Organization, registerTrust } from '../../db/organizations.ts';
import { createBearers } from '../../identity/bearers.ts';
import { createLinks, type Links } from '../../identity/links.ts';
import { type ProviderOptions, type RunningProvider, startProvider } from '../../identity/provider/start-provider.ts';
import { createProviders, mainSettings, type ProviderSettings } from '../../identity/providers.ts';
import { freePort } from '../../local/ports.ts';
import type { Mail } from '../../mail/mail.ts';
import { createPostmarkMail } from '../../mail/postmark.ts';
import { startSandbox } from '../../mail/sandbox/sandbox.ts';
import type { SandboxSettings } from '../../mail/sandbox/settings.ts';
import { createWorker, ensureReconcileSchedule, type UsherWorker, type WorkerDeps } from '../../worker.ts';
import { emptyDatabase, freshDatabase } from './database.ts';
import { searchPersonalData } from './personal-data.ts';
import { temporalEnvironment } from './temporal.ts';
import { until } from './until.ts';

export { until };

/** What Usher answered. */
export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind
  body: any;
  headers: Headers;
}

export interface CallOptions {
  method?: string;
  body?: unknown;
  /** API key. @default the organization's own, which may do everything */
  key?: string | null;
  /** Instead of a key: a signed-in person, as their session cookie. */
  session?: string;
  idempotencyKey?: string;
  headers?: Record<string, string>;
}

/** A whole Usher on real Postgres, Temporal and mail sandbox, of the test file's own. */
export interface Usher {
  /** Base URL of the API. */
  url: string;
  /** As the owner: API and worker have the run role. */
  db: Kysely<Database>;
  databaseUrl: string;
  /** The run role's. */
  runUrl: string;
  temporal: TestWorkflowEnvironment;
  app: FastifyInstance;
  mail: Mail;
  links: Links;
  /** The mail sandbox. */
  inbox: string;
  /** Changes how the mail sandbox behaves. @throws unless it takes the settings */
  mailIs(settings: Partial<SandboxSettings>): Promise<void>;
  /** Where a mail provider reports what became of emails, with its password. The sandbox does, once its settings say so. */
  feedbackUrl: string;
  /** The installation's issuer. */
  issuer: string;
  organization: Organization;
  owner: Account;
  /** An API key of the organization with every scope. */
  key: string;
  /** The identity provider, if wanted. */
  provider: RunningProvider;
  /** Does something while the identity provider is down. */
  withoutProvider(work: () => Promise<void>): Promise<void>;
  /** Every line the API logged. */
  log: string[];
  call(path: string, options?: CallOptions): Promise<Answer>;
  /** Invites and returns the invitation. @throws unless answered 201 */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  invite(email: string, more?: Record<string, unknown>): Promise<any>;
  /** A person with a verified account and a session in the browser `session` stands for. */
  person(email: string, more?: { verified?: boolean }): Promise<{ account: Account; session: string }>;
  apiKey(more: { scopes?: readonly Scope[]; role?: Role; organization?: Organization }): Promise<string>;
  /** Messages in the sandbox for an address, newest first. */
  messages(email: string): Promise<{ MessageID: string; Subject: string; Metadata: Record<string, string> }[]>;
  /** The path of the link in the newest email to an address, of those with such a subject. */
  linkTo(email: string, subject?: RegExp): Promise<string>;
  /** Waits until a condition holds. @throws after a minute */
  until<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T>;
  worker: RunningWorker;
  startWorker(more?: Partial<WorkerDeps>): Promise<RunningWorker>;
  close(): Promise<void>;
}

export interface RunningWorker {
  worker: UsherWorker;
  /** Drains and ends it; again does nothing. */
  stop(): Promise<void>;
}

export interface UsherOptions {
  /** @default a development server of its own; it is closed with the rest */
  temporal?: TestWorkflowEnvironment;
  /** @default true */
  withWorker?: boolean;
  /** False for a file that plants personal data in Temporal on purpose. @default true */
  searchForPersonalData?: boolean;
  seats?: number;
  worker?: Partial<WorkerDeps>;
  /** Starts the embedded identity provider, on another site than Usher. */
  withProvider?: true;
  /** The issuer URL of a provider that the test has started itself, with any client; that one signs people in. */
  issuer?: string;
  /** Where people can sign in besides. */
  providers?: readonly ProviderSettings[];
  organization?: { slug: string; name: string; homeUrl?: string };
  /** @default 1000, so that no test meets a limit that is not about limits */
  limitFactor?: number;
  /**
   * How long a request may take, ms.
   *
   * @default 60_000: many files run at once on few cores
   */
  patienceMs?: number;
  /** How long of that it waits for the engine, ms: what is answered when there is none is answered only then. @default 60_000 */
  enginePatienceMs?: number;
}

/** What tests receive webhooks at. */
const loopback = ['127.0.0.0/8', '::1/128'];

/** Starts one. End it with `close()`, which fails the file if something stays open. */
export async function startUsher(options: UsherOptions = {}): Promise<Usher> {
  const { seats = 25 } = options;
  await using started = new AsyncDisposableStack();
  const temporal = options.temporal ?? (await temporalEnvironment());
  if (!options.temporal) started.defer(() => temporal.teardown());
  const { url: databaseUrl, runUrl } = await freshDatabase();
  // Many files run at once on few cores.
  const patience = 60_000;
  const db = createDatabase(databaseUrl, 5, patience, patience);
  started.defer(() => db.destroy());
  const ofPrograms = createDatabase(runUrl, 20, undefined, patience);
  started.defer(() => ofPrograms.destroy());
  const dir = await mkdtemp(path.join(tmpdir(), 'usher-mail-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));
  const sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dir });
  started.defer(() => sandbox.close());
  const mail = createPostmarkMail({ url: sandbox.url, token: 'test' });
  started.defer(() => mail.close());

  const port = await freePort();
  const url = `http://localhost:${port}`;
  const links = createLinks(url, [randomBytes(32)]);
  const providerPort = options.withProvider ? await freePort() : 9;
  const issuer = options.issuer ?? `http://127.0.0.1:${providerPort}`;
  const client = { id: 'usher', secret: 'a secret between the two' };
  const feedbackPassword = randomBytes(24).toString('hex');
  const providerOptions: ProviderOptions | undefined = options.withProvider && {
    issuer,
    host: '127.0.0.1',
    port: providerPort,
    databaseUrl: (await emptyDatabase()).url,
    client: { ...client, redirectUris: [`${url}${callbackPath}`], postLogoutRedirectUris: [`${url}/`] },
    mail: { url: sandbox.url, token: 'test', from: 'identity@usher.example' },
  };
  let provider = providerOptions && (await startProvider(providerOptions));
  started.defer(async () => provider?.close());
  const log: string[] = [];
  const logger = pino(
    { level: 'debug' },
    new Writable({
      write(chunk, _encoding, done) {
        log.push(String(chunk));
        done();
      },
    }),
  );
  const app = await buildApp({
    db: ofPrograms,
    temporal: temporal.client,
    links,
    providers: createProviders(
      [
        mainSettings({ issuer, clientId: client.id, clientSecret: client.secret, name: 'Main' }),
        ...(options.providers ?? []),
      ],
      `${url}${callbackPath}`,
      // So that a provider that goes down is noticed at once.
      0,
    ),
    bearers: createBearers({ audience: url }),
    publicUrl: url,
    cookieKey: randomBytes(32),
    limitFactor: options.limitFactor ?? 1000,
    patienceMs: options.patienceMs ?? patience,
    enginePatienceMs: options.enginePatienceMs ?? patience,
    feedbackPassword,
    webhookNetworks: loopback,
    logger,
  });
  started.defer(() => app.close());
  await app.listen({ host: 'localhost', port });

  const { slug } = await ensureOrganization(
    db,
    options.organization ?? { slug: 'acme', name: 'Acme', homeUrl: 'https://acme.example/home' },
  );
  const organization = await registerTrust(db, slug, { issuer: 'https://idp.example' }, [issuer]);
  const owner = await upsertAccount(db, {
    issuer,
    subject: 'owner',
    email: 'owner@acme.example',
    emailVerified: true,
    name: 'Olivia Owner',
  });
  await db.transaction().execute((trx) =>
    insertMember(trx, {
      organization: organization.id,
      account: owner.id,
      role: 'owner',
      teams: [],
      invitation: null,
    }),
  );
  await ensureLicensePool(db, {
    organization: organization.id,
    product: 'studio',
    name: 'Studio',
    kind: 'named',
    quantity: seats,
  });

  const startWorker = async (more: Partial<WorkerDeps> = {}): Promise<RunningWorker> => {
    await ensureReconcileSchedule(temporal.client);
    const worker = await createWorker({
      db: ofPrograms,
      mail,
      links,
      from: 'Usher <usher@usher.example>',
      lookupPatienceMs: 15_000,
      providers: [{ issuer, everywhere: true, domains: [] }, ...(options.providers ?? [])],
      webhookNetworks: loopback,
      connection: temporal.nativeConnection,
      temporal: temporal.client,
      namespace: temporal.namespace ?? 'default',
      ...options.worker,
      ...more,
    });
    const running = worker.run();
    return {
      worker,
      async stop() {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await running;
      },
    };
  };

  const apiKey: Usher['apiKey'] = async (more) => {
    const secret = newApiKey();
    await insertApiKey(db, {
      secret,
      organization: (more.organization ?? organization).id,
      name: 'test',
      role: more.role ?? 'owner',
      scopes: more.scopes ?? scopes,
      createdBy: owner.id,
    });
    return secret;
  };
  const key = await apiKey({});

  const call: Usher['call'] = async (target, o = {}) => {
    const { body, session, idempotencyKey, headers } = o;
    const bearer = o.key === undefined && !session ? key : o.key;
    const response = await fetch(`${url}${target}`, {
      method: o.method ?? (body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
        ...(session ? { cookie: `usher_${port}_session=${session}`, origin: url } : {}),
        ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  };

  const messages: Usher['messages'] = async (email) => {
    const response = await fetch(
      `${sandbox.url}/messages/outbound?count=100&offset=0&recipient=${encodeURIComponent(email)}`,
      { headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' } },
    );
    return ((await response.json()) as { Messages: Awaited<ReturnType<Usher['messages']>> }).Messages;
  };

  const usher: Usher = {
    url,
    issuer,
    db,
    databaseUrl,
    runUrl,
    temporal,
    app,
    mail,
    links,
    inbox: sandbox.url,
    async mailIs(settings) {
      const headers = { 'content-type': 'application/json' };
      const put = { method: 'PUT', headers, body: JSON.stringify(settings) };
      const response = await fetch(`${sandbox.url}/sandbox/settings`, put);
      if (!response.ok) throw new Error(await response.text());
    },
    feedbackUrl: `http://postmark:${feedbackPassword}@localhost:${port}/webhooks/postmark`,
    organization,
    owner,
    key,
    provider: provider as RunningProvider,
    async withoutProvider(work) {
      await provider!.close();
      try {
        await work();
      } finally {
        usher.provider = provider = await startProvider(providerOptions!);
      }
    },
    log,
    call,
    async invite(email, more = {}) {
      const answer = await call('/v1/organizations/acme/invitations', { body: { email, ...more } });
      if (answer.status !== 201)
        throw new Error(`inviting was answered ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async person(email, { verified = true } = {}) {
      const account = await upsertAccount(db, {
        issuer,
        subject: `subject of ${email}`,
        email,
        emailVerified: verified,
        name: email.split('@')[0]!,
      });
      const { id } = await beginSession(db, { account: account.id, idToken: 'none' });
      return { account, session: id };
    },
    apiKey,
    messages,
    async linkTo(email, subject = /./) {
      const newest = await until(`an email to ${email}`, async () =>
        (await messages(email)).find(({ Subject }) => subject.test(Subject)),
      );
      const details = await fetch(`${sandbox.url}/messages/outbound/${newest.MessageID}/details`, {
        headers: { 'X-Postmark-Server-Token': 'test', accept: 'application/json' },
      });
      const { TextBody } = (await details.json()) as { TextBody: string };
      const found = /http:\/\/localhost:\d+(\/i\/[\w-]+)/.exec(TextBody);
      if (!found) throw new Error(`the email to ${email} has no link`);
      return found[1]!;
    },
    until,
    worker: undefined as unknown as RunningWorker,
    startWorker,
    close: async () => undefined,
  };
  if (options.withWorker ?? true) {
    usher.worker = await startWorker();
    started.defer(() => usher.worker.stop());
  }
  const all = started.move();
  usher.close = async () => {
    await using _ = all;
    if (options.searchForPersonalData === false || options.temporal) return;
    const found = await searchPersonalData(temporal.client, db, log);
    if (found.length > 0) throw new Error(`Personal data where none may be:\n${found.slice(0, 20).join('\n')}`);
  };
  return usher;
}
