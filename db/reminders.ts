import { reminderTimes } from '../statecharts/invitation.ts';

/** Reminders come from this hour on, and before that one. */
const day = { from: 9, until: 18 };
const hour = 3_600_000;

/** By time zone: making one takes far longer than using it. There are some six hundred. */
const clocks = new Map<string, Intl.DateTimeFormat>();

/** The clock of a time zone; of UTC for one that this Node does not know, as one stored by a newer may be. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (!clock) {
    const known = timeZoneNamed(timeZone) ?? 'UTC';
    clock = new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone: known });
    clocks.set(timeZone, clock);
  }
  return clock;
}

/**
 * The name of a time zone as it is written; undefined for none, such as an offset. One that has another name too, as `Asia/Kolkata`
 * is `Asia/Calcutta` to some, stays as it is said.
 *
 * @param name IANA, in capitals or not
 */
export function timeZoneNamed(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
  } catch {
    return undefined;
  }
}

/**
 * When to remind, in the daytime: those at night are moved to the nearest day, by whole hours, so that not all of a night come
 * on the stroke of nine; one that no day is near enough to is left out. None comes within an hour of the sending or of the end.
 *
 * The rules of time zones change with the version of Node, so this is never asked in a workflow, whose replay would differ.
 *
 * @param invitation.from epoch ms at which it is sent
 * @param invitation.expiresIn ms
 * @param invitation.timeZone IANA
 * @param invitation.after ms after the sending, when they are wanted. @default the usual times
 * @returns ms after the sending, ascending
 */
export function remindersByDay({
  from,
  expiresIn,
  timeZone,
  after,
}: {
  from: number;
  expiresIn: number;
  timeZone: string;
  after?: readonly number[] | undefined;
}): number[] {
  const until = from + expiresIn;
  const clock = clockOf(timeZone);
  const isByDay = (time: number) => {
    const hourThere = Number(clock.format(time));
    return hourThere >= day.from && hourThere < day.until;
  };
  const isInTime = (time: number) => time - from >= hour && until - time >= hour;
  const nearest = (time: number) => {
    for (let hours = 0; hours < 24; hours++)
      for (const moved of [time + hours * hour, time - hours * hour])
        if (isInTime(moved) && isByDay(moved)) return moved;
    return undefined;
  };
  const moved = reminderTimes(from, until, after).flatMap((time) => nearest(time) ?? []);
  return moved.map((time) => time - from).sort((a, b) => a - b);
}
