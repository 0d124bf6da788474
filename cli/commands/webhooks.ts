import { type Command, Option } from 'commander';
import type { paths, Webhook, WebhookMessage } from '../../client/index.ts';
import { act, forEach } from '../act.ts';
import { several, whole } from '../arguments.ts';
import { type Context, take } from '../context.ts';
import { minute, plain, table } from '../terminal.ts';

const all = '/v1/organizations/{organization}/webhooks';
const one = `${all}/{id}` as const;
type Create = paths[typeof all]['post']['requestBody']['content']['application/json'];

const standing = ({ disabled, failingSince }: Webhook): string => {
  if (disabled) return `disabled ${minute(disabled.at)} (${disabled.why})`;
  return failingSince ? `failing since ${minute(failingSince)}` : 'works';
};
const heads = ['ID', 'STATE', 'TOLD', 'ADDRESS'];
const row = (webhook: Webhook) => [
  webhook.id,
  standing(webhook),
  webhook.types.join(', ') || 'everything',
  webhook.url,
];
const messageHeads = ['ID', 'TYPE', 'STATE', 'ATTEMPTS', 'ANSWER', 'WHEN', 'NEXT'];
const messageRow = (message: WebhookMessage) => [
  message.id,
  message.type,
  message.state,
  String(message.attempts),
  message.lastAnswer ?? '',
  minute(message.createdAt),
  message.nextAttemptAt ? minute(message.nextAttemptAt) : '',
];

const idArgument = ['<id>', 'its id (whk_…)'] as const;
const pathTo = async (context: Context, id: string) => ({ organization: await context.organization(), id });

/** Prints a secret, which is to be had this once, alone on the output. */
function tell({ json }: Context, made: Webhook & { secret: string | null }): void {
  if (json) console.log(JSON.stringify(made, null, 2));
  else {
    console.error(`${made.id} tells ${plain(made.url)}. Keep its secret now; it is not shown again.`);
    console.log(made.secret);
  }
}

export function addWebhooks(program: Command): Command {
  const webhooks = program.command('webhooks').description('Programs that are told what happens');

  webhooks
    .command('add')
    .description('Add a webhook. Its secret is printed this once')
    .argument('<url>', 'where messages are sent to')
    .option(
      '--type <type>',
      'what it is told, such as member.joined; can be given several times; everything, if left out',
      several,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher webhooks add https://app.example.com/webhooks --type member.joined > secret.txt',
    )
    .action(
      act(async (context, url: string, { type: types }: { type?: NonNullable<Create['types']> }) => {
        const path = { organization: await context.organization() };
        const made = await context.usher.post(all, { path, body: { url, ...(types ? { types } : {}) } });
        // The answer that had it got lost on the way: nobody will ever know it.
        tell(
          context,
          made.secret === null ? await context.usher.post(`${one}/rotate`, { path: { ...path, id: made.id } }) : made,
        );
        return undefined;
      }),
    );

  webhooks
    .command('list')
    .description('List webhooks, newest first, and how they fare')
    .addHelpText('after', '\nExamples:\n  $ usher webhooks list')
    .action(
      act(async (context) => {
        const path = { organization: await context.organization() };
        const { items } = await take(context.usher.list(all, { path, signal: context.interrupted }));
        console.log(context.json ? JSON.stringify(items, null, 2) : table(heads, items.map(row)));
        return undefined;
      }),
    );

  webhooks
    .command('messages')
    .description('List what a webhook was told in the last 30 days, newest first')
    .argument(...idArgument)
    .addOption(new Option('--state <state>', 'only those in this state').choices(['waiting', 'delivered', 'failed']))
    .addOption(new Option('--limit <n>', 'how many at most').argParser(whole(1)).default(100))
    .addHelpText('after', '\nExamples:\n  $ usher webhooks messages whk_01k9xqj2v3e8gt0d5w6m7n8p9q --state failed')
    .action(
      act(async (context, id: string, { limit, state }: { limit: number; state?: WebhookMessage['state'] }) => {
        const path = await pathTo(context, id);
        const query = state ? { state } : {};
        const list = context.usher.list(`${one}/messages`, { path, query, signal: context.interrupted });
        const { items } = await take(list, limit);
        console.log(context.json ? JSON.stringify(items, null, 2) : table(messageHeads, items.map(messageRow)));
        return undefined;
      }),
    );

  webhooks
    .command('test')
    .description('Send a webhook a message that tells nothing, to try it')
    .argument(...idArgument)
    .addHelpText('after', '\nExamples:\n  $ usher webhooks test whk_01k9xqj2v3e8gt0d5w6m7n8p9q')
    .action(
      act(async (context, id: string) => {
        await context.usher.post(`${one}/test`, { path: await pathTo(context, id) });
        if (!context.json)
          console.log(`${plain(id)}: a test message is on its way (usher webhooks messages ${plain(id)})`);
        return undefined;
      }),
    );

  webhooks
    .command('rotate')
    .description('Give a webhook a new secret, printed this once; the one before signs too for a day')
    .argument(...idArgument)
    .addHelpText('after', '\nExamples:\n  $ usher webhooks rotate whk_01k9xqj2v3e8gt0d5w6m7n8p9q > secret.txt')
    .action(
      act(async (context, id: string) => {
        const rotate = async () => context.usher.post(`${one}/rotate`, { path: await pathTo(context, id) });
        const rotated = await rotate();
        tell(context, rotated.secret === null ? await rotate() : rotated);
        return undefined;
      }),
    );

  webhooks
    .command('resend')
    .description('Send once more what failed, the oldest first')
    .argument(...idArgument)
    .requiredOption('--since <time>', 'only what happened from this time on (ISO 8601)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher webhooks resend whk_01k9xqj2v3e8gt0d5w6m7n8p9q --since 2026-11-24T00:00:00Z',
    )
    .action(
      act(async (context, id: string, { since }: { since: string }) => {
        const path = await pathTo(context, id);
        const resent = await context.usher.post(`${one}/resend`, { path, body: { since } });
        if (context.json) console.log(JSON.stringify(resent, null, 2));
        else console.log(`${resent.resent} are sent again${resent.more ? '; there are more: repeat it' : ''}`);
        return undefined;
      }),
    );

  for (const [name, disabled, description] of [
    ['enable', false, 'Enable webhooks again: what has waited is sent'],
    ['disable', true, 'Disable webhooks: what happens is kept for 30 days'],
  ] as const)
    webhooks
      .command(name)
      .description(description)
      .argument('<ids...>', 'their ids (whk_…)')
      .addHelpText('after', `\nExamples:\n  $ usher webhooks ${name} whk_01k9xqj2v3e8gt0d5w6m7n8p9q`)
      .action(
        act(async (context, ids: string[]) =>
          forEach(
            context,
            ids,
            async (id) => context.usher.patch(one, { path: await pathTo(context, id), body: { disabled } }),
            (id, webhook) => `${id}: ${standing(webhook)}`,
          ),
        ),
      );

  webhooks
    .command('remove')
    .description('Remove webhooks; what they have not been told they never will be')
    .argument('<ids...>', 'their ids (whk_…)')
    .addHelpText('after', '\nExamples:\n  $ usher webhooks remove whk_01k9xqj2v3e8gt0d5w6m7n8p9q')
    .action(
      act(async (context, ids: string[]) =>
        forEach(
          context,
          ids,
          async (id) => context.usher.delete(one, { path: await pathTo(context, id) }),
          (id, { url }) => `${id}: removed (${plain(url)})`,
        ),
      ),
    );
  return webhooks;
}
