import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** `npm test`: types, style, what nothing uses, then every test. Each goes on when an earlier one failed; the last line is the sum. */

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

/** Runs a program of the dependencies; true when it succeeded. */
async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  console.log(`\n> ${[program, ...args].join(' ')}`);
  const child = spawn(path.join(bin, program), args, { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code === 0;
}

const one = (passed: boolean): Count => ({ passed: Number(passed), failed: Number(!passed) });

/** @param filters which test files, as Vitest takes them; none for all */
async function tests(filters: string[]): Promise<Count> {
  const folder = await mkdtemp(path.join(tmpdir(), 'usher-suite-'));
  try {
    const file = path.join(folder, 'results.json');
    const succeeded = await succeeds(
      'vitest',
      ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
      ...filters,
    );
    const results: Results = JSON.parse(await readFile(file, 'utf8'));
    // A file can fail outside of its tests: in a hook, or for what it left open.
    const brokenFiles = results.testResults.filter(
      (f) => f.status === 'failed' && f.assertionResults.every((test) => test.status !== 'failed'),
    );
    const failed = results.numFailedTests + brokenFiles.length;
    // So can the whole run: in the set-up, or for an error that nobody caught.
    return { passed: results.numPassedTests, failed: failed || Number(!succeeded) };
  } catch (error) {
    console.error(`Vitest left no results: ${error}`);
    return one(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const counts = [
  one(await succeeds('tsc', '-p', '.')),
  one(await succeeds('biome', 'check', '--diagnostic-level=error')),
  one(await succeeds('knip')),
  await tests(process.argv.slice(2)),
];
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`\n${passed} passed, ${failed} failed`);
