import type { Client } from '@temporalio/client';
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
import { eraseEnded } from '../db/retention.ts';
import { erasureStart, workflowTypes } from '../workflows/contract.ts';
import type { ErasureActivities } from '../workflows/erasure.ts';
import type { RetentionActivities } from '../workflows/retention.ts';
import { beating } from './heartbeat.ts';
import { takeBack } from './take-back.ts';

export interface PrivacyDeps {
  db: Kysely<Database>;
  temporal: Client;
  /** Days for which ended invitations are kept where their organization says nothing; 0: for ever. @default 365 */
  retentionDays?: number;
}

/** Rows at a time. */
const pageSize = 200;

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
      const act = { by, request: `${request}/revoke`, ...(reason ? { reason } : {}) };
      for (const invitation of ids) await takeBack({ db, temporal }, invitation, act);
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
