import { type Command, Option } from 'commander';
import type { Invitation, paths } from '../../client/index.ts';
import { deliveryStatuses, invitationStates } from '../../statecharts/invitation.ts';
import { act } from '../act.ts';
import { whole } from '../arguments.ts';
import { take } from '../context.ts';
import { minute, table } from '../terminal.ts';

type Query = NonNullable<paths['/v1/organizations/{organization}/invitations']['get']['parameters']['query']>;

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
  program
    .command('list')
    .description('List invitations, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(invitationStates))
    .addOption(new Option('--delivery <status>', 'only those whose email got this far').choices(deliveryStatuses))
    .option('--email <address>', 'only those for this address')
    .option('--license <product>', 'only those with a licence for this product')
    .option('--role <role>', 'only those to this role')
    .option('--created-after <time>', 'only those created after this time (ISO 8601)')
    .option('--limit <n>', 'how many at most', whole(1), 50)
    .option('--all', 'all of them, however many')
    .addHelpText('after', '\nExamples:\n  $ usher list --state pending\n  $ usher list --delivery failed --all --json')
    .action(
      act(async (context, { all, limit: wanted, ...query }: Query & { all?: true; limit: number }) => {
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
