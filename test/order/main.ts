import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

/** `npm run order`: the property tests of `npm test`, for as long as wanted. */

const count = (text: string): string => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a number from 1');
  return text;
};

const program = new Command('npm run order --')
  .description(
    'Random sequences of events and times, held against a plain model of what invitations must come to: through the ' +
      'chart alone, through chart, commit and Postgres, and through the workflow on Temporal. One that fails is shrunk and printed ' +
      'with its seed.',
  )
  .option('--runs <n>', 'sequences through each layer; through the chart alone ten times as many', count, '2000')
  .option('--seed <n>', 'the same sequences again', count)
  .option('--layer <layer>', 'only this one: chart, database or workflow')
  .showHelpAfterError()
  .parse();
const { runs, seed, layer } = program.opts<{ runs: string; seed?: string; layer?: string }>();

const vitest = path.join(import.meta.dirname, '../../node_modules/.bin/vitest');
const child = spawn(vitest, ['run', '--project', '!browser', `test/order/${layer ?? ''}`], {
  stdio: 'inherit',
  env: { ...process.env, USHER_ORDER_RUNS: runs, USHER_ORDER_SEED: seed ?? String(Date.now() % 2 ** 31) },
});
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
