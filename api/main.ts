import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { attempt, ConfigError, readConfig } from '../config.ts';
import { requireAdmission } from '../db/admission.ts';
import { createDatabase } from '../db/database.ts';
import { createBearers } from '../identity/bearers.ts';
import { createLinks } from '../identity/links.ts';
import { createProviders } from '../identity/providers.ts';
import { createExposition } from '../telemetry/exposition.ts';
import { createLogger } from '../telemetry/log.ts';
import { buildApp } from './app.ts';
import { callbackPath } from './routes/sign-in.ts';

/** The API as a process of its own; SIGTERM and SIGINT finish what is under way, then end it. */
async function main() {
  const config = readConfig(process.env);
  const logger = createLogger('API', config.logLevel);
  const tracing = config.tracing
    ? (await import('../telemetry/tracing.ts')).startTracing('usher-api', logger)
    : undefined;
  const { connectionOptions, namespace } = loadClientConnectConfig();
  // Lazy: the API serves what it can while Temporal is down.
  const connection = await attempt('TEMPORAL_ADDRESS is not host:port', () =>
    Connection.lazy({ ...connectionOptions, connectTimeout: '1s' }),
  );
  const db = createDatabase(config.databaseUrl, 20, 1_500);
  await requireAdmission(db);
  const app = await buildApp({
    db,
    temporal: new Client({
      connection,
      ...(namespace ? { namespace } : {}),
      ...(tracing ? { interceptors: { workflow: [tracing.client] } } : {}),
    }),
    links: createLinks(config.publicUrl, config.linkKeys),
    providers: createProviders(config.providers, `${config.publicUrl}${callbackPath}`),
    bearers: createBearers({ audience: config.audience }),
    publicUrl: config.publicUrl,
    cookieKey: config.cookieKey,
    limitFactor: config.limitFactor,
    trustedProxies: config.trustedProxies,
    temporalUi: config.temporalUi,
    metrics: config.metricsToken ? { token: config.metricsToken, read: createExposition({ db, logger }) } : undefined,
    tracing: tracing?.plugin,
    feedbackPassword: config.feedbackPassword,
    webhookNetworks: config.webhookNetworks,
    logger,
  });
  const { host, port } = config;
  await attempt(`Nothing can listen on ${host}:${port}: free it, or give another host or port`, () =>
    app.listen({ host, port }),
  );
  logger.info({ publicUrl: config.publicUrl }, 'the API is ready');
  const stop = async () => {
    await app.close();
    await db.destroy();
    await connection.close();
    await tracing?.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  }
}
