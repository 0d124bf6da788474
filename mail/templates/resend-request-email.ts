import { wordsFor } from '../../languages/words.ts';
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
  /** BCP 47: of those who invite. */
  locale: string;
}

/** Tells the inviter that somebody met a link that no longer works, and asks for a new one. */
export function resendRequestEmail(request: ResendRequestEmail): Email {
  const words = wordsFor(request.locale);
  const organization = asText(request.organization);
  const name = asText(request.inviterName);
  return renderEmail({
    words,
    subject: words.text('request.subject', {
      email: request.email,
      organization: headerText(request.organization),
    }),
    preview: words.text('request.preview'),
    kicker: words.text('request.request'),
    heading: words.text('request.heading'),
    content: [
      paragraph(name === '' ? words.text('request.hello') : words.text('request.helloName', { name })),
      paragraph(...words.parts('request.words', { email: strong(request.email), organization: strong(organization) })),
      facts([
        [words.text('request.organization'), organization],
        [words.text('request.address'), request.email],
      ]),
      ...(request.manageUrl === undefined
        ? [note(words.text('request.howTo'))]
        : [action(words, words.text('request.review'), request.manageUrl)]),
    ],
    footer: [note(words.text('request.ignore'))],
  });
}
