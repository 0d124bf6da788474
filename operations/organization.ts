import { Command } from 'commander';
import { installationIssuers } from '../config.ts';
import { registerTrust } from '../db/organizations.ts';
import { withDatabase } from './with-database.ts';

interface Options {
  /** False: none. */
  issuer?: string | false;
  origin?: string[] | false;
}

/** `organization`: registers whom an organization trusts. */
export const organization = new Command('organization')
  .description("registers an organization's identity provider and origins; shows what is registered")
  .argument('<slug>', 'the organization')
  .option('--issuer <url>', 'the issuer of its own people: its API keys may vouch for them, its bearer tokens count')
  .option('--no-issuer', 'takes its issuer away: those who joined stay, nobody else of it can join')
  .option('--origin <origin...>', 'where invitations may lead members, besides its home URL: all of them anew')
  .option('--no-origin', 'takes its origins away')
  .action(async (slug: string, { issuer, origin }: Options, command: Command) => {
    const installation = installationIssuers(process.env);
    const changes = {
      ...(issuer === undefined ? {} : { issuer: issuer || null }),
      ...(origin === undefined ? {} : { origins: origin || [] }),
    };
    const registered = await withDatabase((db) => registerTrust(db, slug, changes, installation)).catch((error) => {
      if (error instanceof RangeError) command.error(error.message);
      throw error;
    });
    const { home_url, origins } = registered;
    console.log(
      `${slug}: issuer ${registered.issuer ?? 'none'}, home ${home_url ?? 'none'}, origins ${origins.join(' ') || 'none'}`,
    );
  });
