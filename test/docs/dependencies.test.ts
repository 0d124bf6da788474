import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/** What docs/dependencies.md says of pinning. */

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version: string; integrity?: string; link?: true }>;
};

test('every dependency is pinned to a version, and the lockfile holds that one, with the hash of every package', () => {
  for (const folder of ['', 'client']) {
    const { dependencies, devDependencies } = JSON.parse(read(path.join(folder, 'package.json')));
    for (const [name, version] of Object.entries<string>({ ...dependencies, ...devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      const own = lock.packages[path.join(folder, 'node_modules', name)];
      expect((own ?? lock.packages[`node_modules/${name}`])?.version, name).toBe(version);
    }
    expect(lock.packages[folder]).toMatchObject({ dependencies, devDependencies });
  }
  // All but Usher's own.
  const packages = Object.entries(lock.packages).filter(
    ([folder, { link }]) => folder.includes('node_modules/') && !link,
  );
  expect(packages.length).toBeGreaterThan(300);
  const unhashed = packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
  expect(unhashed.map(([folder]) => folder)).toEqual([]);
});

test('the fuzzer is pinned too, with hashes', () => {
  const lines = read('test/fuzz/requirements.txt').replaceAll('\\\n', ' ').trim().split('\n');
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines) expect(line).toMatch(/^[\w-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}/);
});
