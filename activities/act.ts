import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Batch } from '../db/batches.ts';
import type { Database } from '../db/database.ts';
import { newId } from '../db/ids.ts';
import { factsOf, type Invitation, insertAmendment } from '../db/invitations.ts';
import { remindersByDay } from '../db/reminders.ts';
import { type InvitationEvent, refusalNow } from '../statecharts/invitation.ts';
import { type Act, amendUpdate, type Outcome, resendUpdate, revokeUpdate } from '../workflows/contract.ts';
import { offer } from './offer.ts';

/** Carries out what a batch does, on one invitation: it comes to `done`, or why not. @throws what Temporal or Postgres says */
export function createAct(
  { db, temporal }: { db: Kysely<Database>; temporal: Client },
  { kind, act, created_by_kind, created_by_id }: Batch,
): (row: Invitation, request: string) => Promise<string> {
  const { expiresIn, replaceLink, reminders, changes = {}, reason } = act ?? {};
  const by = { kind: created_by_kind, id: created_by_id };

  /** @param begin of what is worth it only when the event is not refused */
  const offered = async <TInput extends Act>(
    row: Invitation,
    update: Parameters<typeof offer<TInput>>[2],
    event: TInput & InvitationEvent,
    begin?: () => Promise<void>,
  ): Promise<string> => {
    const refusal = refusalNow(factsOf(row), event, Date.now());
    if (refusal) return refusal;
    await begin?.();
    const { type: _, ...input } = event;
    const outcome: Outcome = await offer(temporal, row, update, input as unknown as TInput);
    return outcome.status === 'taken' ? 'done' : outcome.code;
  };

  return async (row, request) => {
    const what = { by, request, ...(reason ? { reason } : {}) };
    switch (kind) {
      case 'resend':
        return offered(row, resendUpdate, {
          type: 'resend',
          ...what,
          reminders: remindersByDay({
            from: Date.now(),
            expiresIn: expiresIn ?? row.expires_in_ms,
            timeZone: row.organization_time_zone,
            after: reminders,
          }),
          ...(expiresIn === undefined ? {} : { expiresIn }),
          ...(replaceLink ? { replaceLink } : {}),
        });
      case 'revoke':
        return offered(row, revokeUpdate, { type: 'revoke', ...what });
      case 'amend': {
        const amendment = newId('amd');
        const event = {
          type: 'amend',
          amendment,
          emailChanged: false,
          emailVersion: row.email_version,
          ...what,
        } as const;
        return offered(row, amendUpdate, event, () =>
          insertAmendment(db, { id: amendment, invitation: row.id, changes }),
        );
      }
      case 'invite':
        throw new Error('who is invited by a batch is not there before it');
      default:
        return kind satisfies never;
    }
  };
}
