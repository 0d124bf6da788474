import { Context } from '@temporalio/activity';

/** Tells the engine, while an activity works, that it does. */
export const beating =
  <TInput, TResult>(work: (input: TInput) => Promise<TResult>) =>
  async (input: TInput): Promise<TResult> => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 3_000);
    try {
      return await work(input);
    } finally {
      clearInterval(beat);
    }
  };
