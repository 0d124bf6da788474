import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { compare, rows } from './compare.ts';
import { markdown, picture } from './report.ts';

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
  .option('--rows <names>', 'which rows, comma-separated', names, rows)
  .option('--rounds <n>', 'rounds, rows interleaved in each', whole, 5)
  .option('--one <n>', 'lifecycles a round one at a time', whole, 40)
  .option('--many <n>', 'lifecycles a round 32 at a time', whole, 320)
  .option('--warm-up <n>', 'lifecycles of each row before the first round', whole, 100)
  .option(
    '--temporal <address>',
    "host:port of a Temporal that runs, with Usher's search attributes; its own otherwise",
  )
  .option('--out <folder>', 'where bench.md, bench.json and bench.svg go', 'test-output/bench')
  .action(async (o) => {
    const report = await compare({
      rows: o.rows,
      rounds: o.rounds,
      lifecycles: { 1: o.one, 32: o.many },
      warmUp: o.warmUp,
      ...(o.temporal ? { temporal: o.temporal } : {}),
      report: (line) => console.error(line),
    });
    await mkdir(o.out, { recursive: true });
    const file = (name: string) => path.join(o.out, name);
    await writeFile(file('bench.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(file('bench.svg'), await picture(report));
    await writeFile(file('bench.md'), markdown(report));
    console.log(markdown(report));
    console.log(`Kept as ${file('bench.md')}, ${file('bench.json')} and ${file('bench.svg')}.`);
  });

await program.parseAsync();
// The clients of the peers keep connections of their own.
process.exit();
