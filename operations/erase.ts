import { createInterface } from 'node:readline/promises';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Command } from 'commander';
import { attempt } from '../config.ts';
import { requestErasure, unfinishedErasureOf } from '../db/erasure.ts';
import { hindrances, type PersonalData, personalData } from '../db/personal-data.ts';
import { erasureStart, workflowTypes } from '../workflows/contract.ts';
import { personOf } from './person.ts';
import { withDatabase } from './with-database.ts';

interface Options {
  reason: string;
  dryRun?: true;
  yes?: true;
}

/** `erase`: takes everything that names a person out of Usher's database. */
export const erase = new Command('erase')
  .description(
    'erases a person: takes back pending invitations to them, ends their memberships and sessions, frees their seats, and takes their address, name and texts out of every table; the audit log keeps what happened, without the person. It cannot be undone.',
  )
  .argument('<who>', 'their email address, or the id of their account (acc_…)')
  .requiredOption('--reason <text>', 'why, for the audit log; better a ticket than a name')
  .option('--dry-run', 'only says what would go')
  .option('--yes', 'does not ask')
  .action(async (who: string, { reason, dryRun, yes }: Options, command: Command) => {
    await withDatabase(async (db) => {
      const subject = await personOf(db, who, command);
      const data = await personalData(db, subject);
      const begun = await unfinishedErasureOf(db, subject);
      for (const line of summaryOf(data)) console.log(line);
      const alone = await hindrances(db, data);
      if (alone.length > 0)
        command.error(`Nobody else owns ${alone.join(', ')}. Make another member an owner first; nothing was done.`);
      if (dryRun) return;
      if (!(yes || (await confirmed(who)))) command.error('Nothing was done.');

      const { connectionOptions, namespace } = loadClientConnectConfig();
      const connection = await attempt('Temporal cannot be reached: check TEMPORAL_ADDRESS, and that it runs', () =>
        Connection.connect(connectionOptions),
      );
      try {
        const temporal = new Client({ connection, ...(namespace ? { namespace } : {}) });
        const id = begun ?? (await requestErasure(db, subject, reason));
        const run = await temporal.workflow.start(workflowTypes.erasure, erasureStart(id));
        console.log(`${run.workflowId} is under way; it goes on by itself, whatever becomes of this command.`);
        await run.result();
        console.log('erased');
      } finally {
        await connection.close();
      }
    });
  });

function* summaryOf({ accounts, memberships, seats, sessions, invitations, invited, amendments }: PersonalData) {
  const pending = invitations.filter((i) => i.state === 'pending').length;
  const active = memberships.filter((m) => m.removed_at === null);
  yield `accounts: ${accounts.length}${accounts.map((a) => ` ${a.id}`).join()}`;
  yield `memberships that end: ${active.length}${active.map((m) => ` ${m.organization} (${m.role})`).join()}`;
  yield `seats that are freed: ${seats.length}`;
  yield `sessions that end: ${sessions.length}`;
  yield `invitations to them: ${invitations.length}, of which pending ones are taken back first: ${pending}`;
  yield `changes of invitations that were not made: ${amendments.length}`;
  yield `messages they wrote: ${invited.filter((i) => i.message !== null).length}`;
  yield 'and every mention of the address elsewhere';
}

async function confirmed(who: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question('This cannot be undone. To go on, type whom you erase once more: ')).trim() === who;
  } finally {
    terminal.close();
  }
}
