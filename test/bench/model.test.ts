import { expect, test } from 'vitest';
import { percentile } from '../../bench/figures.ts';
import { peakFactor } from '../../bench/model/model.ts';
import { arrivalsAt, simulate } from '../../bench/model/simulate.ts';

/** The simulation gives what theory knows: it is the same on every machine, since its numbers are drawn from a seed. */

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const job = [{ name: 'work', steps: [{ station: 'desk', ms: 10 }] }];

test.each([
  // M/M/1: 1 / (μ − λ); M/M/2: 1 / (μ (1 − ρ²)), with μ = 100/s.
  { servers: 1, perSecond: 50, busy: 0.5, expected: 20 },
  { servers: 1, perSecond: 80, busy: 0.8, expected: 50 },
  { servers: 2, perSecond: 160, busy: 0.8, expected: 27.8 },
])(
  '$perSecond a second at $servers desks wait as the theory of queues says',
  ({ servers, perSecond, busy, expected }) => {
    const { took, utilisation } = simulate({ desk: servers }, [{ job, arrivals: arrivalsAt(perSecond, 3_000) }]);
    expect(Math.abs(utilisation.desk! - busy)).toBeLessThan(0.02);
    expect(Math.abs(mean(took.work!) / expected - 1)).toBeLessThan(0.1);
  },
);

test('a closed loop keeps so many under way, and is as fast as its slowest station', () => {
  const steps = [{ station: 'desk', ms: 10 }, { station: 'window', ms: 5 }, { ms: 7 }];
  const { endMs, utilisation, took } = simulate({ desk: 1, window: 1 }, [
    { job: [{ name: 'work', steps }], arrivals: { atOnce: 32, count: 20_000 } },
  ]);
  expect(took.work).toHaveLength(20_000);
  expect(20_000 / (endMs / 1000) / 100).toBeCloseTo(1, 1);
  expect(utilisation.window).toBeCloseTo(0.5, 1);
  // Little's law: 32 under way, 100 a second.
  expect(mean(took.work!) / 320).toBeCloseTo(1, 1);
});

test('what is nobody’s work takes its time, and nobody waits for it', () => {
  const { took } = simulate({}, [
    {
      job: [
        { name: 'answer', steps: [{ ms: 3 }] },
        { name: 'after', steps: [{ ms: 4 }] },
      ],
      arrivals: [0, 0, 1],
    },
  ]);
  expect(took).toEqual({ answer: [3, 3, 3], after: [4, 4, 4] });
  expect(percentile(took.answer!, 0.99)).toBe(3);
});

test('the busiest hour has about four times the average', () => {
  expect(peakFactor()).toBeGreaterThan(3.5);
  expect(peakFactor()).toBeLessThan(4.5);
});
