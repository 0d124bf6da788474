import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { memory } from '../../bench/usher/row.ts';
import { readConfig } from '../../config.ts';
import { temporalCli } from '../../local/binaries.ts';
import { freePort } from '../../local/ports.ts';
import { startTemporal } from '../../local/temporal.ts';
import { searchAttributes } from '../../workflows/contract.ts';

/** No container engine runs here: what of docker-compose.yml and the Dockerfile can be held against the programs, is. */

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Service {
  image: string;
  build?: string;
  profiles?: string[];
  command?: string[];
  environment: Record<string, string>;
  networks: string[] | Record<string, { aliases: string[] }>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  ports?: string[];
}

const source = read('docker-compose.yml');
const compose: { services: Record<string, Service> } = parse(source, { merge: true });

/** What .env.example says, with a value for every secret that it leaves open. */
const example = Object.fromEntries(
  [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name!,
    value ||
      (name!.endsWith('KEYS') || name!.endsWith('KEY') ? Buffer.alloc(32).toString('base64') : 'secret'.repeat(4)),
  ]),
);

/** The variables of one service as its program gets them. @throws for one that is required and not in .env.example */
function environmentOf(service: string): Record<string, string> {
  const interpolate = (text: string) =>
    text.replace(/\$\{(\w+)(:[?-][^}]*)?\}/g, (_, name: string, rest = '') => {
      if (rest.startsWith(':?') && !example[name]) throw new Error(`.env.example lacks ${name}`);
      return example[name] || (rest.startsWith(':-') ? rest.slice(2) : '');
    });
  return Object.fromEntries(
    Object.entries(compose.services[service]!.environment).map(([name, value]) => [name, interpolate(value)]),
  );
}

const own = Object.keys(compose.services).filter((name) => compose.services[name]!.build);

test('API and worker use memory alike, in a container or not, and where they are measured', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const flags = memory.args.join(' ');
  const variables = Object.entries(memory.env).map((variable) => variable.join('='));
  for (const [name, file] of [
    ['worker', 'worker.ts'],
    ['api', 'api/main.ts'],
  ])
    expect(scripts[name!]).toBe(`${variables.join(' ')} exec node ${flags} ${file}`);
  expect(read('Dockerfile')).toContain(`ENV NODE_OPTIONS="${flags}"`);
  for (const variable of variables) expect(read('Dockerfile')).toContain(`ENV ${variable}`);
});

/** The files of the repository that a program loads, and the packages, by following its imports. */
function loadedBy(program: string) {
  const files = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, from] of read(file).matchAll(/^(?:import|export)(?! type\b)[^;]*? from '([^']+)';/gm)) {
      if (from!.startsWith('.')) follow(path.join(path.dirname(file), from!));
      else if (!from!.startsWith('node:'))
        packages.add(
          from!
            .split('/')
            .slice(0, from!.startsWith('@') ? 2 : 1)
            .join('/'),
        );
    }
  };
  follow(program);
  return { files: [...files], packages: [...packages] };
}

test('the file follows the Compose Specification', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(read('test/operations/compose-spec.json')));
  expect(validate(parse(source, { merge: true })) || validate.errors).toBe(true);
  expect(validate({ services: { api: { image: 7 } } })).toBe(false);
});

test('whoever waits for a service waits for something that can come', () => {
  for (const [name, { depends_on = {} }] of Object.entries(compose.services)) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const service = compose.services[other];
      expect(service, `${name} waits for ${other}`).toBeDefined();
      if (condition === 'service_healthy') expect(service!.healthcheck, other).toBeDefined();
      // Nothing of the production shape may wait for what only the profile brings.
      if (!compose.services[name]!.profiles) expect(service!.profiles, other).toBeUndefined();
    }
  }
});

test('every port is published to this machine alone', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

describe('the variables', () => {
  /** Names that the sources of a program read. */
  const namesIn = (file: string) => new Set(read(file).match(/\b(USHER|TEMPORAL)_[A-Z_]+\b/g));
  const temporal = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];

  test.each(['api', 'worker'])('of %s are all those that it reads, and are taken', (name) => {
    const environment = environmentOf(name);
    const asked = new Set<string>();
    const get = (all: typeof environment, variable: string) => {
      asked.add(variable);
      return all[variable];
    };
    const config = readConfig(new Proxy(environment, { get }));
    expect(config.publicUrl).toBe(example.USHER_PUBLIC_URL);
    const listening = name === 'api' ? [] : ['USHER_HOST', 'USHER_PORT'];
    expect(Object.keys(environment).sort()).toEqual(
      [...asked]
        // Any may be given as a file instead.
        .filter((variable) => !listening.includes(variable) && !variable.endsWith('_FILE'))
        .concat(temporal)
        .sort(),
    );
    if (name === 'api') expect(compose.services.api!.ports![0]).toMatch(new RegExp(`:${config.port}$`));
  });

  test('of Temporal lead its SDK there', () => {
    const config = loadClientConnectConfig({ disableFile: true, overrideEnvVars: environmentOf('worker') });
    expect(config).toMatchObject({ connectionOptions: { address: 'temporal:7233' }, namespace: 'default' });
  });

  test.each([
    ['migrate', 'config.ts'],
    ['identity-provider', 'identity/provider/main.ts'],
    ['mail-sandbox', 'mail/sandbox/main.ts'],
  ])('of %s are names that it reads', (name, file) => {
    expect(Object.keys(environmentOf(name)).filter((variable) => !namesIn(file).has(variable))).toEqual([]);
  });

  test('of .env.example are those that the file asks for', () => {
    const asked = [...source.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!);
    const optional = [...source.matchAll(/\$\{(\w+):-/g)].map(([, name]) => name!);
    expect(Object.keys(example).filter((name) => !asked.includes(name))).toEqual([]);
    expect(asked.filter((name) => !(name in example) && !optional.includes(name))).toEqual([]);
  });

  test('let the identity provider start, under a URL that a container finds as well', async () => {
    const environment = environmentOf('identity-provider');
    const networks = compose.services['identity-provider']!.networks as Record<string, { aliases: string[] }>;
    expect(networks.usher!.aliases).toContain(new URL(environment.USHER_PROVIDER_ISSUER!).hostname);
    expect(new URL(environment.USHER_PROVIDER_ISSUER!).port).toBe(environment.USHER_PROVIDER_PORT);
    // Nobody listens there: it gets as far as the database.
    const url = environment.USHER_PROVIDER_DATABASE_URL!.replace('@postgres:5432', '@127.0.0.1:1');
    const program = promisify(execFile)(process.execPath, ['identity/provider/main.ts'], {
      cwd: root,
      env: { ...environment, NODE_ENV: 'production', USHER_PROVIDER_DATABASE_URL: url },
    });
    await expect(program).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('ECONNREFUSED') });
  });

  test('let the mail sandbox start where the others look for it', async () => {
    const environment = environmentOf('mail-sandbox');
    expect(example.USHER_POSTMARK_URL).toBe(`http://mail-sandbox:${environment.USHER_SANDBOX_PORT}`);
    const dir = await mkdtemp(path.join(tmpdir(), 'usher-compose-'));
    const port = String(await freePort());
    const child = spawn(process.execPath, ['mail/sandbox/main.ts'], {
      cwd: root,
      env: { ...environment, NODE_ENV: 'production', USHER_SANDBOX_DIR: dir, USHER_SANDBOX_PORT: port },
      stdio: 'ignore',
    });
    const exit = once(child, 'exit');
    try {
      await expect
        .poll(() =>
          fetch(`http://127.0.0.1:${port}/`).then(
            (r) => r.status,
            () => 0,
          ),
        )
        .toBe(200);
    } finally {
      child.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describe('the image', () => {
  const programs = [...new Set(own.map((name) => compose.services[name]!.command!.at(-1)!))];
  const { dependencies } = JSON.parse(read('package.json'));
  // The worker runs them bundled.
  const loaded = [...programs, 'workflows/index.ts'].map(loadedBy);

  test('holds every file that its programs load', () => {
    const kept = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name!);
    for (const name of kept) expect(existsSync(path.join(root, name)), name).toBe(true);
    const files = loaded.flatMap(({ files }) => files);
    expect(files).toContain('activities/invitation.ts');
    expect(files.filter((file) => !kept.some((name) => file === name || file.startsWith(`${name}/`)))).toEqual([]);
  });

  test('has every package that its programs load, without those for development', () => {
    expect(loaded.flatMap(({ packages }) => packages).filter((name) => !(name in dependencies))).toEqual([]);
  });

  test('runs as nobody in particular, on the Node that Usher is tested on', () => {
    const dockerfile = read('Dockerfile');
    const [tested] = JSON.parse(read('package.json')).devDependencies.node.split('.');
    expect([...dockerfile.matchAll(/^FROM node:(\d+)/gm)].map(([, major]) => major)).toEqual([tested, tested]);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^ENV NODE_ENV=production$/m);
    expect(programs.filter((program) => !existsSync(path.join(root, program)))).toEqual([]);
    const [, copied] = dockerfile.split('COPY . .');
    expect(copied, 'bundled once all is there').toMatch(/^RUN npm run bundle$/m);
  });
});

describe('the job that sets Temporal up', () => {
  let dir: string;
  let server: Awaited<ReturnType<typeof startTemporal>>;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'usher-setup-'));
    server = await startTemporal({ dir, port: await freePort(), inMemory: true });
    await symlink((await temporalCli()).path, path.join(dir, 'temporal'));
  });
  afterAll(async () => {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('makes the namespace and the search attributes, and does no harm when it runs again', async () => {
    const script = compose.services['temporal-setup']!.command![0]!.replaceAll('$$', '$');
    const env = {
      PATH: `${dir}:${process.env.PATH}`,
      HOME: dir,
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: 'made-by-the-job',
    };
    const shell = (text: string) => promisify(execFile)('sh', ['-euc', text], { env });
    await shell(script);
    await shell(script);
    const { stdout } = await shell('temporal operator search-attribute list --output json');
    const { customAttributes } = JSON.parse(stdout);
    const wanted = Object.values(searchAttributes).map(({ name, type }) => [name, `INDEXED_VALUE_TYPE_${type}`]);
    expect(customAttributes).toEqual(Object.fromEntries(wanted));
  });

  test('sets up the namespace that the API and the worker use', () => {
    for (const name of ['api', 'worker', 'temporal-setup'])
      expect(compose.services[name]!.environment).toMatchObject({
        TEMPORAL_ADDRESS: 'temporal:7233',
        TEMPORAL_NAMESPACE: 'default',
      });
  });
});
