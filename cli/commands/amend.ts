import type { Command } from 'commander';
import { act } from '../act.ts';
import { UsageError } from '../exit-codes.ts';
import { findInvitation, invitationArgument } from '../invitations.ts';
import { plain } from '../terminal.ts';
import { type TermsOptions, termsOf, withTerms } from '../terms.ts';
import { reasonOption } from './steer.ts';

export const addAmend = (program: Command): Command =>
  withTerms(
    program
      .command('amend')
      .description('Change a pending invitation. Another address gets a new link, and the old one dies')
      .argument('<invitation>', invitationArgument)
      .option('--email <address>', 'the right address')
      .option(...reasonOption),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  $ usher amend linus@example.com --email linus.t@example.com\n  $ usher amend ada@example.com --license studio --license render',
    )
    .action(
      act(
        async (
          context,
          target: string,
          { email, reason, ...terms }: TermsOptions & { email?: string; reason?: string },
        ) => {
          const body = { ...(email ? { email } : {}), ...termsOf(terms) };
          if (Object.keys(body).length === 0) throw new UsageError('Say what to change: usher amend --help');
          const { id } = await findInvitation(context, target);
          const amended = await context.usher.patch('/v1/invitations/{id}', {
            path: { id },
            body: { ...body, ...(reason ? { reason } : {}) },
          });
          console.log(context.json ? JSON.stringify(amended, null, 2) : `${plain(amended.email)}: changed (${id})`);
          return undefined;
        },
      ),
    );
