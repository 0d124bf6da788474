import { afterEach, beforeEach, expect, test } from 'vitest';
import { startUsher, type Usher } from '../setup/usher.ts';
import { fuzz, gaps } from './schemathesis.ts';

/** The short form of `npm run fuzz`, in two parts. */

let usher: Usher;
beforeEach(async () => {
  usher = await startUsher();
});
afterEach(() => usher?.close());

test.each([
  ['of an invitation', '^/v1/invitations', 8],
  ['of anything else', '^(?!/v1/invitations)', 40],
])(
  'no request %s made from the OpenAPI document fails, or is answered otherwise than described',
  async (_, paths, least) => {
    const printed: string[] = [];
    const findings = await fuzz({
      url: usher.url,
      key: usher.key,
      issuer: 'https://idp.example',
      paths,
      examples: 3,
      seed: 1,
      report: (text) => printed.push(text),
      log: async () => usher.log,
    });
    expect(findings.passed, printed.join('\n')).toBe(true);
    expect(gaps(findings)).toEqual([]);
    expect(Object.keys(findings.statuses).length).toBeGreaterThan(least);
  },
  300_000,
);
