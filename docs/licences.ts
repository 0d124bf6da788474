import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Package {
  name: string;
  version: string;
  license: string;
}

const root = path.join(import.meta.dirname, '..');
const json = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

/** Those that say it in a file of text alone, read by a person. */
const elsewhere: Record<string, string> = { 'node_modules/unionfs': 'Unlicense' };

/** The packages that Usher runs with, those of its own dependencies included, as the lock file pins them. */
export function licences(): Package[] {
  const locked: Record<string, { version: string; license?: string; dev?: true; link?: true }> =
    json('package-lock.json').packages;
  return (
    Object.entries(locked)
      // Usher's own packages are in the lock file, and linked.
      .filter(([folder, { dev, link }]) => folder.includes('node_modules/') && !link && !dev)
      .map(([folder, { version, license }]) => ({
        name: folder.split('node_modules/').at(-1)!,
        version,
        license: license ?? elsewhere[folder] ?? 'unknown',
      }))
  );
}

if (import.meta.main)
  for (const { name, version, license } of licences()) console.log(`${name}@${version}\t${license}`);
