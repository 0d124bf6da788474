import { Context } from '@temporalio/activity';
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import {
  type Eraser,
  eraseAccounts,
  eraseInvitations,
  eraseMentions,
  findErasure,
  invitationsOf,
  LastOwner,
  unfinishedErasures,
} from '../db/erasure.ts';
import type { ErasureId } from '../db/ids.ts';
import { findInvitation } from '../db/invitations.ts';
import { eraseEnded } from '../db/retention.ts';
import { erasureStart, invitationStart, revokeUpdate, workflowTypes } from '../workflows/contract.ts';
import type { ErasureActivities } from '../workflows/erasure.ts';
import type { RetentionActivities } from '../workflows/retention.ts';

export interface PrivacyDeps {
  db: Kysely<Database>;
  temporal: Client;
  /** Days for which ended invitations are kept where their organization says nothing; 0: for ever. @default 365 */
  retentionDays?: number;
}

/** Rows at a time. */
const pageSize = 200;
/** How long one invitation may take to be taken back, ms. */
const patienceMs = 10_000;

/** Tells the engine, while it works, that it does. */
const beating =
  <TInput, TResult>(work: (input: TInput) => Promise<TResult>) =>
  async (input: TInput): Promise<TResult> => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 3_000);
    try {
      return await work(input);
    } finally {
      clearInterval(beat);
    }
  };

/** What the workflows of erasure and retention do. Everything can be done again. */
export function createPrivacyActivities(deps: PrivacyDeps): ErasureActivities & RetentionActivities {
  const { db, temporal, retentionDays = 365 } = deps;

  const eraserOf = (id: ErasureId, reason: Eraser['reason']): Eraser => ({
    by: { kind: 'support', id: null },
    request: `erasure/${id}`,
    reason: reason ?? null,
  });

  return {
    revokePending: beating(async ({ id }) => {
      const erasure = await findErasure(db, id);
      if (!erasure) return 0;
      const { by, request, reason } = eraserOf(id, erasure.reason);
      const ids = await invitationsOf(db, erasure.subject, { pending: true, limit: pageSize });
      for (const invitation of ids) {
        const row = await findInvitation(db, invitation);
        if (row?.state !== 'pending') continue;
        // One that is revived meanwhile is taken back again.
        const key = `${request}/revoke/${invitation}/${row.sequence}`;
        const startWorkflowOperation = new WithStartWorkflowOperation(
          workflowTypes.invitation,
          invitationStart({
            id: row.id,
            organization: row.organization_slug,
            state: row.state,
            expiresAt: row.expires_at,
          }),
        );
        await temporal.withDeadline(Date.now() + patienceMs, () =>
          temporal.workflow.executeUpdateWithStart(revokeUpdate, {
            updateId: key,
            args: [{ by, request: key, ...(reason ? { reason } : {}) }],
            startWorkflowOperation,
          }),
        );
      }
      return ids.length;
    }),

    eraseInvitationsOf: beating(async ({ id }) => {
      const erasure = await findErasure(db, id);
      if (!erasure) return 0;
      const ids = await invitationsOf(db, erasure.subject, { pending: false, limit: pageSize });
      return db
        .transaction()
        .execute((trx) => eraseInvitations(trx, ids, eraserOf(id, erasure.reason), { keepRedirect: false }));
    }),

    eraseAccounts: beating(async ({ id }) => {
      const erasure = await findErasure(db, id);
      if (!erasure) return true;
      try {
        return await eraseAccounts(db, id, eraserOf(id, erasure.reason));
      } catch (error) {
        // Repeated until somebody has made another owner.
        if (error instanceof LastOwner) throw ApplicationFailure.create({ type: 'last_owner', message: error.message });
        throw error;
      }
    }),

    eraseMentions: beating(({ id }) => eraseMentions(db, id)),

    eraseEnded: () => eraseEnded(db, retentionDays, pageSize),

    async resumeErasures() {
      const ids = await unfinishedErasures(db, pageSize);
      for (const id of ids) await temporal.workflow.start(workflowTypes.erasure, erasureStart(id));
      return ids.length;
    },
  };
}
