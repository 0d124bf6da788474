import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { killChildren } from '../local/child.ts';
import { compare, rows } from './compare.ts';
import { goalsTable } from './goals.ts';
import { measurePages } from './lists/pages.ts';
import { measureLists } from './lists/scenario.ts';
import { capacity, costs, validation } from './model/model.ts';
import { machine, markdown, picture, type Scenario, scenarioMarkdown } from './report.ts';
import { keep, resultsOf } from './results.ts';
import { batch } from './usher/batch.ts';
import { burst } from './usher/burst.ts';
import { csv } from './usher/csv.ts';
import { growth } from './usher/growth.ts';
import { profile } from './usher/profile.ts';
import { soak } from './usher/soak.ts';
import { wake } from './usher/wake.ts';

/** `npm run bench`: what Usher costs, beside others that do the same job on the same servers. */

const whole = (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number, 1 or more.');
  return value;
};
const names = (text: string) =>
  text.split(',').map((name) => {
    const row = rows.find((r) => r.name === name.trim());
    if (!row) throw new InvalidArgumentError(`There are: ${rows.map((r) => r.name).join(', ')}.`);
    return row;
  });

const program = new Command('npm run bench --')
  .description(
    'Measures invitations from the call to the member with a seat, by Usher and by others, on the same servers.',
  )
  .showHelpAfterError()
  // The options of scenarios are their own, though they have the same names.
  .enablePositionalOptions()
  .option(
    '--rows <names>',
    `which rows, comma-separated (default: all of ${rows.map((r) => r.name).join(', ')})`,
    names,
  )
  .option('--rounds <n>', 'rounds, rows interleaved in each', whole, 5)
  .option('--one <n>', 'lifecycles a round one at a time', whole, 40)
  .option('--many <n>', 'lifecycles a round 32 at a time', whole, 320)
  .option('--creates <n>', 'people invited a round without joining, 32 at a time', whole, 640)
  .option('--warm-up <n>', 'lifecycles of each row before the first round', whole, 100)
  .option(
    '--temporal <address>',
    "host:port of a Temporal that runs, with Usher's search attributes; its own otherwise",
  )
  .option('--out <folder>', 'where compare.md, compare.json, compare.svg and goals.md go', 'test-output/bench')
  .action(async (o) => {
    const report = await compare({
      rows: o.rows ?? rows,
      rounds: o.rounds,
      lifecycles: { 1: o.one, 32: o.many },
      creates: o.creates,
      warmUp: o.warmUp,
      ...(o.temporal ? { temporal: o.temporal } : {}),
      report: (line) => console.error(line),
    });
    await keep(o.out, 'compare', report);
    const text = markdown(report);
    await writeFile(path.join(o.out, 'compare.svg'), await picture(report));
    await writeFile(path.join(o.out, 'compare.md'), text);
    console.log(`${text}\n${goalsTable(await resultsOf(o.out))}\n\nKept in ${o.out}.`);
  });

/** A scenario of Usher alone: its table is printed and kept. */
function scenario<TOptions>(
  name: 'growth' | 'lists' | 'pages' | 'batch' | 'csv' | 'burst' | 'wake' | 'soak' | 'profile',
  about: string,
  run: (o: TOptions) => Promise<Pick<Scenario, 'head' | 'rows'>>,
): Command {
  return program
    .command(name)
    .description(about)
    .option('--temporal <address>', 'host:port of a Temporal that runs; its own otherwise')
    .option('--out <folder>', 'where the table goes', 'test-output/bench')
    .action(async (o: { out: string }) => {
      const { head, rows } = await run({ ...o, report: (line: string) => console.error(line) } as TOptions);
      const { out, ...options } = o;
      const result: Scenario = { name, about, at: new Date().toISOString(), machine: machine(), options, head, rows };
      await keep(out, name, result);
      await writeFile(path.join(out, `${name}.md`), scenarioMarkdown(result));
      console.log(scenarioMarkdown(result));
    });
}

const counts = (text: string) => text.split(',').map(whole);

scenario('growth', 'What grows with the number of pending invitations.', growth)
  .option('--levels <counts>', 'how many are pending, ascending', counts, [1_000, 10_000, 100_000])
  .option('--samples <n>', 'accepts and lists measured at each', whole, 200);
scenario('lists', 'The first page of every list, in the database alone, by the number of invitations.', measureLists)
  .option('--levels <counts>', 'how many invitations there are, ascending', counts, [1_000, 100_000, 1_000_000])
  .option('--samples <n>', 'how often each is asked for', whole, 200);
scenario('pages', 'Pages of the console, of an organization with many invitations.', measurePages)
  .option('--invitations <n>', 'how many', whole, 100_000)
  .option('--samples <n>', 'how often each is asked for', whole, 200);
scenario('burst', 'Many people press Join within a few seconds.', burst)
  .option('--people <n>', 'how many', whole, 1_000)
  .option('--seats <n>', 'for how many seats', whole, 1_000)
  .option('--seconds <n>', 'within how long', whole, 5);
scenario('wake', 'Many invitations expire in the same minute, while others are accepted.', wake)
  .option('--expiring <n>', 'how many', whole, 10_000)
  .option('--samples <n>', 'accepts measured before, and half of those meanwhile', whole, 200);
scenario('soak', 'A steady rate for a long time: what grows though it should not.', soak)
  .option('--minutes <n>', 'how long', whole, 30)
  .option('--per-second <n>', 'lifecycles a second', whole, 5);
scenario('profile', 'Where the CPU of API and worker goes, by thread and package.', profile)
  .option('--lifecycles <n>', 'how many are profiled, 32 at a time', whole, 1_000)
  .option('--least <ms>', 'what takes less an invitation is left out', Number, 0.15);
scenario('batch', 'Many people invited by one request, while others join one after the other.', batch)
  .option('--count <n>', 'how many', whole, 10_000)
  .option('--samples <n>', 'how many others', whole, 200);
scenario(
  'csv',
  'Many people from a CSV file by usher invite, to their emails in the sandbox of a local Usher, and their seats.',
  csv,
).option('--count <n>', 'how many, 10,000 at most', whole, 10_000);

program
  .command('model')
  .description('What it takes to carry so many invitations a month, computed and simulated from results.')
  .option('--results <folder>', 'what was measured: compare.json, soak.json, burst.json', 'bench/results')
  .action(async (o: { results: string }) => {
    const results = await resultsOf(o.results);
    console.log([costs(results), capacity(results), validation(results)].join('\n\n'));
  });

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killChildren();
    process.exit(1);
  });
}
await program.parseAsync();
// The clients of the peers keep connections of their own.
process.exit();
