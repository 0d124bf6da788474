import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../../telemetry/metrics.ts';

/** docs/operations.md names every metric, and says of every alert what to do. */

const docs = path.join(import.meta.dirname, '../../docs');
const operations = readFileSync(path.join(docs, 'operations.md'), 'utf8');

test('the table of metrics is that of the module', () => {
  const documented = [...operations.matchAll(/^\| `(usher_\w+)` +\| ([^|]*?) *\|/gm)].map(([, name, labels]) => ({
    name,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));
  const defined = registry.getMetricsAsArray().map((metric) => ({
    name: metric.name,
    labels: (metric as unknown as { labelNames: string[] }).labelNames,
  }));
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) => (a.name! < b.name! ? -1 : 1);
  expect(defined.length).toBeGreaterThan(10);
  expect(documented.sort(byName)).toEqual(defined.sort(byName));
});

test('every alert has a paragraph of its own name', () => {
  const { groups } = parse(readFileSync(path.join(docs, 'operations/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; annotations: { runbook: string } }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const headings = [...operations.matchAll(/^#### (Usher\w+)\n\n\S/gm)].map(([, name]) => name);
  expect(rules.map(({ alert }) => alert)).toEqual(headings);
  for (const { alert, annotations } of rules)
    expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
});
