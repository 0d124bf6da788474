import type { Span } from '../db/invitations.ts';

const minute = 60_000;
/** Longer than any invitation lives, which is 90 days. */
const latest = 2 ** 18 * minute;

/**
 * Which due times to look at: what should have happened is looked at when it is late by a minute, by 2, 4, 8 and so on.
 * Thus what stays stuck for long (a mail provider is down) is not forgotten, and does not keep newer ones waiting.
 *
 * @param since ms; the time of the last look, 0 if there was none: then all that is late by a minute
 * @param now ms
 * @returns the youngest first
 */
export function dueSpans(since: number, now: number): Span[] {
  const spans: Span[] = [];
  for (let late = minute; late <= latest; late *= 2) {
    const span = { after: new Date(since - late), until: new Date(now - late) };
    const younger = spans.at(-1);
    if (younger && span.until >= younger.after) younger.after = span.after;
    else spans.push(span);
  }
  return spans;
}
