import { english } from '../../languages/words.ts';
import { headerText } from '../message.ts';
import { asText } from './as-text.ts';
import { type Email, facts, note, paragraph, renderEmail, strong } from './layout.ts';

export interface WebhookDisabledEmail {
  /** Of the owner who reads it. */
  name: string;
  organization: string;
  url: string;
  /** It said so itself (410); otherwise nothing has got through for days. */
  isGone: boolean;
  /** Since when nothing got through. */
  since: Date;
}

/** Tells an owner that an endpoint of their organization is told nothing any more. */
export function webhookDisabledEmail(disabled: WebhookDisabledEmail): Email {
  const organization = asText(disabled.organization);
  const name = asText(disabled.name);
  return renderEmail({
    words: english,
    subject: `A webhook of ${headerText(disabled.organization)} has been disabled`,
    preview: 'Your program is not told any more what becomes of invitations.',
    kicker: 'Webhook',
    heading: 'A webhook has been disabled',
    content: [
      paragraph(name === '' ? 'Hello,' : `Hello ${name},`),
      paragraph(
        'Usher no longer tells a program of ',
        strong(organization),
        ' what becomes of invitations, members and licences: ',
        disabled.isGone
          ? 'the program answered that this address is gone for good (410).'
          : 'nothing that was sent to it has got through for days.',
      ),
      facts([
        ['Organization', organization],
        ['Address', asText(disabled.url)],
        ['Not since', english.weekdayAndMinute(disabled.since)],
      ]),
      paragraph(
        'What happens meanwhile is kept for 30 days. Once the program works again, open the webhook in the console and choose Enable: all that has waited is sent then, in order.',
      ),
    ],
    footer: [note('You get this email because you are an owner of the organization.')],
  });
}
