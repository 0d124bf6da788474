import type { Wordings } from '../../languages/wording.ts';
import { filled, wordsFor } from '../../languages/words.ts';
import { headerText } from '../message.ts';
import { asText } from './as-text.ts';
import {
  action,
  type Email,
  facts,
  type Looks,
  note,
  paragraph,
  paragraphsOf,
  prose,
  quote,
  renderEmail,
  strong,
} from './layout.ts';

export interface InvitationEmail {
  /** `reminder` repeats the invitation while it waits. */
  kind: 'invitation' | 'reminder';
  organization: string;
  inviter: { name: string; email: string };
  role: 'owner' | 'admin' | 'billing_manager' | 'member';
  /** By the names of their products. */
  licenses: readonly { name: string; ended: boolean }[];
  /** The inviter's own words. */
  message?: string;
  /** The link of the invitation. */
  url: string;
  expiresAt: Date;
  /** The invited address. */
  email: string;
  /** BCP 47; null: nothing is said of it. */
  locale: string | null;
  /** Where answers go, if the organization says so; else to whoever invites. */
  replyTo?: string | undefined;
  looks?: Looks;
  wording?: Wordings | undefined;
}

/** Characters of a subject with an organization's own wording, whatever stands in its placeholders: no provider takes any number. */
const longestSubject = 250;

/** A subject that is not too long, or as much of it as there may be. */
function shortened(subject: string): string {
  const characters = [...subject];
  return characters.length > longestSubject ? `${characters.slice(0, longestSubject - 1).join('')}…` : subject;
}

/**
 * The email that invites, and the one that reminds.
 *
 * It names who invites whom to what until when, says what to do if it was not expected, and shows everything that a user
 * wrote as text ({@link asText}). An organization's own wording takes none of that away; of its paragraphs, those that name
 * licences are left out where there are none.
 */
export function invitationEmail(invitation: InvitationEmail): Email {
  const words = wordsFor(invitation.locale);
  const own = invitation.wording?.[words.language] ?? {};
  const organization = asText(invitation.organization);
  const { email: address } = invitation.inviter;
  const inviter = asText(invitation.inviter.name) || address;
  const licenses = invitation.licenses.map(({ name, ended }) =>
    ended ? words.text('email.hasEnded', { license: name }) : name,
  );
  const message = asText(invitation.message ?? '');
  const until = words.weekdayAndMinute(invitation.expiresAt);
  const reminds = invitation.kind === 'reminder';

  const values = {
    inviter: invitation.inviter.name.trim() || address,
    organization: invitation.organization,
    role: words.text(`as.${invitation.role}`),
    licenses: licenses.join(', '),
    expires: until,
    email: invitation.email,
  };
  const written = (text = '') =>
    filled(
      paragraphsOf(text)
        .filter((part) => licenses.length > 0 || !part.includes('{licenses}'))
        .join('\n\n'),
      values,
    );
  const greeting = asText(written(own.greeting));
  const body = asText(written(own.body));
  const subject =
    shortened(headerText(written(own.subject))) ||
    words.text('email.subject', {
      inviter: headerText(invitation.inviter.name) || address,
      organization: headerText(invitation.organization),
    });
  const named = { inviter: strong(inviter), address, organization: strong(organization) };
  const notAnswered = words.text('email.notAnswered');

  return renderEmail({
    words,
    looks: invitation.looks,
    subject: reminds ? words.text('email.reminderOf', { subject }) : subject,
    preview: words.text('email.preview', { time: until }),
    kicker: words.text(reminds ? 'email.reminder' : 'email.invitation'),
    heading: words.text(reminds ? 'email.headingOfReminder' : 'email.heading', { organization }),
    content: [
      ...(greeting ? [paragraph(greeting)] : []),
      ...(body
        ? [...prose(body), ...(reminds ? [paragraph(notAnswered)] : [])]
        : [
            reminds
              ? paragraph(...words.parts('email.invited', named), ' ', notAnswered)
              : paragraph(...words.parts('email.invites', named)),
          ]),
      ...(message === '' ? [] : [note(words.text('email.writes', { inviter })), quote(message, invitation.looks)]),
      facts([
        ...(body
          ? [[words.text('email.invitedBy'), inviter === address ? address : `${inviter} (${address})`] as const]
          : []),
        [words.text('email.role'), words.text(`role.${invitation.role}`)],
        ...(licenses.length === 0
          ? []
          : [[words.count('email.licenses', licenses.length), asText(licenses.join(', '))] as const]),
        [words.text('email.for'), invitation.email],
        ...(invitation.replyTo ? [[words.text('email.answers'), invitation.replyTo] as const] : []),
        [words.text('email.until'), until],
      ]),
      action(words, words.text('email.view'), invitation.url, invitation.looks),
    ],
    footer: [
      note(words.text('email.opening')),
      note(...words.parts('email.onlyFor', { email: strong(invitation.email) })),
      note(words.text('email.unexpected', { organization })),
    ],
  });
}
