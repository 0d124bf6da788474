// Runs a program of Usher with the Node it is made for, after installing what the lockfile says. Plain JavaScript without
// dependencies: whatever Node a machine has (18 or later) must be able to run it on a fresh clone.
//
//   node local/bootstrap.mjs local/start.ts [options]     a TypeScript program
//   node local/bootstrap.mjs vitest run                   a program that a dependency brings

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = path.join(root, 'node_modules', '.bin');
const node = path.join(root, 'node_modules', 'node', 'bin', 'node');

/** Whether node_modules holds what the lockfile says, by npm's own record of what it has put there. */
function isInstalled() {
  const packagesOf = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
  try {
    const present = packagesOf('node_modules/.package-lock.json');
    return Object.entries(packagesOf('package-lock.json')).every(
      ([name, wanted]) =>
        // The first is Usher itself; optional ones may be for other platforms.
        name === '' || present[name]?.integrity === wanted.integrity || (wanted.optional && !present[name]),
    );
  } catch {
    return false;
  }
}

/** npm itself must not run on the Node inside node_modules, which it is about to replace. */
const pathWithoutDependencies = () =>
  (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.endsWith(path.join('node_modules', '.bin')))
    .join(path.delimiter);

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Resolves to the exit code once the program has ended; signals are passed on, and it decides how to end. */
function run(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    const forward = (signal) => child.kill(signal);
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/**
 * Not `npm ci`: it refuses a lockfile that was written where the registry lacked packages of other platforms, and empties
 * node_modules under whoever is using it. `npm install` takes the same versions from the lockfile and checks the same hashes.
 */
function install() {
  console.log('Installing dependencies (npm install), once for this version of the lockfile…');
  return run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    ...process.env,
    PATH: pathWithoutDependencies(),
  });
}

async function main([program, ...args]) {
  try {
    const code = isInstalled() ? 0 : await install();
    if (code !== 0) {
      console.error('npm install failed: see its message above, check the network, and run the same command again.');
      return code;
    }
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    console.error('npm is not installed: install Node.js 22 or later with npm, then run the same command again.');
    return 127;
  }
  if (!existsSync(node)) {
    console.error(
      'Node 24 is missing from node_modules: npm was told to skip install scripts; run npm rebuild --ignore-scripts=false.',
    );
    return 127;
  }
  const file = program.endsWith('.ts') ? path.join(root, program) : path.join(bin, program);
  return run(node, [file, ...args], {
    // What Node has compiled once it need not compile again, in this program and in those that it starts.
    NODE_COMPILE_CACHE: path.join(root, '.cache', 'node'),
    ...process.env,
    PATH: `${bin}${path.delimiter}${pathWithoutDependencies()}`,
  });
}

process.exitCode = await main(process.argv.slice(2));
