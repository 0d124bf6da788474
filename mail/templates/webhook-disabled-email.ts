import { wordsFor } from '../../languages/words.ts';
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
  /** BCP 47: of the organization. */
  locale: string;
}

/** Tells an owner that an endpoint of their organization is told nothing any more. */
export function webhookDisabledEmail(disabled: WebhookDisabledEmail): Email {
  const words = wordsFor(disabled.locale);
  const organization = asText(disabled.organization);
  const name = asText(disabled.name);
  const why = words.text(disabled.isGone ? 'webhook.gone' : 'webhook.failing');
  return renderEmail({
    words,
    subject: words.text('webhook.subject', { organization: headerText(disabled.organization) }),
    preview: words.text('webhook.preview'),
    kicker: organization,
    heading: words.text('webhook.heading'),
    content: [
      paragraph(name === '' ? words.text('request.hello') : words.text('request.helloName', { name })),
      paragraph(...words.parts('webhook.words', { organization: strong(organization), why })),
      facts([
        [words.text('request.organization'), organization],
        [words.text('webhook.address'), asText(disabled.url)],
        [words.text('webhook.since'), words.weekdayAndMinute(disabled.since)],
      ]),
      paragraph(words.text('webhook.next')),
    ],
    footer: [note(words.text('webhook.owner'))],
  });
}
