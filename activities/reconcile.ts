import { Context, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { LicensePoolId } from '../db/ids.ts';
import { forgetExpired } from '../db/requests.ts';
import { reconcilerFinds } from '../telemetry/metrics.ts';
import type { ReconcileActivities } from '../workflows/reconcile.ts';
import {
  closedRuns,
  type Look,
  overdueInvitations,
  queuedDeliveries,
  seatCounters,
  timeOf,
  unfinishedBatches,
  untoldFeedback,
} from './finds.ts';
import { createPace } from './resume.ts';

interface Deps {
  db: Kysely<Database>;
  temporal: Client;
  /** How many rows are read at a time. @default 500 */
  pageSize?: number;
}

/** Finds what a crash or an outage left behind. Each find is counted by the metric `usher_reconciler_finds_total`. */
export function createReconcileActivities({ db, temporal, pageSize = 500 }: Deps): ReconcileActivities {
  return {
    async reconcile(mark) {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 5_000);
      try {
        const found: Record<string, number> = {};
        const now = await timeOf(db);
        const look: Look = {
          db,
          temporal,
          pageSize,
          since: mark ? Date.parse(mark.since) : 0,
          now,
          pace: createPace(context.cancellationSignal),
          count(how, became, times = 1) {
            if (times === 0) return;
            reconcilerFinds.inc({ found: how, became }, times);
            const key = `${how}.${became}`;
            found[key] = (found[key] ?? 0) + times;
          },
        };
        await unfinishedBatches(look);
        await queuedDeliveries(look);
        await untoldFeedback(look);
        await overdueInvitations(look);
        await closedRuns(look);
        await look.pace.end();
        const pool = await seatCounters(look, (mark?.pool ?? null) as LicensePoolId | null, (miscounted) =>
          log.error('the counters of a licence pool disagreed with its seats', { ...miscounted }),
        );
        await forgetExpired(db);
        if (Object.keys(found).length > 0) log.info('the reconciler found something', { found });
        return { since: new Date(now).toISOString(), pool, found };
      } finally {
        clearInterval(beat);
      }
    },
  };
}
