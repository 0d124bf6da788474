import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { goalsTable, type Results } from './goals.ts';

const kinds = [
  'compare',
  'growth',
  'lists',
  'pages',
  'batch',
  'csv',
  'burst',
  'wake',
  'soak',
  'profile',
] as const satisfies (keyof Results)[];

/** Rounded, so that files hold what the figures mean. */
const rounded = (_: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

/** Keeps what a run has measured, `<kind>.json` in the folder, with the goals that all results there say something of, `goals.md`. */
export async function keep<TKind extends keyof Results>(
  folder: string,
  kind: TKind,
  result: NonNullable<Results[TKind]>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${kind}.json`), `${JSON.stringify(result, rounded, 2)}\n`);
  await writeFile(path.join(folder, 'goals.md'), `${goalsTable(await resultsOf(folder))}\n`);
}

/** What the files of a folder hold. */
export async function resultsOf(folder: string): Promise<Results> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const text = await readFile(path.join(folder, `${kind}.json`), 'utf8').catch(() => undefined);
      return text === undefined ? [] : [[kind, JSON.parse(text)]];
    }),
  );
  return Object.fromEntries(found.flat());
}
