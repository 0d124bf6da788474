import path from 'node:path';
import { parseArgs } from 'node:util';
import { killChildren } from './child.ts';
import { type LocalAddresses, startLocal } from './local.ts';
import { LocalError } from './local-error.ts';

const help = `Usage: npm start -- [options]

Runs all of Usher on this machine: Postgres, Temporal, a mail sandbox, an identity provider, the worker and the API.

  --state DIR      keep everything in DIR (default .usher)
  --port-base N    use the ports N to N+5 (default 4400); several can run side by side
  --help           show this
`;

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        state: { type: 'string', default: '.usher' },
        'port-base': { type: 'string', default: '4400' },
        help: { type: 'boolean', default: false },
      },
    });
    const portBase = Number(values['port-base']);
    if (!Number.isInteger(portBase) || portBase < 1024 || portBase > 65_530)
      throw new LocalError(`--port-base ${values['port-base']} is not a whole number from 1024 to 65530.`);
    return { state: values.state, portBase, help: values.help };
  } catch (error) {
    throw new LocalError(`${(error as Error).message.split('. ')[0]!.replace(/\.?$/, '.')} See npm start -- --help.`);
  }
}

/** Aborts at the first Ctrl-C (or SIGTERM, or a closed terminal); ends everything at once at the second. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (first === 0) {
      first = Date.now();
      console.log('\nStopping… (Ctrl-C again to hurry)');
      controller.abort();
      // One Ctrl-C comes twice: from the terminal, and passed on by npm.
    } else if (Date.now() - first > 500) {
      killChildren();
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  return controller.signal;
}

function table(a: LocalAddresses): string {
  const rows = [
    ['Home', `${a.api}/`],
    ['Console', a.console],
    ['API', `${a.api}/docs`],
    ['Inbox', `${a.inbox}/`],
    ['Temporal UI', a.temporalUi],
    ['Temporal', a.temporal],
    ['Identity provider', a.issuer],
    ['Database', a.database],
    ['API key', a.apiKey],
    ['Sign in as', a.owner.email],
    ['Password', a.owner.password],
  ] as const;
  return rows.map(([name, value]) => `  ${name.padEnd(19)}${value}`).join('\n');
}

const interrupted = interruption();
try {
  const { help: helpWanted, ...options } = readOptions(process.argv.slice(2));
  if (helpWanted) {
    console.log(help);
    process.exit();
  }
  const local = await startLocal({ ...options, signal: interrupted, report: (line) => console.log(line) });
  console.log(`
Usher is ready after ${(performance.now() / 1000).toFixed(1)} s.

${table(local.addresses)}

All of it lives in ${options.state}, these addresses in ${path.join(options.state, 'local.json')}. Ctrl-C stops everything.
`);
  const failure = await Promise.race([
    local.failure,
    new Promise<undefined>((resolve) => {
      if (interrupted.aborted) resolve(undefined);
      interrupted.addEventListener('abort', () => resolve(undefined));
    }),
  ]);
  if (failure) {
    console.error(`${failure} Stopping the rest.`);
    process.exitCode = 1;
  }
  await local.stop();
  console.log('Stopped.');
} catch (error) {
  if (interrupted.aborted) console.log('Stopped.');
  else {
    console.error(error instanceof LocalError ? error.message : error);
    process.exitCode = 1;
  }
}
// Nothing may keep a stopped Usher alive.
process.exit();
