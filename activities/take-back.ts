import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { InvitationId } from '../db/ids.ts';
import { findInvitation } from '../db/invitations.ts';
import { type Act, revokeUpdate } from '../workflows/contract.ts';
import { offer } from './offer.ts';

/**
 * Revokes an invitation through its own workflow, if it is pending. One that is revived meanwhile is taken back again, when
 * it is asked again.
 *
 * @param act.request begins the request key
 * @throws what Temporal says
 */
export async function takeBack(
  { db, temporal }: { db: Kysely<Database>; temporal: Client },
  id: InvitationId,
  act: Act,
): Promise<void> {
  const row = await findInvitation(db, id);
  if (row?.state !== 'pending') return;
  await offer(temporal, row, revokeUpdate, { ...act, request: `${act.request}/${id}/${row.sequence}` });
}
