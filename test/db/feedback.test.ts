import fc from 'fast-check';
import { expect, test } from 'vitest';
import { merged } from '../../db/feedback.ts';

/** What is known of an email after all that its provider tells, late, twice and in any order. */

type Known = Parameters<typeof merged>[0];
type Told = Parameters<typeof merged>[1];

const sent: Known = { status: 'sent', detail: null, reported_at: null, opened_at: null };
const told = (status: Told['status'], second: number, bounce = 'soft_bounce'): Told => ({
  status,
  detail: status === 'bounced' ? bounce : null,
  at: new Date(Date.UTC(2030, 0, 1) + second * 1_000),
});
const after = (reports: readonly Told[], before = sent) => reports.reduce(merged, before);

test.each([
  ['it was delivered', [told('delivered', 1)], 'delivered'],
  ['it was opened, of which is told first', [told('opened', 2), told('delivered', 1)], 'opened'],
  ['a bounce after the delivery counts', [told('delivered', 1), told('bounced', 2)], 'bounced'],
  ['a delivery after the bounce heals it', [told('bounced', 1), told('delivered', 2)], 'delivered'],
  ['that was opened before heals to opened', [told('opened', 1), told('bounced', 2), told('delivered', 3)], 'opened'],
  ['opening heals nothing', [told('bounced', 1), told('opened', 2)], 'bounced'],
  ['at the same time the bounce counts', [told('bounced', 1), told('delivered', 1)], 'bounced'],
  ['nothing undoes a complaint', [told('complained', 1), told('delivered', 2), told('bounced', 3)], 'complained'],
] as const)('%s', (_, reports, status) => {
  for (const before of [
    sent,
    { ...sent, status: 'queued' },
    { ...sent, status: 'failed', detail: 'superseded' },
  ] as const)
    expect(after(reports, before)).toMatchObject({ status, detail: status === 'bounced' ? 'soft_bounce' : null });
});

test('reports in any order, each any number of times, come to the same', () => {
  const report = fc
    .tuple(
      fc.constantFrom('delivered', 'opened', 'bounced', 'complained'),
      fc.integer({ min: 0, max: 4 }),
      fc.constantFrom('soft_bounce', 'hard_bounce', 'dns_error'),
    )
    .map(([status, second, bounce]) => told(status as Told['status'], second, bounce));
  const reports = fc.uniqueArray(report, {
    minLength: 1,
    maxLength: 8,
    selector: ({ status, detail, at }) => `${status} ${detail} ${+at}`,
  });
  const orders = reports.chain((these) =>
    fc.tuple(fc.constant(these), fc.shuffledSubarray([...these, ...these], { minLength: 2 * these.length })),
  );
  fc.assert(
    fc.property(orders, ([these, shuffled]) => {
      expect(after(shuffled)).toEqual(after(these));
    }),
    { numRuns: 2_000 },
  );
});
