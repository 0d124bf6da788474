import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { pip } from '../../local/binaries.ts';
import { machine } from '../setup/machine.ts';

const run = promisify(execFile);
const cache = path.join(import.meta.dirname, '../../.cache');
/** Schemathesis and all that it needs, pinned and with hashes: made by `uv pip compile --universal --generate-hashes`. */
const requirements = path.join(import.meta.dirname, 'requirements.txt');

/** The folder of Schemathesis' packages, downloaded once per checkout. @throws LocalError with the remedy */
async function schemathesis(report: (line: string) => void): Promise<string> {
  // Wheels are made for a version of Python.
  const { stdout: python } = await run('python3', [
    '-c',
    'import sys, sysconfig; print(sys.version, sysconfig.get_platform())',
  ]);
  const hash = createHash('sha256')
    .update(python)
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(cache, `schemathesis-${hash}`);
  if (!existsSync(folder)) {
    report('Downloading Schemathesis, once for this checkout…');
    await mkdir(cache, { recursive: true });
    const fresh = await mkdtemp(path.join(cache, 'download-'));
    try {
      await pip('Schemathesis', ['install', '--target', fresh, '--requirement', requirements]);
      // Of two at once the first stays.
      await rename(fresh, folder).catch((error) => {
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  return folder;
}

export interface FuzzOptions {
  /** Base URL of the API. */
  url: string;
  /** An API key that may do everything in the organization `acme`. */
  key: string;
  /** The organization's own issuer, whose people the key may vouch for. */
  issuer: string;
  /** Requests of each kind to each operation. */
  examples: number;
  /** Goes on with random requests and sequences of them for so long, s. @default just the examples */
  seconds?: number;
  /** @default one that is printed */
  seed?: number;
  /** Gets what Schemathesis prints. */
  report: (text: string) => void;
  /** Lines that the API has logged. */
  log: () => Promise<readonly string[]>;
}

export interface Findings {
  /** Whether Schemathesis found nothing. */
  passed: boolean;
  requests: number;
  /** Of every operation, how often it was answered with each status, by the API's own log. */
  statuses: Record<string, Record<number, number>>;
}

/**
 * Has Schemathesis make requests from the API's own OpenAPI document: valid and invalid ones, edge cases of every
 * parameter and field, random ones, sequences. It checks that no answer is a server error, and that status, content type, headers and body
 * are as described; that what the schema forbids is refused, and what it allows is not called invalid; that no operation
 * goes without authentication.
 */
export async function fuzz(options: FuzzOptions): Promise<Findings> {
  const { url, key, issuer, examples, seconds, seed, report, log } = options;
  const packages = await schemathesis(report);
  const call = async (target: string, body?: object) => {
    const response = await fetch(`${url}${target}`, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of several kinds
    return (await response.json()) as any;
  };
  const invitations: Record<string, string> = {};
  for (let i = 0; i < 24; i++) {
    const email = `fuzzed-${i}@example.com`;
    const { id } = await call('/v1/organizations/acme/invitations', { email });
    invitations[id] = email;
  }
  const licenses: string[] = [];
  for (let i = 0; i < 8; i++) {
    const kind = i % 2 === 0 ? 'floating' : 'named';
    licenses.push((await call('/v1/organizations/acme/licenses', { product: `fuzzed-${i}`, kind, quantity: 20 })).id);
  }
  const keys: string[] = [];
  for (let i = 0; i < 4; i++)
    keys.push((await call('/v1/organizations/acme/api-keys', { name: `fuzzed ${i}`, scopes: ['read'] })).id);
  const members: string[] = [];
  for (let i = 0; i < 16; i++) {
    const email = `fuzzed-member-${i}@example.com`;
    const { id } = await call('/v1/organizations/acme/invitations', { email, licenses: ['fuzzed-0'] });
    const account = { issuer, subject: email, email, emailVerified: true };
    await call(`/v1/invitations/${id}/accept`, { account });
  }
  const batches: string[] = [];
  for (let i = 0; i < 3; i++) {
    const rows = [{ email: `fuzzed-in-a-batch-${i}@example.com` }];
    const body = { mode: 'valid', invitations: rows };
    batches.push((await call('/v1/organizations/acme/invitation-batches', body)).id);
  }
  const webhooks: Record<string, string> = {};
  for (let i = 0; i < 6; i++) {
    const { id } = await call('/v1/organizations/acme/webhooks', { url: 'http://127.0.0.1:9/' });
    await call(`/v1/organizations/acme/webhooks/${id}/test`, {});
    webhooks[id] = (await call(`/v1/organizations/acme/webhooks/${id}/messages`)).items[0].id;
  }
  const { items } = await call(`/v1/organizations/acme/licenses/${licenses[0]}/seats?state=assigned`);
  for (const { member } of items) members.push(member.id);
  const folder = await mkdtemp(path.join(tmpdir(), 'usher-fuzz-'));
  try {
    const config = path.join(folder, 'schemathesis.toml');
    // Instead of the first, hooks.py has a check that knows refusals for other reasons than the schema's.
    await writeFile(
      config,
      `headers = { Authorization = "Bearer ${key}" }\nchecks.positive_data_acceptance.enabled = false\n`,
      {
        mode: 0o600,
      },
    );
    const child = spawn(
      'python3',
      [
        ...['-W', 'ignore', '-m', 'schemathesis.cli', '--config-file', config, 'run', `${url}/openapi.json`],
        ...['--phases', seconds ? 'examples,coverage,fuzzing,stateful' : 'coverage,fuzzing'],
        ...['--max-examples', String(examples), '--continue-on-failure', '--no-color', '--generation-database', 'none'],
        ...(seconds ? ['--max-time', String(seconds)] : []),
        ...(seed === undefined ? [] : ['--seed', String(seed)]),
      ],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...machine,
          PYTHONPATH: `${packages}${path.delimiter}${import.meta.dirname}`,
          PYTHONDONTWRITEBYTECODE: '1',
          SCHEMATHESIS_HOOKS: 'hooks',
          USHER_FUZZ_INVITATIONS: JSON.stringify(invitations),
          USHER_FUZZ_KEYS: JSON.stringify(keys),
          USHER_FUZZ_LICENSES: JSON.stringify(licenses),
          USHER_FUZZ_MEMBERS: JSON.stringify(members),
          USHER_FUZZ_BATCHES: JSON.stringify(batches),
          USHER_FUZZ_WEBHOOKS: JSON.stringify(webhooks),
          USHER_FUZZ_ISSUER: issuer,
        },
      },
    );
    child.stdout.on('data', (chunk) => report(String(chunk).trimEnd()));
    const [code] = await once(child, 'close');
    return { passed: code === 0, ...statusesOf(await log(), await call('/openapi.json')) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function statusesOf(log: readonly string[], { paths }: { paths: Record<string, object> }) {
  const statuses: Findings['statuses'] = {};
  for (const [route, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) statuses[`${method.toUpperCase()} ${route}`] = {};
  }
  let requests = 0;
  for (const line of log) {
    if (!line.includes('"msg":"request"')) continue;
    const { method, route, status } = JSON.parse(line) as { method: string; route: string; status: number };
    requests++;
    const counts = statuses[`${method} ${route.replace(/:(\w+)/g, '{$1}')}`];
    if (counts) counts[status] = (counts[status] ?? 0) + 1;
  }
  return { requests, statuses };
}

/** What is wrong besides what Schemathesis says: an operation never carried out, or one that failed. */
export function gaps({ statuses }: Findings): string[] {
  return Object.entries(statuses).flatMap(([operation, counts]) => [
    ...(counts[500] ? [`${operation} failed ${counts[500]} times`] : []),
    // What is for a person knows no API key, with or without which it is asked; what is for staff, none of an organization.
    ...(operation.includes(' /v1/me/') || operation === 'GET /v1/invitations'
      ? []
      : [
          ...(counts[200] || counts[201] || counts[202] ? [] : [`${operation} never succeeded`]),
          ...(counts[401] ? [] : [`${operation} was never asked without a key`]),
        ]),
  ]);
}
