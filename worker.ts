import {
  Client,
  Connection,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { createBatchActivities } from './activities/batch.ts';
import { createDeliveryActivities } from './activities/delivery.ts';
import { reducedFailures } from './activities/failure.ts';
import { createFirstAttempts } from './activities/first-attempts.ts';
import { createInvitationActivities } from './activities/invitation.ts';
import { localDeadline } from './activities/local-deadline.ts';
import { createNoticeActivities } from './activities/notices.ts';
import { createPrivacyActivities } from './activities/privacy.ts';
import { createReconcileActivities } from './activities/reconcile.ts';
import { createWebhookActivities, watchWebhooks } from './activities/webhook.ts';
import { payloadOf } from './api/webhooks.ts';
import { workflowBundle } from './bundle.ts';
import { attempt, ConfigError, readConfig } from './config.ts';
import { requireAdmission } from './db/admission.ts';
import { createDatabase, type Database } from './db/database.ts';
import { createLinks, type Links } from './identity/links.ts';
import type { Trust } from './identity/providers.ts';
import { freePort } from './local/ports.ts';
import type { Mail } from './mail/mail.ts';
import { createMail } from './mail/provider.ts';
import { createExposition, serveMetrics } from './telemetry/exposition.ts';
import { createLogger, sdkLogger } from './telemetry/log.ts';
import { observedMail } from './telemetry/mail.ts';
import type { Tracing } from './telemetry/tracing.ts';
import type { Networks } from './webhooks/addresses.ts';
import { createPost } from './webhooks/post.ts';
import { makeWorkflowThreadsLean } from './workflow-threads.ts';
import { deploymentName, taskQueue, workflowTypes } from './workflows/contract.ts';

export interface WorkerDeps {
  db: Kysely<Database>;
  mail: Mail;
  links: Links;
  /** The sender address of emails. */
  from: string;
  lookupPatienceMs: number;
  /** As of {@link DeliveryDeps}. */
  suspendedMs?: number;
  /** As of {@link NoticeDeps}. */
  noticeGapMs?: number;
  /** Whose accounts count, and what is believed of them. */
  providers: readonly Trust[];
  /** Days for which ended invitations are kept where their organization says nothing; 0: for ever. @default 365 */
  retentionDays?: number;
  /** Networks that webhooks may reach although they are private, and without TLS. @default none */
  webhookNetworks?: Networks;
  connection: NativeConnection;
  /** For what activities ask of Temporal. */
  temporal: Client;
  namespace: string;
  /** How many rows the reconciler reads at a time. */
  pageSize?: number;
  /** Has Temporal give this worker tasks only while its build is the current one. @default unversioned: any task */
  buildId?: string;
  /**
   * Whether it makes the first attempts of emails beside the runs. Otherwise each is an activity of its run, for which a
   * server that skips time waits. @default true
   */
  firstAttempts?: boolean;
  /** How many runs are kept in memory. @default {@link usuallyCached} */
  maxCachedWorkflows?: number;
  /** Is told of each transition, and each email. @default nobody is */
  logger?: Logger;
  /** @default nothing is traced */
  tracing?: Tracing | undefined;
}

/**
 * What most runs do is wait, for days: one that has been dropped from memory is replayed from its short history when something
 * happens to it. As many as the SDK keeps by itself grow to a gigabyte.
 */
const usuallyCached = 800;

/** A worker of Usher: executes invitations, sends their emails. */
export interface UsherWorker extends Pick<Worker, 'shutdown' | 'getState'> {
  /** Works until it has been shut down, and all that it had begun has ended. */
  run(): Promise<void>;
}

/**
 * Makes a worker. `run()` it; `shutdown()` drains it.
 *
 * @throws what Temporal says when it cannot be reached
 */
export async function createWorker(given: WorkerDeps): Promise<UsherWorker> {
  makeWorkflowThreadsLean();
  const { tracing } = given;
  const deps = { ...given, mail: observedMail(given.mail, given.logger) };
  const firstAttempts = deps.firstAttempts === false ? undefined : createFirstAttempts(deps);
  const post = createPost(deps.webhookNetworks ?? []);
  const worker = await Worker.create({
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue,
    workflowBundle: await workflowBundle(tracing !== undefined),
    activities: {
      ...createInvitationActivities({ ...deps, firstAttempts }),
      ...createDeliveryActivities(deps),
      ...createBatchActivities(deps),
      ...createReconcileActivities(deps),
      ...createNoticeActivities(deps),
      ...createPrivacyActivities(deps),
      ...createWebhookActivities({ ...deps, post, payloadOf }),
    },
    interceptors: { activity: [...(tracing ? [tracing.activity] : []), localDeadline, reducedFailures] },
    ...(tracing ? { sinks: tracing.sinks } : {}),
    shutdownGraceTime: '10s',
    // When a worker has died, its invitations are waited for this long before another takes them: less than callers wait.
    stickyQueueScheduleToStartTimeout: '1s',
    ...(deps.buildId
      ? {
          workerDeploymentOptions: {
            useWorkerVersioning: true,
            version: { deploymentName, buildId: deps.buildId },
            // Every run goes on with the newest build: rows and histories of older ones are understood.
            defaultVersioningBehavior: 'AUTO_UPGRADE',
          },
        }
      : {}),
    maxCachedWorkflows: deps.maxCachedWorkflows ?? usuallyCached,
  });
  return {
    shutdown: () => worker.shutdown(),
    getState: () => worker.getState(),
    async run() {
      const watch = watchWebhooks(deps);
      try {
        await worker.run();
      } finally {
        await watch.close();
        await firstAttempts?.close();
        await post.close();
      }
    },
  };
}

const reconcileSchedule = {
  spec: { intervals: [{ every: '1m' }] },
  // What is missed while Temporal is down is not made up for: the next run looks at all since the last.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
  action: {
    type: 'startWorkflow',
    workflowType: workflowTypes.reconcile,
    taskQueue,
    workflowId: 'reconcile',
    args: [],
    // One that is stuck must not keep the next from running for ever.
    workflowRunTimeout: '4h',
  },
} as const satisfies Omit<ScheduleOptions, 'scheduleId'>;

const noticeSchedule = {
  spec: { intervals: [{ every: '1m', offset: '30s' }] },
  // What was missed waits in Postgres.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
  action: {
    type: 'startWorkflow',
    workflowType: workflowTypes.notices,
    taskQueue,
    workflowId: 'notices',
    args: [],
    workflowRunTimeout: '2h',
  },
} as const satisfies Omit<ScheduleOptions, 'scheduleId'>;

const retentionSchedule = {
  spec: { intervals: [{ every: '1d', offset: '3h' }], jitter: '1h' },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1d' },
  action: {
    type: 'startWorkflow',
    workflowType: workflowTypes.retention,
    taskQueue,
    workflowId: 'retention',
    args: [],
    workflowRunTimeout: '20h',
  },
} as const satisfies Omit<ScheduleOptions, 'scheduleId'>;

/** Makes a Schedule, one for the whole installation, or brings that of an older version up to date. */
async function ensureSchedule(temporal: Client, scheduleId: string, schedule: Omit<ScheduleOptions, 'scheduleId'>) {
  try {
    await temporal.schedule.create({ scheduleId, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await temporal.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }) as never);
  }
}

/** The Schedule of the reconciler: every minute. */
export const ensureReconcileSchedule = (temporal: Client): Promise<void> =>
  ensureSchedule(temporal, 'reconcile', reconcileSchedule);

/** The Schedule that has inviters told: every minute. */
export const ensureNoticeSchedule = (temporal: Client): Promise<void> =>
  ensureSchedule(temporal, 'notices', noticeSchedule);

/** The Schedule that erases what has been kept long enough: every day. */
export const ensureRetentionSchedule = (temporal: Client): Promise<void> =>
  ensureSchedule(temporal, 'retention', retentionSchedule);

async function main() {
  const config = readConfig(process.env);
  const { metricsAddress } = config;
  const logger = createLogger('worker', config.logLevel);
  // The SDK serves its own metrics, where nobody but this process looks.
  const sdk = metricsAddress && `127.0.0.1:${await freePort()}`;
  Runtime.install({
    logger: sdkLogger(logger),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(sdk ? { metrics: { prometheus: { bindAddress: sdk } } } : {}),
    },
  });
  const tracing = config.tracing
    ? (await import('./telemetry/tracing.ts')).startTracing('usher-worker', logger)
    : undefined;
  const db = createDatabase(config.databaseUrl, 20);
  const metrics =
    metricsAddress &&
    (await attempt(`Metrics cannot be served at ${metricsAddress}: free it, or give another address`, () =>
      serveMetrics(metricsAddress, createExposition({ db, logger, sdk })),
    ));
  await requireAdmission(db);
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await attempt('Temporal cannot be reached: check TEMPORAL_ADDRESS, and that it runs', () =>
    NativeConnection.connect(connectionOptions),
  );
  const clientConnection = await Connection.connect(connectionOptions);
  const mail = createMail(config.mail);
  const temporal = new Client({
    connection: clientConnection,
    ...(namespace ? { namespace } : {}),
    ...(tracing ? { interceptors: { workflow: [tracing.client] } } : {}),
  });
  await ensureReconcileSchedule(temporal);
  await ensureNoticeSchedule(temporal);
  await ensureRetentionSchedule(temporal);
  const worker = await createWorker({
    db,
    mail,
    links: createLinks(config.publicUrl, config.linkKeys),
    from: config.mail.from,
    lookupPatienceMs: config.mail.lookupPatienceMs,
    providers: config.providers,
    retentionDays: config.retentionDays,
    webhookNetworks: config.webhookNetworks,
    connection,
    temporal,
    namespace: namespace ?? 'default',
    buildId: config.buildId,
    logger,
    tracing,
  });
  logger.info({ ms: Math.round(performance.now()) }, 'the worker is ready');
  try {
    // SIGTERM and SIGINT drain it: the SDK's runtime listens for them.
    await worker.run();
  } finally {
    await mail.close();
    await db.destroy();
    await clientConnection.close();
    await connection.close();
    await tracing?.close();
    if (metrics) metrics.close();
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  } finally {
    await Runtime.instance().shutdown();
  }
}
