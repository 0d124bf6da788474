import { Client, Connection } from '@temporalio/client';
import { insertPending } from '../../api/invitations.ts';
import { createDatabase } from '../../db/database.ts';
import { findLicensePools } from '../../db/licenses.ts';
import { findOrganization } from '../../db/organizations.ts';
import type { Mailbox } from '../../identity/mailbox.ts';
import { type AccountId, invitationStart, workflowTypes } from '../../workflows/contract.ts';
import { personOf } from '../row.ts';
import {
  inParallel,
  invite,
  onStage,
  p50p99,
  type Stage,
  type StageOptions,
  seatsAreExact,
  timed,
  untilMailed,
  untilNone,
} from './scenario.ts';

/** What inviting one of them takes at most while all are invited, ms: they are to expire after the last email. */
const eachMs = 60;

/** Many invitations expire in the same moment, while others are accepted. */
export const wake = (o: Omit<StageOptions, 'people'> & { expiring: number; samples: number }) =>
  onStage({ ...o, people: o.expiring + 3 * o.samples }, async (stage) => {
    const { usher, ask, report } = stage;
    const before: number[] = [];
    for (const { id, person } of await invite(stage, o.expiring + 1, o.samples))
      before.push(await timed(() => usher.accept(id, person)));
    const meanwhile = await invite(stage, o.expiring + o.samples + 1, 2 * o.samples);

    const until = Date.now() + 30_000 + o.expiring * eachMs;
    await inviteUntil(stage, o.expiring, until);
    await untilMailed(stage);
    if (Date.now() > until)
      throw new Error('They have begun to expire before all were mailed: the machine is too slow.');
    report(`they expire at ${new Date(until).toISOString()}`);
    await new Promise((resolve) => setTimeout(resolve, until - Date.now()));

    const during: number[] = [];
    let isOver = false;
    const watch = async () => {
      await untilNone(
        'not released',
        async () => {
          const query = "select count(*)::int as count from invitations where state = 'expired'";
          return o.expiring - (await ask<{ count: number }>(query))[0]!.count;
        },
        report,
      );
      isOver = true;
    };
    const join = async () => {
      for (const { id, person } of meanwhile) {
        if (isOver) return;
        during.push(await timed(() => usher.accept(id, personOf(person.n))));
      }
    };
    const from = Date.now();
    let releasedMs = 0;
    await Promise.all([
      watch().then(() => {
        releasedMs = Date.now() - from;
      }),
      join(),
    ]);
    return {
      head: [
        'expiring',
        'all released after s',
        'accept before p50 ms',
        'accept before p99 ms',
        'accept meanwhile p50 ms',
        'accept meanwhile p99 ms',
        'accepts meanwhile',
        'seats',
      ],
      rows: [
        [
          o.expiring,
          releasedMs / 1000,
          ...p50p99(before),
          ...p50p99(during),
          during.length,
          (await seatsAreExact(stage)) ? 'exact' : 'WRONG',
        ],
      ],
    };
  });

/**
 * Invites the first so many people until a time. The API's shortest expiry is an hour, so this does what its call does: the
 * creating transaction, then the start.
 */
async function inviteUntil({ usher, servers, report }: Stage, count: number, until: number): Promise<void> {
  const db = createDatabase(usher.database!, 8);
  const connection = await Connection.connect({ address: servers.temporal.address });
  try {
    const temporal = new Client({ connection });
    const organization = (await findOrganization(db, 'acme'))!;
    const [pool] = await findLicensePools(db, organization.id, ['studio']);
    const owner = await db.selectFrom('accounts').select('id').where('subject', '=', 'owner').executeTakeFirstOrThrow();
    await inParallel(
      'invited',
      count,
      16,
      async (n) => {
        const { email } = personOf(n + 1);
        const { id } = await insertPending(db, {
          organization,
          standing: { role: 'owner', account: owner.id as AccountId, by: { kind: 'system', id: null } },
          expiresIn: until - Date.now(),
          requestKey: `bench/${n}`,
          email,
          mailbox: email as Mailbox,
          role: 'member',
          poolIds: [pool!.id],
        });
        const start = invitationStart({ id, organization: 'acme', state: 'pending', expiresAt: new Date(until) });
        await temporal.workflow.start(workflowTypes.invitation, start);
      },
      report,
    );
  } finally {
    await connection.close();
    await db.destroy();
  }
}
