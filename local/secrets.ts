import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { newApiKey } from '../db/api-keys.ts';

/** Made once for a state folder: later runs must verify the links, cookies and passwords of earlier ones. */
export interface Secrets {
  /** 32 bytes in base64. */
  linkKey: string;
  /** 32 bytes in base64. */
  cookieKey: string;
  clientSecret: string;
  apiKey: string;
  ownerPassword: string;
  /** Opens `/metrics`. */
  metricsToken: string;
  /** What the mail sandbox reports with. */
  feedbackPassword: string;
}

/** Reads the secrets of a state folder, and makes those that it lacks. */
export async function ensureSecrets(state: string): Promise<Secrets> {
  const file = path.join(state, 'secrets.json');
  const known: Partial<Secrets> = await readFile(file, 'utf8').then(JSON.parse, (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return {};
  });
  const made: Secrets = {
    linkKey: randomBytes(32).toString('base64'),
    cookieKey: randomBytes(32).toString('base64'),
    clientSecret: randomBytes(32).toString('base64url'),
    apiKey: newApiKey(),
    // To be typed by hand.
    ownerPassword: randomBytes(8).toString('hex'),
    metricsToken: randomBytes(24).toString('base64url'),
    feedbackPassword: randomBytes(24).toString('hex'),
  };
  const secrets = { ...made, ...known };
  if (Object.keys(known).length === Object.keys(secrets).length) return secrets;
  await writeFile(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secrets;
}
