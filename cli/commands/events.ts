import type { Command } from 'commander';
import type { paths } from '../../client/index.ts';
import { act } from '../act.ts';
import { whole } from '../arguments.ts';
import { take } from '../context.ts';
import { eventHeads, eventRow } from '../events.ts';
import { table } from '../terminal.ts';

type Query = NonNullable<paths['/v1/organizations/{organization}/events']['get']['parameters']['query']>;

export const addEvents = (program: Command): Command =>
  program
    .command('events')
    .description('Show the audit log of the organization, oldest first')
    .option('--type <type>', 'only those of this type')
    .option('--actor <id>', 'only what this member, account or API key did')
    .option('--since <time>', 'only those from this time on (ISO 8601)')
    .option('--until <time>', 'only those before this time (ISO 8601)')
    .option('--limit <n>', 'how many at most', whole(1), 100)
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher events --type key_created\n  $ usher events --since 2026-11-24T00:00:00Z --json',
    )
    .action(
      act(async (context, { limit, ...query }: Query & { limit: number }) => {
        const events = context.usher.list('/v1/organizations/{organization}/events', {
          path: { organization: await context.organization() },
          query: { ...query, limit: 100 },
          signal: context.interrupted,
        });
        const { items } = await take(events, limit);
        console.log(
          context.json
            ? JSON.stringify(items, null, 2)
            : table(
                [...eventHeads, 'OF'],
                items.map((event) => [...eventRow(event), event.target.id]),
              ),
        );
        return undefined;
      }),
    );
