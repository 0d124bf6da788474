import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import type { Invitation } from '../../client/index.ts';
import { act, forEach } from '../act.ts';
import { UsageError } from '../exit-codes.ts';
import { type CsvOptions, inviteByCsv } from '../invite-csv.ts';
import { minute, plain } from '../terminal.ts';
import { type TermsOptions, termsOf, withTerms } from '../terms.ts';
import { keyOption } from './steer.ts';

type Options = TermsOptions & CsvOptions & { expiresIn?: string; csv?: string };

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
    .option(
      '--csv <file>',
      'whom a CSV file names, up to 10,000, and what each is offered: columns email, role, teams, licenses, …; - is the standard input. Waits until their emails have left',
    )
    .addOption(
      new Option('--mode <mode>', 'of CSV: "all" invites nobody while a row cannot be, "valid" the others')
        .choices(['all', 'valid'])
        .default('all'),
    )
    .option('--preview', 'of CSV: say which rows cannot be invited, and invite nobody')
    .option('--results <file>', 'of CSV: write what became of each row, as CSV')
    .option(...keyOption)
    .addHelpText(
      'after',
      `
Examples:
  $ usher invite ada@example.com grace@example.com --license studio --message "We start on Monday."
  $ cat addresses.txt | usher invite - --role admin
  $ usher invite --csv people.csv --mode valid --results results.csv`,
    )
    .action(
      act(async (context, given: string[], options: Options) => {
        const { expiresIn, csv, mode: _, preview, results, idempotencyKey, ...terms } = options;
        const body = { ...termsOf(terms), ...(expiresIn ? { expiresIn } : {}) };
        if (csv !== undefined) {
          if (given.length > 0) throw new UsageError('Give addresses, or --csv: not both.');
          if (Object.keys(body).length > 0)
            throw new UsageError('The file says what each is offered: give it columns role, licenses, and so on.');
          return inviteByCsv(context, csv, options);
        }
        if (preview || results || idempotencyKey)
          throw new UsageError('--preview, --results and --idempotency-key are for --csv.');
        const addresses = given.filter((one) => one !== '-');
        if (given.includes('-')) addresses.push(...addressesIn(await text(process.stdin)));
        if (addresses.length === 0) throw new UsageError('Say whom to invite: usher invite ada@example.com');
        const organization = await context.organization();
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
