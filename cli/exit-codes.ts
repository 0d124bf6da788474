import { UsherProblem, UsherUnreachable } from '../client/index.ts';

/** What the exit code of `usher` says; also a part of its documentation. */
export const exitCodes = {
  done: { code: 0, means: 'Done.' },
  failed: { code: 1, means: 'Something is wrong: `doctor` has found it, or a file cannot be read or written.' },
  usage: { code: 2, means: 'The command, its options or its settings are not right. Nothing was asked of Usher.' },
  refused: {
    code: 3,
    means: 'Usher has refused it, or one of several; the problem says why. Repeating it will not help.',
  },
  notAllowed: { code: 4, means: 'The API key is not valid, or may not do this.' },
  unreachable: {
    code: 5,
    means: 'Usher does not answer, or cannot for now. It may still take effect; try again later.',
  },
  interrupted: { code: 130, means: 'Ended by Ctrl-C.' },
} as const;

export type Ending = keyof typeof exitCodes;

/** The command, its options or its settings are not right. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** What an error means for the exit code. */
export function endingOf(error: unknown): Ending {
  if (error instanceof UsageError) return 'usage';
  if (error instanceof UsherUnreachable) return 'unreachable';
  if (error instanceof UsherProblem) {
    if (error.status === 401 || error.status === 403) return 'notAllowed';
    return error.status === 429 || error.status >= 500 || error.code === 'unknown' ? 'unreachable' : 'refused';
  }
  return error instanceof Error && error.name === 'AbortError' ? 'interrupted' : 'failed';
}

/** Of several endings the one that says most: none is hidden by one that went well. */
export const worstOf = (endings: readonly Ending[]): Ending =>
  (['interrupted', 'failed', 'unreachable', 'notAllowed', 'refused'] as const).find((e) => endings.includes(e)) ??
  'done';
