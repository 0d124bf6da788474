import type { Command } from 'commander';
import { createUsher, type Usher, UsherProblem, UsherUnreachable } from '../client/index.ts';
import { type Ending, endingOf, UsageError } from './exit-codes.ts';
import { readSettings, type Settings } from './settings.ts';
import { plain } from './terminal.ts';

/** What every command has. */
export interface Context {
  usher: Usher;
  settings: Settings;
  /** The organization's slug. */
  organization(): Promise<string>;
  /** True: nothing but JSON is written to the output. */
  json: boolean;
  /** Aborted by Ctrl-C. */
  interrupted: AbortSignal;
}

export interface GlobalOptions {
  json?: true;
  organization?: string;
}

const interruption = new AbortController();

/** From here on the first Ctrl-C lets a command come to a good end; the second ends it. */
export function watchInterruption(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(130);
      interruption.abort();
    });
}

/** @throws UsageError when the settings are not right */
export function contextOf(command: Command): Context {
  const { json = false, organization } = command.optsWithGlobals<GlobalOptions>();
  const settings = readSettings(process.env, process.cwd());
  const usher = createUsher(settings);
  let own: Promise<string> | undefined;
  return {
    usher,
    settings,
    json,
    interrupted: interruption.signal,
    organization: async () => {
      const named = organization ?? settings.organization;
      if (named) return named;
      own ??= usher.get('/v1/me', { signal: interruption.signal }).then((me) => {
        if (me.kind === 'api_key' && me.organization !== null) return me.organization;
        throw new UsageError('Say which organization: --organization, or USHER_ORGANIZATION.');
      });
      return own;
    },
  };
}

/** Of what prints something else than JSON. @throws UsageError with --json */
export function requireText({ json }: Context): void {
  if (json) throw new UsageError('Give --csv, or --json: not both.');
}

/** The first items of a list, and whether there are more. @param most @default all of them */
export async function take<T>(
  list: AsyncIterable<T>,
  most = Number.POSITIVE_INFINITY,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  for await (const item of list) {
    if (items.length === most) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
}

/** Says on stderr what went wrong, and what to do. Returns what it means for the exit code. */
export function complain(error: unknown, json: boolean): Ending {
  const ending = endingOf(error);
  if (json) console.error(JSON.stringify({ error: errorBody(error) }));
  else console.error(plain(sentenceOf(error)));
  return ending;
}

/** An error as JSON, for programs. */
export function errorBody(error: unknown): object {
  if (error instanceof UsherProblem) {
    const { code, status, title, detail, errors, type, requestId } = error;
    return { code, status, title, detail, ...(errors.length > 0 ? { errors } : {}), type, requestId };
  }
  if (error instanceof UsherUnreachable)
    return { code: 'unreachable', title: error.message, idempotencyKey: error.idempotencyKey };
  return { code: endingOf(error), title: (error as Error).message };
}

/** An error in one line, for people. */
export function sentenceOf(error: unknown): string {
  if (error instanceof UsherProblem) return `${error.message}${error.type ? ` (${error.type})` : ''}`;
  if (error instanceof UsherUnreachable) {
    const changes = error.idempotencyKey ? ` It may still take effect (idempotency key ${error.idempotencyKey}).` : '';
    return `${error.message}.${changes} Run usher doctor to see what is wrong.`;
  }
  if (endingOf(error) === 'interrupted') return 'Interrupted.';
  return (error as Error).message;
}
