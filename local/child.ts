import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename } from 'node:fs/promises';

export interface ChildOptions {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  /** Gets what the program prints; that of the last run becomes `<logFile>.1`. */
  logFile: string;
  /** Asks it to end in order. */
  stopSignal: NodeJS.Signals;
  /** Ends it at once: what it keeps must survive this, as it would a crash. */
  killSignal: NodeJS.Signals;
  /** Variables besides this process' own. */
  env?: Record<string, string>;
  /** Unix user to run as; needs root. */
  user?: { uid: number; gid: number };
}

export interface Child {
  /** Resolves, never rejects, to a sentence once the program has ended, for whatever reason. */
  readonly exited: Promise<string>;
  /** The last lines that it printed. */
  lastWords(): Promise<string>;
  /** Ends it in order, and by force if that takes more than 10 s. */
  stop(): Promise<void>;
  /** Ends it as a crash would. @default killSignal */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * The program runs in a session of its own, so that Ctrl-C in the terminal reaches only the one who stops it in order. A
 * shell beside it waits on a pipe from us: should we be killed, the kernel closes the pipe, and the shell ends the program.
 */
export const guarded = (signal: NodeJS.Signals) =>
  `exec 3<&0 </dev/null; (read -r _ <&3; kill -${signal.slice(3)} $$ 2>/dev/null) & exec "$@" 3<&-`;

const running = new Set<() => void>();

/** Ends every child at once, out of order. */
export function killChildren(): void {
  for (const kill of running) kill();
}

/** Starts a program that must not outlive this process, however either ends. */
export async function startChild(options: ChildOptions): Promise<Child> {
  await rename(options.logFile, `${options.logFile}.1`).catch(() => undefined);
  const log = await open(options.logFile, 'w', 0o600);
  const child = spawn('/bin/sh', ['-c', guarded(options.killSignal), options.name, options.command, ...options.args], {
    cwd: options.cwd,
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
    env: { ...process.env, ...options.env },
    ...options.user,
  });
  const kill = () => child.kill(options.killSignal);
  running.add(kill);
  const exited = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => {
      running.delete(kill);
      child.stdin?.destroy();
      resolve(`${options.name} ended (${signal ?? `exit code ${code}`}): see ${options.logFile}.`);
    }),
  );
  await once(child, 'spawn').finally(() => log.close());
  return {
    exited,
    lastWords: async () => (await readFile(options.logFile, 'utf8')).trim().split('\n').slice(-3).join(' '),
    async stop() {
      child.kill(options.stopSignal);
      const patience = setTimeout(kill, 10_000);
      await exited;
      clearTimeout(patience);
    },
    async kill(signal = options.killSignal) {
      child.kill(signal);
      await exited;
    },
  };
}
