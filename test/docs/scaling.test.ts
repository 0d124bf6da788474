import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { resultsOf } from '../../bench/results.ts';
import { page, results, withFigures } from '../../docs/scaling.ts';

test('the figures of scaling.md are those of the results that are kept', async () => {
  const text = await readFile(page, 'utf8');
  // When they have changed: npm run docs:scaling
  expect(withFigures(text, await resultsOf(results))).toBe(text);
});
