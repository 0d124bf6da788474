import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { createDatabase } from '../db/database.ts';
import { createBearers } from '../identity/bearers.ts';
import { createLinks } from '../identity/links.ts';
import { buildApp } from './app.ts';

/** What `/openapi.json` answers, from the app itself and without anything that it depends on: none of it is connected to. */
export async function openApiDocument(): Promise<object> {
  await using opened = new AsyncDisposableStack();
  const nowhere = 'http://127.0.0.1:9';
  const db = createDatabase('postgres://127.0.0.1:9/none', 1);
  opened.defer(() => db.destroy());
  const connection = Connection.lazy({ address: '127.0.0.1:9' });
  opened.defer(() => connection.close());
  const app = await buildApp({
    db,
    temporal: new Client({ connection }),
    links: createLinks(nowhere, [randomBytes(32)]),
    providers: [],
    bearers: createBearers({ audience: nowhere }),
    publicUrl: nowhere,
    cookieKey: randomBytes(32),
    logger: pino({ level: 'silent' }),
  });
  opened.defer(() => app.close());
  return app.swagger();
}
