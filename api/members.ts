import type { Kysely, Transaction } from 'kysely';
import { revokeKeysAbove } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import { hasTakenEffect, insertEvent } from '../db/events.ts';
import type { MemberId, OrganizationId } from '../db/ids.ts';
import { findLicensePools, releaseSeatsOfMembers } from '../db/licenses.ts';
import {
  findMembers,
  lockMembers,
  type Member,
  type MemberFilter,
  mayGrant,
  memberMailboxes,
  type Role,
  teamsOf,
  updateMember,
} from '../db/members.ts';
import { isPlainLine } from '../db/plain-text.ts';
import { mailboxOf } from '../identity/mailbox.ts';
import type { Standing } from './caller.ts';
import { roleMay } from './permissions.ts';
import { ChangedMeanwhile, Problem } from './problem.ts';
import type { Reasoned } from './reason.ts';
import { type Member as MemberBody, type MemberFilter as MemberFilterQuery, timeOf } from './schemas.ts';

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

/** Tells what a member has from what they had before: what a form was drawn for. */
export const memberVersion = ({ role, teams }: Pick<Member, 'role' | 'teams'>): string => JSON.stringify([role, teams]);

/** What is asked of a list of members. @throws Problem `invalid_email`, `unknown_license`, `invalid_request` */
export async function memberFilterOf(
  db: Kysely<Database>,
  organization: OrganizationId,
  {
    email,
    license,
    joinedAfter,
    joinedBefore,
    lastAccessAfter,
    lastAccessBefore,
    state = 'active',
    ...same
  }: MemberFilterQuery,
): Promise<MemberFilter> {
  const mailbox = email === undefined ? undefined : mailboxOf(email);
  if (email !== undefined && !mailbox) throw new Problem('invalid_email');
  const [pool] = license === undefined ? [] : await findLicensePools(db, organization, [license]);
  if (license !== undefined && !pool) throw new Problem('unknown_license');
  return {
    ...same,
    state,
    ...(mailbox ? { mailbox } : {}),
    ...(pool ? { license: pool.id } : {}),
    ...(joinedAfter ? { joinedAfter: timeOf('joinedAfter', joinedAfter) } : {}),
    ...(joinedBefore ? { joinedBefore: timeOf('joinedBefore', joinedBefore) } : {}),
    ...(lastAccessAfter ? { seenAfter: timeOf('lastAccessAfter', lastAccessAfter) } : {}),
    ...(lastAccessBefore ? { seenBefore: timeOf('lastAccessBefore', lastAccessBefore) } : {}),
  };
}

/** The active members who have these addresses. @throws Problem `unknown_member` naming those of nobody */
export async function membersOfAddresses(
  db: Kysely<Database>,
  organization: OrganizationId,
  addresses: readonly string[],
): Promise<MemberId[]> {
  const mailboxes = addresses.map(mailboxOf);
  const members = await memberMailboxes(
    db,
    organization,
    mailboxes.filter((mailbox) => mailbox !== undefined),
  );
  const found = mailboxes.map((mailbox) => mailbox && members.get(mailbox));
  const unknown = addresses.filter((_, i) => found[i] === undefined);
  if (unknown.length > 0) {
    const more = unknown.length > mostNamed ? `, and ${unknown.length - mostNamed} more` : '';
    throw new Problem('unknown_member', `No active member has ${unknown.slice(0, mostNamed).join(', ')}${more}.`);
  }
  return [...new Set(found.filter((id) => id !== undefined))];
}

/** So many a refusal names. */
const mostNamed = 20;

/** A rule that stands against something, with what to do about it. */
interface Refusal {
  code: ConstructorParameters<typeof Problem>[0];
  detail: string;
}
type Subject = Pick<Member, 'account_id' | 'role' | 'removed_at'>;

/** Why somebody may neither change nor remove a member; undefined: they may. */
export const whyNotChange = (standing: Pick<Standing, 'role'>, member: Subject): Refusal | undefined => {
  if (member.removed_at) return { code: 'member_removed', detail: 'Invite them again.' };
  if (!mayGrant(standing.role, member.role)) return { code: 'role_too_high', detail: 'Their role is above yours.' };
  return undefined;
};

/** Why somebody may give no other role to a member whom they may change; undefined: they may. */
export const whyNotRole = (standing: Pick<Standing, 'account'>, member: Subject): Refusal | undefined =>
  member.account_id === standing.account
    ? { code: 'own_role', detail: 'Nobody changes their own role: ask an owner.' }
    : undefined;

/** What the last owner can do first, who can neither leave nor be demoted: the database sees to that. */
export const lastOwnerStays = 'Make another member an owner first.';

/** What becomes of members; absent: stays. */
export interface MemberChange {
  role?: Role;
  teams?: string[];
  removed?: true;
}

/**
 * Changes or removes members, all of them or none: one transaction. Who is removed has no access from then on, and their
 * seats are free; the keys they made end with what they may grant. The same request changes nothing again, whatever others have
 * changed since.
 *
 * @param act.several they are named in the body: `errors` says with which of them something is wrong
 * @param act.drawnFor `memberVersion` of what was changed; others are not overwritten unseen. @default whatever is there
 * @returns them in the order of the list
 * @throws Problem `not_found` (of several `unknown_member`), `member_removed`, `not_allowed`, `role_too_high`, `own_role`,
 *   `last_owner`, `changed_meanwhile`
 */
export async function changeMembers(
  db: Kysely<Database>,
  organization: OrganizationId,
  standing: Standing,
  ids: readonly MemberId[],
  change: MemberChange,
  { several = false, drawnFor, ...act }: Reasoned & { several?: boolean; drawnFor?: string | undefined },
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
      if (await hasTakenEffect(trx, act.request)) return;
      for (const [i, id] of ids.entries()) {
        const member = locked.find((m) => m.id === id);
        const refuse = ({ code, detail }: Refusal) =>
          several
            ? new Problem(code, `${detail} Nothing was changed.`, [{ path: `body/members/${i}`, message: detail }])
            : new Problem(code, detail);
        if (!member)
          throw refuse({ code: several ? 'unknown_member' : 'not_found', detail: `There is no member ${id}.` });
        if (drawnFor !== undefined && !member.removed_at && drawnFor !== memberVersion(member))
          throw new ChangedMeanwhile();
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
    throw new Problem('last_owner', `${lastOwnerStays} Nothing was changed.`);
  }
  return findMembers(db, organization, ids);
}

async function changeOne(
  trx: Transaction<Database>,
  organization: OrganizationId,
  standing: Standing,
  member: Awaited<ReturnType<typeof lockMembers>>[number],
  change: MemberChange,
  act: Reasoned & { refuse: (refusal: Refusal) => Problem },
): Promise<void> {
  const { id, account_id: account } = member;
  // Removed again: it is so already.
  if (member.removed_at && change.removed) return;
  const role = change.role ?? member.role;
  const teams = teamsOf(role, change.teams ?? member.teams);
  const refusal = whyNotChange(standing, member);
  if (refusal) throw act.refuse(refusal);
  if (!mayGrant(standing.role, role))
    throw act.refuse({
      code: 'role_too_high',
      detail: `Your role is ${standing.role}; choose that or a lower one.`,
    });
  const roleRefusal = role === member.role ? undefined : whyNotRole(standing, member);
  if (roleRefusal) throw act.refuse(roleRefusal);
  if (change.teams && change.teams.length > 0 && role === 'billing_manager')
    throw act.refuse({ code: 'invalid_request', detail: 'A billing manager belongs to no team: leave teams out.' });
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
