import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { createUsher } from '../../client/index.ts';
import { buildWebApp } from './app.ts';
import { newSigningKey } from './issuer.ts';
import { setUp } from './set-up.ts';

/** `npm run example`: the web app beside a local Usher (`npm start`), of which it reads where that is. */

/** What it remembers between runs. */
interface Memory {
  signingKey: JWK;
  apiKey?: string;
  webhook?: { id: string; secret: string };
}

const read = async <T>(file: string): Promise<T | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Has Usher tell this app who joins. The secret is told once: it is kept. */
async function ensureWebhook(
  o: { api: string; apiKey: string; organization: string; url: string },
  { webhook }: Memory,
): Promise<{ id: string; secret: string }> {
  const usher = createUsher({ url: o.api, apiKey: o.apiKey });
  const path = { organization: o.organization };
  const url = `${o.url}/webhooks`;
  const { items } = await usher.get('/v1/organizations/{organization}/webhooks', { path });
  const known = webhook && items.find(({ id }) => id === webhook.id);
  if (known) {
    // Another port than the last time.
    if (known.url !== url)
      await usher.patch('/v1/organizations/{organization}/webhooks/{id}', {
        path: { ...path, id: known.id },
        body: { url },
      });
    return webhook;
  }
  const body = { url, types: ['member.joined' as const] };
  const { id, secret } = await usher.post('/v1/organizations/{organization}/webhooks', { path, body });
  return { id, secret: secret! };
}

const { values } = parseArgs({
  options: { state: { type: 'string', default: '.usher' }, port: { type: 'string', default: '4410' } },
});
const local = await read<{ api: string; issuer: string; database: string }>(path.join(values.state, 'local.json'));
if (local) {
  const url = `http://localhost:${values.port}`;
  const organization = { slug: 'workshop', name: 'Workshop' };
  const file = path.join(values.state, 'web-app.json');
  const memory: Memory = (await read<Memory>(file)) ?? { signingKey: await newSigningKey() };
  memory.apiKey = await setUp({
    ...{ database: local.database, installation: local.issuer, url, organization, apiKey: memory.apiKey },
    owner: { email: 'admin@workshop.example', name: 'Ada Admin' },
  });
  const remember = () => writeFile(file, JSON.stringify(memory), { mode: 0o600 });
  // At once: whatever fails after this, the key is told only once.
  await remember();
  const webhook = await ensureWebhook(
    { ...local, apiKey: memory.apiKey, organization: organization.slug, url },
    memory,
  );
  memory.webhook = webhook;
  await remember();
  const app = await buildWebApp({
    ...{ url, usher: local.api, organization: organization.slug },
    ...{ signingKey: memory.signingKey, webhookSecret: webhook.secret },
  });
  await app.listen({ host: 'localhost', port: Number(values.port) });
  console.log(`The web app is at ${url}. Sign in there as admin@workshop.example, and invite somebody.`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());
} else {
  console.error('No Usher runs here: start it with npm start, in another terminal, and leave it running.');
  process.exitCode = 1;
}
