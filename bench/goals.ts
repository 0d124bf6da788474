import { type Figures, median, spread } from './figures.ts';
import { type Report, ratio, type Scenario, table } from './report.ts';

/** What runs have measured, as far as there were any. */
export interface Results {
  compare?: Report;
  growth?: Scenario;
  lists?: Scenario;
  pages?: Scenario;
  batch?: Scenario;
  csv?: Scenario;
  burst?: Scenario;
  wake?: Scenario;
  soak?: Scenario;
  profile?: Scenario;
}

interface Goal {
  what: string;
  wanted: string;
  /** One value a round; undefined when it was not measured. */
  measured(results: Results): number[] | undefined;
  reached(value: number): boolean;
  digits?: number;
}

const atMost = (bound: number) => (value: number) => value <= bound;
const atLeast = (bound: number) => (value: number) => value >= bound;

const ratioTo =
  (other: string, concurrency: string, figure: Parameters<typeof ratio>[3]) =>
  ({ compare }: Results) =>
    compare && ratio(compare.rows, other, concurrency, figure);
const ofUsher =
  (figures: (row: Figures) => (number | null | undefined)[]) =>
  ({ compare }: Results): number[] | undefined => {
    const row = compare?.rows.find(({ name }) => name === 'usher');
    const values = row && figures(row).filter((value) => typeof value === 'number');
    return values?.length ? values : undefined;
  };

/** A column of a scenario, row by row. */
const column = (scenario: Scenario | undefined, head: string): number[] | undefined => {
  const at = scenario?.head.indexOf(head) ?? -1;
  return at < 0 ? undefined : scenario!.rows.map((row) => Number(row[at])).filter((value) => !Number.isNaN(value));
};
/** How much the last of a column is of the first. */
const growthOf = (values: number[] | undefined) => (values?.length ? [values.at(-1)! / values[0]!] : undefined);
const lastOf = (values: number[] | undefined) => (values?.length ? [values.at(-1)!] : undefined);
const quotient = (over: number[] | undefined, under: number[] | undefined) =>
  over?.length && under?.length ? [over[0]! / under[0]!] : undefined;

const manyInvitations = (pages: Scenario | undefined) =>
  pages && Number(pages.options.invitations) >= 100_000 ? pages : undefined;
const wholeBatch = (batch: Scenario | undefined) => (column(batch, 'invitations')?.[0] === 10_000 ? batch : undefined);

/** What Usher is to reach. Ratios are taken within a round, where both met the same machine; a median decides. */
const goals: readonly Goal[] = [
  {
    what: 'Usher lifecycles/s ÷ bare workflow, C=32',
    wanted: '≥ 0.9',
    measured: ratioTo('ceiling', '32', (p) => p.perSecond),
    reached: atLeast(0.9),
  },
  {
    what: 'Usher lifecycles/s ÷ naive, C=32',
    wanted: '≥ 2.5',
    measured: ratioTo('naive', '32', (p) => p.perSecond),
    reached: atLeast(2.5),
  },
  {
    what: 'Usher lifecycles/s ÷ naive, C=1',
    wanted: '≥ 2.5',
    measured: ratioTo('naive', '1', (p) => p.perSecond),
    reached: atLeast(2.5),
  },
  {
    what: 'accept p50 unloaded ÷ bare Update',
    wanted: '≤ 1.15',
    measured: ratioTo('ceiling', '1', (p) => p.accept!.p50),
    reached: atMost(1.15),
  },
  {
    what: 'create p50 unloaded ÷ better-auth',
    wanted: '≤ 0.7',
    measured: ratioTo('better-auth', '1', (p) => p.create.p50),
    reached: atMost(0.7),
  },
  {
    what: 'creates/s, C=32 ÷ better-auth',
    wanted: '≥ 1.5',
    measured: ratioTo('better-auth', 'creates', (c) => c.perSecond),
    reached: atLeast(1.5),
  },
  {
    what: 'worker CPU ms an invitation',
    wanted: '≤ 12',
    measured: ofUsher(({ phases }) => (phases['32'] ?? []).map((p) => p.cpuMs.worker)),
    reached: atMost(12),
    digits: 1,
  },
  {
    what: 'history events of one accepted invitation',
    wanted: '≤ 14',
    measured: ofUsher(({ history }) => [history?.events]),
    reached: atMost(14),
    digits: 0,
  },
  {
    what: 'history bytes of one accepted invitation',
    wanted: '≤ 6144',
    measured: ofUsher(({ history }) => [history?.bytes]),
    reached: atMost(6144),
    digits: 0,
  },
  {
    what: 'batch of 10,000: answered after, s',
    wanted: '≤ 2',
    measured: ({ batch }) => column(wholeBatch(batch), 'answered after s'),
    reached: atMost(2),
  },
  {
    what: 'batch of 10,000: starts ÷ bare starts',
    wanted: '≥ 0.9',
    measured: ({ batch }) => column(wholeBatch(batch), 'ratio'),
    reached: atLeast(0.9),
  },
  {
    what: 'batch of 10,000: all mailed ÷ all started',
    wanted: '≤ 1.1',
    measured: ({ batch }) =>
      quotient(column(wholeBatch(batch), 'all mailed after s'), column(wholeBatch(batch), 'all started after s')),
    reached: atMost(1.1),
  },
  {
    what: 'batch of 10,000: provider calls',
    wanted: '≤ 40',
    measured: ({ batch }) => column(wholeBatch(batch), 'provider calls'),
    reached: atMost(40),
    digits: 0,
  },
  {
    what: 'RSS of the worker at the most pending, MB',
    wanted: '≤ 500',
    measured: ({ growth }) => lastOf(column(growth, 'worker MB')),
    reached: atMost(500),
    digits: 0,
  },
  {
    what: 'RSS of the worker, most ÷ fewest pending',
    wanted: '≤ 1.1',
    measured: ({ growth }) => growthOf(column(growth, 'worker MB')),
    reached: atMost(1.1),
  },
  {
    what: 'accept p50, most ÷ fewest pending',
    wanted: '≤ 1.2 (flat)',
    measured: ({ growth }) => growthOf(column(growth, 'accept p50 ms')),
    reached: atMost(1.2),
  },
  {
    what: 'slowest list, first page p99 in the database at 1,000,000 invitations, ms',
    wanted: '≤ 20',
    measured: ({ lists }) => {
      const values = lists && column(lists, 'p99 ms at 1000000');
      return values?.length ? [Math.max(...values)] : undefined;
    },
    reached: atMost(20),
    digits: 1,
  },
  {
    what: 'expiry of 10,000 at once: all released after, s',
    wanted: '≤ 300',
    measured: ({ wake }) => column(wake, 'all released after s'),
    reached: atMost(300),
    digits: 0,
  },
  {
    what: 'accept p99 meanwhile ÷ before',
    wanted: '≤ 2',
    measured: ({ wake }) => quotient(column(wake, 'accept meanwhile p99 ms'), column(wake, 'accept before p99 ms')),
    reached: atMost(2),
  },
  {
    what: 'Slowest page of the console at 100,000 invitations, p99 ms',
    wanted: '≤ 100',
    measured: ({ pages }) => {
      const times = column(manyInvitations(pages), 'p99 ms');
      return times && [Math.max(...times)];
    },
    reached: atMost(100),
    digits: 0,
  },
];

/** Each goal, and what was measured of it: wanted, measured with its spread, reached or not. */
export function goalsTable(results: Results): string {
  return table(
    ['goal', 'wanted', 'measured', 'reached'],
    goals.map(({ what, wanted, measured, reached, digits = 2 }) => {
      const values = measured(results);
      return values
        ? [what, wanted, spread(values, digits), reached(median(values)) ? 'yes' : '**no**']
        : [what, wanted, 'not measured', '–'];
    }),
  );
}
