import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program under measurement, in a process of its own. */
export interface Program {
  pid: number;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/**
 * Starts a TypeScript program with this Node, and waits until it has printed a line.
 *
 * @param o.ready part of that line
 * @throws Error with what it printed, when it ends before
 */
export async function startProgram(o: {
  file: string;
  cwd?: string;
  args?: readonly string[];
  env: Record<string, string>;
  ready: string;
}): Promise<Program> {
  const child = spawn(process.execPath, [...(o.args ?? []), o.file], {
    ...(o.cwd ? { cwd: o.cwd } : {}),
    env: { PATH: process.env.PATH!, ...o.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whatever ends this process before it has stopped them.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  let printed = '';
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      // A line a request would fill memory: what comes after the start is of interest only when there is little of it.
      if (printed.length < 100_000) printed += chunk;
      if (printed.includes(o.ready)) isReady();
    });
  const exited = once(child, 'close').finally(() => process.off('exit', kill));
  const ended = exited.then(() => {
    throw new Error(`${o.file} ended: ${printed}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ready, ended]);
  return {
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      const patience = setTimeout(kill, 15_000);
      await exited;
      clearTimeout(patience);
    },
  };
}
