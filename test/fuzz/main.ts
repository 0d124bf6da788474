import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startLocal } from '../../local/local.ts';
import { LocalError } from '../../local/local-error.ts';
import { example } from '../../local/seed.ts';
import { fuzz, gaps } from './schemathesis.ts';

/** `npm run fuzz`: random requests from the API's own OpenAPI document, against a whole Usher of its own. */

const whole = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a number from 1');
  return Number(text);
};
const program = new Command('npm run fuzz --')
  .description(
    'Starts a whole Usher on this machine, makes requests to its API from its own OpenAPI document (valid, invalid, edge cases, random ' +
      'ones, sequences; Schemathesis makes them), and checks every answer against the document. Ends with one line of figures, and with 1 ' +
      'if there was a server error, an answer that is not as described, or an operation never carried out.',
  )
  .option('--examples <n>', 'requests of each kind to each operation', whole, 100)
  .option('--seconds <n>', 'for how long, at most', whole, 300)
  .option('--seed <n>', 'the same requests again', whole)
  .option('--port-base <n>', 'use the ports from here', whole, 4500)
  .showHelpAfterError()
  .parse();
const { examples, seconds, seed, portBase } = program.opts<{
  examples: number;
  seconds: number;
  seed?: number;
  portBase: number;
}>();

const state = await mkdtemp(path.join(tmpdir(), 'usher-fuzz-'));
try {
  const local = await startLocal({ state, portBase, report: console.log });
  try {
    const findings = await fuzz({
      url: local.addresses.api,
      key: local.addresses.apiKey,
      issuer: example.issuer,
      examples,
      seconds,
      ...(seed === undefined ? {} : { seed }),
      report: console.log,
      log: async () => (await readFile(path.join(state, 'usher.log'), 'utf8')).split('\n'),
    });
    const wrong = gaps(findings);
    for (const line of wrong) console.log(line);
    console.table(findings.statuses);
    const operations = Object.keys(findings.statuses).length;
    console.log(
      `fuzz: ${findings.requests} requests to ${operations} operations, ${findings.passed ? 'no' : 'some'} contract violations, ${wrong.length} gaps`,
    );
    if (!findings.passed || wrong.length > 0) process.exitCode = 1;
  } finally {
    await local.stop();
  }
} catch (error) {
  console.error(error instanceof LocalError ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(state, { recursive: true, force: true });
}
process.exit();
