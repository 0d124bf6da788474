import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remindersByDay, timeZoneNamed } from '../../db/reminders.ts';

const hour = 3_600_000;
const day = 24 * hour;
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham', 'America/St_Johns'];

/** When people are reminded, as the clocks there show it. */
const clocksAt = (
  from: string,
  timeZone: string,
  { expiresIn = 7 * day, after }: { expiresIn?: number; after?: number[] } = {},
) =>
  remindersByDay({ from: Date.parse(from), expiresIn, timeZone, after }).map((ms) =>
    new Date(Date.parse(from) + ms).toLocaleString('sv-SE', { timeZone }).slice(0, 16),
  );

test('what falls into the day stays, and what falls into the night goes to the nearest day', () => {
  // Halfway 00:20, a day before the end 12:20; then 02:20 and 14:20, 20:40 and 08:40.
  expect(clocksAt('2026-12-01T12:20:00Z', 'UTC')).toEqual(['2026-12-04 17:20', '2026-12-07 12:20']);
  expect(clocksAt('2026-12-01T14:20:00Z', 'UTC')).toEqual(['2026-12-05 09:20', '2026-12-07 14:20']);
  expect(clocksAt('2026-12-01T08:40:00Z', 'UTC')).toEqual(['2026-12-04 17:40', '2026-12-07 09:40']);
  // The same moments, elsewhere.
  expect(clocksAt('2026-12-01T12:20:00Z', 'Asia/Kolkata')).toEqual(['2026-12-05 09:50', '2026-12-07 17:50']);
  expect(clocksAt('2026-12-01T12:20:00Z', 'America/New_York')).toEqual(['2026-12-04 17:20', '2026-12-07 09:20']);
});

test('the clocks are those of the day itself, whenever they are set', () => {
  // Set back on 25 October 2026, forward on 28 March 2027: 08:30 of winter is 09:30 of summer.
  expect(clocksAt('2026-10-24T07:30:00Z', 'Europe/Berlin', { after: [day, 2 * day] })).toEqual([
    '2026-10-25 09:30',
    '2026-10-26 09:30',
  ]);
  expect(clocksAt('2027-03-27T16:30:00Z', 'Europe/Berlin', { after: [day, 2 * day] })).toEqual([
    '2027-03-28 17:30',
    '2027-03-29 17:30',
  ]);
});

test('nobody is reminded within an hour of the sending or the end: then on the other side of the night, or not at all', () => {
  // The nearest day is over before the end, or before the sending.
  expect(clocksAt('2026-12-01T15:00:00Z', 'UTC', { expiresIn: 18.5 * hour, after: [17 * hour] })).toEqual([
    '2026-12-01 17:00',
  ]);
  expect(clocksAt('2026-12-01T17:30:00Z', 'UTC', { expiresIn: 2 * day, after: [2 * hour] })).toEqual([
    '2026-12-02 09:30',
  ]);
  expect(clocksAt('2026-12-01T20:00:00Z', 'UTC', { expiresIn: 12 * hour })).toEqual([]);
  expect(clocksAt('2026-12-01T12:00:00Z', 'UTC', { after: [] })).toEqual([]);
});

test('wherever and whenever, they come by day, in order, and well between sending and end', () => {
  const start = Date.UTC(2026, 0, 1);
  fc.assert(
    fc.property(
      fc.integer({ min: start, max: start + 3 * 365 * day }),
      fc.integer({ min: hour, max: 90 * day }),
      fc.constantFrom(...zones),
      fc.option(fc.array(fc.integer({ min: 0, max: 90 * day }), { maxLength: 5 }), { nil: undefined }),
      (from, expiresIn, timeZone, after) => {
        const found = remindersByDay({ from, expiresIn, timeZone, after });
        expect(found).toEqual(found.toSorted((a, b) => a - b));
        for (const ms of found) {
          const there = Number(
            new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone }).format(from + ms),
          );
          expect(there).toBeGreaterThanOrEqual(9);
          expect(there).toBeLessThan(18);
          expect(Math.min(ms, expiresIn - ms)).toBeGreaterThanOrEqual(hour);
        }
        // In a whole day there is a day: each that is wanted far from both ends is there.
        const isFar = (ms: number) => Math.min(ms, expiresIn - ms) >= 25 * hour;
        const wanted = after?.filter(isFar).length ?? (expiresIn >= 4 * day ? 1 : 0);
        expect(found.length).toBeGreaterThanOrEqual(wanted);
      },
    ),
  );
});

test('where this Node knows no such time zone, the day is that of UTC', () => {
  expect(remindersByDay({ from: 0, expiresIn: 7 * day, timeZone: 'Mars/Olympus' })).toEqual(
    remindersByDay({ from: 0, expiresIn: 7 * day, timeZone: 'UTC' }),
  );
});

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  ['europe/berlin', 'Europe/Berlin'],
  ['UTC', 'UTC'],
  // Known to Node by another name.
  ['Asia/Kolkata', 'Asia/Kolkata'],
  ['+02:00', undefined],
  ['Berlin', undefined],
  ['', undefined],
  ['Europe/Berlin; drop', undefined],
])('%j names the time zone %j', (name, zone) => {
  expect(timeZoneNamed(name)).toBe(zone);
});
