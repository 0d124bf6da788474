import type { Command } from 'commander';
import { act, forEach } from '../act.ts';
import { findInvitation, invitationArgument } from '../invitations.ts';
import { minute, plain } from '../terminal.ts';

interface Repeatable {
  idempotencyKey?: string | undefined;
}

interface Reasoned {
  reason?: string;
}
export const reasonOption = ['--reason <text>', 'why, for the audit log; staff must say it'] as const;

export const keyOption = [
  '--idempotency-key <key>',
  'repeat what was asked with this key instead of asking anew',
] as const;
/** With a key of the caller's, what is asked is the same as the first time; else it is new. */
const known = ({ idempotencyKey }: Repeatable) => (idempotencyKey ? { idempotencyKey } : {});

export const addResend = (program: Command): Command =>
  program
    .command('resend')
    .description('Send invitations again and renew their expiry; revives those that expired or were revoked')
    .argument('<invitations...>', invitationArgument)
    .option('--expires-in <duration>', 'ISO 8601, PT1H to P90D; left out: as long as at first')
    .option('--replace-link', 'kill the links sent so far')
    .option(...reasonOption)
    .option(...keyOption)
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher resend ada@example.com\n  $ usher resend ada@example.com --expires-in P3D --replace-link',
    )
    .action(
      act(
        async (
          context,
          targets: string[],
          { idempotencyKey, ...body }: Repeatable & Reasoned & { expiresIn?: string; replaceLink?: true },
        ) =>
          forEach(
            context,
            targets,
            async (target) => {
              const { id } = await findInvitation(context, target);
              return context.usher.post('/v1/invitations/{id}/resend', {
                path: { id },
                body,
                ...known({ idempotencyKey }),
              });
            },
            (_, { id, email, expiresAt }) => `${plain(email)}: sent again, until ${minute(expiresAt)} (${id})`,
          ),
      ),
    );

export const addRevoke = (program: Command): Command =>
  program
    .command('revoke')
    .description('Take invitations back: their links die, and their seats are free; resend brings them back')
    .argument('<invitations...>', invitationArgument)
    .option(...reasonOption)
    .option(...keyOption)
    .addHelpText('after', '\nExamples:\n  $ usher revoke ada@example.com grace@example.com')
    .action(
      act(async (context, targets: string[], { reason, ...options }: Repeatable & Reasoned) =>
        forEach(
          context,
          targets,
          async (target) => {
            const { id } = await findInvitation(context, target);
            return context.usher.post('/v1/invitations/{id}/revoke', {
              path: { id },
              body: reason ? { reason } : {},
              ...known(options),
            });
          },
          (_, { id, email }) => `${plain(email)}: revoked (${id})`,
        ),
      ),
    );

export const addLink = (program: Command): Command =>
  program
    .command('link')
    .description('Print the link of an invitation, to be sent by other means; noted in the audit log')
    .argument('<invitation>', invitationArgument)
    .addHelpText('after', '\nExamples:\n  $ usher link ada@example.com')
    .action(
      act(async (context, target: string) => {
        const { id } = await findInvitation(context, target);
        const link = await context.usher.post('/v1/invitations/{id}/link', { path: { id } });
        console.log(context.json ? JSON.stringify({ id, ...link }, null, 2) : link.url);
        return undefined;
      }),
    );
