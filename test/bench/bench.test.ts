import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Results } from '../../bench/goals.ts';
import { resultsOf } from '../../bench/results.ts';

/**
 * The benchmark in its least form: that it measures what it says, not how fast. Of the rows, those that need no other
 * packages. Processes are looked at in /proc, which Linux alone has.
 */

const root = path.join(import.meta.dirname, '../..');
let out: string;
beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'usher-bench-test-'));
});
afterAll(() => rm(out, { recursive: true, force: true }));

const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['bench/main.ts', ...args, '--out', out], { cwd: root });

describe.runIf(process.platform === 'linux')('npm run bench', () => {
  let results: Results;
  beforeAll(async () => {
    const least = ['--rounds', '2', '--one', '1', '--many', '2', '--creates', '2', '--warm-up', '1'];
    await Promise.all([
      bench('--rows', 'ceiling,naive,usher', ...least),
      bench('burst', '--people', '5', '--seats', '3', '--seconds', '1'),
      bench('lists', '--levels', '20,40', '--samples', '2'),
      bench('pages', '--invitations', '40', '--samples', '2'),
    ]);
    results = await resultsOf(out);
    // Nine servers and as many programs are started side by side.
  }, 300_000);

  test('compares rows, each of which does the whole job', () => {
    const { rows, rounds } = results.compare!;
    expect(rounds).toBe(2);
    expect(rows.map(({ name }) => name)).toEqual(['ceiling', 'naive', 'usher']);
    for (const { name, phases, creates, rowsWritten, history, peakRssMb } of rows) {
      const mails = name !== 'ceiling';
      for (const phase of [...phases['1']!, ...phases['32']!]) {
        expect(phase.perSecond).toBeGreaterThan(0);
        expect(phase.create.p99).toBeGreaterThanOrEqual(phase.create.p50);
        expect(phase.accept.p50).toBeGreaterThan(0);
        // The provider takes 50 ms to take an email, and nobody joins before it has.
        if (mails) expect(phase.mailed!.p50).toBeGreaterThan(49);
        else expect(phase.mailed).toBeNull();
        expect(Object.entries(phase.cpuMs).filter(([, ms]) => ms === null)).toEqual(mails ? [] : [['api', null]]);
      }
      expect(creates.map(({ count }) => count)).toEqual([2, 2]);
      expect(history!.workflowTasks).toBeGreaterThanOrEqual(1);
      expect(history!.bytes).toBeGreaterThan(100);
      expect(peakRssMb.worker).toBeGreaterThan(50);
      if (mails) expect(rowsWritten).toBeGreaterThanOrEqual(3);
      else expect(rowsWritten).toBeNull();
    }
  });

  test('says of each goal whether it was reached, or not measured', async () => {
    const goals = (await readFile(path.join(out, 'goals.md'), 'utf8')).split('\n');
    expect(goals.find((line) => line.includes('÷ naive, C=32'))).toMatch(/\| ≥ 2\.5 \| \d.* \| (yes|\*\*no\*\*) \|$/);
    expect(goals.find((line) => line.includes('÷ better-auth'))).toMatch(/\| not measured \| – \|$/);
  });

  test('draws the throughput of every row', async () => {
    const svg = await readFile(path.join(out, 'compare.svg'), 'utf8');
    for (const name of ['ceiling', 'naive', 'usher']) expect(svg).toContain(`>${name}<`);
  });

  test('has as many members as there are seats, after a burst', () => {
    const { head, rows } = results.burst!;
    const found = Object.fromEntries(head.map((name, i) => [name, rows[0]![i]]));
    expect(found).toMatchObject({ people: 5, seats: 3, 'refused a seat': 2, members: 3, counters: 'exact' });
  });

  test('measures pages of the console as a browser has them', () => {
    const { head, rows } = results.pages!;
    expect(head).toEqual(['page', 'p50 ms', 'p99 ms', 'KiB']);
    for (const [, p50, p99, size] of rows) {
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50 as number);
      expect(size).toBeGreaterThan(2);
    }
  });

  test('measures every list at every level', () => {
    const { head, rows } = results.lists!;
    expect(head).toEqual(['list', 'p50 ms at 20', 'p99 ms at 20', 'p50 ms at 40', 'p99 ms at 40']);
    expect(rows.flatMap((row) => row.slice(1)).filter((ms) => !(Number(ms) > 0))).toEqual([]);
  });
});
