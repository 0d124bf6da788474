import { execFile } from 'node:child_process';
import path from 'node:path';
import { machine } from '../setup/machine.ts';

/** Runs `npm run operate -- …`, as an operator without a terminal would. */
export const operateOn =
  (environment: Record<string, string>) =>
  (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        ['operations/main.ts', ...args],
        {
          cwd: path.join(import.meta.dirname, '../..'),
          env: { ...machine, ...environment },
          maxBuffer: 100 * 2 ** 20,
        },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
      child.stdin?.end();
    });
