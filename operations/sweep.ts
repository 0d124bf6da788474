import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Command, InvalidArgumentError } from 'commander';
import type { Kysely } from 'kysely';
import { type Look, pendingInvitations, queuedDeliveries, seatCounters, timeOf } from '../activities/finds.ts';
import { createPace, perSecond } from '../activities/resume.ts';
import { attempt, databaseUrl } from '../config.ts';
import { requireAdmission } from '../db/admission.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { type InvitationId, isId, type LicensePoolId } from '../db/ids.ts';

/** `npm run operate -- sweep`: after Temporal or Postgres has lost something. Shares all it does with the reconciler. */
export const sweep = new Command('sweep')
  .summary('gets every pending invitation going again')
  .description(
    `Gets every pending invitation going again, after Temporal or Postgres has lost something.

Starts the workflow of each pending invitation that has none, tells each one that is behind or ahead of its row to read
it again, settles the emails that were overtaken, and sets licence counters right that disagree with their seats. What it
mends is in the audit log as "reconciled". It does no harm at any time, and can be broken off and begun again. It starts
${perSecond} a second; let workers run meanwhile.

Reads USHER_DATABASE_URL and Temporal's own variables. Ends with 1 when something could not be done.`,
  )
  .option('--after <id>', 'go on after this invitation', (value) => {
    if (!isId('inv', value)) throw new InvalidArgumentError('It must be the id of an invitation (inv_…).');
    return value;
  })
  .action(async ({ after }: { after?: InvitationId }) => {
    await using opened = new AsyncDisposableStack();
    const db = createDatabase(databaseUrl(process.env), 20);
    opened.defer(() => db.destroy());
    await requireAdmission(db);
    const now = await attempt('Postgres cannot be used: check USHER_DATABASE_URL, and that it runs', () => timeOf(db));
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const connection = await attempt('Temporal cannot be reached: check TEMPORAL_ADDRESS, and that it runs', () =>
      Connection.connect(connectionOptions),
    );
    opened.defer(() => connection.close());
    const temporal = new Client({ connection, ...(namespace ? { namespace } : {}) });
    const interrupted = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
    if (!(await sweepAll({ db, temporal, now, after, signal: interrupted.signal }))) process.exitCode = 1;
  });

/** @returns false when something could not be done */
async function sweepAll(o: {
  db: Kysely<Database>;
  temporal: Client;
  now: number;
  after: InvitationId | undefined;
  signal: AbortSignal;
}): Promise<boolean> {
  const counts = new Map<string, number>();
  const of = (key: string) => counts.get(key) ?? 0;
  let oversold = 0;
  const look: Look = {
    db: o.db,
    temporal: o.temporal,
    pageSize: 500,
    since: 0,
    now: o.now,
    pace: createPace(o.signal),
    count(_found, became, times = 1) {
      counts.set(became, of(became) + times);
    },
  };
  const progress = () =>
    ['started', 'reloaded', 'running', 'unanswered'].map((became) => `${of(became)} ${became}`).join(', ');
  let last = o.after;
  try {
    await pendingInvitations(look, o.after, (id) => {
      last = id;
      console.log(`${progress()} (up to ${id})`);
    });
    // Those of the pending ones have been looked at: what remains is overtaken, or beside the chart.
    await queuedDeliveries(look);
    await look.pace.end();
    for (let pool: LicensePoolId | null = null; ; ) {
      pool = await seatCounters(look, pool, ({ pool, outcome, counters, seats }) => {
        if (outcome === 'oversold') oversold += 1;
        console.error(
          `The counters of ${pool} said ${counters.reserved} reserved and ${counters.assigned} assigned; its seats are ${seats.reserved} and ${seats.assigned}. ${
            outcome === 'repaired'
              ? 'Set right.'
              : 'That is more than were bought: raise its quantity, or free seats, and sweep again.'
          }`,
        );
      });
      if (!pool) break;
    }
  } catch (error) {
    const { code, name, message } = error as { code?: unknown; name: string; message: string };
    console.error(
      `Stopped: ${o.signal.aborted ? 'interrupted' : `${name}: ${typeof code === 'string' ? code : message}`}. Go on with: npm run operate -- sweep${last ? ` --after ${last}` : ''}`,
    );
    return false;
  }
  console.log(`swept: ${progress()}; ${of('settled')} emails settled; ${of('repaired')} licence pools set right`);
  if (of('unanswered') > 0)
    console.error(
      `${of('unanswered')} have a workflow that did not say where it stands: see that workers run, and sweep again.`,
    );
  return of('unanswered') === 0 && oversold === 0;
}
