import { type Context, context } from '@opentelemetry/api';
import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import {
  markFirstAttempts,
  type Settled,
  settleDeliveries,
  settleSuperseded,
  unmarkAttempted,
} from '../db/deliveries.ts';
import { findInvitations, type Invitation } from '../db/invitations.ts';
import type { Mail, SendResult } from '../mail/mail.ts';
import { type DeliveryInput, invitationWorkflowId, reloadSignal } from '../workflows/contract.ts';
import { type ComposeDeps, compose, noteSent, wordingsOf } from './delivery.ts';

/**
 * First attempts of deliveries, made by the worker beside its workflows: nobody who joins waits for an email on its way,
 * and those of many invitations share statements and requests.
 *
 * Nearly all end well, and then the row says so and nobody need be told. Of any other the run is told to look at its row:
 * it goes on with a regular activity, which operators see. If this process dies, or cannot tell the run, the reconciler
 * finds the delivery still queued.
 */
export interface FirstAttempts {
  /** Takes a delivery to be sent soon, beside what is under way. False when too many wait: then it is the caller's. */
  handOver(delivery: DeliveryInput): boolean;
  /** Waits for what is under way. What has not begun is left to the reconciler: at the rate of an account it could take hours. */
  close(): Promise<void>;
}

/** Why an email was not attempted that only its run can see to: it could not be written, or its organization is suspended. */
export const leftToRuns: ReadonlySet<string> = new Set(['not_written', 'organization_suspended']);

type Pace = Pick<Mail, 'perSecond' | 'atOnce'>;
/**
 * How many are marked, sent and settled at a time: what the provider takes at once. When this process dies, of so many it is not
 * known whether they were sent.
 */
const sliceAt = ({ perSecond, atOnce }: Pace): number => Math.min(500, perSecond, atOnce);
/**
 * How many deliveries of a batch to look at together: no more than are sent long before somebody looks for those that were
 * not, or before what is known of them is old.
 */
export const togetherAt = (mail: Pace): number => Math.min(500, 5 * sliceAt(mail));
/** Whatever is handed over while so many slices are under way gathers into the next. Where there is a limit, one is enough. */
const slicesAt = ({ perSecond }: Pace): number => (perSecond < Number.POSITIVE_INFINITY ? 1 : 4);
/** So many wait at most: more than a worker starts within the time that a slow provider takes. */
const longestLine = 10_000;
/** Runs told at a time. */
const toldAtOnce = 20;
/** How long Temporal may take to be told, ms. */
const tellingMs = 5_000;

/** A delivery, and the trace that it belongs to: it is sent when those who asked for it have gone on. */
interface Handed extends DeliveryInput {
  cause?: Context;
}

const inTrace = <T>({ cause }: Handed, work: () => T): T => (cause ? context.with(cause, work) : work());

export function createFirstAttempts(deps: ComposeDeps & { db: Kysely<Database>; temporal: Client }): FirstAttempts {
  const { temporal, mail } = deps;
  const line: Handed[] = [];
  const underWay = new Set<Promise<void>>();
  let closed = false;

  const begin = () => {
    while (underWay.size < slicesAt(mail) && line.length > 0) {
      const slice = attempt(line.splice(0, sliceAt(mail))).finally(() => {
        underWay.delete(slice);
        begin();
      });
      underWay.add(slice);
    }
  };

  /** Sends some. Never rejects. */
  async function attempt(batch: readonly Handed[]): Promise<void> {
    const stalled = await attemptTogether(deps, batch).then(
      (ended) => ended.filter(({ result }) => result.status !== 'sent').map(({ delivery }) => delivery),
      // Of Postgres: the runs meet it too, where operators see it.
      () => batch,
    );
    for (let from = 0; from < stalled.length; from += toldAtOnce)
      await Promise.all(
        stalled.slice(from, from + toldAtOnce).map((delivery) => inTrace(delivery, () => tell(delivery.invitation))),
      );
  }

  const tell = (invitation: Invitation['id']) =>
    temporal
      .withDeadline(Date.now() + tellingMs, () =>
        temporal.workflow.getHandle(invitationWorkflowId(invitation)).signal(reloadSignal),
      )
      // Ended, or not reached: the reconciler sees to what is still queued.
      .catch(() => undefined);

  return {
    handOver(delivery) {
      if (closed || line.length >= longestLine) return false;
      line.push({ ...delivery, cause: context.active() });
      begin();
      return true;
    },
    async close() {
      closed = true;
      line.length = 0;
      await Promise.all(underWay);
    },
  };
}

/**
 * Attempts deliveries together that nobody has attempted yet, in as few statements and requests as can be. Those that were
 * overtaken are settled: a link to one would be dead, or the invitation has ended.
 *
 * @returns what became of those that it attempted, or holds back; with all that were not sent somebody is to go on
 * @throws what Postgres says
 */
export async function attemptTogether(
  deps: ComposeDeps & { db: Kysely<Database> },
  batch: readonly Handed[],
): Promise<{ delivery: Handed; result: SendResult }[]> {
  const { db } = deps;
  const found = await findInvitations(
    db,
    batch.map((d) => d.invitation),
  );
  const rows = new Map(found.map((row) => [row.id, row]));
  const isWanted = ({ invitation, ordinal }: DeliveryInput) => {
    const row = rows.get(invitation);
    return row?.state === 'pending' && row.delivery_ordinal === ordinal && row.erased_at === null;
  };
  const overtaken = batch.filter((delivery) => !isWanted(delivery));
  if (overtaken.length > 0) await settleSuperseded(db, overtaken);
  const wanted = batch.filter(isWanted);
  if (wanted.length === 0) return [];
  // Of a suspended organization nothing leaves: their runs hold it back.
  const isHeld = ({ invitation }: DeliveryInput) => rows.get(invitation)!.organization_suspended_at !== null;
  const wordings = await wordingsOf(
    db,
    wanted.map(({ invitation }) => rows.get(invitation)!),
  );
  const handed = new Map(wanted.map((delivery) => [delivery.invitation, delivery]));
  const attemptOne = async ({ invitation }: DeliveryInput) => {
    const delivery = handed.get(invitation)!;
    const row = rows.get(invitation)!;
    const result = await inTrace(delivery, () => send(deps, row, delivery, wordings));
    if (result.status === 'sent') noteSent(row, delivery.ordinal);
    return { delivery, result };
  };
  const attemptSlice = async (slice: readonly DeliveryInput[]) => {
    // What has been attempted is whosoever attempted it.
    const { marked, mark } = await markFirstAttempts(db, slice);
    const results = await Promise.all(marked.map(attemptOne));
    await settleDeliveries(db, results.flatMap(endOf));
    // Surely not taken, so that it need not be looked for.
    const untaken = results.filter(({ result }) => result.status === 'not_sent');
    await unmarkAttempted(
      db,
      untaken.map(({ delivery }) => delivery),
      mark,
    );
    return results;
  };
  const free = wanted.filter((delivery) => !isHeld(delivery));
  const results: { delivery: Handed; result: SendResult }[] = [];
  const size = sliceAt(deps.mail);
  for (let from = 0; from < free.length; from += size)
    results.push(...(await attemptSlice(free.slice(from, from + size))));
  const held = wanted.filter(isHeld).map((delivery) => ({
    delivery,
    result: { status: 'not_sent', code: 'organization_suspended' } as const,
  }));
  return [...results, ...held];
}

/** How a delivery has ended, if it has. */
function endOf({ delivery, result }: { delivery: DeliveryInput; result: SendResult }): Settled[] {
  if (result.status === 'sent')
    return [{ ...delivery, status: result.status, detail: null, providerMessageId: result.messageId }];
  // Refused for good: nobody tries again.
  if (result.status === 'failed')
    return [{ ...delivery, status: result.status, detail: result.code, providerMessageId: null }];
  return [];
}

/** One that cannot be written does no harm to those it travels with: its run meets the same, where operators see it. */
async function send(
  deps: ComposeDeps,
  row: Invitation,
  { invitation, ordinal }: DeliveryInput,
  wordings: Awaited<ReturnType<typeof wordingsOf>>,
): Promise<SendResult> {
  const { delivery_kind: kind, delivery_generation: generation } = row;
  try {
    return await deps.mail.send(
      compose(deps, row, { invitation_id: invitation, ordinal, kind, generation }, wordings.get(row.organization_id)),
    );
  } catch {
    return { status: 'not_sent', code: 'not_written' };
  }
}
