import { Command } from 'commander';
import { addAmend } from './commands/amend.ts';
import { addBatch } from './commands/batch.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvents } from './commands/events.ts';
import { addInvite } from './commands/invite.ts';
import { addKeys } from './commands/keys.ts';
import { addLicenses } from './commands/licenses.ts';
import { addList } from './commands/list.ts';
import { addMembers } from './commands/members.ts';
import { addShow } from './commands/show.ts';
import { addLink, addResend, addRevoke } from './commands/steer.ts';
import { addWebhooks } from './commands/webhooks.ts';
import { exitCodes } from './exit-codes.ts';
import { variables } from './settings.ts';

const lines = (entries: (readonly [string, string])[]): string => {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, means]) => `  ${name.padEnd(width)}  ${means.replaceAll('`', '')}`).join('\n');
};

/** `usher`, with all its commands: one file of `commands/` each, or a few that belong together. */
export function createProgram(): Command {
  const program = new Command('usher')
    .description('Invite people, and see what became of it.')
    .option('--json', 'print JSON, for programs')
    .option('--organization <slug>', 'the organization, where it is not the only one of the API key')
    .showHelpAfterError('(usher --help lists the commands, and with a command its options)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      () => `
Settings:
${lines(Object.entries(variables))}
  Without USHER_URL: the local run (npm start) of this folder, from .usher/local.json.

Exit codes:
${lines(Object.values(exitCodes).map(({ code, means }) => [String(code), means] as const))}

Examples:
  $ usher doctor
  $ usher invite ada@example.com --license studio
  $ usher list --state pending
  $ usher show ada@example.com`,
    );
  for (const add of [
    addInvite,
    addBatch,
    addList,
    addShow,
    addResend,
    addAmend,
    addRevoke,
    addLink,
    addMembers,
    addLicenses,
    addEvents,
    addKeys,
    addWebhooks,
    addDoctor,
  ])
    add(program);
  return program;
}
