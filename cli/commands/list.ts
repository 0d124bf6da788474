import type { Command } from 'commander';
import type { Invitation } from '../../client/index.ts';
import { act } from '../act.ts';
import { whole } from '../arguments.ts';
import { take } from '../context.ts';
import { type Filter, withFilter } from '../filter.ts';
import { minute, table } from '../terminal.ts';

const heads = ['ID', 'ADDRESS', 'STATE', 'EMAIL', 'EXPIRES', 'ROLE', 'LICENCES'];
const row = (i: Invitation) => [
  i.id,
  i.email,
  i.state,
  i.delivery.detail ? `${i.delivery.status} (${i.delivery.detail})` : i.delivery.status,
  i.state === 'pending' ? minute(i.expiresAt) : '',
  i.role,
  i.licenses.join(', '),
];

export const addList = (program: Command): Command =>
  withFilter(program.command('list').description('List invitations, newest first'))
    .option('--limit <n>', 'how many at most', whole(1), 50)
    .option('--all', 'all of them, however many')
    .addHelpText('after', '\nExamples:\n  $ usher list --state pending\n  $ usher list --delivery failed --all --json')
    .action(
      act(async (context, { all, limit: wanted, ...query }: Filter & { all?: true; limit: number }) => {
        const invitations = context.usher.list('/v1/organizations/{organization}/invitations', {
          path: { organization: await context.organization() },
          query: { ...query, limit: 100 },
          signal: context.interrupted,
        });
        const { items, more } = await take(invitations, all ? undefined : wanted);
        if (context.json) console.log(JSON.stringify(items, null, 2));
        else if (items.length > 0) console.log(table(heads, items.map(row)));
        else console.error('There are none. Invite somebody: usher invite ada@example.com');
        if (more) console.error(`These are the newest ${wanted}; --limit or --all shows more.`);
        return undefined;
      }),
    );
