import { cpus, totalmem } from 'node:os';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Figures, median, type Phase, percentile, spread } from './figures.ts';

export interface Report {
  /** ISO 8601 */
  at: string;
  machine: string;
  temporal: string;
  rounds: number;
  rows: Figures[];
}

export const machine = () =>
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;

export const table = (head: string[], rows: string[][]) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const number = (value: number | null | undefined, digits = 1) =>
  value === null || value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);

const pooled = (phases: Phase[], what: 'create' | 'accept' | 'mailed', p: number) =>
  number(
    percentile(
      phases.flatMap((phase) => phase[what]),
      p,
    ),
  );

/** Medians over the rounds, one table for latencies and throughput, one for costs, and the ratios that Usher is held to. */
export function markdown({ at, machine: on, temporal, rounds, rows }: Report): string {
  const speed = rows.flatMap(({ name, phases }) =>
    Object.entries(phases).map(([concurrency, ps]) => [
      name,
      concurrency,
      spread(
        ps.map((p) => p.perSecond),
        1,
      ),
      ...(['create', 'accept', 'mailed'] as const).flatMap((what) => [pooled(ps, what, 0.5), pooled(ps, what, 0.99)]),
    ]),
  );
  const inviting = rows.map(({ name, creates }) => {
    const latencies = creates.flatMap((c) => c.create);
    const mailed = creates.flatMap((c) => (c.allMailedMs === null ? [] : [c.count / (c.allMailedMs / 1000)]));
    return [
      name,
      spread(
        creates.map((c) => c.perSecond),
        1,
      ),
      number(percentile(latencies, 0.5)),
      number(percentile(latencies, 0.99)),
      mailed.length > 0 ? spread(mailed, 1) : '–',
      creates[0]!.apiCpuMs === null ? '–' : number(median(creates.map((c) => c.apiCpuMs!))),
    ];
  });
  const cost = rows.map(({ name, phases, rowsWritten, history, peakRssMb }) => {
    const busiest = Object.values(phases).at(-1)!;
    const cpu = (part: keyof Phase['cpuMs']) =>
      busiest[0]!.cpuMs[part] === null ? '–' : number(median(busiest.map((p) => p.cpuMs[part]!)));
    return [
      name,
      ...(['api', 'worker', 'engine', 'postgres'] as const).map(cpu),
      number(history?.events, 0),
      number(history?.bytes, 0),
      number(history?.workflowTasks, 0),
      number(rowsWritten),
      number(median(busiest.map((p) => p.walBytes)) / 1024),
      number(peakRssMb.api, 0),
      number(peakRssMb.worker, 0),
    ];
  });
  return `Measured ${at} on ${on}; Temporal: ${temporal}; ${rounds} rounds, rows interleaved; medians, and in brackets the least and the most of a round.

${table(['', 'C', 'lifecycles/s', 'create p50 ms', 'p99', 'accept p50 ms', 'p99', 'mailed p50 ms', 'p99'], speed)}

Inviting alone, at the highest concurrency, in a phase of its own: how fast it is answered, and at what rate the provider has
the emails of all. The API's CPU in ms a create holds what it does after the answer.

${table(['', 'creates/s', 'p50 ms', 'p99', 'mailed/s', 'API'], inviting)}

Costs an invitation, at the highest concurrency. CPU in ms; where there is no API process, the worker's is that of both. The
engine is Temporal's server (or the row's own); the write-ahead log is that of all of Postgres.

${table(
  [
    '',
    'API',
    'worker',
    'engine',
    'Postgres',
    'events',
    'bytes',
    'workflow tasks',
    'rows',
    'WAL KiB',
    'API MB',
    'worker MB',
  ],
  cost,
)}

${ratios(rows)}
`;
}

/** Ratios are taken within a round, where both rows met the same machine. */
function ratios(rows: Figures[]): string {
  const of = (name: string) => rows.find((row) => row.name === name);
  const usher = of('usher');
  if (!usher) return '';
  const perRound = (other: string, concurrency: string, figure: (phase: Phase) => number): string => {
    const theirs = of(other)?.phases[concurrency];
    const ours = usher.phases[concurrency];
    if (!theirs || !ours) return '–';
    return spread(ours.map((phase, round) => figure(phase) / figure(theirs[round]!)));
  };
  const speed = (phase: Phase) => phase.perSecond;
  const createsPerSecond = (name: string): string => {
    const theirs = of(name)!.creates;
    return spread(usher.creates.map((ours, round) => ours.perSecond / theirs[round]!.perSecond));
  };
  const [low, high] = [Object.keys(usher.phases)[0]!, Object.keys(usher.phases).at(-1)!];
  return table(
    [
      'Usher ÷',
      `lifecycles/s, C=${low}`,
      `lifecycles/s, C=${high}`,
      `accept p50, C=${low}`,
      `create p50, C=${low}`,
      `creates/s, C=${high}`,
    ],
    rows
      .filter((row) => row !== usher)
      .map(({ name }) => [
        name,
        perRound(name, low, speed),
        perRound(name, high, speed),
        perRound(name, low, (phase) => median(phase.accept)),
        perRound(name, low, (phase) => median(phase.create)),
        createsPerSecond(name),
      ]),
  );
}

/** Lifecycles a second, a bar a row, with the spread of the rounds. */
export async function picture({ rows, rounds }: Report): Promise<string> {
  const values = rows.flatMap(({ name, phases }) =>
    Object.entries(phases).flatMap(([concurrency, ps]) =>
      ps.map(({ perSecond }) => ({ name, concurrency: `${concurrency} at a time`, perSecond })),
    ),
  );
  const spec: TopLevelSpec = {
    title: `Invitations a second, from the call to the member with a seat (median of ${rounds} rounds)`,
    data: { values },
    facet: { row: { field: 'concurrency', type: 'nominal', title: null } },
    spec: {
      width: 480,
      layer: [
        {
          mark: 'bar',
          encoding: { x: { aggregate: 'median', field: 'perSecond', type: 'quantitative', title: null } },
        },
        {
          mark: { type: 'rule' },
          encoding: {
            x: { aggregate: 'min', field: 'perSecond', type: 'quantitative' },
            x2: { aggregate: 'max', field: 'perSecond' },
          },
        },
      ],
      encoding: { y: { field: 'name', type: 'nominal', title: null, sort: rows.map(({ name }) => name) } },
    },
    resolve: { scale: { x: 'independent' } },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  return view.toSVG();
}
