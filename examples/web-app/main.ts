import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { buildWebApp } from './app.ts';
import { newSigningKey } from './issuer.ts';
import { setUp } from './set-up.ts';

/** `npm run example`: the web app beside a local Usher (`npm start`), of which it reads where that is. */

/** What it remembers between runs. */
interface Memory {
  signingKey: JWK;
}

const read = async <T>(file: string): Promise<T | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const { values } = parseArgs({
  options: { state: { type: 'string', default: '.usher' }, port: { type: 'string', default: '4410' } },
});
const local = await read<{ api: string; issuer: string; database: string }>(path.join(values.state, 'local.json'));
if (local) {
  const url = `http://localhost:${values.port}`;
  const organization = { slug: 'workshop', name: 'Workshop' };
  const file = path.join(values.state, 'web-app.json');
  const memory: Memory = (await read<Memory>(file)) ?? { signingKey: await newSigningKey() };
  await writeFile(file, JSON.stringify(memory), { mode: 0o600 });
  await setUp({
    ...{ database: local.database, installation: local.issuer, url, organization },
    owner: { email: 'admin@workshop.example', name: 'Ada Admin' },
  });
  const app = await buildWebApp({ url, usher: local.api, organization: organization.slug, ...memory });
  await app.listen({ host: 'localhost', port: Number(values.port) });
  console.log(`The web app is at ${url}. Sign in there as admin@workshop.example, and invite somebody.`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());
} else {
  console.error('No Usher runs here: start it with npm start, in another terminal, and leave it running.');
  process.exitCode = 1;
}
