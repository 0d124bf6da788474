import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { licences } from '../../docs/licences.ts';

test('everything that Usher runs with is under a licence that docs/dependencies.md names', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/dependencies.md'), 'utf8');
  const named = new Set(
    /under one of these[^:]*: ([\s\S]*?)\.\n\n/.exec(page)![1]!.match(/[\w.-]*\d[\w.-]*|MIT|ISC|Unlicense/g),
  );
  const packages = licences();
  expect(packages.length).toBeGreaterThan(100);
  const allowed = ({ license }: { license: string }) =>
    license.split(' OR ').some((one) => one.split(' AND ').every((part) => named.has(part.replace(/[()]/g, ''))));
  expect(packages.filter((p) => !allowed(p))).toEqual([]);
  expect(allowed({ license: 'AGPL-3.0' })).toBe(false);
  expect(allowed({ license: 'unknown' })).toBe(false);
});
