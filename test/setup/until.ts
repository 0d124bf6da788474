/** Waits until a condition holds, asking every 25 ms. @throws after a while, a minute by default: it will not come */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  patienceMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Asks again as long as the engine takes its time, as a busy machine's does: repeating does no harm. */
export const decided = <T extends { status: number }>(ask: () => Promise<T>): Promise<T> =>
  until('the engine', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });

/**
 * Asks a run something; undefined while it cannot answer: a worker that keeps no runs in memory cannot while a local activity is
 * under way (SDK 1.24).
 */
export const asked = <T>(query: () => Promise<T>): Promise<T | undefined> =>
  query().catch((error: Error) => {
    if (error.message.includes('Missing associated machine for LocalActivity')) return undefined;
    throw error;
  });
