import type { Command } from 'commander';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Subject } from '../db/erasure.ts';
import { insertEvent, insertReason } from '../db/events.ts';
import { type PersonalData, subjectOf } from '../db/personal-data.ts';

/** Who is meant by a command's argument; it ends the command when that is nobody. */
export async function personOf(db: Kysely<Database>, who: string, command: Command): Promise<Subject> {
  return (
    (await subjectOf(db, who)) ??
    command.error('That is neither an address that mail can be sent to nor the id of an account (acc_…).')
  );
}

/** Notes in the audit log that somebody looked at a person's data, and why. */
export async function noteLook(db: Kysely<Database>, data: PersonalData, type: string, reason: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const common = { type, by: { kind: 'support', id: null }, reason: await insertReason(trx, reason) } as const;
    for (const { id } of data.accounts)
      await insertEvent(trx, { ...common, organization: null, target: { kind: 'account', id } });
    if (data.accounts.length > 0) return;
    const invitations = await trx
      .selectFrom('invitations')
      .select(['id', 'organization_id'])
      .where('id', 'in', data.invitations.length > 0 ? data.invitations.map((i) => i.id) : ['inv_'])
      .execute();
    for (const { id, organization_id } of invitations)
      await insertEvent(trx, { ...common, organization: organization_id, invitation: id, sequence: null });
  });
}
