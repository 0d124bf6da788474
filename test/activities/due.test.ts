import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dueSpans } from '../../activities/due.ts';

const minute = 60_000;

test('what is stuck is looked at a minute late, then each time it is twice as late, however irregular the looks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3_000 * minute }),
      fc.array(fc.integer({ min: 1, max: 90 * minute }), { minLength: 1, maxLength: 200 }),
      (due, pauses) => {
        let since = 0;
        let now = 10_000 * minute;
        const at = now + due;
        const latenesses: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const spans = dueSpans(since, now);
          for (const [i, span] of spans.entries()) {
            expect(span.after.getTime()).toBeLessThan(span.until.getTime());
            // The youngest first, and none twice.
            if (i > 0) expect(span.until.getTime()).toBeLessThan(spans[i - 1]!.after.getTime());
          }
          const looked = spans.some((span) => at > span.after.getTime() && at <= span.until.getTime());
          // By how often it has doubled since a minute.
          const doublings = (time: number) => Math.floor(Math.log2((time - at) / minute));
          const isLate = now - at >= minute;
          const isNews = isLate && (since === 0 || since - at < minute || doublings(now) > doublings(since));
          expect(looked).toBe(isNews);
          if (looked) latenesses.push(now - at);
          since = now;
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('without a mark all that is late by a minute is looked at at once', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(dueSpans(0, now)).toMatchObject([{ until: new Date(now - minute) }]);
  expect(dueSpans(0, now)[0]!.after.getTime()).toBeLessThan(0);
});
