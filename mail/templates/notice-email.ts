import { english } from '../../languages/words.ts';
import { headerText } from '../message.ts';
import { asText } from './as-text.ts';
import { action, type Email, facts, note, type Part, paragraph, renderEmail, strong } from './layout.ts';

type Kind = 'accepted' | 'declined' | 'expired' | 'undeliverable';

/** What became of one invitation. */
export interface Notice {
  kind: Kind;
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
}

/** In the order in which they are told: what needs somebody to do something comes first. */
const kinds: readonly Kind[] = ['undeliverable', 'accepted', 'declined', 'expired'];

/** Of several: the term beside the addresses, and how a subject counts them. */
const several: Record<Kind, { term: string; counted: string }> = {
  undeliverable: { term: 'Not delivered', counted: 'could not be reached' },
  accepted: { term: 'Joined', counted: 'joined' },
  declined: { term: 'Declined', counted: 'declined' },
  expired: { term: 'Expired', counted: 'expired' },
};

/** So many addresses of a kind are named. */
const mostNamed = 20;

/** What to do about an email that does not arrive. */
const remedies = [
  note(
    'If the address is wrong, open the invitation, choose Change and correct it: a new email goes to the new address, and the link in the old one no longer works.',
  ),
  note(
    'If it is right, copy the link of the invitation there and send it yourself, in a chat for instance. It can still be used by the owner of that address alone.',
  ),
];

/** Why an email did not arrive, as far as its provider knows. */
function reason({ status, detail }: Notice['delivery']): string {
  const code = detail ? ` (${detail.replaceAll('_', ' ')})` : '';
  if (status === 'complained')
    return `Whoever got it marked it as spam, so nothing more is sent to that address${code}.`;
  if (status === 'failed') return `The mail provider refuses to send to that address${code}.`;
  return `The mail server there did not take it${code}.`;
}

/** Tells an inviter what became of one invitation, or of several at once. */
export const noticeEmail = (email: NoticeEmail): Email => (email.notices.length === 1 ? one(email) : many(email));

function one({ inviterName, organization, notices, url }: NoticeEmail): Email {
  const { kind, email, delivery } = notices[0]!;
  const to = asText(organization);
  const inHeader = headerText(organization);
  const said: Record<Kind, { subject: string; heading: string; words: Part[] }> = {
    undeliverable: {
      subject: `Your invitation for ${email} to ${inHeader} could not be delivered`,
      heading: 'An invitation could not be delivered',
      words: [
        paragraph(
          'Your invitation for ',
          strong(email),
          ' to join ',
          strong(to),
          ' did not arrive. ',
          reason(delivery),
        ),
        ...remedies,
      ],
    },
    accepted: {
      subject: `${email} joined ${inHeader}`,
      heading: `Your invitation to join ${to} was accepted`,
      words: [paragraph(strong(email), ' accepted your invitation, and is now a member of ', strong(to), '.')],
    },
    declined: {
      subject: `${email} declined your invitation to ${inHeader}`,
      heading: `Your invitation to join ${to} was declined`,
      words: [paragraph(strong(email), ' declined your invitation to join ', strong(to), '.')],
    },
    expired: {
      subject: `Your invitation for ${email} to ${inHeader} has expired`,
      heading: `Your invitation to join ${to} has expired`,
      words: [
        paragraph(strong(email), ' did not answer your invitation to join ', strong(to), ' in time.'),
        note('To invite them again, open the invitation and choose Resend.'),
      ],
    },
  };
  const { subject, heading, words } = said[kind];
  return render({ inviterName, subject, heading, words, label: 'View the invitation', url });
}

function many({ inviterName, organization, notices, url }: NoticeEmail): Email {
  const by = kinds
    .map((kind) => ({ kind, these: notices.filter((notice) => notice.kind === kind) }))
    .filter(({ these }) => these.length > 0);
  const troubled = notices.filter(({ kind }) => kind === 'undeliverable');
  const counts = by.map(({ kind, these }) => `${these.length} ${several[kind].counted}`).join(', ');
  const named = (these: readonly Notice[]) =>
    [
      ...these.slice(0, mostNamed).map(({ email }) => email),
      ...(these.length > mostNamed ? [`and ${these.length - mostNamed} more`] : []),
    ].join(', ');
  return render({
    inviterName,
    subject: `Your invitations to ${headerText(organization)}: ${counts}`,
    heading: `News of your invitations to ${asText(organization)}`,
    words: [
      paragraph(`Of those whom you invited to join ${asText(organization)}, ${counts}.`),
      facts(by.map(({ kind, these }) => [several[kind].term, named(these)] as const)),
      ...(troubled.length > 0 ? remedies : []),
    ],
    label: troubled.length === 1 ? 'View the one that was not delivered' : 'View your invitations',
    url,
  });
}

const render = (email: {
  inviterName: string;
  subject: string;
  heading: string;
  words: Part[];
  label: string;
  url: string;
}): Email => {
  const name = asText(email.inviterName);
  return renderEmail({
    words: english,
    subject: email.subject,
    preview: email.heading,
    kicker: 'Your invitations',
    heading: email.heading,
    content: [
      paragraph(name === '' ? 'Hello,' : `Hello ${name},`),
      ...email.words,
      action(english, email.label, email.url),
    ],
    footer: [
      note(
        'You get this because you invited them. Which of these emails are sent is in the settings of the organization.',
      ),
    ],
  });
};
