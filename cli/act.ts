import type { Command } from 'commander';
import { type Context, complain, contextOf, errorBody, type GlobalOptions, sentenceOf } from './context.ts';
import { type Ending, endingOf, exitCodes, worstOf } from './exit-codes.ts';
import { plain } from './terminal.ts';

type Work<TArgs extends unknown[]> = (context: Context, ...args: TArgs) => Promise<Ending | undefined>;

/** Makes a command's action of its work: with what it needs, errors told, and the exit code set. */
export const act =
  <TArgs extends unknown[]>(work: Work<TArgs>) =>
  async (...args: [...TArgs, Command]): Promise<void> => {
    const command = args.at(-1) as Command;
    let ending: Ending;
    try {
      ending = (await work(contextOf(command), ...(args.slice(0, -1) as TArgs))) ?? 'done';
    } catch (error) {
      ending = complain(error, Boolean(command.optsWithGlobals<GlobalOptions>().json));
    }
    process.exitCode = exitCodes[ending].code;
  };

/** After these the next one would fare no better. */
const general: readonly Ending[] = ['unreachable', 'notAllowed', 'interrupted'];

/**
 * Does the same to several, one after the other, and tells of each what became of it. No further one begins after Ctrl-C, or
 * once Usher cannot be reached or the API key may not do it.
 *
 * @param told a line for people about one that went well
 */
export async function forEach<TResult>(
  { json, interrupted }: Context,
  targets: readonly string[],
  work: (target: string) => Promise<TResult>,
  told: (target: string, result: TResult) => string,
): Promise<Ending> {
  const endings: Ending[] = [];
  const results: object[] = [];
  for (const [i, target] of targets.entries()) {
    try {
      interrupted.throwIfAborted();
      const result = await work(target);
      if (json) results.push({ target, result });
      else console.log(told(target, result));
    } catch (error) {
      const ending = endingOf(error);
      endings.push(ending);
      if (json) results.push({ target, error: errorBody(error) });
      else console.error(`${plain(target)}: ${plain(sentenceOf(error))}`);
      if (!general.includes(ending)) continue;
      const left = targets.slice(i + 1);
      if (json) results.push(...left.map((one) => ({ target: one, error: { code: 'not_tried' } })));
      else if (left.length > 0) console.error(`Not tried: ${plain(left.join(' '))}`);
      break;
    }
  }
  if (json) console.log(JSON.stringify(results, null, 2));
  return worstOf(endings);
}
