import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { workflowBundle as ours } from '../bundle.ts';

const root = path.join(import.meta.dirname, '..');
let copy: string;
let workflowBundle: typeof ours;
const file = (name: string) => path.join(copy, name);
const kept = '.cache/workflows.json';

beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'usher-bundle-'));
  for (const name of ['bundle.ts', 'package.json', 'package-lock.json', 'statecharts', 'workflows'])
    await cp(path.join(root, name), file(name), { recursive: true });
  await symlink(path.join(root, 'node_modules'), file('node_modules'));
  ({ workflowBundle } = await import(file('bundle.ts')));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

/** Bundles, and says whether what is kept was made for it. */
async function bundled() {
  const writtenAt = () =>
    stat(file(kept)).then(
      ({ ctimeMs }) => ctimeMs,
      () => 0,
    );
  const before = await writtenAt();
  const { code } = await workflowBundle();
  return { code, anew: (await writtenAt()) !== before };
}

async function change(name: string, was: string, becomes: string) {
  const text = await readFile(file(name), 'utf8');
  expect(text).toContain(was);
  await writeFile(file(name), text.replace(was, becomes));
}

test('workflows are bundled once, with what production runs, and again after any change of what went into them', async () => {
  const first = await bundled();
  expect(first.anew).toBe(true);
  expect(first.code).toContain('xstate/dist/xstate');
  expect(first.code.match(/xstate\S+development/)).toBeNull();
  expect(await bundled()).toEqual({ code: first.code, anew: false });

  await change('statecharts/versions.ts', 'export const chartVersion = 1;', 'export const chartVersion = 4711;');
  const changed = await bundled();
  expect(changed.anew).toBe(true);
  expect(changed.code).toContain('4711');
  expect((await bundled()).anew).toBe(false);

  await change('package-lock.json', '"name": "usher"', '"name": "ushers"');
  expect((await bundled()).anew).toBe(true);
});

test('a bundle that is not whole is made anew; where none can be kept, workflows are bundled all the same', async () => {
  const { code } = await bundled();
  await writeFile(file(kept), (await readFile(file(kept), 'utf8')).slice(0, -100));
  expect(await bundled()).toEqual({ code, anew: true });

  await rm(file('.cache'), { recursive: true });
  await writeFile(file('.cache'), 'no folder');
  expect(await bundled()).toEqual({ code, anew: false });
});
