import { CancellationScope, isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import { type BatchInput, reloadSignal } from './contract.ts';

export interface BatchActivities {
  /** Sends the first emails of the batch's next invitations, many to a request; false when there are no more. */
  mailSome(input: BatchInput): Promise<boolean>;
  /** Starts the workflows of the next that have been mailed; false when there are none. */
  startSome(input: BatchInput): Promise<boolean>;
  /** Takes back some of what a cancelled batch has open; false when there is nothing. */
  takeBackSome(input: BatchInput): Promise<boolean>;
  /** Notes that all is done; false when there is more, after all. */
  finishBatch(input: BatchInput): Promise<boolean>;
  /** Carries out the batch's act on its next invitations, and notes what became of each; false when there are no more. */
  actSome(input: BatchInput): Promise<boolean>;
  /** Cancels the batch, as the system. */
  cancelBatch(input: BatchInput): Promise<void>;
}

const { mailSome, startSome, takeBackSome, actSome, finishBatch, cancelBatch } = proxyActivities<BatchActivities>({
  startToCloseTimeout: '5m',
  // How long it takes until another worker goes on where one died.
  heartbeatTimeout: '10s',
  retry: { maximumInterval: '30s' },
});

/**
 * Carries a batch out: emails the invitations many at a time, then starts the workflow of each. How far it has come is in
 * the batch's row, so a run that was broken off goes on from there, and one that was started twice does no harm. Nobody
 * waits for it: whoever accepts an invitation that it has not come to starts that one.
 *
 * Its history is short: a batch has a bounded number of pages, and no run more than one after the other.
 */
export const batch = (input: BatchInput): Promise<void> => cancellable(input, inviteAll);

/** Carries out the same act on many invitations, each through its own workflow: what has been done stays when it is cancelled. */
export const acts = (input: BatchInput): Promise<void> => cancellable(input, actOnAll);

async function cancellable(input: BatchInput, carryOut: (input: BatchInput) => Promise<void>): Promise<void> {
  try {
    await carryOut(input);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Cancelled by hand, in the Temporal UI.
    await CancellationScope.nonCancellable(async () => {
      await cancelBatch(input);
      await carryOut(input);
    });
  }
}

/**
 * Repeats what is to be done until the batch says that all is. A cancel that comes after that, and before this run has ended,
 * has the engine hand the run's last task out again, with the signal.
 */
async function untilFinished(input: BatchInput, round: () => Promise<void>): Promise<void> {
  let isNews: boolean;
  setHandler(reloadSignal, () => {
    isNews = true;
  });
  do {
    isNews = false;
    await round();
  } while (!(await finishBatch(input)) || isNews);
}

const actOnAll = (input: BatchInput): Promise<void> =>
  untilFinished(input, async () => {
    while (await actSome(input));
  });

const inviteAll = (input: BatchInput): Promise<void> =>
  untilFinished(input, async () => {
    // While some are started the next are mailed.
    let starting = Promise.resolve(false);
    while (await mailSome(input)) {
      await starting;
      starting = startSome(input);
    }
    await starting;
    while (await startSome(input));
    while (await takeBackSome(input));
  });
