import { type Command, Option } from 'commander';
import type { ApiKey, paths } from '../../client/index.ts';
import { act, forEach } from '../act.ts';
import { several } from '../arguments.ts';
import { take } from '../context.ts';
import { minute, plain, table } from '../terminal.ts';

type Body = paths['/v1/organizations/{organization}/api-keys']['post']['requestBody']['content']['application/json'];

const heads = ['ID', 'NAME', 'ROLE', 'SCOPES', 'MADE', 'BY', 'EXPIRES', 'REVOKED'];
const row = (key: ApiKey) => [
  key.id,
  key.name,
  key.role,
  key.scopes.join(', '),
  minute(key.createdAt),
  key.createdBy.email,
  key.expiresAt ? minute(key.expiresAt) : '',
  key.revokedAt ? minute(key.revokedAt) : '',
];

export function addKeys(program: Command): Command {
  const keys = program.command('keys').description('The API keys of the organization');
  keys
    .command('create')
    .description('Make an API key. Its secret is printed this once, and stored nowhere')
    .argument('<name>', 'what it is for')
    .requiredOption('--scope <scope>', 'read, invite, manage or act; can be given several times', several)
    .addOption(new Option('--role <role>', 'it grants this role at most').default('member'))
    .option('--expires-at <time>', 'when it ends by itself (ISO 8601); never if left out')
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher keys create "Sign-up page" --scope invite\n  $ usher keys create CI --role admin --scope read --scope manage --expires-at 2030-01-01T00:00:00Z > key.txt',
    )
    .action(
      act(
        async (
          context,
          name: string,
          { scope: scopes, ...same }: { scope: Body['scopes']; role: NonNullable<Body['role']>; expiresAt?: string },
        ) => {
          const { usher } = context;
          const path = { organization: await context.organization() };
          const make = () =>
            usher.post('/v1/organizations/{organization}/api-keys', { path, body: { name, scopes, ...same } });
          let made = await make();
          if (made.secret === null) {
            // The answer that had it got lost on the way: nobody will ever know it.
            await usher.delete('/v1/organizations/{organization}/api-keys/{id}', { path: { ...path, id: made.id } });
            made = await make();
          }
          if (context.json) console.log(JSON.stringify(made, null, 2));
          else {
            console.error(
              `${made.id} grants ${made.role} at most, and may: ${made.scopes.join(', ')}. Keep its secret now; it is not shown again.`,
            );
            console.log(made.secret);
          }
          return undefined;
        },
      ),
    );
  keys
    .command('list')
    .description('List API keys, newest first, those that are revoked included')
    .addHelpText('after', '\nExamples:\n  $ usher keys list')
    .action(
      act(async (context) => {
        const all = context.usher.list('/v1/organizations/{organization}/api-keys', {
          path: { organization: await context.organization() },
          query: { limit: 100 },
          signal: context.interrupted,
        });
        const { items } = await take(all);
        console.log(context.json ? JSON.stringify(items, null, 2) : table(heads, items.map(row)));
        return undefined;
      }),
    );
  keys
    .command('revoke')
    .description('Revoke API keys, at once and for ever')
    .argument('<ids...>', 'their ids (key_…)')
    .addHelpText('after', '\nExamples:\n  $ usher keys revoke key_01k9xqj2v3e8gt0d5w6m7n8p9q')
    .action(
      act(async (context, ids: string[]) => {
        const path = { organization: await context.organization() };
        return forEach(
          context,
          ids,
          (id) => context.usher.delete('/v1/organizations/{organization}/api-keys/{id}', { path: { ...path, id } }),
          (id, { name }) => `${id}: revoked (${plain(name)})`,
        );
      }),
    );
  return keys;
}
