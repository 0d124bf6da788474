import { type Cpu, median, percentile } from '../figures.ts';
import type { Results } from '../goals.ts';
import { table } from '../report.ts';
import { arrivalsAt, type Job, type Segment, type Simulated, type Source, simulate } from './simulate.ts';

/** What invitations cost, as measured, and from it what it takes to carry so many of them. */

const parts = ['api', 'worker', 'engine', 'postgres'] as const;
type Part = (typeof parts)[number];
type Costs = Record<Part, number>;

export interface Measured {
  /** CPU ms of inviting somebody, all that follows the answer included, up to the email. */
  create: Costs;
  /** CPU ms of joining. */
  accept: Costs;
  /** CPU ms that the benchmark itself takes of the machine, a lifecycle. */
  own: number;
  /** Unloaded, as callers see it, ms. */
  createMs: number;
  acceptMs: number;
  /** Write-ahead log of Postgres, bytes a lifecycle. */
  walBytes: number;
  /** On disk for good, and until the engine's retention is over; bytes a lifecycle. NaN: not measured. */
  databaseBytes: number;
  engineBytes: number;
  historyBytes: number;
}

/** What the latencies of the provider's calls are in the benchmark, ms. */
const mailMs = 50;

/** The costs that results hold. @throws Error when what they hold says nothing of them */
export function measuredOf({ compare, soak }: Results): Measured {
  const usher = compare?.rows.find(({ name }) => name === 'usher');
  if (!usher?.history) throw new Error('There are no results of the row usher.');
  const [idle, busy] = [usher.phases['1']!, usher.phases['32']!];
  const cpu = (rounds: { cpuMs: Cpu }[], part: Part) => median(rounds.map(({ cpuMs }) => cpuMs[part] ?? 0));
  const costs = (of: (part: Part) => number) => Object.fromEntries(parts.map((p) => [p, of(p)])) as Costs;
  const create = costs((part) => cpu(usher.creates, part));
  const minutes = soak?.rows.filter((row) => typeof row[0] === 'number') ?? [];
  const perLifecycle = (column: string) => {
    if (!soak || minutes.length < 2) return Number.NaN;
    const at = soak.head.indexOf(column);
    const count = soak.head.indexOf('lifecycles');
    const [first, last] = [minutes[0]!, minutes.at(-1)!];
    return ((Number(last[at]) - Number(first[at])) * 1024) / (Number(last[count]) - Number(first[count]));
  };
  return {
    create,
    // Never less than nothing: rounds differ.
    accept: costs((part) => Math.max(0, cpu(busy, part) - create[part])),
    own: median(busy.map((p) => p.ownCpuMs)),
    createMs: median(idle.map((p) => p.create.p50)),
    acceptMs: median(idle.map((p) => p.accept.p50)),
    walBytes: median(busy.map((p) => p.walBytes)),
    databaseBytes: perLifecycle('database KB'),
    engineBytes: perLifecycle('engine KB'),
    historyBytes: usher.history.bytes,
  };
}

/**
 * What happens to an invitation, by the parts that work on it. What is measured of a part is shared evenly among its turns; what of
 * the unloaded latency is nobody's CPU is waiting for disk and network, and passes by itself.
 *
 * @param on which station a part works at
 */
function segmentsOf(m: Measured, on: (part: Part) => string): Record<'create' | 'mail' | 'accept', Segment> {
  const step = (part: Part, ms: number) => ({ station: on(part), ms });
  const sum = (steps: { ms: number }[]) => steps.reduce((total, { ms }) => total + ms, 0);
  const segment = (name: string, steps: { station: string; ms: number }[], unloadedMs?: number): Segment => ({
    name,
    steps: [...steps, { ms: Math.max(0, (unloadedMs ?? sum(steps)) - sum(steps)) }],
  });
  const { create, accept } = m;
  const mail = [
    step('engine', create.engine / 2),
    step('worker', create.worker / 2),
    step('postgres', create.postgres / 2),
  ];
  return {
    create: segment('create', [step('api', create.api), step('postgres', create.postgres / 2)], m.createMs),
    mail: {
      name: 'mail',
      steps: [...mail, { ms: mailMs }, step('worker', create.worker / 2), step('engine', create.engine / 2)],
    },
    accept: segment(
      'accept',
      [
        step('api', accept.api / 2),
        step('engine', accept.engine / 2),
        step('worker', accept.worker),
        step('postgres', accept.postgres),
        step('engine', accept.engine / 2),
        step('api', accept.api / 2),
      ],
      m.acceptMs,
    ),
  };
}

/** Cores of the machine that was measured on. */
export const coresOf = (machine: string): number => Number(/^(\d+) cores/.exec(machine)![1]);

/** One machine as in the benchmark: all parts, and the benchmark itself, share its cores. */
function onOneMachine(m: Measured) {
  const { create, mail, accept } = segmentsOf(m, () => 'machine');
  const caller: Segment = { name: 'caller', steps: [{ station: 'machine', ms: m.own }] };
  return { lifecycle: [caller, create, mail, accept] satisfies Job, accept: [accept] satisfies Job };
}

const row = (what: string, measured: number, model: number) => [
  what,
  measured,
  model,
  Math.round((model / measured) * 100),
];

/** The model beside what was measured and is not among its inputs: a closed loop, a steady rate, a burst. */
export function validation(results: Results): string {
  const { compare, soak, burst } = results;
  const m = measuredOf(results);
  const { lifecycle, accept } = onOneMachine(m);
  const servers = { machine: coresOf(compare!.machine) };
  const closed = simulate(servers, [{ job: lifecycle, arrivals: { atOnce: 32, count: 2_000 } }]);
  const busy = compare!.rows.find(({ name }) => name === 'usher')!.phases['32']!;
  const rows = [
    row('32 at a time: lifecycles/s', median(busy.map((p) => p.perSecond)), 2_000 / (closed.endMs / 1000)),
    row('32 at a time: accept p50 ms', median(busy.map((p) => p.accept.p50)), percentile(closed.took.accept!, 0.5)),
  ];
  if (soak) {
    const cell = (column: string) =>
      median(soak.rows.filter((r) => typeof r[0] === 'number').map((r) => Number(r[soak.head.indexOf(column)])));
    const perSecond = Number(soak.options.perSecond);
    const steady = simulate(servers, [{ job: lifecycle, arrivals: arrivalsAt(perSecond, 600) }]);
    const cpuColumns = ['worker CPU %', 'API CPU %', 'Temporal CPU %', 'Postgres CPU %'];
    const modelled = parts.reduce((sum, part) => sum + m.create[part] + m.accept[part], 0);
    rows.push(
      row(`${perSecond}/s: accept p50 ms`, cell('accept p50 ms'), percentile(steady.took.accept!, 0.5)),
      row(`${perSecond}/s: accept p99 ms`, cell('accept p99 ms'), percentile(steady.took.accept!, 0.99)),
      row(
        `${perSecond}/s: CPU of all parts, % of a core`,
        cpuColumns.reduce((sum, column) => sum + cell(column), 0),
        (perSecond * modelled) / 10,
      ),
    );
  }
  for (const measured of burst?.rows ?? []) {
    const of = (column: string) => Number(measured[burst!.head.indexOf(column)]);
    const people = of('members');
    const seconds = Number(burst!.options.seconds);
    const times = Array.from({ length: people }, (_, i) => (i / people) * seconds * 1000);
    const rush = simulate(servers, [{ job: accept, arrivals: times }]);
    rows.push(
      row(`burst of ${people}: accept p50 ms`, of('accept p50 ms'), percentile(rush.took.accept!, 0.5)),
      row(`burst of ${people}: all in after s`, of('all in after s'), rush.endMs / 1000),
    );
  }
  return table(['', 'measured', 'model', 'model, % of measured'], rows);
}

const known = (bytes: number) => (Number.isNaN(bytes) ? 'not measured' : bytes / 1024);

/** CPU by part, and bytes. */
export function costs(results: Results): string {
  const m = measuredOf(results);
  const line = (what: string, of: (part: Part) => number) => [what, ...parts.map(of)];
  return [
    table(
      ['CPU ms', 'API', 'worker', 'engine', 'Postgres'],
      [
        line('inviting, up to the email', (part) => m.create[part]),
        line('joining', (part) => m.accept[part]),
        line('both', (part) => m.create[part] + m.accept[part]),
      ],
    ),
    table(
      ['KiB', ''],
      [
        ['database, for good', known(m.databaseBytes)],
        ['write-ahead log of all of Postgres, until it is archived or recycled', m.walBytes / 1024],
        ['engine, until its retention is over (development server)', known(m.engineBytes)],
        ['of that, history', m.historyBytes / 1024],
      ],
    ),
  ].join('\n\n');
}

/** Share of a week's invitations by hour of the day, on a working day; a weekend has a tenth of it, a Monday half as much again. */
const dayCurve = [1, 1, 1, 1, 1, 2, 4, 7, 11, 13, 13, 11, 9, 11, 12, 11, 9, 7, 5, 4, 3, 2, 2, 1];
const ofDays = [1.5, 1, 1, 1, 1, 0.1, 0.1];

/** How much more come in the busiest hour of the week than on average. */
export function peakFactor(): number {
  const hours = ofDays.flatMap((day) => dayCurve.map((hour) => hour * day));
  return Math.max(...hours) / (hours.reduce((sum, hour) => sum + hour, 0) / hours.length);
}

const month = 30 * 86_400;
/** Busier than this, queues grow long before the cores are full. */
const fullEnough = 0.6;

export interface Capacity {
  perMonth: number;
  averagePerSecond: number;
  peakPerSecond: number;
  /** Whole cores by part. */
  cores: Costs;
  databaseBytesPerYear: number;
  walBytesPerDay: number;
  engineBytesPerDay: number;
  peak: Simulated;
  batch: Simulated;
}

/** What it takes to carry so many a month, in the busiest hour of the week, alone and while a batch of 10,000 comes. */
export function capacityFor(m: Measured, perMonth: number): Capacity {
  const averagePerSecond = perMonth / month;
  const peakPerSecond = averagePerSecond * peakFactor();
  const cores = Object.fromEntries(
    parts.map((part) => [
      part,
      Math.max(1, Math.ceil((peakPerSecond * (m.create[part] + m.accept[part])) / 1000 / fullEnough)),
    ]),
  ) as Costs;
  const { create, mail, accept } = segmentsOf(m, (part) => part);
  // Long enough for some thousands of them.
  const seconds = Math.min(3_600, Math.max(60, 20_000 / peakPerSecond));
  const usual: Source = { job: [create, mail, accept], arrivals: arrivalsAt(peakPerSecond, seconds) };
  const inBatch = (segment: Segment) => ({ ...segment, name: `batch ${segment.name}` });
  return {
    perMonth,
    averagePerSecond,
    peakPerSecond,
    cores,
    databaseBytesPerYear: perMonth * 12 * m.databaseBytes,
    walBytesPerDay: averagePerSecond * 86_400 * m.walBytes,
    engineBytesPerDay: averagePerSecond * 86_400 * m.engineBytes,
    peak: simulate(cores, [usual]),
    // Started a bounded number at a time, so that those who join wait behind few of them.
    batch: simulate(cores, [usual, { job: [inBatch(mail)], arrivals: { atOnce: 32, count: 10_000 } }]),
  };
}

const volumes = [10_000, 1_000_000, 100_000_000];
/** Two figures that count. */
const brief = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));
const size = (bytes: number) => {
  if (Number.isNaN(bytes)) return 'not measured';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${brief(bytes / 2 ** (10 * power))} ${units[power]}`;
};

/** One column a volume: rates, cores, disk, and how long calls take. */
export function capacity(results: Results): string {
  const m = measuredOf(results);
  const of = volumes.map((perMonth) => capacityFor(m, perMonth));
  const line = (what: string, show: (c: Capacity) => string | number) => [what, ...of.map(show)];
  const pair = (took: number[] | undefined) =>
    took?.length ? `${percentile(took, 0.5).toFixed(0)} / ${percentile(took, 0.99).toFixed(0)}` : '–';
  return table(
    ['invitations a month', ...volumes.map((n) => n.toLocaleString('en'))],
    [
      line('a second, on average', (c) => brief(c.averagePerSecond)),
      line('a second, Monday at ten', (c) => brief(c.peakPerSecond)),
      ...parts.map((part) =>
        line(
          `cores for ${{ api: 'the API', worker: 'workers', engine: 'the engine', postgres: 'Postgres' }[part]}`,
          (c) => `${c.cores[part]} (${(c.peak.utilisation[part]! * 100).toFixed(0)} % busy)`,
        ),
      ),
      line('create p50 / p99 ms, Monday at ten', (c) => pair(c.peak.took.create)),
      line('accept p50 / p99 ms, Monday at ten', (c) => pair(c.peak.took.accept)),
      line('accept p50 / p99 ms, a batch of 10,000 besides', (c) => pair(c.batch.took.accept)),
      line('that batch started and mailed after s', (c) => Math.round(c.batch.overAt['batch mail']! / 1000)),
      line('database, a year', (c) => size(c.databaseBytesPerYear)),
      line('write-ahead log, a day', (c) => size(c.walBytesPerDay)),
      line('engine, at a retention of a day', (c) => size(c.engineBytesPerDay)),
    ],
  );
}
