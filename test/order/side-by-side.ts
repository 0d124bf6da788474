import fc from 'fast-check';

/**
 * Tries a property on many values at once, since each waits for the database or the engine. A value that fails is given
 * back to fast-check, which tries it again, alone, shrinks it and prints the seed.
 *
 * @param tries what each value comes to; rejects where the property does not hold
 */
export async function assertSideBySide<T>(
  arbitrary: fc.Arbitrary<T>,
  { numRuns, seed, atOnce }: { numRuns: number; seed: number; atOnce: number },
  holds: (value: T) => Promise<void>,
): Promise<void> {
  const waiting = [...fc.sample(arbitrary, { numRuns, seed }).entries()];
  let failed: { index: number; value: T; cause: unknown } | undefined;
  const work = async () => {
    for (let next = waiting.shift(); next && failed === undefined; next = waiting.shift()) {
      const [index, value] = next;
      try {
        await holds(value);
      } catch (cause) {
        failed ??= { index, value, cause };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (failed === undefined) return;
  await fc.assert(fc.asyncProperty(arbitrary, holds), {
    seed,
    path: String(failed.index),
    numRuns: 1,
    interruptAfterTimeLimit: 60_000,
    markInterruptAsFailure: true,
  });
  throw new Error(
    `Failed beside others (seed ${seed}, path ${failed.index}), not alone: ${fc.stringify(failed.value)}`,
    {
      cause: failed.cause,
    },
  );
}
