import { type Kysely, sql } from 'kysely';
import type { Actor } from '../statecharts/invitation.ts';
import { revokeApiKey, type StaffScope } from './api-keys.ts';
import type { Database } from './database.ts';
import { insertEvent } from './events.ts';
import type { AccountId } from './ids.ts';

/** Those who run Usher: the support helps every organization, operators besides run the installation. */
export const staffRoles = ['support', 'operator'] as const;
export type StaffRole = (typeof staffRoles)[number];

/** What keys of staff in this role may have. */
export const staffScopesOf: Record<StaffRole, readonly StaffScope[]> = {
  support: ['support'],
  operator: ['support', 'operate'],
};

/**
 * Makes an account staff, in another role, or no longer, with an event. Keys in its name that could do more than it now may
 * are revoked.
 *
 * @param role null: no longer staff
 * @throws RangeError when there is no such account; and when it is to be staff, but is of no issuer of the installation, or
 *   its address is not verified
 */
export async function setStaffRole(
  db: Kysely<Database>,
  account: AccountId,
  role: StaffRole | null,
  { issuers, by }: { issuers: readonly string[]; by: Actor },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const found = await trx
      .updateTable('accounts')
      .set({ staff_role: role })
      .where('id', '=', account)
      .where('erased_at', 'is', null)
      .$if(role !== null, (q) =>
        q
          .where('email_verified', '=', true)
          // What an organization's own provider says of people counts in that organization alone.
          .where(
            sql<string>`rtrim(issuer, '/')`,
            'in',
            issuers.map((issuer) => issuer.replace(/\/$/, '')),
          ),
      )
      .returning('id')
      .executeTakeFirst();
    if (!found)
      throw new RangeError(
        'Only an account with a verified address, of an issuer that counts everywhere, can be staff.',
      );
    const keys = await trx
      .selectFrom('api_keys')
      .select(['id', 'scopes'])
      .where('organization_id', 'is', null)
      .where('created_by', '=', account)
      .where('revoked_at', 'is', null)
      .execute();
    const kept: readonly string[] = role ? staffScopesOf[role] : [];
    for (const { id, scopes } of keys)
      if (scopes.some((scope) => !kept.includes(scope))) await revokeApiKey(trx, id, by);
    await insertEvent(trx, {
      organization: null,
      target: { kind: 'account', id: account },
      type: role ? 'staff_role_given' : 'staff_role_taken',
      detail: role,
      by,
    });
  });
}

export const listStaff = (db: Kysely<Database>) =>
  db
    .selectFrom('accounts')
    .select(['id', 'issuer', 'email', 'name', 'staff_role'])
    .where('staff_role', 'is not', null)
    .orderBy('id')
    .execute();
