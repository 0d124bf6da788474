import type { LogLevel, Logger as SdkLogger } from '@temporalio/common';
import { type Logger, pino } from 'pino';

/**
 * The log of a program: lines of JSON on standard output. What is about an invitation has its id as `invitation`, whoever
 * says it; no line holds anything personal.
 *
 * @param part which program it is
 */
export const createLogger = (part: 'API' | 'worker', level: string): Logger => pino({ level }).child({ part });

/** What an id, or one of a workflow, is about: an invitation or a batch. */
export function subjectOf(id: string | undefined): { invitation?: string; batch?: string } {
  const [found, kind] = /\b(inv|bat)_\w+/.exec(id ?? '') ?? [];
  return found === undefined ? {} : { [kind === 'inv' ? 'invitation' : 'batch']: found };
}

/** Has Temporal's SDK, and the workflows and activities through it, log with the rest. */
export function sdkLogger(logger: Logger): SdkLogger {
  const log: SdkLogger['log'] = (level, message, { error, ...meta } = {}) =>
    logger[level.toLowerCase() as Lowercase<LogLevel>](
      { ...subjectOf(meta.workflowId), ...meta, ...(error === undefined ? {} : { error: errorForLog(error) }) },
      message,
    );
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

/**
 * What of an error is logged: enough to find the place, nothing that quotes data. A database's message and detail, or a
 * provider's, can hold addresses; of their errors only code, constraint and stack frames are kept.
 */
export function errorForLog(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint } = error as { code?: string; constraint?: string };
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8);
  return {
    type: error.name,
    ...(code ? { code } : { message: error.message.replace(/\S+@\S+/g, '<address>').slice(0, 300) }),
    ...(constraint ? { constraint } : {}),
    at: frames.map((line) => line.trim()),
  };
}
