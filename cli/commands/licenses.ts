import { type Command, Option } from 'commander';
import type { License, paths, Seat } from '../../client/index.ts';
import { act } from '../act.ts';
import { whole } from '../arguments.ts';
import { type Context, requireText, take } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { minute, plain, table } from '../terminal.ts';

type Paths = '/v1/organizations/{organization}/licenses';
type Create = paths[Paths]['post']['requestBody']['content']['application/json'];
type Change = paths[`${Paths}/{id}`]['patch']['requestBody']['content']['application/json'];

/** @throws UsageError when the organization has no licence for the product */
async function findLicense({ usher, organization, interrupted: signal }: Context, product: string): Promise<License> {
  const found = usher.list('/v1/organizations/{organization}/licenses', {
    path: { organization: await organization() },
    query: { product },
    signal,
  });
  for await (const license of found) return license;
  throw new UsageError(`The organization has no licence for ${plain(product)}: usher licenses list`);
}

const heads = ['PRODUCT', 'NAME', 'KIND', 'SEATS', 'RESERVED', 'ASSIGNED', 'AVAILABLE', 'ENDS'];
const row = (l: License) => [
  l.product,
  l.name,
  l.kind,
  String(l.quantity),
  String(l.reserved),
  String(l.assigned),
  l.available === null ? 'any' : String(l.available),
  l.expiresAt ? `${minute(l.expiresAt)}${l.state === 'ended' ? ' (ended)' : ''}` : '',
];
const show = ({ json }: Context, license: License): void =>
  console.log(json ? JSON.stringify(license, null, 2) : table(heads, [row(license)]));

const productArgument = 'the product, as invitations name it';
const endOption = ['--expires-at <time>', 'when it ends (ISO 8601); "never" for not at all'] as const;
const endOf = (expiresAt: string | undefined) =>
  expiresAt === undefined ? {} : { expiresAt: expiresAt === 'never' ? null : expiresAt };

export function addLicenses(program: Command): Command {
  const licenses = program
    .command('licenses')
    .description('The licences of the organization, and who holds their seats');

  licenses
    .command('list')
    .description('List licences with their seats, oldest first')
    .addHelpText('after', '\nExamples:\n  $ usher licenses list')
    .action(
      act(async (context) => {
        const all = context.usher.list('/v1/organizations/{organization}/licenses', {
          path: { organization: await context.organization() },
          query: { limit: 100 },
          signal: context.interrupted,
        });
        const { items } = await take(all);
        console.log(context.json ? JSON.stringify(items, null, 2) : table(heads, items.map(row)));
        return undefined;
      }),
    );

  licenses
    .command('add')
    .description('Add a licence of a product')
    .argument('<product>', 'how invitations name it; it never changes')
    .argument('<seats>', 'how many there are', whole(0))
    .option('--name <name>', 'as invited people read it; the product, if left out')
    .addOption(new Option('--kind <kind>', 'floating ones are assigned without limit').choices(['named', 'floating']))
    .option(...endOption)
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher licenses add plotter 5 --name "Plotter Pro" --expires-at 2030-01-01T00:00:00Z',
    )
    .action(
      act(
        async (
          context,
          product: string,
          quantity: number,
          { expiresAt, ...same }: Pick<Create, 'name' | 'kind'> & { expiresAt?: string },
        ) => {
          const made = await context.usher.post('/v1/organizations/{organization}/licenses', {
            path: { organization: await context.organization() },
            body: { product, quantity, ...same, ...endOf(expiresAt) },
          });
          show(context, made);
          return undefined;
        },
      ),
    );

  licenses
    .command('change')
    .description('Change how many seats there are, the name, or when it ends')
    .argument('<product>', productArgument)
    .option('--seats <n>', 'no fewer than are in use', whole(0))
    .option('--name <name>', 'as invited people read it')
    .option(...endOption)
    .addHelpText('after', '\nExamples:\n  $ usher licenses change studio --seats 50')
    .action(
      act(
        async (
          context,
          product: string,
          { seats, name, expiresAt }: { seats?: number; name?: string; expiresAt?: string },
        ) => {
          const body: Change = {
            ...(seats === undefined ? {} : { quantity: seats }),
            ...(name ? { name } : {}),
            ...endOf(expiresAt),
          };
          if (Object.keys(body).length === 0) throw new UsageError('Say what to change: usher licenses change --help');
          const { id } = await findLicense(context, product);
          const path = { organization: await context.organization(), id };
          show(context, await context.usher.patch('/v1/organizations/{organization}/licenses/{id}', { path, body }));
          return undefined;
        },
      ),
    );

  licenses
    .command('seats')
    .description('List who holds seats: members, then pending invitations, each newest first')
    .argument('<product>', productArgument)
    .addOption(new Option('--state <state>', 'only these').choices(['assigned', 'reserved']))
    .option('--email <address>', 'only those of this address')
    .option('--csv', 'as CSV, for spreadsheets')
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher licenses seats studio --state assigned\n  $ usher licenses seats studio --csv > seats.csv',
    )
    .action(
      act(
        async (context, product: string, { csv, ...query }: { csv?: true; state?: Seat['state']; email?: string }) => {
          const { usher, interrupted: signal } = context;
          if (csv) requireText(context);
          const { id } = await findLicense(context, product);
          const path = { organization: await context.organization(), id };
          if (csv) {
            const text = await usher.get('/v1/organizations/{organization}/licenses/{id}/seats.csv', {
              path,
              query,
              signal,
            });
            process.stdout.write(text);
            return undefined;
          }
          const all = usher.list('/v1/organizations/{organization}/licenses/{id}/seats', {
            path,
            query: { ...query, limit: 100 },
            signal,
          });
          const { items: seats } = await take(all);
          if (context.json) console.log(JSON.stringify(seats, null, 2));
          else
            console.log(
              table(
                ['STATE', 'ADDRESS', 'HELD BY', 'SINCE'],
                seats.map((seat) => [
                  seat.state,
                  (seat.member ?? seat.invitation)?.email ?? '',
                  (seat.member ?? seat.invitation)?.id ?? '',
                  minute(seat.since),
                ]),
              ),
            );
          return undefined;
        },
      ),
    );

  for (const [verb, does] of [
    ['assign', 'Give members a seat each, all or none; who has one keeps it'],
    ['unassign', 'Take their seats from members; they are free at once'],
  ] as const)
    licenses
      .command(verb)
      .description(does)
      .argument('<product>', productArgument)
      .argument('<members...>', 'their ids (mem_…)')
      .addHelpText('after', `\nExamples:\n  $ usher licenses ${verb} studio mem_01k9xqj2v3e8gt0d5w6m7n8p9q`)
      .action(
        act(async (context, product: string, members: string[]) => {
          const { id } = await findLicense(context, product);
          const path = { organization: await context.organization(), id };
          const body = { members };
          show(
            context,
            await context.usher.post(`/v1/organizations/{organization}/licenses/{id}/${verb}`, { path, body }),
          );
          return undefined;
        }),
      );

  licenses
    .command('move')
    .description('Give members a seat of another licence for the one they hold')
    .argument('<from>', productArgument)
    .argument('<to>', productArgument)
    .argument('<members...>', 'their ids (mem_…)')
    .addHelpText('after', '\nExamples:\n  $ usher licenses move studio plotter mem_01k9xqj2v3e8gt0d5w6m7n8p9q')
    .action(
      act(async (context, from: string, to: string, members: string[]) => {
        const [{ id }, other] = [await findLicense(context, from), await findLicense(context, to)];
        const path = { organization: await context.organization(), id };
        const moved = await context.usher.post('/v1/organizations/{organization}/licenses/{id}/move', {
          path,
          body: { members, to: other.id },
        });
        console.log(context.json ? JSON.stringify(moved, null, 2) : table(heads, [row(moved.from), row(moved.to)]));
        return undefined;
      }),
    );
  return licenses;
}
