import fc from 'fast-check';

/** How long a shorter value is looked for, ms. */
const shrinkMs = 120_000;

/** The first value found for which a property does not hold, and why. */
export interface Refuted {
  index: number;
  cause: unknown;
}

/**
 * Tries a property on many values side by side, since each waits for the database or the engine. A value that fails is
 * given back to fast-check, which tries it again, alone, shrinks it and prints the seed.
 */
export async function assertSideBySide<T>(
  arbitrary: fc.Arbitrary<T>,
  { numRuns, seed }: { numRuns: number; seed: number },
  refute: (values: T[]) => Promise<Refuted | undefined>,
): Promise<void> {
  const values = fc.sample(arbitrary, { numRuns, seed });
  const refuted = await refute(values);
  if (!refuted) return;
  const { index, cause } = refuted;
  const alone = fc.asyncProperty(arbitrary, async (value) => {
    const found = await refute([value]);
    if (found) throw found.cause;
  });
  const { failed, counterexample } = await fc.check(alone, {
    seed,
    path: String(index),
    numRuns: 1,
    interruptAfterTimeLimit: shrinkMs,
  });
  const how =
    failed && counterexample ? `, or shorter: ${fc.stringify(counterexample[0])}` : ' (beside others, not alone)';
  throw new Error(`Refuted (seed ${seed}, path ${index}) by ${fc.stringify(values[index])}${how}`, { cause });
}

/** Tries so many values at a time; `holds` rejects where the property does not. */
export const atOnce =
  <T>(count: number, holds: (value: T) => Promise<void>) =>
  async (values: T[]): Promise<Refuted | undefined> => {
    const waiting = [...values.entries()];
    let refuted: Refuted | undefined;
    const work = async () => {
      for (let next = waiting.shift(); next && !refuted; next = waiting.shift()) {
        const [index, value] = next;
        await holds(value).catch((cause) => {
          refuted ??= { index, cause };
        });
      }
    };
    await Promise.all(Array.from({ length: count }, work));
    return refuted;
  };
