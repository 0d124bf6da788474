import { Command } from 'commander';
import { endSessions, listAccounts } from '../db/accounts.ts';
import { withDatabase } from './with-database.ts';

/** `sign-out`: ends all sessions of a person. */
export const signOut = new Command('sign-out')
  .description('signs a person out of Usher everywhere; at the identity provider they stay signed in')
  .argument('<who>', 'their email address, or the id of their account (acc_…)')
  .action(async (who: string, _options: object, command: Command) => {
    const ended = await withDatabase(async (db) => {
      const accounts = await listAccounts(db, who);
      if (accounts.length === 0) command.error('There is no account of this address or id.');
      return Promise.all(accounts.map((account) => endSessions(db, account, { kind: 'support', id: null })));
    });
    console.log(`sessions ended: ${ended.reduce((sum, n) => sum + n, 0)}, of accounts: ${ended.length}`);
  });
