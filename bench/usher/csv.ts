import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { Client } from 'pg';
import { createUsher } from '../../client/index.ts';
import { type LocalAddresses, startLocal } from '../../local/local.ts';
import { freePort } from '../../local/ports.ts';
import { personOf } from '../row.ts';
import { seatsAreExact, timed } from './scenario.ts';

const program = path.join(import.meta.dirname, '../../cli/main.ts');
/** As many as the sandbox lists at once. */
const listed = 500;

/**
 * People from a CSV file by `usher invite`, against a local Usher of its own: as many emails as people, none twice, as many
 * seats, and a result for every row.
 *
 * @throws Error when one of these is not so
 */
export async function csv({ count, report }: { count: number; report(line: string): void }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'usher-csv-'));
  const local = await startLocal({ state: path.join(folder, 'state'), portBase: await freePort(6), report });
  try {
    const { api: url, apiKey, inbox, migrateDatabase, organization } = local.addresses;
    const usher = createUsher({ url, apiKey });
    const license = { path: { organization }, body: { product: 'crowd', quantity: count } };
    const { id } = await usher.post('/v1/organizations/{organization}/licenses', license);

    const file = path.join(folder, 'people.csv');
    const results = path.join(folder, 'results.csv');
    const rows = Array.from({ length: count }, (_, n) => `${personOf(n + 1).email},member,Crowd,crowd\n`);
    await writeFile(file, `email,role,teams,licenses\n${rows.join('')}`);

    const took = await timed(() => usherCommand(local.addresses, ['invite', '--csv', file, '--results', results]));

    const recipients = await mailed(inbox);
    const seats = await usher.get('/v1/organizations/{organization}/licenses/{id}', { path: { organization, id } });
    const isExact = await countersAreExact(migrateDatabase);
    const told: { result: string; delivery: string }[] = parse(await readFile(results), { columns: true, bom: true });
    const invited = told.filter(({ result, delivery }) => result === 'invited' && delivery !== 'queued').length;
    const once = new Set(recipients).size;
    const found = { emails: recipients.length, addresses: once, reserved: seats.reserved, invited, isExact };
    const wanted = { emails: count, addresses: count, reserved: count, invited: count, isExact: true };
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      throw new Error(`not what it should be: ${JSON.stringify(found)}`);
    return {
      head: [
        'rows',
        'seconds',
        'emails',
        'addresses',
        'seats reserved',
        'seats left',
        'counters exact',
        'rows in results',
      ],
      rows: [
        [
          String(count),
          (took / 1000).toFixed(1),
          ...[recipients.length, once, seats.reserved, seats.available ?? '–'].map(String),
          isExact ? 'yes' : 'no',
          String(told.length),
        ],
      ],
    };
  } finally {
    await local.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs `usher`, its progress seen. @throws Error when it does not end well */
async function usherCommand({ api, apiKey }: LocalAddresses, args: string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, USHER_URL: api, USHER_API_KEY: apiKey },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`usher ${args.join(' ')} ended with ${code}`);
}

/** The recipient of every email in the sandbox. */
async function mailed(inbox: string): Promise<string[]> {
  const recipients: string[] = [];
  for (;;) {
    const response = await fetch(`${inbox}/messages/outbound?count=${listed}&offset=${recipients.length}`, {
      headers: { accept: 'application/json', 'X-Postmark-Server-Token': 'bench' },
    });
    const { TotalCount, Messages } = (await response.json()) as {
      TotalCount: number;
      Messages: { Recipients: string[] }[];
    };
    recipients.push(...Messages.flatMap(({ Recipients }) => Recipients));
    if (recipients.length >= TotalCount) return recipients;
    // Not even Postmark's own search reads further.
    if (Messages.length === 0) throw new Error(`the sandbox has ${TotalCount} emails, and lists ${recipients.length}`);
  }
}

async function countersAreExact(database: string): Promise<boolean> {
  const db = new Client({ connectionString: database });
  await db.connect();
  try {
    return await seatsAreExact({ ask: async (query, values) => (await db.query(query, values)).rows });
  } finally {
    await db.end();
  }
}
