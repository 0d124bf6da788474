import type { Kysely, Transaction } from 'kysely';
import { revokeKeysAbove } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import { insertEvent } from '../db/events.ts';
import type { MemberId, OrganizationId } from '../db/ids.ts';
import { releaseSeatsOfMembers } from '../db/licenses.ts';
import { findMembers, lockMembers, type Member, mayGrant, type Role, teamsOf, updateMember } from '../db/members.ts';
import { isPlainLine } from '../db/plain-text.ts';
import type { Standing } from './caller.ts';
import { roleMay } from './permissions.ts';
import { Problem } from './problem.ts';
import type { Reasoned } from './reason.ts';
import type { Member as MemberBody } from './schemas.ts';

/** What callers can do with members; routes and pages call these. */

/** A member as callers see it. */
export const memberBody = (row: Member): MemberBody => ({
  id: row.id,
  organization: row.organization_slug,
  account: row.account_id,
  name: row.name,
  email: row.email,
  role: row.role,
  teams: row.teams,
  licenses: row.licenses.map((l) => l.product),
  state: row.removed_at ? 'removed' : 'active',
  joinedAt: row.joined_at.toISOString(),
  lastAccessAt: row.seen_at?.toISOString() ?? null,
  removedAt: row.removed_at?.toISOString() ?? null,
  invitation: row.invitation_id,
});

/** What becomes of members; absent: stays. */
export interface MemberChange {
  role?: Role;
  teams?: string[];
  removed?: true;
}

/**
 * Changes or removes members, all of them or none: one transaction. Who is removed has no access from then on, and their
 * seats are free; the keys they made end with what they may grant.
 *
 * @param act.several they are named in the body: `errors` says with which of them something is wrong
 * @returns them in the order of the list
 * @throws Problem `not_found` (of several `unknown_member`), `member_removed`, `not_allowed`, `role_too_high`, `own_role`,
 *   `last_owner`
 */
export async function changeMembers(
  db: Kysely<Database>,
  organization: OrganizationId,
  standing: Standing,
  ids: readonly MemberId[],
  change: MemberChange,
  { several = false, ...act }: Reasoned & { several?: boolean },
): Promise<Member[]> {
  if (change.teams?.some((team) => !isPlainLine(team)))
    throw new Problem('unsafe_text', 'Leave links and markup out of teams.');
  try {
    await db.transaction().execute(async (trx) => {
      const actor = standing.by.kind === 'member' ? (standing.by.id as MemberId) : undefined;
      const locked = await lockMembers(trx, organization, [...new Set([...ids, ...(actor ? [actor] : [])])]);
      // Of two who change each other's role at once, the second is what the first has made of them.
      const own = actor === undefined ? standing : locked.find((m) => m.id === actor && !m.removed_at);
      if (!own) throw new Problem('not_found');
      const isLeaving = change.removed && ids.length === 1 && ids[0] === actor;
      if (actor && !isLeaving && !roleMay(own.role, 'changeMembers')) throw new Problem('not_allowed');
      for (const [i, id] of ids.entries()) {
        const member = locked.find((m) => m.id === id);
        const refuse = (code: Code, detail: string) =>
          several
            ? new Problem(code, `${detail} Nothing was changed.`, [{ path: `body/members/${i}`, message: detail }])
            : new Problem(code, detail);
        if (!member) throw refuse(several ? 'unknown_member' : 'not_found', `There is no member ${id}.`);
        await changeOne(trx, organization, { ...standing, role: own.role }, member, change, {
          ...act,
          // A request has one event of its own.
          request: several ? `${act.request}/${id}` : act.request,
          refuse,
        });
      }
      // Members first, then pools: so does everybody.
      if (change.removed) await releaseSeatsOfMembers(trx, ids);
    });
  } catch (error) {
    if ((error as { constraint?: string }).constraint !== 'members_keep_an_owner') throw error;
    throw new Problem('last_owner', 'Make another member an owner first. Nothing was changed.');
  }
  return findMembers(db, organization, ids);
}

type Code = ConstructorParameters<typeof Problem>[0];

async function changeOne(
  trx: Transaction<Database>,
  organization: OrganizationId,
  standing: Standing,
  member: Awaited<ReturnType<typeof lockMembers>>[number],
  change: MemberChange,
  act: Reasoned & { refuse: (code: Code, detail: string) => Problem },
): Promise<void> {
  const { id, account_id: account } = member;
  if (member.removed_at) {
    // Removed again: it is so already.
    if (change.removed) return;
    throw act.refuse('member_removed', 'Invite them again.');
  }
  const role = change.role ?? member.role;
  const teams = teamsOf(role, change.teams ?? member.teams);
  if (!mayGrant(standing.role, member.role)) throw act.refuse('role_too_high', 'Their role is above yours.');
  if (!mayGrant(standing.role, role))
    throw act.refuse('role_too_high', `Your role is ${standing.role}; choose that or a lower one.`);
  if (role !== member.role && account === standing.account)
    throw act.refuse('own_role', 'Nobody changes their own role: ask an owner.');
  if (change.teams && change.teams.length > 0 && role === 'billing_manager')
    throw act.refuse('invalid_request', 'A billing manager belongs to no team: leave teams out.');
  const event = {
    organization,
    target: { kind: 'member', id },
    by: standing.by,
    request: act.request,
    reason: act.reason ?? null,
  } as const;
  if (change.removed) {
    await updateMember(trx, id, { role: member.role, teams: member.teams, removed: true });
    await insertEvent(trx, { ...event, type: 'member_removed' });
    await revokeKeysAbove(trx, { organization, account, role: null }, standing.by);
    return;
  }
  const changesTeams = teams.length !== member.teams.length || teams.some((team) => !member.teams.includes(team));
  if (role === member.role && !changesTeams) return;
  await updateMember(trx, id, { role, teams, removed: false });
  if (role === member.role) {
    await insertEvent(trx, { ...event, type: 'member_teams_changed' });
    return;
  }
  await insertEvent(trx, { ...event, type: 'member_role_changed', detail: role });
  await revokeKeysAbove(trx, { organization, account, role }, standing.by);
}
