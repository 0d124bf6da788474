import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { IllegalStateError } from '@temporalio/common';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { destination, type Logger, pino } from 'pino';
import { buildApp } from '../api/app.ts';
import { callbackPath } from '../api/routes/sign-in.ts';
import { createDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { createBearers } from '../identity/bearers.ts';
import { createLinks } from '../identity/links.ts';
import { startProvider } from '../identity/provider/start-provider.ts';
import { createProviders, mainSettings } from '../identity/providers.ts';
import { createPostmarkMail } from '../mail/postmark.ts';
import { startSandbox } from '../mail/sandbox/sandbox.ts';
import { createExposition } from '../telemetry/exposition.ts';
import { sdkLogger } from '../telemetry/log.ts';
import { createWorker, ensureNoticeSchedule, ensureReconcileSchedule, ensureRetentionSchedule } from '../worker.ts';
import { LocalError } from './local-error.ts';
import { freePort, isFree } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { ensureSecrets } from './secrets.ts';
import { example, seed } from './seed.ts';
import { startTemporal } from './temporal.ts';

export interface LocalOptions {
  /** Folder of everything that outlives the run. */
  state: string;
  /** First of six ports in a row. */
  portBase: number;
  /** Gets a line before each step that may take long. */
  report?: (line: string) => void;
  /** Gives up starting; what has started is stopped. */
  signal?: AbortSignal;
}

/** What `<state>/local.json` holds while Usher runs. */
export interface LocalAddresses {
  api: string;
  console: string;
  inbox: string;
  issuer: string;
  /** host:port */
  temporal: string;
  temporalUi: string;
  /** Postgres as the role that Usher runs as. */
  database: string;
  /** Postgres as the owner of the tables. */
  migrateDatabase: string;
  apiKey: string;
  /** Where Prometheus finds the metrics of all of it, with this as its bearer token. */
  metrics: string;
  metricsToken: string;
  organization: string;
  owner: { email: string; password: string };
}

export interface Local {
  addresses: LocalAddresses;
  /** Resolves to a sentence when a part has ended by itself. */
  failure: Promise<string>;
  /** Ends everything, in order. */
  stop(): Promise<void>;
}

const parts = ['API', 'identity provider', 'mail sandbox', 'Temporal', 'Temporal UI', 'Postgres'] as const;

/**
 * Runs all of Usher on this machine, under one roof: Postgres and Temporal as children, the rest in this process. Finds
 * everything as the last run with the same state folder left it.
 *
 * @throws LocalError one sentence with the remedy; whatever had started is stopped again
 */
export async function startLocal({ state: folder, portBase, report = () => {}, signal }: LocalOptions): Promise<Local> {
  const state = path.resolve(folder);
  const file = (...names: string[]) => path.join(state, ...names);
  const port = Object.fromEntries(parts.map((part, i) => [part, portBase + i])) as Record<
    (typeof parts)[number],
    number
  >;
  const step = (line: string) => {
    signal?.throwIfAborted();
    report(line);
  };

  await using started = new AsyncDisposableStack();
  await mkdir(state, { recursive: true });
  await checkPorts(port, file('usher.pid'));

  // First, because it alone can tell that another run uses the folder, of which nothing may then be touched.
  step('Starting Postgres…');
  const postgres = await startPostgres({ dir: file('postgres'), port: port.Postgres, durable: true });
  started.defer(() => postgres.stop());
  await writeFile(file('usher.pid'), String(process.pid));
  started.defer(() => rm(file('usher.pid'), { force: true }));
  await rm(file('local.json'), { force: true });
  const secrets = await ensureSecrets(state);
  await rename(file('usher.log'), file('usher.log.1')).catch(() => undefined);
  const logger = pino({ level: 'info' }, destination({ dest: file('usher.log'), mode: 0o600, sync: true }));
  /** Has a part ended with the rest, those that started last first. When one does not end, the log says which did. */
  const ending = (part: string, end: () => Promise<void>) =>
    started.defer(async () => {
      await end();
      logger.info({ part }, 'ended');
    });
  await postgres.ensureDatabase('usher');
  await postgres.ensureDatabase('identity');

  const sdkMetrics = `127.0.0.1:${await freePort()}`;
  installRuntime(logger, sdkMetrics);

  step('Starting Temporal…');
  const temporal = await startTemporal({
    dir: file('temporal'),
    port: port.Temporal,
    uiPort: port['Temporal UI'],
    report,
  });
  ending('Temporal', () => temporal.stop());

  step('Starting the mail sandbox and the identity provider…');
  const host = '127.0.0.1';
  const sandbox = await startSandbox({
    host,
    port: port['mail sandbox'],
    dir: file('mail'),
    logger: logger.child({ part: 'mail sandbox' }),
    settings: {
      webhookUrl: `http://postmark:${secrets.feedbackPassword}@localhost:${port.API}/webhooks/postmark`,
    },
  });
  ending('mail sandbox', () => sandbox.close());

  // People reach Usher as localhost and the provider as 127.0.0.1: two sites, as they will be elsewhere.
  const publicUrl = `http://localhost:${port.API}`;
  const mail = { url: sandbox.url, token: 'local', from: 'Usher <usher@localhost.example>' };
  const clientId = 'usher';
  const { clientSecret } = secrets;
  const provider = await startProvider({
    issuer: `http://${host}:${port['identity provider']}`,
    host,
    port: port['identity provider'],
    databaseUrl: postgres.url('identity'),
    client: {
      id: clientId,
      secret: clientSecret,
      redirectUris: [`${publicUrl}${callbackPath}`],
      postLogoutRedirectUris: [`${publicUrl}/`],
    },
    mail,
    logger: logger.child({ part: 'identity provider' }),
  });
  ending('identity provider', () => provider.close());

  step('Preparing the database…');
  await migrate(postgres.url('usher'), postgres.runUrl('usher'));
  const db = createDatabase(postgres.runUrl('usher'), 20);
  ending('connections to Postgres', () => db.destroy());
  const { subject } = await provider.ensureUser({
    ...example.owner,
    password: secrets.ownerPassword,
    emailVerified: true,
  });
  await seed(db, { issuer: provider.url, subject }, secrets.apiKey);

  const addresses: LocalAddresses = {
    api: publicUrl,
    console: `${publicUrl}/console`,
    inbox: sandbox.url,
    issuer: provider.url,
    temporal: temporal.address,
    temporalUi: temporal.uiUrl!,
    database: postgres.runUrl('usher'),
    migrateDatabase: postgres.url('usher'),
    apiKey: secrets.apiKey,
    metrics: `${publicUrl}/metrics`,
    metricsToken: secrets.metricsToken,
    organization: example.organization.slug,
    owner: { email: example.owner.email, password: secrets.ownerPassword },
  };
  step('Starting the worker and the API…');
  const { connection, client } = await connectToTemporal(temporal.address, started);
  const postmark = createPostmarkMail(mail);
  ending('mail', () => postmark.close());
  // Programs of this machine are told without TLS.
  const webhookNetworks = ['127.0.0.0/8', '::1/128'];
  const links = createLinks(publicUrl, [Buffer.from(secrets.linkKey, 'base64')]);
  await ensureReconcileSchedule(client);
  await ensureNoticeSchedule(client);
  await ensureRetentionSchedule(client);
  const worker = await createWorker({
    db,
    mail: postmark,
    links,
    from: mail.from,
    lookupPatienceMs: 60_000,
    providers: [{ issuer: provider.url, everywhere: true, domains: [] }],
    webhookNetworks,
    connection,
    temporal: client,
    namespace: 'default',
    logger: logger.child({ part: 'worker' }),
  });
  const working = worker.run().then(
    () => 'The worker has ended.',
    (error) => `The worker has failed: ${error}.`,
  );
  ending('worker', async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await working;
  });

  const app = await buildApp({
    db,
    temporal: client,
    links,
    providers: createProviders(
      [mainSettings({ issuer: provider.url, clientId, clientSecret })],
      `${publicUrl}${callbackPath}`,
    ),
    bearers: createBearers({ audience: publicUrl }),
    publicUrl,
    temporalUi: addresses.temporalUi,
    feedbackPassword: secrets.feedbackPassword,
    cookieKey: Buffer.from(secrets.cookieKey, 'base64'),
    // One person at one machine is everybody here: a script that invites hundreds is no abuse.
    limitFactor: 100,
    metrics: { token: secrets.metricsToken, read: createExposition({ db, logger, sdk: sdkMetrics }) },
    webhookNetworks,
    logger: logger.child({ part: 'API' }),
  });
  ending('API', () => app.close());
  await app.listen({ host: 'localhost', port: port.API });

  signal?.throwIfAborted();
  await writeFile(file('local.json.new'), `${JSON.stringify(addresses, null, 2)}\n`, { mode: 0o600 });
  await rename(file('local.json.new'), file('local.json'));
  started.defer(() => rm(file('local.json'), { force: true }));
  const all = started.move();
  return {
    addresses,
    failure: Promise.race([postgres.exited, temporal.exited, working]),
    stop: () => all.disposeAsync(),
  };
}

/**
 * Has Temporal's SDK log with the rest, and leave signals to us: the worker is to end in its turn.
 *
 * @param metrics host:port where it serves its metrics
 */
function installRuntime(logger: Logger, metrics: string): void {
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: sdkLogger(logger.child({ part: 'worker' })),
      telemetryOptions: { metrics: { prometheus: { bindAddress: metrics } } },
    });
  } catch (error) {
    // There is one a process: a program that embeds us may have chosen its own.
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

async function connectToTemporal(address: string, opened: AsyncDisposableStack) {
  const connection = await NativeConnection.connect({ address });
  opened.defer(() => connection.close());
  const ofClient = await Connection.connect({ address });
  opened.defer(() => ofClient.close());
  return { connection, client: new Client({ connection: ofClient }) };
}

/** @throws LocalError naming the first port that is taken */
async function checkPorts(port: Record<(typeof parts)[number], number>, pidFile: string): Promise<void> {
  // If the last run was killed, its children are ending now.
  const deadline = Date.now() + ((await wasKilled(pidFile)) ? 15_000 : 0);
  for (const [part, number] of Object.entries(port)) {
    while (!(await isFree(number))) {
      if (Date.now() >= deadline)
        throw new LocalError(
          `Port ${number} (${part}) is taken, perhaps by another Usher: stop that program (lsof -i :${number} names it), or choose other ports with npm start -- --port-base ${Math.min(port.API + 100, 65_000)}.`,
        );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** True when the last run with this state folder did not end in order. */
async function wasKilled(pidFile: string): Promise<boolean> {
  try {
    process.kill(Number(await readFile(pidFile, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
