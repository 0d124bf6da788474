import { setTimeout as sleep } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import type { Batch } from '../client/index.ts';
import type { Context } from './context.ts';
import { styled } from './terminal.ts';

/** How soon is looked again for emails that are late, ms. */
const lookAgainMs = 2_000;

/** What is counted of a batch: emails of those who are invited, or invitations on which its act is carried out. */
const measureOf = ({ kind, counts }: Batch) =>
  kind === 'invite'
    ? { what: 'emails', value: counts.mailed + counts.undeliverable, total: counts.invited }
    : { what: 'invitations', value: counts.done, total: counts.rows };

/** How far a batch has come, in one line. */
export function tellBatch({ id, kind, state, counts }: Batch): string {
  const told = (count: number, what: string) => (count > 0 ? [`${count} ${what}`] : []);
  if (kind !== 'invite')
    return [
      `${id}: ${state}`,
      `${kind}: ${counts.done - counts.refused} of ${counts.rows} done`,
      ...told(counts.refused, 'not'),
    ].join(', ');
  return [
    `${id}: ${state}`,
    `${counts.mailed} of ${counts.invited} mailed`,
    ...told(counts.undeliverable, 'undeliverable'),
    ...told(counts.accepted, 'joined'),
    ...told(counts.declined, 'declined'),
    ...told(counts.revoked, 'revoked'),
    ...told(counts.refused, 'not invited'),
  ].join(', ');
}

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
    while (!batch || batch.counts.done < batch.counts.rows) {
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
      format: `{bar} {value} of {total} {what}  ${styled('dim', '{state}')}`,
      hideCursor: true,
      // Ctrl-C is the program's own, and gives the cursor back by the end.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let isDrawn = false;
  return {
    next(batch) {
      const { what, value, total } = measureOf(batch);
      const words = { what, state: batch.state };
      if (!isDrawn) bar.start(total, value, words);
      isDrawn = true;
      bar.update(value, words);
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
      const { value, total } = measureOf(batch);
      const tenths = Math.floor((10 * value) / Math.max(1, total));
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
