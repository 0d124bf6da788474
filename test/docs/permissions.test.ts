import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { page, withPermissions } from '../../docs/permissions.ts';

test('the permissions in the docs are those that Usher asks: else run npm run docs:permissions', async () => {
  const text = await readFile(page, 'utf8');
  expect(text).toBe(withPermissions(text));
});
