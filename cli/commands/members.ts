import { Argument, type Command, Option } from 'commander';
import type { Member, paths } from '../../client/index.ts';
import { act } from '../act.ts';
import { several, whole } from '../arguments.ts';
import { type Context, requireText, take } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { minute, plain, table } from '../terminal.ts';
import { reasonOption } from './steer.ts';

const route = '/v1/organizations/{organization}/members';
type Query = NonNullable<paths[`${typeof route}.csv`]['get']['parameters']['query']>;
type Change = paths[typeof route]['patch']['requestBody']['content']['application/json'];

const heads = ['ID', 'NAME', 'ADDRESS', 'ROLE', 'JOINED', 'LAST HERE', 'TEAMS', 'LICENCES'];
const row = (m: Member) => [
  m.id,
  m.name,
  m.email,
  m.state === 'removed' ? `${m.role} (removed)` : m.role,
  minute(m.joinedAt),
  m.lastAccessAt ? minute(m.lastAccessAt) : '',
  m.teams.join(', '),
  m.licenses.join(', '),
];

const membersArgument = 'their ids (mem_…), or verified addresses; at most 100';
const roles = ['member', 'billing_manager', 'admin', 'owner'] as const;

/** The ids of members that arguments mean: an id, or the verified address of an active one. @throws UsageError */
async function idsOf({ usher, organization, interrupted: signal }: Context, those: readonly string[]) {
  const path = { organization: await organization() };
  const ids: string[] = [];
  for (const one of those) {
    if (!one.includes('@')) {
      ids.push(one);
      continue;
    }
    const { items } = await take(usher.list(route, { path, query: { email: one, limit: 100 }, signal }));
    if (items.length !== 1)
      throw new UsageError(
        items.length === 0
          ? `No member of the organization has the verified address ${plain(one)}: usher members list`
          : `Several members have the address ${plain(one)}; say which by their ids: ${items.map(({ id }) => id).join(' ')}`,
      );
    ids.push(items[0]!.id);
  }
  return [...new Set(ids)];
}

/** Changes members, all of them or none, and shows them. */
async function change(context: Context, those: readonly string[], body: Omit<Change, 'members'>): Promise<undefined> {
  const members = await idsOf(context, those);
  const { items } = await context.usher.patch(route, {
    path: { organization: await context.organization() },
    body: { members, ...body },
  });
  console.log(context.json ? JSON.stringify(items, null, 2) : table(heads, items.map(row)));
  return undefined;
}

export function addMembers(program: Command): Command {
  const members = program
    .command('members')
    .description('The members of the organization. Changes are made to all that are named, or to none');

  members
    .command('list')
    .description('List members, the newest first')
    .addOption(new Option('--state <state>', 'active ones, if left out').choices(['active', 'removed']))
    .option('--email <address>', 'only who has this verified address')
    .option('--search <text>', 'only those with this in their name or address')
    .addOption(new Option('--role <role>', 'only those of this role').choices(roles))
    .option('--team <name>', 'only those of this team')
    .option('--license <product>', 'only those who hold a seat of this product')
    .option('--joined-after <time>', 'only those who joined after this time (ISO 8601)')
    .option('--joined-before <time>', 'only those who joined before it')
    .option('--last-access-after <time>', 'only those who were here after this time (ISO 8601)')
    .option('--last-access-before <time>', 'only those who were here last before it')
    .option('--limit <n>', 'how many at most', whole(1), 50)
    .option('--all', 'all of them, however many')
    .option('--csv', 'all of them as CSV, for spreadsheets')
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher members list --role admin\n  $ usher members list --last-access-before 2026-01-01T00:00:00Z --csv > unused.csv',
    )
    .action(
      act(async (context, { all, csv, limit: wanted, ...query }: Query & { all?: true; csv?: true; limit: number }) => {
        const { usher, interrupted: signal } = context;
        if (csv) requireText(context);
        const path = { organization: await context.organization() };
        if (csv) {
          process.stdout.write(await usher.get(`${route}.csv`, { path, query, signal }));
          return undefined;
        }
        const found = usher.list(route, { path, query: { ...query, limit: 100 }, signal });
        const { items, more } = await take(found, all ? undefined : wanted);
        if (context.json) console.log(JSON.stringify(items, null, 2));
        else if (items.length > 0) console.log(table(heads, items.map(row)));
        else console.error('There are none. Who accepts an invitation is one: usher invite ada@example.com');
        if (more) console.error(`These are the newest ${wanted}; --limit or --all shows more.`);
        return undefined;
      }),
    );

  members
    .command('role')
    .description('Give members another role; nobody grants above their own')
    .addArgument(new Argument('<role>', 'at most your own').choices(roles))
    .argument('<members...>', membersArgument)
    .option(...reasonOption)
    .addHelpText('after', '\nExamples:\n  $ usher members role admin ada@example.com grace@example.com')
    .action(
      act((context, role: NonNullable<Change['role']>, those: string[], options: { reason?: string }) =>
        change(context, those, { role, ...options }),
      ),
    );

  members
    .command('teams')
    .description('Say of which teams members are, instead of those that they are of')
    .argument('<members...>', membersArgument)
    .option('--team <name>', 'a team; can be given several times; left out: they are of none', several)
    .option(...reasonOption)
    .addHelpText('after', '\nExamples:\n  $ usher members teams ada@example.com --team Design --team Research')
    .action(
      act((context, those: string[], { team = [], ...options }: { team?: string[]; reason?: string }) =>
        change(context, those, { teams: team, ...options }),
      ),
    );

  members
    .command('remove')
    .description('Remove members: their access ends at once, and their seats are free; an invitation brings them back')
    .argument('<members...>', membersArgument)
    .option(...reasonOption)
    .addHelpText('after', '\nExamples:\n  $ usher members remove ada@example.com')
    .action(
      act((context, those: string[], options: { reason?: string }) =>
        change(context, those, { state: 'removed', ...options }),
      ),
    );
  return members;
}
