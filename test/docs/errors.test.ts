import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { problems } from '../../api/problem.ts';

const root = path.join(import.meta.dirname, '../..');
const folder = path.join(root, 'docs/errors');
const codes = Object.keys(problems) as (keyof typeof problems)[];

test('every problem has a page, and every page a problem', () => {
  expect(readdirSync(folder).sort()).toEqual(codes.map((code) => `${code}.md`).sort());
});

test('every problem is one that Usher can answer with', () => {
  const sources = globSync('{api,db,statecharts,workflows}/**/*.ts', { cwd: root })
    .map((file) => readFileSync(path.join(root, file), 'utf8'))
    .join('\n');
  expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});

describe.each(codes)('the page of %s', (code) => {
  const page = readFileSync(path.join(folder, `${code}.md`), 'utf8');
  const { title, status } = problems[code];

  test('says what happened and how to fix it, under the title of the problem', () => {
    const [, ...sections] = page.split(/^## /m);
    expect(page.startsWith(`# ${title}\n\n\`${code}\`, answered with HTTP status ${status}.\n`)).toBe(true);
    expect(sections.map((s) => s.split('\n')[0])).toEqual(['What happened', 'How to fix it', 'What it looks like']);
    for (const section of sections) expect(section.split('\n').slice(1).join(' ').trim().length).toBeGreaterThan(25);
  });

  test('shows an answer as Usher gives it', () => {
    const example = JSON.parse(/```json\n([\s\S]+?)```/.exec(page)![1]!);
    expect(example).toMatchObject({ type: `/docs/errors/${code}`, title, status, code });
    const known = ['type', 'title', 'status', 'code', 'detail', 'errors', 'seats', 'requestId'];
    expect(Object.keys(example).filter((key) => !known.includes(key))).toEqual([]);
  });
});
