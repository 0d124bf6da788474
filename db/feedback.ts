import { type Kysely, sql } from 'kysely';
import { type DeliveryStatus, isTrouble, troubleOf } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { type Delivery, type DeliveryKey, deliveryRef } from './deliveries.ts';
import { insertNotes } from './events.ts';
import { type InvitationId, isId } from './ids.ts';
import { resumable } from './invitations.ts';
import { withNotice } from './notices.ts';

/** What the mail provider tells of a delivery after it was sent. */
export interface Report {
  status: Extract<DeliveryStatus, 'delivered' | 'opened' | 'bounced' | 'complained'>;
  /** Why it is in trouble: a code. */
  detail: string | null;
  /** The provider's time: reports come late, twice, and in any order. */
  at: Date;
  /** The provider's id of the message. */
  messageId: string;
}

/** What is known of a delivery. */
type Known = Pick<Delivery, 'status' | 'detail' | 'reported_at' | 'opened_at'>;

/**
 * What is known after a report, whatever was reported before it: reports in any order, each any number of times, come to the
 * same. The latest of those that say whether it arrived counts, so that a delivery heals a bounce before it, and a bounce
 * undoes a delivery; at the same time the bounce, and of two the code that comes later in the alphabet. Nothing undoes a complaint. That it was opened says more than that it
 * was delivered, but heals nothing that was reported: often it is a program that opens.
 */
export function merged(known: Known, report: Pick<Report, 'status' | 'detail' | 'at'>): Known {
  if (report.status === 'opened') {
    const opened_at = known.opened_at && known.opened_at < report.at ? known.opened_at : report.at;
    const isReported = known.reported_at !== null && isTrouble(known.status);
    return isReported ? { ...known, opened_at } : { ...known, status: 'opened', detail: null, opened_at };
  }
  const weight = ({ status, detail }: Pick<Known, 'status' | 'detail'>, at: Date) =>
    [status === 'complained' ? 1 : 0, at.getTime(), isTrouble(status) ? 1 : 0, detail ?? ''] as const;
  if (known.reported_at && !isAbove(weight(report, report.at), weight(known, known.reported_at))) return known;
  const status = report.status === 'delivered' && known.opened_at ? 'opened' : report.status;
  return { status, detail: report.detail, reported_at: report.at, opened_at: known.opened_at };
}

/** Whether one list comes after another, the first that differ deciding. */
const isAbove = <T extends readonly (number | string)[]>(one: T, other: T): boolean => {
  const i = one.findIndex((part, place) => part !== other[place]);
  return i !== -1 && one[i]! > other[i]!;
};

/**
 * Records a report, with a note in the audit log if it says anything new. The run of a pending invitation is to be told when
 * its email comes into trouble, into another, or out of it: that it is not is noted as well, for the reconciler.
 *
 * @param ref as of {@link deliveryRef}
 * @returns undefined when there is no such delivery; else whether the run is to be told, and of which invitation; `became`:
 *   what the delivery is now and was not before
 */
export const recordReport = (
  db: Kysely<Database>,
  ref: string,
  report: Report,
): Promise<{ invitation: InvitationId; isToBeTold: boolean; became?: DeliveryStatus } | undefined> =>
  db.transaction().execute(async (trx) => {
    const [invitation = '', ordinal = ''] = ref.split('/');
    if (!isId('inv', invitation) || !/^-?\d{1,9}$/.test(ordinal)) return undefined;
    const delivery = await trx
      .selectFrom('deliveries')
      .innerJoin('invitations', 'invitations.id', 'invitation_id')
      .selectAll('deliveries')
      .select(['organization_id', 'state', 'delivery_ordinal', 'erased_at'])
      .where('invitation_id', '=', invitation)
      .where('ordinal', '=', Number(ordinal))
      // One report after the other.
      .forUpdate('deliveries')
      .executeTakeFirst();
    // Of another generation it is that of a time which a restore has undone.
    if (!delivery || deliveryRef(delivery) !== ref) return undefined;
    const { status, detail, reported_at, opened_at } = delivery;
    const known: Known = { status, detail, reported_at, opened_at };
    const now = merged(known, report);
    if (isSame(now, known)) return { invitation, isToBeTold: false };
    // The provider has it, though whoever sent it has not said so yet.
    const wasQueued = known.status === 'queued';
    const isOfRun = delivery.state === 'pending' && delivery.delivery_ordinal === delivery.ordinal;
    const isToBeTold = isOfRun && troubleOf(now.status) !== troubleOf(known.status);
    await trx
      .updateTable('deliveries')
      .set({
        ...now,
        settled_at: now.status === 'opened' ? now.opened_at : now.reported_at,
        ...(isToBeTold ? { untold_at: new Date() } : {}),
        ...(wasQueued && !delivery.erased_at ? { provider_message_id: report.messageId } : {}),
      })
      .where('invitation_id', '=', invitation)
      .where('ordinal', '=', delivery.ordinal)
      .execute();
    const note = (status: DeliveryStatus, detail: string | null) => ({
      organization: delivery.organization_id,
      invitation,
      type: `${delivery.kind}_${status}`,
      detail,
      by: { kind: 'system', id: null } as const,
    });
    const isNews = now.status !== known.status || now.detail !== known.detail;
    const notes = [...(wasQueued ? [note('sent', null)] : []), ...(isNews ? [note(now.status, now.detail)] : [])];
    const notice = { invitation, ordinal: delivery.ordinal, kind: 'undeliverable' } as const;
    await insertNotes(isToBeTold && isTrouble(now.status) ? withNotice(trx, notice) : trx, notes);
    return { invitation, isToBeTold, ...(now.status === known.status ? {} : { became: now.status }) };
  });

const isSame = (one: Known, other: Known): boolean =>
  one.status === other.status &&
  one.detail === other.detail &&
  one.reported_at?.getTime() === other.reported_at?.getTime() &&
  one.opened_at?.getTime() === other.opened_at?.getTime();

/** Deliveries of which runs may not know, and have not for a while, that they came into trouble, or out of it; the oldest first. */
export const listUntold = (db: Kysely<Database>, before: Date, limit: number) =>
  db
    .selectFrom('deliveries')
    .innerJoin('invitations', 'invitations.id', 'deliveries.invitation_id')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select([...resumable, 'deliveries.ordinal', 'deliveries.status', sql<Date>`untold_at`.as('untold_at')])
    .select((e) =>
      e.and([e('state', '=', 'pending'), e('delivery_ordinal', '=', e.ref('deliveries.ordinal'))]).as('wanted'),
    )
    .where('untold_at', '<=', before)
    .orderBy('untold_at')
    .limit(limit)
    .execute();

/**
 * Notes that a run knows, unless there is more to tell it since; or that it is to be asked again, after all others.
 *
 * @param before `untold_at` as read
 */
export async function noteTold(
  db: Kysely<Database>,
  { invitation, ordinal }: DeliveryKey,
  before: Date,
  isTold: boolean,
): Promise<void> {
  await db
    .updateTable('deliveries')
    // To the millisecond, as it will be read back and compared.
    .set({ untold_at: isTold ? null : sql<Date>`date_trunc('milliseconds', now())` })
    .where('invitation_id', '=', invitation)
    .where('ordinal', '=', ordinal)
    .where('untold_at', '=', before)
    .execute();
}
