/**
 * A discrete-event simulation of queues: jobs go from station to station, and wait where all servers are busy, first come,
 * first served. Deterministic for a seed.
 */

export interface Step {
  /** Undefined: time passes and nobody works, such as a provider's or the network's. */
  station?: string;
  /** Mean; drawn exponentially at stations, which is on the cautious side, and exact elsewhere. */
  ms: number;
}

/** A part of a job that a caller waits for, or that happens behind the answer. */
export interface Segment {
  name: string;
  steps: readonly Step[];
}

export type Job = readonly Segment[];

export interface Source {
  job: Job;
  /** When jobs come, ms, ascending; or so many that are always under way, until all are done. */
  arrivals: readonly number[] | { atOnce: number; count: number };
}

export interface Simulated {
  /** When the last job was done, ms. */
  endMs: number;
  /** Share of its time that a station's servers worked, 0 to 1. */
  utilisation: Record<string, number>;
  /** How long segments took, by name, ms. */
  took: Record<string, number[]>;
  /** When the last of a segment was over, by name, ms. */
  overAt: Record<string, number>;
}

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What happens next, by time: a binary heap. */
class Agenda {
  readonly #entries: { at: number; happen: () => void }[] = [];

  add(at: number, happen: () => void): void {
    const entries = this.#entries;
    entries.push({ at, happen });
    for (let i = entries.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (entries[parent]!.at <= entries[i]!.at) break;
      [entries[parent], entries[i]] = [entries[i]!, entries[parent]!];
      i = parent;
    }
  }

  next(): { at: number; happen: () => void } | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (!first || !last || entries.length === 0) return first;
    entries[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < entries.length && entries[left]!.at < entries[least]!.at) least = left;
      if (right < entries.length && entries[right]!.at < entries[least]!.at) least = right;
      if (least === i) return first;
      [entries[least], entries[i]] = [entries[i]!, entries[least]!];
      i = least;
    }
  }
}

/** @param servers how many each station has */
export function simulate(servers: Record<string, number>, sources: readonly Source[], seed = 1): Simulated {
  const random = randomOf(seed);
  const agenda = new Agenda();
  const stations = Object.fromEntries(
    Object.entries(servers).map(([name, count]) => [
      name,
      { free: count, worked: 0, waiting: [] as (() => void)[], head: 0 },
    ]),
  );
  const took: Record<string, number[]> = {};
  const overAt: Record<string, number> = {};
  let now = 0;

  const run = (job: Job, done: () => void) => {
    let segment = 0;
    let step = 0;
    let from = now;
    const next = () => {
      const current = job[segment];
      if (!current) return done();
      const { station, ms } = current.steps[step] ?? {};
      if (ms === undefined) {
        took[current.name] ??= [];
        took[current.name]!.push(now - from);
        overAt[current.name] = now;
        from = now;
        segment += 1;
        step = 0;
        return next();
      }
      step += 1;
      if (station === undefined) return agenda.add(now + ms, next);
      const at = stations[station]!;
      const serve = () => {
        const service = -Math.log(1 - random()) * ms;
        at.worked += service;
        agenda.add(now + service, () => {
          const waiting = at.waiting[at.head];
          if (waiting) {
            at.head += 1;
            if (at.head > 1_000) {
              at.waiting.splice(0, at.head);
              at.head = 0;
            }
            waiting();
          } else at.free += 1;
          next();
        });
      };
      if (at.free > 0) {
        at.free -= 1;
        serve();
      } else at.waiting.push(serve);
    };
    next();
  };

  for (const { job, arrivals } of sources) {
    if (Array.isArray(arrivals)) {
      for (const at of arrivals as readonly number[]) agenda.add(at, () => run(job, () => {}));
    } else {
      const { atOnce, count } = arrivals as { atOnce: number; count: number };
      let left = count;
      const another = () => {
        if (left > 0) {
          left -= 1;
          run(job, another);
        }
      };
      for (let i = 0; i < atOnce; i += 1) agenda.add(0, another);
    }
  }
  for (let entry = agenda.next(); entry; entry = agenda.next()) {
    now = entry.at;
    entry.happen();
  }
  const utilisation = Object.fromEntries(
    Object.entries(stations).map(([name, { worked }]) => [name, worked / (now * servers[name]!)]),
  );
  return { endMs: now, utilisation, took, overAt };
}

/** Times at which jobs come independently of each other (a Poisson process), ms. */
export function arrivalsAt(perSecond: number, seconds: number, seed = 2): number[] {
  const random = randomOf(seed);
  const times: number[] = [];
  for (let at = 0; ; ) {
    at -= (Math.log(1 - random()) * 1000) / perSecond;
    if (at > seconds * 1000) return times;
    times.push(at);
  }
}
