import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './exit-codes.ts';

/** Where Usher is, and as whom it is spoken to. */
export interface Settings {
  url: string;
  apiKey: string;
  /** Slug; undefined: whatever the API key belongs to. */
  organization: string | undefined;
  /** For people: where this is known from. */
  source: string;
  /** What a local run has written, if that is what is spoken to. */
  local: LocalRun | undefined;
}

/** What is used of `.usher/local.json`, which `npm start` writes. */
export interface LocalRun {
  api: string;
  apiKey: string;
  organization: string;
  inbox: string;
  issuer: string;
  temporalUi: string;
}

/** The variables, for the documentation. */
export const variables = {
  USHER_URL: 'Where Usher is, such as `https://usher.example.com`.',
  USHER_API_KEY: 'An API key, `usher_sk_…`. Or `USHER_API_KEY_FILE`, a file that holds it.',
  USHER_ORGANIZATION: "The organization, by the name in its URLs. Left out: the API key's own.",
} as const;

/**
 * Reads the settings: the variables, or else the local run of the folder in which the command is given, or of this checkout.
 * The key of a local run goes to no other Usher.
 *
 * @throws UsageError with what to set
 */
export function readSettings(env: Record<string, string | undefined>, folder: string): Settings {
  const { USHER_URL: url, USHER_ORGANIZATION: organization } = env;
  const apiKey = keyOf(env);
  if (url) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError('USHER_URL is not an address: https://….');
    if (!apiKey)
      throw new UsageError('USHER_API_KEY is not set: give it an API key of the organization (usher keys create).');
    return { url, apiKey, organization, source: 'USHER_URL and USHER_API_KEY', local: undefined };
  }
  const [file, local] = findLocalRun([folder, path.join(import.meta.dirname, '..')]) ?? [];
  if (!local)
    throw new UsageError(
      'USHER_URL is not set, and no local run is found here: start one with npm start, or set USHER_URL and USHER_API_KEY.',
    );
  // Whoever can write the file could otherwise have USHER_API_KEY sent to them.
  if (!isHere(local.api))
    throw new UsageError(`${file} names another machine, and no local run: set USHER_URL instead.`);
  return {
    url: local.api,
    apiKey: apiKey ?? local.apiKey,
    organization: organization ?? (apiKey ? undefined : local.organization),
    source: apiKey ? `${file} and USHER_API_KEY` : file!,
    local,
  };
}

/** True for an address of this machine alone. */
export const isHere = (url: string): boolean =>
  URL.canParse(url) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

function keyOf(env: Record<string, string | undefined>): string | undefined {
  const { USHER_API_KEY: key, USHER_API_KEY_FILE: file } = env;
  if (!key && !file) return undefined;
  let text = key;
  if (!text)
    try {
      text = readFileSync(file!, 'utf8').trim();
    } catch (error) {
      throw new UsageError(
        `USHER_API_KEY_FILE names a file that cannot be read (${(error as { code?: string }).code}).`,
      );
    }
  // What else it is, is not said: it may be another secret, set by mistake.
  if (!/^[\x21-\x7e]+$/.test(text)) throw new UsageError('USHER_API_KEY is not an API key: usher_sk_….');
  return text;
}

function findLocalRun(folders: string[]): [file: string, local: LocalRun] | undefined {
  for (const folder of folders) {
    const file = path.join(folder, '.usher', 'local.json');
    try {
      return [path.relative(process.cwd(), file), JSON.parse(readFileSync(file, 'utf8'))];
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT')
        throw new UsageError(`${file} cannot be read: remove it, and start Usher again with npm start.`);
    }
  }
  return undefined;
}
