import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

/** What the docs promise names the test that shows it: `file`: “name”. */

const docs = path.join(import.meta.dirname, '../../docs');

describe.each(['security.md', 'reliability.md'])('%s', (name) => {
  test('names tests that there are', async () => {
    const text = await readFile(path.join(docs, name), 'utf8');
    const named = [...text.matchAll(/\[`(test\/[^`]+)`\]\(\.\.\/([^)]+)\): “([^”]+)”/g)];
    expect(named.length).toBeGreaterThan(10);
    // None that this test does not see for how it is written.
    expect(text.match(/\[`test\//g)?.length).toBe(named.length);
    const missing: string[] = [];
    for (const [, file, target, title] of named) {
      expect(target).toBe(file);
      const source = await readFile(path.join(docs, '..', file!), 'utf8').catch(() => '');
      const titled = source
        .split('\n')
        .some(
          (line, i, lines) => line.includes(title!) && /\b(test|describe)\b/.test(lines.slice(i - 3, i + 1).join()),
        );
      if (!titled) missing.push(`${file}: ${title}`);
    }
    expect(missing).toEqual([]);
  });

  test('leaves no promise without one', async () => {
    const text = await readFile(path.join(docs, name), 'utf8');
    const tables = text.split(/\n(?=\|.*Shown by)/).slice(1);
    expect(tables.length).toBeGreaterThan(0);
    for (const row of tables.flatMap((table) => table.split('\n\n')[0]!.split('\n').slice(2)))
      expect(row).toMatch(/\[`test\//);
  });
});
