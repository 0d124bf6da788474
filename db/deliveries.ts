import { type Generated, type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { DeliveryKind, DeliveryStatus } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { insertEvent } from './events.ts';
import type { InvitationId, OrganizationId } from './ids.ts';

/** All emails about an invitation: those of its chart, and a former invitee's request to the inviter. */
export type AnyDeliveryKind = DeliveryKind | 'resend_request';

export interface DeliveriesTable {
  invitation_id: InvitationId;
  /** Counts the deliveries of an invitation from 1. */
  ordinal: number;
  generation: number;
  kind: AnyDeliveryKind;
  status: DeliveryStatus;
  /** Why it is in trouble: a code of the provider's, never its text, which quotes addresses. */
  detail: string | null;
  queued_at: Generated<Date>;
  /** Set before the provider is called: from then on it may have been sent. */
  attempted_at: Date | null;
  settled_at: Date | null;
  provider_message_id: string | null;
}
export type Delivery = Selectable<DeliveriesTable>;

export interface DeliveryKey {
  invitation: InvitationId;
  ordinal: number;
}

export async function queueDelivery(
  trx: Transaction<Database>,
  delivery: DeliveryKey & { generation: number; kind: AnyDeliveryKind },
): Promise<void> {
  await trx
    .insertInto('deliveries')
    .values({
      invitation_id: delivery.invitation,
      ordinal: delivery.ordinal,
      generation: delivery.generation,
      kind: delivery.kind,
      status: 'queued',
      detail: null,
      attempted_at: null,
      settled_at: null,
      provider_message_id: null,
    })
    .execute();
}

const at = (db: Kysely<Database>, { invitation, ordinal }: DeliveryKey) =>
  db.updateTable('deliveries').where('invitation_id', '=', invitation).where('ordinal', '=', ordinal);

/**
 * Marks an attempt before the provider is called, if no other attempt has been marked since the row was read: an attempt
 * that its engine has given up may still be running.
 *
 * @param before `attempted_at` as read
 * @returns the mark; undefined when another attempt came first, or the delivery has been settled
 */
export async function markAttempted(
  db: Kysely<Database>,
  key: DeliveryKey,
  before: Date | null,
): Promise<Date | undefined> {
  // To the millisecond, as it will be read back and compared.
  const mark = new Date();
  const { numUpdatedRows } = await at(db, key)
    .set({ attempted_at: mark })
    .where('status', '=', 'queued')
    .where(sql<boolean>`attempted_at is not distinct from ${before}`)
    .executeTakeFirst();
  return numUpdatedRows === 1n ? mark : undefined;
}

/**
 * Takes the mark back: the provider surely did not take the message, so it need not be looked for. That of a later
 * attempt stays.
 */
export async function unmarkAttempted(db: Kysely<Database>, key: DeliveryKey, mark: Date): Promise<void> {
  await at(db, key)
    .set({ attempted_at: null })
    .where('status', '=', 'queued')
    .where('attempted_at', '=', mark)
    .execute();
}

/** Records how a queued delivery ended, with a note in the audit log; does nothing when it is settled already. */
export async function settleDelivery(
  db: Kysely<Database>,
  delivery: DeliveryKey & {
    organization: OrganizationId;
    kind: AnyDeliveryKind;
    status: 'sent' | 'failed';
    detail: string | null;
    providerMessageId: string | null;
  },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await at(trx, delivery)
      .set({
        status: delivery.status,
        detail: delivery.detail,
        provider_message_id: delivery.providerMessageId,
        settled_at: sql`now()`,
      })
      .where('status', '=', 'queued')
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await insertEvent(trx, {
      organization: delivery.organization,
      invitation: delivery.invitation,
      sequence: null,
      type: `${delivery.kind}_${delivery.status}`,
      detail: delivery.detail,
      by: { kind: 'system', id: null },
    });
  });
}

/** Deliveries that have been queued since before a time and that no chart waits for, or whose workflow never started. */
export const listStuckDeliveries = (db: Kysely<Database>, queuedForMs: number, limit: number) =>
  db
    .selectFrom('deliveries')
    .innerJoin('invitations', 'invitations.id', 'deliveries.invitation_id')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select([
      'deliveries.ordinal',
      'deliveries.kind',
      'invitations.id',
      'invitations.sequence',
      'invitations.state',
      'invitations.expires_at',
      'organizations.slug',
    ])
    .where('deliveries.status', '=', 'queued')
    .where('queued_at', '<', sql<Date>`now() - make_interval(secs => ${queuedForMs / 1000})`)
    .where((e) =>
      e.or([
        e('deliveries.kind', '=', 'resend_request'),
        e.and([e('invitations.state', '=', 'pending'), e('delivery_ordinal', '=', e.ref('deliveries.ordinal'))]),
      ]),
    )
    .orderBy('queued_at')
    .limit(limit)
    .execute();
