import { headerText } from '../message.ts';
import { asText } from './as-text.ts';
import { action, type Email, facts, formatTime, note, paragraph, quote, renderEmail, strong } from './layout.ts';

export interface InvitationEmail {
  /** `reminder` repeats the invitation while it waits. */
  kind: 'invitation' | 'reminder';
  organization: string;
  inviter: { name: string; email: string };
  /** As people should read it, or a role of the product: `billing_manager` reads "billing manager". */
  role: string;
  /** Products, as people should read them. */
  licenses: readonly string[];
  /** The inviter's own words. */
  message?: string;
  /** The link of the invitation. */
  url: string;
  expiresAt: Date;
  /** The invited address. */
  email: string;
  /** BCP 47. English only for now; it decides how dates read. */
  locale: string;
}

/**
 * The email that invites, and the one that reminds.
 *
 * It names who invites whom to what until when, says what to do if it was not expected, and shows everything that a user
 * wrote as text ({@link asText}).
 */
export function invitationEmail(invitation: InvitationEmail): Email {
  const organization = asText(invitation.organization);
  const inviter = asText(invitation.inviter.name) || invitation.inviter.email;
  const role = asText(invitation.role.replaceAll('_', ' '));
  const licenses = invitation.licenses.map(asText);
  const words = asText(invitation.message ?? '');
  const until = formatTime(invitation.expiresAt, invitation.locale);
  const reminds = invitation.kind === 'reminder';

  const invites = `${headerText(invitation.inviter.name) || invitation.inviter.email} invited you to join ${headerText(invitation.organization)}`;

  return renderEmail({
    subject: reminds ? `Reminder: ${invites}` : invites,
    preview: `Accept or decline until ${until}.`,
    kicker: reminds ? 'Reminder' : 'Invitation',
    heading: reminds ? `Your invitation to join ${organization} is waiting` : `You are invited to join ${organization}`,
    content: [
      paragraph(
        strong(inviter),
        ` (${invitation.inviter.email}) ${reminds ? 'invited' : 'invites'} you to join `,
        strong(organization),
        reminds ? '. You have not answered yet.' : '.',
      ),
      ...(words === '' ? [] : [note(`${inviter} writes:`), quote(words)]),
      facts([
        ['Your role', role.charAt(0).toUpperCase() + role.slice(1)],
        ...(licenses.length === 0
          ? []
          : [[licenses.length === 1 ? 'Your licence' : 'Your licences', licenses.join(', ')] as const]),
        ['For', invitation.email],
        ['Open until', until],
      ]),
      action('View the invitation', invitation.url),
    ],
    footer: [
      note('You accept or decline on the page it leads to; opening it changes nothing.'),
      note(
        'This invitation is for ',
        strong(invitation.email),
        ' and can be accepted only by someone who signs in with that address.',
      ),
      note(
        `If you did not expect it, you can ignore this email. You will not become a member of ${organization} unless you accept.`,
      ),
    ],
  });
}
