import { setTimeout as sleep } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import type { Batch } from '../client/index.ts';
import type { Context } from './context.ts';
import { styled } from './terminal.ts';

/** How soon is looked again for emails that are late, ms. */
const lookAgainMs = 2_000;

/** How far a batch has come, in one line. */
export const tellBatch = ({ id, state, counts }: Batch): string =>
  [
    `${id}: ${state}`,
    `${counts.mailed} of ${counts.invited} mailed`,
    ...(counts.undeliverable > 0 ? [`${counts.undeliverable} undeliverable`] : []),
    ...(counts.accepted > 0 ? [`${counts.accepted} joined`] : []),
    ...(counts.declined > 0 ? [`${counts.declined} declined`] : []),
    ...(counts.revoked > 0 ? [`${counts.revoked} revoked`] : []),
    ...(counts.refused > 0 ? [`${counts.refused} not invited`] : []),
  ].join(', ');

/** Whose first email has left, or never will. */
const settled = ({ counts }: Batch): number => counts.mailed + counts.undeliverable;

/**
 * Follows a batch until it is finished and all its emails have left, and shows meanwhile how it comes along.
 *
 * @throws what Usher says, and when Ctrl-C ends it: the batch goes on
 */
export async function watchBatch({ usher, interrupted: signal }: Context, id: string, show: Show): Promise<Batch> {
  const input = { path: { id }, signal };
  try {
    let batch: Batch | undefined;
    for await (batch of usher.follow('/v1/invitation-batches/{id}', input)) show.next(batch);
    // Some are left to their invitations, which go on trying: the mail provider did not take them at first.
    while (!batch || settled(batch) < batch.counts.invited) {
      await sleep(lookAgainMs, undefined, { signal });
      batch = await usher.get('/v1/invitation-batches/{id}', input);
      show.next(batch);
    }
    return batch;
  } finally {
    show.end();
  }
}

/** Shows each state of a batch, and ends. */
interface Show {
  next(batch: Batch): void;
  end(): void;
}

/** For people: a bar on a terminal, lines elsewhere; on the error output. */
export const forPeople = (): Show => (process.stderr.isTTY ? asBar() : asLines());

function asBar(): Show {
  const bar = new SingleBar(
    {
      format: `{bar} {value} of {total} emails  ${styled('dim', '{state}')}`,
      hideCursor: true,
      // Ctrl-C is the program's own, and gives the cursor back by the end.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let isDrawn = false;
  return {
    next(batch) {
      const state = { state: batch.state };
      if (!isDrawn) bar.start(batch.counts.invited, settled(batch), state);
      isDrawn = true;
      bar.update(settled(batch), state);
    },
    end() {
      if (isDrawn) bar.stop();
    },
  };
}

/** A line when it has come a tenth further: a log is read later. */
function asLines(): Show {
  let said = '';
  return {
    next(batch) {
      const tenths = Math.floor((10 * settled(batch)) / Math.max(1, batch.counts.invited));
      const now = `${batch.state} ${tenths}`;
      if (now !== said) console.error(tellBatch(batch));
      said = now;
    },
    end() {},
  };
}

/** For programs: each time all that is known, a line each. */
export const asJsonLines = (): Show => ({ next: (batch) => console.log(JSON.stringify(batch)), end() {} });

/** Not at all. */
export const unseen = (): Show => ({ next() {}, end() {} });
