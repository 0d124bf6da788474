import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Invitation } from '../../client/index.ts';
import { act, forEach } from '../act.ts';
import { UsageError } from '../exit-codes.ts';
import { minute, plain } from '../terminal.ts';
import { type TermsOptions, termsOf, withTerms } from '../terms.ts';

/** Addresses separated by anything that is in none. */
const addressesIn = (text: string): string[] => text.split(/[\s,;<>"]+/).filter((word) => word.includes('@'));

export const addInvite = (program: Command): Command =>
  withTerms(
    program
      .command('invite')
      .description('Invite people to the organization')
      .argument('[addresses...]', 'whom; - reads them from the standard input, separated by anything')
      .option('--expires-in <duration>', 'ISO 8601, PT1H to P90D'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ usher invite ada@example.com grace@example.com --license studio --message "We start on Monday."
  $ cat addresses.txt | usher invite - --role admin`,
    )
    .action(
      act(async (context, given: string[], { expiresIn, ...terms }: TermsOptions & { expiresIn?: string }) => {
        const addresses = given.filter((one) => one !== '-');
        if (given.includes('-')) addresses.push(...addressesIn(await text(process.stdin)));
        if (addresses.length === 0) throw new UsageError('Say whom to invite: usher invite ada@example.com');
        const organization = await context.organization();
        const body = { ...termsOf(terms), ...(expiresIn ? { expiresIn } : {}) };
        return forEach(
          context,
          [...new Set(addresses)],
          (email) =>
            context.usher.post('/v1/organizations/{organization}/invitations', {
              path: { organization },
              body: { email, ...body },
            }),
          told,
        );
      }),
    );

const told = (_: string, { id, email, expiresAt, warnings }: Invitation): string =>
  [
    `${plain(email)}: invited until ${minute(expiresAt)} (${id})`,
    ...warnings.map(({ detail }) => `  Look twice: ${plain(detail)}`),
  ].join('\n');
