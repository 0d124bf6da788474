import path from 'node:path';
import { CommanderError } from 'commander';
import { watchInterruption } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';

// npm runs scripts in the folder of their package, and says where they were called from.
const { INIT_CWD: calledFrom } = process.env;
if (calledFrom && process.cwd() === path.join(import.meta.dirname, '..')) process.chdir(calledFrom);
// Whoever reads the output has seen enough: usher list | head.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
watchInterruption();

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // It has said what is wrong; asking for help is not.
  process.exitCode = error.exitCode === 0 ? exitCodes.done.code : exitCodes.usage.code;
}
