import { Command } from 'commander';
import { personalData } from '../db/personal-data.ts';
import { noteLook, personOf } from './person.ts';
import { withDatabase } from './with-database.ts';

/**
 * `export`: what is held about a person. It reads Postgres alone and is no workflow: there is nothing to finish after a
 * crash, and the data must not pass through Temporal.
 */
export const exportPerson = new Command('export')
  .description('writes what Usher holds about a person to standard output, as JSON; notes that in the audit log')
  .argument('<who>', 'their email address, or the id of their account (acc_…)')
  .requiredOption('--reason <text>', 'why, for the audit log; better a ticket than a name')
  .action(async (who: string, { reason }: { reason: string }, command: Command) => {
    await withDatabase(async (db) => {
      const subject = await personOf(db, who, command);
      const data = await personalData(db, subject);
      await noteLook(db, data, 'exported', reason);
      console.log(JSON.stringify({ of: who, at: new Date(), ...data }, null, 2));
    });
  });
