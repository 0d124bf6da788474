import type { Command } from 'commander';
import type { paths } from '../client/index.ts';
import { note, several } from './arguments.ts';

type Body = paths['/v1/organizations/{organization}/invitations']['post']['requestBody']['content']['application/json'];

/** What an invitation offers, as options of a command. */
export interface TermsOptions {
  role?: NonNullable<Body['role']>;
  team?: string[];
  license?: string[];
  message?: string;
  locale?: string;
  redirectUrl?: string;
  metadata?: Record<string, string>;
}

/** Gives a command the options of {@link TermsOptions}. */
export const withTerms = (command: Command): Command =>
  command
    .option('--role <role>', 'member, billing_manager, admin or owner')
    .option('--team <name>', 'a team; can be given several times', several)
    .option('--license <product>', 'a licence, whose seat is reserved; can be given several times', several)
    .option('--message <text>', 'your own words for the email and the page')
    .option('--locale <tag>', 'language of its email and pages, such as de-CH')
    .option('--redirect-url <url>', 'where the page takes the person who joins')
    .option('--metadata <name=value>', 'a note of your own; can be given several times', note);

/** The options as the API has them. */
export const termsOf = ({ team, license, role, message, locale, redirectUrl, metadata }: TermsOptions) => ({
  ...(role ? { role } : {}),
  ...(team ? { teams: team } : {}),
  ...(license ? { licenses: license } : {}),
  ...(message === undefined ? {} : { message }),
  ...(locale ? { locale } : {}),
  ...(redirectUrl ? { redirectUrl } : {}),
  ...(metadata ? { metadata } : {}),
});
