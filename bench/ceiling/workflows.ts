import { allHandlersFinished, condition, defineUpdate, setHandler } from '@temporalio/workflow';

export const decide = defineUpdate<string>('decide');

/** The least that a durable invitation can be: a timer, one Update, the end. */
export async function ceiling(): Promise<void> {
  let decided = false;
  setHandler(decide, () => {
    decided = true;
    return 'accepted';
  });
  await condition(() => decided, '7d');
  await condition(allHandlersFinished);
}
