import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { buildApp } from '../../api/app.ts';
import { callbackPath } from '../../api/routes/sign-in.ts';
import { readConfig } from '../../config.ts';
import { createDatabase } from '../../db/database.ts';
import { createBearers } from '../../identity/bearers.ts';
import { createLinks } from '../../identity/links.ts';
import { createProviders } from '../../identity/providers.ts';
import { createMail } from '../../mail/provider.ts';
import { createWorker } from '../../worker.ts';

/** The API and the worker in one process, as `npm start` has them, on servers that are there. */
const config = readConfig(process.env);
const address = process.env.TEMPORAL_ADDRESS!;
const connection = await NativeConnection.connect({ address });
const clientConnection = await Connection.connect({ address });
const namespace = process.env.TEMPORAL_NAMESPACE!;
const temporal = new Client({ connection: clientConnection, namespace });
const db = createDatabase(config.databaseUrl, 20);
const mail = createMail(config.mail);
const links = createLinks(config.publicUrl, config.linkKeys);
const worker = await createWorker({
  db,
  mail,
  links,
  from: config.mail.from,
  lookupPatienceMs: config.mail.lookupPatienceMs,
  providers: config.providers,
  connection,
  temporal,
  namespace,
});
const app = await buildApp({
  db,
  temporal,
  links,
  providers: createProviders(config.providers, `${config.publicUrl}${callbackPath}`),
  bearers: createBearers({ audience: config.audience }),
  publicUrl: config.publicUrl,
  cookieKey: config.cookieKey,
  limitFactor: config.limitFactor,
  logger: pino({ level: config.logLevel }),
});
await app.listen({ host: config.host, port: config.port });
console.log('ready');
// The SDK drains the worker at SIGTERM.
await worker.run();
await app.close();
await mail.close();
await db.destroy();
await clientConnection.close();
await connection.close();
