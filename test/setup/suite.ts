import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** `npm test`: types, style and what nothing uses, then every test, whatever failed before; the last line is the sum. */

interface Count {
  passed: number;
  failed: number;
}

/** What the suite reads of Vitest's JSON report. */
interface Results {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

const bin = path.join(import.meta.dirname, '../../node_modules/.bin');

const one = (passed: boolean): Count => ({ passed: Number(passed), failed: Number(!passed) });

/** Runs a program of the dependencies, and prints what it said when it has ended: several may run at once. */
async function check(program: string, ...args: string[]): Promise<Count> {
  const child = spawn(path.join(bin, program), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], ...said] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  console.log(`> ${[program, ...args].join(' ')}\n${said.join('')}`);
  return one(code === 0);
}

/** @param filters which test files, as Vitest takes them; none for all */
async function tests(filters: string[]): Promise<Count> {
  const folder = await mkdtemp(path.join(tmpdir(), 'usher-suite-'));
  try {
    const file = path.join(folder, 'results.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const vitest = spawn(path.join(bin, 'vitest'), ['run', ...reporters, ...filters], { stdio: 'inherit' });
    const [code] = await once(vitest, 'exit');
    const results: Results = JSON.parse(await readFile(file, 'utf8'));
    // A file can fail outside of its tests: in a hook, or for what it left open.
    const brokenFiles = results.testResults.filter(
      (f) => f.status === 'failed' && f.assertionResults.every((test) => test.status !== 'failed'),
    );
    const failed = results.numFailedTests + brokenFiles.length;
    // So can the whole run: in the set-up, or for an error that nobody caught.
    return { passed: results.numPassedTests, failed: failed || Number(code !== 0) };
  } catch (error) {
    console.error(`Vitest left no results: ${error}`);
    return one(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const counts = [
  ...(await Promise.all([check('tsc', '-p', '.'), check('biome', 'check', '--diagnostic-level=error'), check('knip')])),
  await tests(process.argv.slice(2)),
];
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`\n${passed} passed, ${failed} failed`);
