import { InvalidArgumentError } from 'commander';

/** How the program reads its arguments and options. */

/** Collects an option that can be given several times. */
export const several = (value: string, before: string[] = []): string[] => [...before, value];

/** Reads a whole number. @throws InvalidArgumentError */
export const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It is a whole number from ${least}.`);
    return value;
  };

/** Reads `name=value`, once more each time. @throws InvalidArgumentError */
export function note(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It looks like name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
