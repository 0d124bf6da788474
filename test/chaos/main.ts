import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { chaos } from './chaos.ts';
import { type FaultName, faults } from './faults.ts';
import { type PersonName, people } from './people.ts';

const numeric = (least: number, most: number, isWhole: boolean) => (text: string) => {
  const value = Number(text);
  if (!(value >= least && value <= most) || (isWhole && !Number.isInteger(value)))
    throw new InvalidArgumentError(`It must be a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}.`);
  return value;
};
const highestSeed = 2 ** 31 - 1;

const program = new Command('npm run chaos --')
  .description(
    'Invites people who do what people do, to an installation of its own on this machine, while all that Usher consists ' +
      'of and depends on is killed, cut off and lied to. Then it mends all, waits until nothing is under way, and checks ' +
      'that nothing was lost and nobody is wrongly in. Prints what goes wrong when, each breach of what Usher promises, ' +
      'and last one line of figures. The exit code is 1 if there was a breach.',
  )
  .option('--invitations <number>', 'how many people are invited', numeric(1, 5_000, true), 200)
  .option(
    '--minutes <number>',
    'how long it may take; in a minute or less there is no time for the reconciler to find by itself what it looks for: it is told to',
    numeric(0.1, 60, false),
    5,
  )
  .option(
    '--seed <number>',
    'has the same people and faults again',
    numeric(0, highestSeed, true),
    randomInt(highestSeed),
  )
  .addOption(new Option('--people <name...>', 'who is invited').choices(Object.keys(people)))
  .addOption(new Option('--faults <name...>', 'what goes wrong').choices(Object.keys(faults)))
  .option('--product <folder>', "another copy of Usher's sources to run, with its dependencies")
  .showHelpAfterError('(--help says more)')
  .parse();

interface Options {
  invitations: number;
  minutes: number;
  seed: number;
  people?: PersonName[];
  faults?: FaultName[];
  product?: string;
}
const { minutes, ...options } = program.opts<Options>();

const given = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => given.abort(new Error(`ended by ${name}`)));

const time = minutes * 60_000;
try {
  const { breaches, figures } = await chaos({
    ...options,
    stormMs: 0.6 * time,
    restMs: 0.4 * time,
    ...(minutes <= 1 ? { isHurried: true, faultMs: [50, 500], lifeMs: [3_000, 8_000], mostUnknown: 0.9 } : {}),
    report: console.log,
    signal: AbortSignal.any([given.signal, AbortSignal.timeout(2 * time + 480_000)]),
  });
  for (const breach of breaches) console.log(`breach: ${breach}`);
  console.log(`chaos: ${figures}`);
  process.exitCode = breaches.length > 0 ? 1 : 0;
} catch (error) {
  console.log(`chaos: it came to no end: ${(error as Error).message} · seed ${options.seed}`);
  process.exitCode = 1;
}
// All it started has ended; a connection that some fault left half open must not keep it.
process.exit();
