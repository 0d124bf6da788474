import { Command, Option } from 'commander';
import { installationIssuers } from '../config.ts';
import { insertApiKey, newApiKey, revokeApiKey, type StaffScope, staffScopes } from '../db/api-keys.ts';
import { isId } from '../db/ids.ts';
import { listStaff, staffScopesOf } from '../db/staff.ts';
import { isAmong } from '../identity/issuers.ts';
import { withDatabase } from './with-database.ts';

interface Options {
  scope: StaffScope;
  name: string;
}

/** `staff-key`: an API key for a program of the staff, such as a help desk. */
export const staffKey = new Command('staff-key')
  .description(
    'makes an API key that may in every organization what staff may, and prints it once; or revokes an API key',
  )
  .argument(
    '<who>',
    'the staff in whose name it is: their email address, or the id of their account (acc_…); or the id of a key (key_…) to revoke',
  )
  .addOption(new Option('--scope <scope>', 'what it may').choices([...staffScopes]).default('support'))
  .option('--name <name>', 'what it is for', 'staff')
  .action(async (who: string, { scope, name }: Options, command: Command) => {
    await withDatabase(async (db) => {
      if (isId('key', who)) {
        await revokeApiKey(db, who, { kind: 'support', id: null });
        console.log('revoked');
        return;
      }
      const account = (await listStaff(db)).find(({ id, email }) => who === id || who === email);
      if (!account) command.error('They are not staff: npm run operate -- staff says who is.');
      if (!isAmong(account.issuer, installationIssuers(process.env)))
        command.error(`The key would not work: ${account.issuer} does not count everywhere (any more).`);
      if (!staffScopesOf[account.staff_role!].includes(scope))
        command.error(`The ${account.staff_role} may not ${scope}.`);
      const secret = newApiKey();
      // The role says what a key may grant; those of the staff grant nothing.
      await insertApiKey(db, {
        secret,
        organization: null,
        name,
        role: 'member',
        scopes: [scope],
        createdBy: account.id,
      });
      console.log(secret);
    });
  });
