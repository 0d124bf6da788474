import type { Command } from 'commander';
import type { Batch } from '../../client/index.ts';
import { act } from '../act.ts';
import { whole } from '../arguments.ts';
import { take } from '../context.ts';
import { endingOf } from '../exit-codes.ts';
import { asJsonLines, forPeople, tellBatch, watchBatch } from '../progress.ts';
import { minute, table } from '../terminal.ts';

const heads = ['ID', 'MADE', 'STATE', 'ROWS', 'NOT INVITED', 'MAILED', 'UNDELIVERABLE', 'JOINED'];
const row = ({ id, createdAt, state, counts }: Batch) => [
  id,
  minute(createdAt),
  state,
  ...[counts.rows, counts.refused, counts.mailed, counts.undeliverable, counts.accepted].map(String),
];

const idArgument = 'its id (bat_…)';

export function addBatch(program: Command): Command {
  const batch = program.command('batch').description('People who were invited at once: usher invite --csv');
  batch
    .command('list')
    .description('List batches, newest first')
    .option('--limit <n>', 'how many at most', whole(1), 50)
    .addHelpText('after', '\nExamples:\n  $ usher batch list')
    .action(
      act(async (context, { limit }: { limit: number }) => {
        const batches = context.usher.list('/v1/organizations/{organization}/invitation-batches', {
          path: { organization: await context.organization() },
          query: { limit: Math.min(limit, 100) },
          signal: context.interrupted,
        });
        const { items, more } = await take(batches, limit);
        if (context.json) console.log(JSON.stringify(items, null, 2));
        else if (items.length > 0) console.log(table(heads, items.map(row)));
        else console.error('There are none. Invite many at once: usher invite --csv people.csv');
        if (more) console.error(`These are the newest ${limit}; --limit shows more.`);
        return undefined;
      }),
    );
  batch
    .command('watch')
    .description(
      'Follow a batch until all its emails have left: a bar on a terminal, lines elsewhere, with --json an object a line',
    )
    .argument('<batch>', idArgument)
    .addHelpText('after', '\nExamples:\n  $ usher batch watch bat_01k9xqj2v3e8gt0d5w6m7n8p9q')
    .action(
      act(async (context, id: string) => {
        try {
          const done = await watchBatch(context, id, context.json ? asJsonLines() : forPeople());
          if (!context.json) console.log(tellBatch(done));
        } catch (error) {
          if (endingOf(error) === 'interrupted' && !context.json)
            console.error(`The batch goes on. To revoke what is still open of it: usher batch cancel ${id}`);
          throw error;
        }
        return undefined;
      }),
    );
  batch
    .command('cancel')
    .description('Revoke what is still open of a batch; who has joined stays')
    .argument('<batch>', idArgument)
    .addHelpText('after', '\nExamples:\n  $ usher batch cancel bat_01k9xqj2v3e8gt0d5w6m7n8p9q')
    .action(
      act(async (context, id: string) => {
        const cancelled = await context.usher.post('/v1/invitation-batches/{id}/cancel', { path: { id } });
        console.log(context.json ? JSON.stringify(cancelled, null, 2) : tellBatch(cancelled));
        return undefined;
      }),
    );
  return batch;
}
