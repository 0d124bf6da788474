import { cpus, totalmem } from 'node:os';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Figures, type Phase, spread } from './figures.ts';

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

/** What a scenario of Usher alone has measured: a table whose numbers are kept as they are. */
export interface Scenario {
  name: string;
  about: string;
  /** ISO 8601 */
  at: string;
  machine: string;
  /** As given on the command line. */
  options: Record<string, unknown>;
  head: string[];
  rows: (string | number)[][];
}

const cell = (value: string | number) =>
  typeof value === 'string' ? value : Number.isInteger(value) ? String(value) : value.toFixed(1);

export const table = (head: string[], rows: (string | number)[][]) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
    .map((cells) => `| ${cells.map(cell).join(' | ')} |`)
    .join('\n');

export const scenarioMarkdown = ({ about, at, machine: on, head, rows }: Scenario): string =>
  `${about}\n\n${table(head, rows)}\n\nMeasured ${at} on ${on}.\n`;

const number = (value: number | null | undefined, digits = 1) =>
  value === null || value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);

/** What rounds have measured, as median and spread; a dash where a row has no such thing. */
const over = <TRound>(rounds: TRound[], figure: (round: TRound) => number | null | undefined, digits = 1): string => {
  const values = rounds.map(figure).filter((value) => typeof value === 'number');
  return values.length > 0 ? spread(values, digits) : '–';
};

const parts = ['api', 'worker', 'engine', 'postgres'] as const;

/** One table of latencies and throughput, one of inviting alone, one of costs, one of ratios. */
export function markdown({ at, machine: on, temporal, rounds, rows }: Report): string {
  const speed = rows.flatMap(({ name, phases }) =>
    Object.entries(phases).map(([concurrency, ps]) => [
      name,
      concurrency,
      over(ps, (p) => p.perSecond),
      ...(['create', 'accept', 'mailed'] as const).flatMap((what) => [
        over(ps, (p) => p[what]?.p50),
        over(ps, (p) => p[what]?.p99),
      ]),
    ]),
  );
  const inviting = rows.map(({ name, creates }) => [
    name,
    over(creates, (c) => c.perSecond),
    over(creates, (c) => c.create.p50),
    over(creates, (c) => c.create.p99),
    over(creates, (c) => c.mailedPerSecond),
    ...parts.map((part) => over(creates, (c) => c.cpuMs[part])),
  ]);
  const cost = rows.map(({ name, phases, rowsWritten, history, peakRssMb }) => {
    const busiest = Object.values(phases).at(-1)!;
    return [
      name,
      ...parts.map((part) => over(busiest, (p) => p.cpuMs[part])),
      number(history?.events, 0),
      number(history?.bytes, 0),
      number(history?.workflowTasks, 0),
      number(rowsWritten),
      over(busiest, (p) => p.walBytes / 1024),
      number(peakRssMb.api, 0),
      number(peakRssMb.worker, 0),
    ];
  });
  return `Measured ${at} on ${on}; Temporal: ${temporal}; ${rounds} rounds, rows interleaved; medians, and in brackets the least and the most of a round. ${rows.map((row) => `**${row.name}**: ${row.about}`).join(' ')}

${table(['', 'C', 'lifecycles/s', 'create p50 ms', 'p99', 'accept p50 ms', 'p99', 'mailed p50 ms', 'p99'], speed)}

Inviting alone, at the highest concurrency, in a phase of its own: how fast it is answered, at what rate the provider has the
emails of all, and the CPU in ms a create, all that follows the answer included.

${table(['', 'creates/s', 'p50 ms', 'p99', 'mailed/s', 'API', 'worker', 'engine', 'Postgres'], inviting)}

Costs of an invitation, created and accepted, at the highest concurrency. CPU in ms; where there is no API process, the worker's is
that of both. The engine is Temporal's server (or the row's own); the write-ahead log is that of all of Postgres; memory is the
most that a process held.

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

/** Usher's figure by that of another row, a round each: within it both met the same machine. Undefined when one was not measured. */
export function ratio(
  rows: Figures[],
  other: string,
  concurrency: string | 'creates',
  figure: (round: Pick<Phase, 'perSecond' | 'create'> & Partial<Phase>) => number,
): number[] | undefined {
  const roundsOf = (name: string) => {
    const row = rows.find((r) => r.name === name);
    return concurrency === 'creates' ? row?.creates : row?.phases[concurrency];
  };
  const [ours, theirs] = [roundsOf('usher'), roundsOf(other)];
  if (!ours?.length || !theirs?.length) return undefined;
  return ours.map((round, i) => figure(round) / figure(theirs[i]!));
}

function ratios(rows: Figures[]): string {
  const others = rows.map(({ name }) => name).filter((name) => name !== 'usher');
  if (others.length === rows.length) return '';
  const columns: Record<string, (other: string) => number[] | undefined> = {
    'lifecycles/s, C=1': (other) => ratio(rows, other, '1', (p) => p.perSecond),
    'lifecycles/s, C=32': (other) => ratio(rows, other, '32', (p) => p.perSecond),
    'accept p50, C=1': (other) => ratio(rows, other, '1', (p) => p.accept!.p50),
    'create p50, C=1': (other) => ratio(rows, other, '1', (p) => p.create.p50),
    'creates/s, C=32': (other) => ratio(rows, other, 'creates', (c) => c.perSecond),
  };
  return table(
    ['Usher ÷', ...Object.keys(columns)],
    others.map((other) => [
      other,
      ...Object.values(columns).map((of) => {
        const values = of(other);
        return values ? spread(values) : '–';
      }),
    ]),
  );
}

/** Lifecycles a second, a bar a row, with its value, and a line over the spread of the rounds. */
export async function picture({ rows, rounds }: Report): Promise<string> {
  const values = rows.flatMap(({ name, phases }) =>
    Object.entries(phases).flatMap(([concurrency, ps]) =>
      ps.map(({ perSecond }) => ({ name, concurrency: `${concurrency} at a time`, perSecond })),
    ),
  );
  const perSecond = { field: 'perSecond', type: 'quantitative' } as const;
  const spec: TopLevelSpec = {
    background: 'white',
    padding: 12,
    title: {
      text: 'Invitations a second, from the call to the member with a seat',
      subtitle: `Median of ${rounds} rounds; the line is from the least to the most`,
      anchor: 'start',
    },
    data: { values },
    facet: {
      row: {
        field: 'concurrency',
        type: 'nominal',
        title: null,
        header: { labelOrient: 'top', labelAnchor: 'start', labelFontSize: 12, labelFontWeight: 'bold' },
      },
    },
    spec: {
      width: 520,
      layer: [
        {
          mark: 'bar',
          encoding: {
            x: { ...perSecond, aggregate: 'median', title: null },
            color: { condition: { test: "indexof(datum.name, 'usher') === 0", value: '#2f5fb3' }, value: '#b9c1cc' },
          },
        },
        {
          mark: { type: 'rule', color: '#1c2430' },
          encoding: { x: { ...perSecond, aggregate: 'min' }, x2: { ...perSecond, aggregate: 'max' } },
        },
        {
          mark: { type: 'text', align: 'left', dx: 6, color: '#1c2430' },
          encoding: {
            x: { ...perSecond, aggregate: 'max' },
            text: { ...perSecond, aggregate: 'median', format: '.1f' },
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
