import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { type InvitationId, isId } from '../db/ids.ts';
import { findInvitation, type Invitation, listInvitationsAnywhere } from '../db/invitations.ts';
import { listMembershipsOfMailbox, type MembershipAnywhere } from '../db/members.ts';
import { findOrganizationById, type Organization, searchOrganizations } from '../db/organizations.ts';
import type { Page } from '../db/paging.ts';
import { mailboxOf } from '../identity/mailbox.ts';
import { Problem } from './problem.ts';

/** What those who run Usher can find in all organizations; routes and pages call these. */

/**
 * Invitations to an address, in every organization and whatever became of them, newest first.
 *
 * @throws Problem `invalid_email`, `invalid_request`
 */
export async function invitationsAnywhere(
  db: Kysely<Database>,
  { email, cursor, limit = 50 }: { email: string; cursor?: string | undefined; limit?: number | undefined },
): Promise<Page<Invitation, InvitationId>> {
  const mailbox = mailboxOf(email);
  if (!mailbox) throw new Problem('invalid_email');
  if (cursor !== undefined && !isId('inv', cursor)) throw new Problem('invalid_request', 'cursor is not one of ours.');
  return listInvitationsAnywhere(db, mailbox, { ...(cursor ? { before: cursor } : {}), limit });
}

/** So many memberships and organizations are shown of what a search has found. */
const most = { members: 100, organizations: 50 };

/** What a search has found: the only thing that it can mean, or all that it may. */
export type Found =
  | { is: 'invitation'; invitation: Invitation }
  | { is: 'organization'; organization: Organization }
  | { is: 'address'; invitations: Page<Invitation, InvitationId>; members: MembershipAnywhere[]; isCut: boolean }
  | { is: 'name'; organizations: Organization[]; isCut: boolean };

/**
 * Finds an invitation or an organization by its id, whoever has an address, and organizations by a part of their name.
 *
 * @param cursor of the invitations of an address
 * @throws Problem `invalid_email`, `invalid_request`, `invitation_not_found`, `not_found`
 */
export async function find(db: Kysely<Database>, text: string, cursor?: string): Promise<Found> {
  if (text.includes('@')) {
    const invitations = await invitationsAnywhere(db, { email: text, cursor });
    const members = await listMembershipsOfMailbox(db, mailboxOf(text)!, most.members + 1);
    const isCut = members.length > most.members;
    return { is: 'address', invitations, members: members.slice(0, most.members), isCut };
  }
  if (isId('inv', text)) {
    const invitation = await findInvitation(db, text);
    if (!invitation) throw new Problem('invitation_not_found');
    return { is: 'invitation', invitation };
  }
  if (isId('org', text)) {
    const organization = await findOrganizationById(db, text);
    if (!organization) throw new Problem('not_found');
    return { is: 'organization', organization };
  }
  const organizations = await searchOrganizations(db, text, most.organizations + 1);
  const isCut = organizations.length > most.organizations;
  return { is: 'name', organizations: organizations.slice(0, most.organizations), isCut };
}
