import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalAddresses } from '../../local/local.ts';
import { freePort } from '../../local/ports.ts';

/**
 * What the docs tell people to do, done: every command is run against a local Usher, in the order in which one reads, in a
 * folder that looks like a checkout whose `npm start` is running.
 */

const root = path.join(import.meta.dirname, '../..');

interface Block {
  line: number;
  language: string;
  /** Cannot be run here: it starts what is running already, or needs a container engine. */
  noRun: boolean;
  code: string;
}

interface Doc {
  file: string;
  source: string;
  blocks: Block[];
}

const readDoc = (file: string): Doc => {
  const source = readFileSync(path.join(root, file), 'utf8');
  const blocks = [...source.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```$/gm)].map((found) => ({
    line: source.slice(0, found.index).split('\n').length,
    language: found[1]!,
    noRun: found[2]!.trim() === 'no-run',
    code: found[3]!,
  }));
  return { file, source, blocks };
};

const order = ['README.md', 'docs/quick-start.md', 'docs/how-it-works.md', 'docs/api.md', 'docs/operations.md'];
const docs = [
  ...order,
  ...globSync(['CHANGELOG.md', 'docs/**/*.md'], { cwd: root })
    .filter((file) => !order.includes(file))
    .sort(),
].map(readDoc);
const withBlocks = (...languages: string[]) =>
  docs
    .map((doc) => ({ ...doc, blocks: doc.blocks.filter((b) => languages.includes(b.language) && !b.noRun) }))
    .filter(({ blocks }) => blocks.length > 0);

test('every block is of a kind that is checked here', () => {
  const kinds = ['bash', 'json', 'mermaid', 'sql', 'text', 'ts'];
  const others = docs.flatMap(({ file, blocks }) =>
    blocks.filter((b) => !kinds.includes(b.language)).map((b) => `${file}:${b.line} ${b.language}`),
  );
  expect(others).toEqual([]);
});

test('only what cannot be run here is not run', () => {
  const excused =
    /^(npm start|npm test|npm run (bundle|migrate|api|worker|example|keycloak)|npm run (fuzz|chaos|order|bench) -- .*|npm audit .*|docker compose .*|npm run operate -- organization globex .*|temporal worker deployment .*|pg_dump .*|cp \.env\.example \.env)$/;
  const lines = docs.flatMap(({ blocks }) => blocks.filter((b) => b.noRun).flatMap((b) => b.code.trim().split('\n')));
  expect(lines.filter((line) => !excused.test(line))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const [, name] of lines.join('\n').matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty(name!);
});

test('links lead somewhere', () => {
  const anchorsOf = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  const broken = docs.flatMap(({ file, source }) =>
    [...source.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)]
      .map(([, link, image]) => link ?? image!)
      .filter((link) => {
        if (/^https?:/.test(link)) return false;
        const [target = '', anchor] = link.split('#');
        const found = target ? path.join(root, path.dirname(file), target) : path.join(root, file);
        return !existsSync(found) || (anchor !== undefined && !anchorsOf(found).includes(anchor));
      })
      .map((link) => `${file}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('what is shown as JSON is JSON', () => {
  const blocks = withBlocks('json').flatMap(({ blocks }) => blocks);
  expect(blocks.length).toBeGreaterThan(0);
  for (const { code } of blocks) expect(() => JSON.parse(code), code).not.toThrow();
});

describe('against a local Usher', () => {
  let checkout: string;
  let local: LocalAddresses;
  let stop: (() => Promise<void>) | undefined;

  /** TypeScript blocks name their file in the first line; commands after them run it. */
  const programs = withBlocks('ts').flatMap(({ blocks }) => blocks);
  const nameOf = ({ code }: Block) => /^\/\/ (\S+\.ts)\n/.exec(code)![1]!;

  beforeAll(async () => {
    checkout = await mkdtemp(path.join(tmpdir(), 'usher-docs-'));
    // As root, Postgres runs as somebody else, who must be able to enter.
    await chmod(checkout, 0o755);
    for (const name of readdirSync(root)) {
      if (!['.git', '.usher', 'test-output'].includes(name))
        await symlink(path.join(root, name), path.join(checkout, name));
    }
    for (const program of programs) await writeFile(path.join(checkout, nameOf(program)), program.code);

    const state = path.join(checkout, '.usher');
    const child = spawn(
      process.execPath,
      [path.join(root, 'local/start.ts'), '--state', state, '--port-base', String(await freePort(6))],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const exit = once(child, 'exit');
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    stop = async () => {
      child.kill('SIGINT');
      const log = () => readFileSync(path.join(state, 'usher.log'), 'utf8').split('\n').slice(-30).join('\n');
      const late = setTimeout(() => console.log(`Usher does not stop:\n${log()}`), 25_000);
      await exit;
      clearTimeout(late);
    };
    const ended = exit.then(async () => Promise.reject(new Error(`Usher ended: ${(await output).join('')}`)));
    ended.catch(() => undefined);
    const file = path.join(state, 'local.json');
    while (!existsSync(file)) await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), ended]);
    local = JSON.parse(readFileSync(file, 'utf8'));
  });
  afterAll(async () => {
    endShells();
    await stop?.();
    await rm(checkout, { recursive: true, force: true });
  });

  test('the TypeScript type-checks', async () => {
    const project = path.join(checkout, 'tsconfig.docs.json');
    const options = { extends: path.join(root, 'tsconfig.json'), files: programs.map(nameOf) };
    await writeFile(project, JSON.stringify(options));
    expect(options.files.length).toBeGreaterThan(0);
    const { stdout } = await promisify(execFile)(path.join(root, 'node_modules/.bin/tsc'), ['-p', project]).catch(
      (e) => e,
    );
    expect(stdout).toBe('');
  });

  test.each(withBlocks('bash'))('every command of $file works', async ({ blocks }) => {
    const port = String(await freePort());
    const script = [
      'set -eo pipefail',
      'exec 2>&1',
      // An answer of 4xx or 5xx is a failure; 503 is repeated, as its page says.
      'curl() { command curl --fail-with-body --retry 8 "$@"; }',
      // As `npx usher` does, without npm's second of looking for it; that npx finds it is shown once, below.
      'npx() { shift; node cli/usher.mjs "$@"; }',
      ...blocks.map(({ line, code }) => `printf '%s\\n' '--- line ${line}'\n${code.replaceAll('8081', port)}`),
    ].join('\n');
    const { code, stdout } = await bash(script, checkout);
    expect(code, stdout).toBe(0);
  });

  test('api.md and webhooks.md name every route, and an invitation is shown as it is', async () => {
    const source = docs.map((doc) => (/^docs\/(api|webhooks)\.md$/.test(doc.file) ? doc.source : '')).join('\n');
    const { paths } = (await (await fetch(`${local.api}/openapi.json`)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([route, methods]) =>
      Object.keys(methods).map((method) => `\`${method.toUpperCase()} ${route}\``),
    );
    expect(routes.length).toBeGreaterThan(5);
    expect(routes.filter((route) => !source.includes(route))).toEqual([]);

    const shown = docs
      .flatMap(({ blocks }) => blocks.filter((b) => b.language === 'json').map((b) => JSON.parse(b.code)))
      .find((json) => json.workflowId);
    const response = await fetch(`${local.api}/v1/organizations/acme/invitations?limit=1`, {
      headers: { authorization: `Bearer ${local.apiKey}` },
    });
    const { items } = (await response.json()) as { items: object[] };
    expect(Object.keys(shown)).toEqual(Object.keys(items[0]!));
  });

  test('the type of a problem is the address of its page', async () => {
    const problem = (await (await fetch(`${local.api}/v1/invitations/none`)).json()) as { type: string; code: string };
    const page = await fetch(new URL(problem.type, local.api));
    expect([page.status, await page.text()]).toEqual([
      200,
      readFileSync(path.join(root, `docs/errors/${problem.code}.md`), 'utf8'),
    ]);
  });

  test('the first invitation of the README arrives', async () => {
    const search = `${local.inbox}/messages/outbound?count=10&offset=0&recipient=ada@example.com`;
    const subjects = async () => {
      const response = await fetch(search, { headers: { 'X-Postmark-Server-Token': 'any' } });
      return ((await response.json()) as { Messages: { Subject: string }[] }).Messages.map((m) => m.Subject);
    };
    await expect.poll(subjects).toEqual(['Olivia Owner invited you to join Acme']);
  });

  test('a newcomer finds all well, invites somebody, and sees them listed', async () => {
    const newcomer = await bash(
      'set -e; npx usher doctor; npx usher invite new@example.com; npx usher list --state pending',
      checkout,
    );
    expect(newcomer).toMatchObject({ code: 0, stderr: '' });
    expect(newcomer.stdout).toMatch(/^✓ Settings +from \.usher\/local\.json\n/);
    expect(newcomer.stdout).not.toMatch(/^[✗!]/m);
    expect(newcomer.stdout).toMatch(
      /Usher is well\.\nnew@example\.com: invited until .*\nID .*\ninv_\w+ +new@example\.com +pending/,
    );
    expect(newcomer.stdout).not.toContain(local.apiKey);
  });

  test('the organization that operations.md makes can invite', async () => {
    const { stdout } = await bash('node_modules/.bin/node first-organization.ts owner@acme.example', checkout, {
      USHER_DATABASE_URL: local.database,
    });
    const response = await fetch(`${local.api}/v1/organizations/globex/invitations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stdout.trim()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'hank@example.com', licenses: ['studio'] }),
    });
    expect([response.status, await response.text()]).toEqual([201, expect.stringContaining('"globex"')]);
  });

  test.each(withBlocks('sql'))('the SQL of $file is taken by Postgres', async ({ blocks }) => {
    const client = new Client({ connectionString: local.database });
    await client.connect();
    try {
      for (const { code } of blocks) await client.query(code);
      const { rows } = await client.query("select limit_factor from organizations where slug = 'acme'");
      expect(rows).toEqual([{ limit_factor: 5 }]);
    } finally {
      await client.end();
    }
  });
});

const shells = new Set<number>();

/** Ends what scripts have left running: those that failed or took too long. */
function endShells(): void {
  for (const shell of shells) {
    try {
      process.kill(-shell, 'SIGKILL');
    } catch {
      // It has ended, and all that it began.
    }
  }
}

/** Runs a script to its end, as a person's shell would: with the machine's own variables. */
async function bash(script: string, cwd: string, env: Record<string, string> = {}) {
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group, so that what it began can be ended with it.
    detached: true,
  });
  shells.add(child.pid!);
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, stdout, stderr };
}
