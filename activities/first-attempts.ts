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
  /** Waits for all that was handed over. */
  close(): Promise<void>;
}

/** Why an email was not attempted that only its run can see to: it could not be written, or its organization is suspended. */
export const leftToRuns: ReadonlySet<string> = new Set(['not_written', 'organization_suspended']);

/**
 * How many deliveries to attempt together: as many as the provider takes in one request, and no more than are sent long
 * before somebody looks for those that were not.
 */
export const togetherAt = ({ perSecond }: Pick<Mail, 'perSecond'>): number => Math.min(500, 5 * perSecond);
/** Whatever is handed over while so many batches are under way gathers into the next. Where there is a limit, one is enough. */
const batchesAt = ({ perSecond }: Pick<Mail, 'perSecond'>): number => (perSecond < Number.POSITIVE_INFINITY ? 1 : 4);
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
    while (underWay.size < batchesAt(mail) && line.length > 0) {
      const batch = attempt(line.splice(0, togetherAt(mail))).finally(() => {
        underWay.delete(batch);
        begin();
      });
      underWay.add(batch);
    }
  };

  /** Sends a batch. Never rejects. */
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
      while (underWay.size > 0) await Promise.all(underWay);
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
  // What has been attempted is whosoever attempted it.
  const { marked, mark } = await markFirstAttempts(
    db,
    wanted.filter((delivery) => !isHeld(delivery)),
  );
  const handed = new Map(wanted.map((delivery) => [delivery.invitation, delivery]));
  const attemptOne = async ({ invitation }: DeliveryInput) => {
    const delivery = handed.get(invitation)!;
    const row = rows.get(invitation)!;
    const result = await inTrace(delivery, () => send(deps, row, delivery, wordings));
    if (result.status === 'sent') noteSent(row, delivery.ordinal);
    return { delivery, result };
  };
  const results: { delivery: DeliveryInput; result: SendResult }[] = [];
  const { perSecond } = deps.mail;
  for (let from = 0; from < marked.length; from += perSecond)
    results.push(...(await Promise.all(marked.slice(from, from + perSecond).map(attemptOne))));
  const ended = results.flatMap(({ delivery, result }): Settled[] => {
    if (result.status === 'sent')
      return [{ ...delivery, status: result.status, detail: null, providerMessageId: result.messageId }];
    // Refused for good: nobody tries again.
    if (result.status === 'failed')
      return [{ ...delivery, status: result.status, detail: result.code, providerMessageId: null }];
    return [];
  });
  await settleDeliveries(db, ended);
  // Surely not taken, so that it need not be looked for.
  for (const { delivery, result } of results)
    if (result.status === 'not_sent') await unmarkAttempted(db, delivery, mark);
  const held = wanted.filter(isHeld).map((delivery) => ({
    delivery,
    result: { status: 'not_sent', code: 'organization_suspended' } as const,
  }));
  return [...results, ...held];
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
