import { type Words, wordsFor } from '../../languages/words.ts';
import { headerText } from '../message.ts';
import { asText } from './as-text.ts';
import { action, type Email, facts, note, type Part, paragraph, renderEmail, strong } from './layout.ts';

/** In the order in which they are told: what needs somebody to do something comes first. */
const kinds = ['undeliverable', 'accepted', 'declined', 'expired'] as const;

/** What became of one invitation. */
export interface Notice {
  kind: (typeof kinds)[number];
  /** The invited address. */
  email: string;
  /** How its email fares; what it says counts where that is the news. */
  delivery: { status: string; detail: string | null };
}

export interface NoticeEmail {
  /** Who invited, and now reads this. */
  inviterName: string;
  organization: string;
  /** One or more. */
  notices: readonly Notice[];
  /** In the console: of the invitation, of the one among several that was not delivered, or where they are listed. */
  url: string;
  /** BCP 47: of those who invite. */
  locale: string;
}

/** So many addresses of a kind are named. */
const mostNamed = 20;

/** What to do about an email that does not arrive. */
const remedies = (words: Words): Part[] => [note(words.text('notice.correct')), note(words.text('notice.copy'))];

/** Why an email did not arrive, as far as its provider knows, with the provider's code. */
function reason(words: Words, { status, detail }: Notice['delivery']): string {
  const why = status === 'complained' || status === 'failed' ? status : 'bounced';
  return words.text(`notice.reason.${why}`, { code: detail ? ` (${detail.replaceAll('_', ' ')})` : '' });
}

/** Tells an inviter what became of one invitation, or of several at once. */
export function noticeEmail(email: NoticeEmail): Email {
  const words = wordsFor(email.locale);
  return email.notices.length === 1 ? one(words, email) : many(words, email);
}

function one(words: Words, { inviterName, organization, notices, url }: NoticeEmail): Email {
  const { kind, email, delivery } = notices[0]!;
  const to = asText(organization);
  const said = words.parts(`notice.${kind}.words`, { email: strong(email), organization: strong(to) });
  return render(words, {
    inviterName,
    subject: words.text(`notice.${kind}.subject`, { email, organization: headerText(organization) }),
    heading: words.text(`notice.${kind}.heading`, { organization: to }),
    content: [
      paragraph(...said, ...(kind === 'undeliverable' ? [' ', reason(words, delivery)] : [])),
      ...(kind === 'undeliverable' ? remedies(words) : []),
      ...(kind === 'expired' ? [note(words.text('notice.again'))] : []),
    ],
    label: words.text('email.view'),
    url,
  });
}

function many(words: Words, { inviterName, organization, notices, url }: NoticeEmail): Email {
  const to = asText(organization);
  const by = kinds
    .map((kind) => ({ kind, these: notices.filter((notice) => notice.kind === kind) }))
    .filter(({ these }) => these.length > 0);
  const troubled = notices.filter(({ kind }) => kind === 'undeliverable');
  const counts = by
    .map(({ kind, these }) => `${these.length} ${words.count(`notice.count.${kind}`, these.length)}`)
    .join(', ');
  const named = (these: readonly Notice[]) => {
    const names = these
      .slice(0, mostNamed)
      .map(({ email }) => email)
      .join(', ');
    const n = these.length - mostNamed;
    return n > 0 ? words.text('notice.more', { names, n }) : names;
  };
  return render(words, {
    inviterName,
    subject: words.text('notice.many.subject', { organization: headerText(organization), counts }),
    heading: words.text('notice.many.heading', { organization: to }),
    content: [
      paragraph(words.text('notice.many.words', { organization: to, counts })),
      facts(by.map(({ kind, these }) => [words.text(`notice.term.${kind}`), named(these)] as const)),
      ...(troubled.length > 0 ? remedies(words) : []),
    ],
    label: words.text(troubled.length === 1 ? 'notice.viewOne' : 'notice.viewAll'),
    url,
  });
}

interface Said {
  inviterName: string;
  subject: string;
  heading: string;
  content: Part[];
  label: string;
  url: string;
}

function render(words: Words, { inviterName, subject, heading, content, label, url }: Said): Email {
  const name = asText(inviterName);
  return renderEmail({
    words,
    subject,
    preview: heading,
    kicker: words.text('notice.kicker'),
    heading,
    content: [
      paragraph(name === '' ? words.text('request.hello') : words.text('request.helloName', { name })),
      ...content,
      action(words, label, url),
    ],
    footer: [note(words.text('notice.why'))],
  });
}
