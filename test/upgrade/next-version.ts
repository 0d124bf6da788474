import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');
const parts = [
  'activities',
  'api',
  'db',
  'identity',
  'languages',
  'local',
  'mail',
  'operations',
  'statecharts',
  'telemetry',
  'webhooks',
  'workflows',
];
const files = [
  'bundle.ts',
  'config.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'worker.ts',
  'workflow-threads.ts',
];

/** What the next version changes, file by file: a text that is there once, and what stands in its place. */
const changes: Record<string, [was: string, becomes: string][]> = {
  // A new fact: how often the invitation's emails came back. It is stored, so the chart's version is another.
  'statecharts/versions.ts': [
    ['export const chartVersion = 1;', 'export const chartVersion = 2;'],
    ['(facts: any) => unknown> = {}', '(facts: any) => unknown> = { 1: (facts) => ({ ...facts, bounces: 0 }) }'],
  ],
  'statecharts/invitation.ts': [
    [
      '  emailVersion: number;\n  expiresIn: number;',
      '  emailVersion: number;\n  bounces: number;\n  expiresIn: number;',
    ],
    ['    emailVersion: 1,\n', '    emailVersion: 1,\n    bounces: 0,\n'],
    [
      "    troubleOfCurrentDelivery: ({ context, event }) =>\n      event.type === 'delivery' &&",
      "    countedTrouble: ({ context, event }) => event.counted && event.ordinal === context.delivery.ordinal && isTrouble(event.status),\n    troubleOfCurrentDelivery: ({ context, event }) =>\n      event.type === 'delivery' &&",
    ],
    [
      '    noteFeedback: assign(',
      '    countBounce: assign({ bounces: ({ context }) => context.bounces + 1 }),\n    noteFeedback: assign(',
    ],
    // A changed transition: what came back is recorded, where it made no commit before.
    [
      "        delivery: [\n          { guard: 'troubleOfCurrentDelivery'",
      "        delivery: [\n          { guard: 'countedTrouble', target: '.undeliverable', actions: ['noteFeedback', 'countBounce', { type: 'record', params: { event: 'bounced' } }] },\n          { guard: 'troubleOfCurrentDelivery'",
    ],
  ],
  'workflows/invitation.ts': [
    // Histories in which something came back before hold no such commit.
    [
      'if (event) void offer({ ...bySignal(), ...event });',
      "if (event) void offer({ ...bySignal(), ...event, counted: patched('counted-bounces') });",
    ],
  ],
  'db/invitations.ts': [
    ['  email_version: facts.emailVersion,\n', '  email_version: facts.emailVersion,\n  bounces: facts.bounces,\n'],
    ['  emailVersion: row.email_version,\n', '  emailVersion: row.email_version,\n  bounces: row.bounces,\n'],
    [
      "      'email_version',\n      'expires_in_ms',",
      "      'email_version',\n      'bounces',\n      'expires_in_ms',",
    ],
  ],
};

/** Its migrations: what the version before can live with. */
const migrations: Record<string, string> = {
  '9000-bounces.ts': `import { sql } from 'kysely';
export const up = (db) => sql\`alter table invitations add column bounces integer\`.execute(db);
`,
  '9001-bounces-index.ts': `import { sql } from 'kysely';
export const concurrently = true;
export async function up(db) {
  await sql\`drop index concurrently if exists invitations_bounces\`.execute(db);
  await sql\`create index concurrently invitations_bounces on invitations (bounces) where bounces > 0\`.execute(db);
}
`,
};

export interface NextVersion {
  /** Its folder. */
  product: string;
  remove(): Promise<void>;
}

/** The version after the one under test: a copy of it, changed as a release would change it. */
export async function nextVersion(): Promise<NextVersion> {
  const product = await mkdtemp(path.join(tmpdir(), 'usher-next-'));
  for (const name of [...parts, ...files])
    await cp(path.join(root, name), path.join(product, name), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(product, 'node_modules'));
  for (const [file, replacements] of Object.entries(changes)) {
    let text = await readFile(path.join(product, file), 'utf8');
    for (const [was, becomes] of replacements) {
      const [before, after, another] = text.split(was);
      if (after === undefined || another !== undefined)
        throw new Error(`${file} holds this not once, for the next version to change: ${was}`);
      text = before + becomes + after;
    }
    await writeFile(path.join(product, file), text);
  }
  for (const [name, text] of Object.entries(migrations))
    await writeFile(path.join(product, 'db/migrations', name), text);
  return { product, remove: () => rm(product, { recursive: true, force: true }) };
}
