import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUsher, type Usher } from '../setup/usher.ts';
import { fuzz, gaps } from './schemathesis.ts';

/** The short form of `npm run fuzz`. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(() => usher?.close());

test('no request made from the OpenAPI document fails, or is answered otherwise than described', async () => {
  const printed: string[] = [];
  const findings = await fuzz({
    url: usher.url,
    key: usher.key,
    issuer: 'https://idp.example',
    examples: 3,
    seed: 1,
    report: (text) => printed.push(text),
    log: async () => usher.log,
  });
  expect(findings.passed, printed.join('\n')).toBe(true);
  expect(gaps(findings)).toEqual([]);
  expect(Object.keys(findings.statuses).length).toBeGreaterThan(50);
}, 600_000);
