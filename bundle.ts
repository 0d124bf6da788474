import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';

/** `npm run bundle`: makes the workflows into the scripts that workers run, so that none has to at its start. */

const root = import.meta.dirname;
const workflowsPath = path.join(root, 'workflows/index.ts');
/** For workers that trace. */
const tracingPath = path.join(root, 'workflows/tracing.ts');
const keptAt = (isTraced: boolean) => path.join(root, '.cache', isTraced ? 'workflows-traced.json' : 'workflows.json');
/** How it is bundled, and by which versions. */
const recipe = ['bundle.ts', 'package-lock.json'];

interface Bundled {
  /** The script, its source map in its last line. */
  code: string;
  /** SHA-256 of every file that went into it, by its path from here; absent when one was changed meanwhile. */
  madeFrom?: Record<string, string>;
}

/**
 * The workflows as a worker runs them: what was bundled before if every file that went into it is still the same,
 * otherwise bundled anew, which takes a second or two, and kept for the next start.
 *
 * @param isTraced whether they carry traces on
 * @throws what webpack says of workflows that cannot be bundled
 */
export async function workflowBundle(isTraced = false): Promise<WorkflowBundle> {
  const kept = keptAt(isTraced);
  const before = await readKept(kept);
  if (before) return before;
  const bundled = await bundle(isTraced);
  // Where nothing can be written, the next start is as slow as this one.
  await keep(kept, bundled).catch(() => undefined);
  return bundled;
}

async function readKept(kept: string): Promise<Bundled | undefined> {
  try {
    const bundled: Required<Bundled> = JSON.parse(await readFile(kept, 'utf8'));
    const names = Object.keys(bundled.madeFrom);
    const now = await hashesOf(names);
    return names.every((name) => now[name] === bundled.madeFrom[name]) ? bundled : undefined;
  } catch {
    // There is none, it is not whole, or a file that went into it is gone.
    return undefined;
  }
}

/** Whoever reads it meanwhile finds the one before or this one, never half of it. */
async function keep(kept: string, bundled: Bundled): Promise<void> {
  if (!bundled.madeFrom) return;
  await mkdir(path.dirname(kept), { recursive: true });
  const file = `${kept}.${randomUUID()}`;
  await writeFile(file, JSON.stringify(bundled));
  await rename(file, kept);
}

async function bundle(isTraced: boolean): Promise<Bundled> {
  const began = Date.now();
  let read: string[] = [];
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    // Once for all runs and not for each: nothing in them changes once they are loaded, and the SDK freezes them.
    preloadModules: ['@temporalio/workflow', 'xstate', workflowsPath],
    workflowInterceptorModules: isTraced ? [tracingPath] : [],
    // Its progress is of no interest; its errors are thrown as well.
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({
      ...config,
      context: root,
      // XState as it is for production. Not minified: stack traces are made with the map in the script.
      mode: 'production',
      optimization: { minimize: false },
      plugins: [
        ...(config.plugins ?? []),
        ({ hooks }) =>
          hooks.done.tap('usher', ({ compilation }) => {
            read = [...compilation.fileDependencies];
          }),
      ],
    }),
  });
  const names = [...recipe];
  for (const file of read) {
    // Folders are among them, and the entry, which Temporal makes in memory.
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) names.push(path.relative(root, file));
  }
  const madeFrom = await hashesOf(names);
  const changes = await Promise.all(names.map(async (name) => (await stat(path.join(root, name))).ctimeMs));
  return { code, ...(changes.every((at) => at < began) ? { madeFrom } : {}) };
}

const hashesOf = async (names: readonly string[]): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const hash = createHash('sha256').update(await readFile(path.join(root, name)));
        return [name, hash.digest('hex')] as const;
      }),
    ),
  );

if (import.meta.main) {
  for (const isTraced of [false, true]) {
    const bundled = await bundle(isTraced);
    await keep(keptAt(isTraced), bundled);
    console.log(`${path.relative('', keptAt(isTraced))}: ${(bundled.code.length / 1024 ** 2).toFixed(1)} MB`);
  }
}
