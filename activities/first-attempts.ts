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
import type { SendResult } from '../mail/mail.ts';
import { type DeliveryInput, invitationWorkflowId, reloadSignal } from '../workflows/contract.ts';
import { type ComposeDeps, compose } from './delivery.ts';

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

/** Deliveries a batch; as many as the provider takes in one request. */
const batchSize = 500;
/** Whatever is handed over while so many batches are under way gathers into the next. */
const batchesAtOnce = 4;
/** So many wait at most: more than a worker starts within the time that a slow provider takes. */
const longestLine = 10_000;
/** Runs told at a time. */
const toldAtOnce = 20;
/** How long Temporal may take to be told, ms. */
const tellingMs = 5_000;

export function createFirstAttempts(deps: ComposeDeps & { db: Kysely<Database>; temporal: Client }): FirstAttempts {
  const { db, mail, temporal } = deps;
  const line: DeliveryInput[] = [];
  const underWay = new Set<Promise<void>>();
  let closed = false;

  const begin = () => {
    while (underWay.size < batchesAtOnce && line.length > 0) {
      const batch = attempt(line.splice(0, batchSize)).finally(() => {
        underWay.delete(batch);
        begin();
      });
      underWay.add(batch);
    }
  };

  /** Sends a batch. Never rejects. */
  async function attempt(batch: readonly DeliveryInput[]): Promise<void> {
    /** Those with which their runs are to go on. */
    let stalled = batch;
    try {
      const rows = new Map(
        (
          await findInvitations(
            db,
            batch.map((d) => d.invitation),
          )
        ).map((row) => [row.id, row]),
      );
      const isWanted = ({ invitation, ordinal }: DeliveryInput) => {
        const row = rows.get(invitation);
        return row?.state === 'pending' && row.delivery_ordinal === ordinal && row.erased_at === null;
      };
      const wanted = batch.filter(isWanted);
      stalled = wanted;
      // Before they left: a link to one would be dead, or the invitation has ended.
      const overtaken = batch.filter((delivery) => !isWanted(delivery));
      if (overtaken.length > 0) await settleSuperseded(db, overtaken);
      // Of a suspended organization nothing leaves: their runs hold it back.
      const isHeld = ({ invitation }: DeliveryInput) => rows.get(invitation)!.organization_suspended_at !== null;
      const held = wanted.filter(isHeld);
      if (wanted.length === 0) return;
      // What has been attempted is whosoever attempted it.
      const { marked, mark } = await markFirstAttempts(
        db,
        wanted.filter((delivery) => !isHeld(delivery)),
      );
      stalled = [...held, ...marked];
      const results = await Promise.all(
        marked.map(async (delivery) => ({ delivery, result: await send(rows.get(delivery.invitation)!, delivery) })),
      );
      const ended = results.flatMap(({ delivery, result }): Settled[] => {
        if (result.status === 'sent')
          return [{ ...delivery, status: result.status, detail: null, providerMessageId: result.messageId }];
        // Refused for good: its run is told, and does not try again.
        if (result.status === 'failed')
          return [{ ...delivery, status: result.status, detail: result.code, providerMessageId: null }];
        return [];
      });
      await settleDeliveries(db, ended);
      stalled = [...held, ...results.filter(({ result }) => result.status !== 'sent').map(({ delivery }) => delivery)];
      // Surely not taken, so that it need not be looked for.
      for (const { delivery, result } of results)
        if (result.status === 'not_sent') await unmarkAttempted(db, delivery, mark);
    } catch {
      // Of Postgres: the run meets it too, where operators see it.
    }
    for (let from = 0; from < stalled.length; from += toldAtOnce)
      await Promise.all(stalled.slice(from, from + toldAtOnce).map(({ invitation }) => tell(invitation)));
  }

  /** One that cannot be written does no harm to those it travels with: its run meets the same, where operators see it. */
  const send = async (row: Invitation, { invitation, ordinal }: DeliveryInput): Promise<SendResult> => {
    const { delivery_kind: kind, delivery_generation: generation } = row;
    try {
      return await mail.send(compose(deps, row, { invitation_id: invitation, ordinal, kind, generation }));
    } catch {
      return { status: 'not_sent', code: 'not_written' };
    }
  };

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
      line.push(delivery);
      begin();
      return true;
    },
    async close() {
      closed = true;
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
