import { countsIn } from './issuers.ts';
import type { Mailbox } from './mailbox.ts';

/** What is known of an account that wants to join or decline. */
export interface Claimant {
  issuer: string;
  mailbox: Mailbox | '';
  email_verified: boolean;
}

/**
 * Why an account is not the invitee; undefined when it is. The one rule of who is invited: the API answers by it, and the
 * transaction that lets somebody in holds to it.
 *
 * @param installation the issuers of the installation
 */
export function refusalOfInvitee(
  invitation: { mailbox: Mailbox; organization: { issuer: string | null } },
  account: Claimant,
  installation: readonly string[],
): 'issuer_not_allowed' | 'wrong_account' | 'email_unverified' | undefined {
  if (!countsIn(invitation.organization, account, installation)) return 'issuer_not_allowed';
  if (account.mailbox !== invitation.mailbox) return 'wrong_account';
  return account.email_verified ? undefined : 'email_unverified';
}
