import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { insertReason } from '../db/events.ts';
import type { ReasonId } from '../db/ids.ts';
import type { Standing } from './caller.ts';
import { Problem } from './problem.ts';

/** The request key of an act, and the reason that was given for it. */
export interface Reasoned {
  request: string;
  reason?: ReasonId;
}

/** Whoever acts for those who run Usher says why. @throws Problem `reason_missing` */
export function requireReason(standing: Standing, reason: string | undefined): void {
  if (standing.staff && reason === undefined) throw new Problem('reason_missing', 'Say in reason why you do this.');
}

/** Keeps a reason, whose id alone goes into Temporal and the audit log. */
export const keepReason = async (db: Kysely<Database>, reason: string | undefined): Promise<{ reason?: ReasonId }> =>
  reason === undefined ? {} : { reason: await insertReason(db, reason) };
