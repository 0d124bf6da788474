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
