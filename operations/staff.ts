import { Command, Option } from 'commander';
import { installationIssuers } from '../config.ts';
import { listAccounts } from '../db/accounts.ts';
import { listStaff, type StaffRole, setStaffRole, staffRoles } from '../db/staff.ts';
import { isAmong } from '../identity/issuers.ts';
import { withDatabase } from './with-database.ts';

/** `staff`: who runs Usher. */
export const staff = new Command('staff')
  .description(
    'makes a person staff, who may help in every organization: support, or operator, who may what the support may and run the installation; shows who is staff',
  )
  .argument('[who]', 'their email address, or the id of their account (acc_…); they must have signed in once')
  .addOption(
    new Option(
      '--role <role>',
      'none: no longer staff; keys in their name that may more than they then may are revoked',
    )
      .choices([...staffRoles, 'none'])
      .default('support'),
  )
  .action(async (who: string | undefined, { role }: { role: StaffRole | 'none' }, command: Command) => {
    const issuers = installationIssuers(process.env);
    await withDatabase(async (db) => {
      if (who !== undefined) {
        const accounts = await listAccounts(db, who);
        const [account, another] = accounts;
        if (!account) command.error('They have no account yet: have them sign in to Usher once.');
        if (another) command.error(`There are several: name one by its id, ${accounts.join(', ')}.`);
        const by = { kind: 'support', id: null } as const;
        await setStaffRole(db, account, role === 'none' ? null : role, { issuers, by }).catch((error) => {
          if (error instanceof RangeError) command.error(error.message);
          throw error;
        });
      }
      const all = await listStaff(db);
      for (const { id, issuer, email, staff_role } of all) {
        const none = isAmong(issuer, issuers) ? '' : `\tmay nothing: ${issuer} does not count everywhere (any more)`;
        console.log(`${staff_role}\t${email}\t${id}${none}`);
      }
      if (all.length === 0) console.log('Nobody is staff.');
    });
  });
