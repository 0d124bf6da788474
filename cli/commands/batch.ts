import type { Command } from 'commander';
import type { Batch } from '../../client/index.ts';
import { act } from '../act.ts';
import { whole } from '../arguments.ts';
import { type Context, take } from '../context.ts';
import { endingOf, UsageError } from '../exit-codes.ts';
import { type Filter, withFilter } from '../filter.ts';
import { asJsonLines, forPeople, tellBatch, watchBatch } from '../progress.ts';
import { minute, plain, table } from '../terminal.ts';
import { reasonOption } from './steer.ts';

const heads = ['ID', 'WHAT', 'MADE', 'STATE', 'ROWS', 'DONE', 'REFUSED', 'JOINED'];
const row = ({ id, kind, createdAt, state, counts }: Batch) => [
  id,
  kind,
  minute(createdAt),
  state,
  ...[counts.rows, counts.done, counts.refused, counts.accepted].map(String),
];

const idArgument = 'its id (bat_…)';

export function addBatch(program: Command): Command {
  const batch = program
    .command('batch')
    .description('Many at once: people who were invited (usher invite --csv), and acts on many invitations');
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
        await watch(context, id);
        return undefined;
      }),
    );
  for (const [verb, does] of [
    ['resend', 'Send all invitations that match again, and renew their expiry'],
    ['revoke', 'Take all invitations that match back'],
  ] as const)
    withFilter(batch.command(verb).description(`${does}: up to 10,000, as a batch that is then watched`))
      .option(...reasonOption)
      .addHelpText('after', `\nExamples:\n  $ usher batch ${verb} --state pending --created-after 2026-11-01T00:00:00Z`)
      .action(
        act(async (context, { reason, ...filter }: Filter & { reason?: string }) => {
          if (Object.keys(filter).length === 0) throw new UsageError(`Say which: usher batch ${verb} --help`);
          const { id } = await context.usher.post(`/v1/organizations/{organization}/invitation-batches/${verb}`, {
            path: { organization: await context.organization() },
            body: { filter, ...(reason ? { reason } : {}) },
          });
          const done = await watch(context, id);
          if (done.counts.refused === 0) return undefined;
          if (!context.json) await tellRefused(context, id);
          return 'refused';
        }),
      );
  batch
    .command('cancel')
    .description(
      'Revoke what is still open of a batch, who has joined stays; or carry its act out on no more invitations',
    )
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

/** Follows a batch to its end, and tells it. */
async function watch(context: Context, id: string): Promise<Batch> {
  try {
    const done = await watchBatch(context, id, context.json ? asJsonLines() : forPeople());
    if (!context.json) console.log(tellBatch(done));
    return done;
  } catch (error) {
    if (endingOf(error) === 'interrupted' && !context.json)
      console.error(`The batch goes on. To stop it: usher batch cancel ${id}`);
    throw error;
  }
}

/** So many are told; the API has them all. */
const mostTold = 100;

/** On which invitations an act was not carried out. */
async function tellRefused({ usher, interrupted: signal }: Context, id: string): Promise<void> {
  const all = usher.list('/v1/invitation-batches/{id}/results', {
    path: { id },
    query: { refused: true, limit: 100 },
    signal,
  });
  const { items, more } = await take(all, mostTold);
  for (const { email, invitation, detail } of items) console.error(plain(`${email ?? invitation}: ${detail}`));
  if (more) console.error('… and more.');
}
