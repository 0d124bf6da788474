import { Command } from 'commander';
import { ConfigError } from '../config.ts';
import { audit } from './audit.ts';
import { erase } from './erase.ts';
import { exportPerson } from './export.ts';
import { organization } from './organization.ts';
import { restored } from './restored.ts';
import { signOut } from './sign-out.ts';
import { staff } from './staff.ts';
import { staffKey } from './staff-key.ts';
import { sweep } from './sweep.ts';

/**
 * `npm run operate -- <command>`: what operators do by hand, with Usher's own variables, straight on Postgres and Temporal.
 * One file a command; each says in `--help` what it changes.
 */
const program = new Command('npm run operate --')
  .description('What operators of Usher do by hand. Each command reads the variables of docs/configuration.md.')
  .showHelpAfterError()
  .addCommand(audit)
  .addCommand(erase)
  .addCommand(exportPerson)
  .addCommand(organization)
  .addCommand(restored)
  .addCommand(signOut)
  .addCommand(staff)
  .addCommand(staffKey)
  .addCommand(sweep);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}
