import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Dependencies point one way, and biome.json says so: here is what it must refuse, and what it must let pass. */

const root = path.join(import.meta.dirname, '..');

const layers: { file: string; refused: string[]; allowed: string[] }[] = [
  {
    file: 'languages/a.ts',
    refused: ['node:fs', 'hono/html', '../db/ids.ts', '../api/problem.ts', '../mail/mail.ts', '../config.ts'],
    allowed: ['./en.ts', './words.ts'],
  },
  {
    file: 'statecharts/a.ts',
    refused: ['node:fs', 'kysely', '@temporalio/workflow', '../workflows/contract.ts', '../db/ids.ts', '../config.ts'],
    allowed: ['xstate', 'xstate/graph', './invitation.ts'],
  },
  {
    file: 'workflows/a.ts',
    refused: [
      ...['node:fs', 'fs', 'kysely', 'typebox', '@temporalio/client', '@temporalio/worker', '@temporalio/activity'],
      ...['../db/ids.ts', '../mail/mail.ts', '../api/problem.ts', '../activities/invitation.ts'],
      ...['../identity/links.ts', '../local/local.ts', '../config.ts', '../worker.ts'],
    ],
    allowed: ['xstate', '@temporalio/workflow', '@temporalio/common', './contract.ts', '../statecharts/invitation.ts'],
  },
  {
    file: 'activities/a.ts',
    refused: ['../api/problem.ts', '../local/local.ts', '../worker.ts', '../test/setup/usher.ts'],
    allowed: ['kysely', '../db/ids.ts', '../mail/mail.ts', '../workflows/invitation.ts', '../identity/links.ts'],
  },
  {
    file: 'db/a.ts',
    refused: [
      ...['../api/problem.ts', '../activities/invitation.ts', '../mail/mail.ts', '../local/local.ts', '../worker.ts'],
      ...['../workflows/invitation.ts', '../test/setup/usher.ts'],
    ],
    allowed: ['kysely', './api-keys.ts', '../workflows/contract.ts', '../statecharts/invitation.ts', '../config.ts'],
  },
  {
    file: 'mail/sandbox/a.ts',
    refused: [
      '../../api/problem.ts',
      '../../db/ids.ts',
      '../../workflows/contract.ts',
      '../../statecharts/invitation.ts',
    ],
    allowed: ['fastify', './store.ts', '../mail.ts', '../../config.ts'],
  },
  {
    file: 'identity/provider/a.ts',
    refused: ['../../api/problem.ts', '../../mail/mail.ts', '../../workflows/contract.ts', '../../local/local.ts'],
    allowed: ['fastify', './mailer.ts', '../mailbox.ts', '../../config.ts', '../../db/ids.ts'],
  },
  {
    file: 'operations/a.ts',
    refused: [
      ...['../api/problem.ts', '../local/local.ts', '../worker.ts', '../workflows/reconcile.ts'],
      '../test/setup/usher.ts',
    ],
    allowed: ['commander', '../activities/finds.ts', '../db/ids.ts', '../workflows/contract.ts', '../config.ts'],
  },
  {
    file: 'telemetry/a.ts',
    refused: [
      ...['../api/problem.ts', '../activities/delivery.ts', '../local/local.ts', '../worker.ts'],
      ...['../workflows/invitation.ts', '../test/setup/usher.ts'],
    ],
    allowed: ['prom-client', '@opentelemetry/api', '../db/backlog.ts', '../mail/mail.ts', '../workflows/tracing.ts'],
  },
  {
    file: 'api/routes/a.ts',
    refused: [
      ...['../../activities/invitation.ts', '../../mail/mail.ts', '../../local/local.ts', '../../worker.ts'],
      ...['../../workflows/invitation.ts', '../../identity/provider/start-provider.ts', '../../test/setup/usher.ts'],
    ],
    allowed: [
      ...['node:fs', '../../workflows/contract.ts', '../../identity/oidc.ts', '../../db/ids.ts', './pages.ts'],
      ...['../../mail/templates/invitation-email.ts', '../../mail/postmark-feedback.ts'],
    ],
  },
  {
    file: 'client/a.ts',
    refused: ['node:fs', '../api/schemas.ts', '../statecharts/invitation.ts', '../cli/settings.ts'],
    allowed: ['ky', 'openapi-fetch', './openapi.ts'],
  },
  {
    file: 'examples/web-app/a.ts',
    refused: ['../../api/schemas.ts', '../../db/ids.ts', '../../identity/links.ts', '../../config.ts'],
    allowed: ['node:fs', 'fastify', '../../client/index.ts', './app.ts'],
  },
  {
    file: 'cli/commands/a.ts',
    refused: [
      ...['../../api/schemas.ts', '../../db/ids.ts', '../../workflows/contract.ts', '../../config.ts'],
      ...['../../local/local.ts', '../../operations/audit.ts', '../../test/setup/usher.ts'],
    ],
    allowed: ['node:fs', 'commander', '../../client/index.ts', '../../statecharts/invitation.ts', '../act.ts'],
  },
];

/** Ways to import; each must be seen. */
const forms = [
  (from: string) => `import { x } from '${from}';`,
  (from: string) => `import type { x } from '${from}';`,
  (from: string) => `export * from '${from}';`,
  (from: string) => `await import('${from}');`,
];

let folder: string;
const refused = new Set<string>();
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'usher-layers-'));
  // As it is, but for a folder that no version control knows.
  const { vcs: _, ...configuration } = JSON.parse(await readFile(path.join(root, 'biome.json'), 'utf8'));
  await writeFile(path.join(folder, 'biome.json'), JSON.stringify(configuration));
  for (const { file, refused, allowed } of layers) {
    const lines = forms.flatMap((form) => [...refused, ...allowed].map(form));
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), lines.join('\n'));
  }
  const biome = path.join(root, 'node_modules/.bin/biome');
  const args = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
  const { stdout } = await promisify(execFile)(biome, args, { cwd: folder }).catch((e: { stdout: string }) => e);
  for (const { location } of JSON.parse(stdout).diagnostics) refused.add(`${location.path}:${location.start.line}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(layers)('$file imports what its layer may, and nothing else', ({ file, ...imports }) => {
  const all = [...imports.refused, ...imports.allowed];
  const lines = forms.flatMap((form) => all.map((from) => ({ line: form(from), bad: imports.refused.includes(from) })));
  const expected = lines.filter(({ bad }) => bad).map(({ line }) => line);
  expect(lines.filter((_, i) => refused.has(`${file}:${i + 1}`)).map(({ line }) => line)).toEqual(expected);
});
