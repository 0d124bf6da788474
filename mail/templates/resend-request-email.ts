import { headerText } from '../message.ts';
import { asText } from './as-text.ts';
import { action, type Email, facts, note, paragraph, renderEmail, strong } from './layout.ts';

export interface ResendRequestEmail {
  /** Who invited, and now reads this. */
  inviterName: string;
  organization: string;
  /** The invited address, whose link no longer works. */
  email: string;
  /** Where the inviter can resend the invitation. */
  manageUrl?: string;
  /** BCP 47. English only for now. */
  locale: string;
}

/** Tells the inviter that somebody met a link that no longer works, and asks for a new one. */
export function resendRequestEmail(request: ResendRequestEmail): Email {
  const organization = asText(request.organization);
  const name = asText(request.inviterName);
  return renderEmail({
    subject: `${request.email} asks for a new invitation to ${headerText(request.organization)}`,
    preview: 'Their link no longer works.',
    kicker: 'Request',
    heading: 'Somebody asks for a new invitation',
    content: [
      paragraph(name === '' ? 'Hello,' : `Hello ${name},`),
      paragraph(
        'The link in your invitation for ',
        strong(request.email),
        ' to join ',
        strong(organization),
        ' no longer works: it expired, was revoked, or was replaced. Somebody who opened it asks you to send a new one.',
      ),
      facts([
        ['Organization', organization],
        ['Invited address', request.email],
      ]),
      ...(request.manageUrl === undefined
        ? [note('To send it again, open the invitation in the console and choose Resend.')]
        : [action('Review the invitation', request.manageUrl)]),
    ],
    footer: [
      note(
        'A new invitation goes to the invited address only, whoever asked. If that address should no longer be invited, you can ignore this email: nothing is sent unless you resend it.',
      ),
    ],
  });
}
