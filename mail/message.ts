import { domainToASCII } from 'node:url';
import { MailError, type Message } from './mail.ts';

// Characters that end a header line, and those that make text read differently from what it is.
const lineBreaking = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
export const reordering = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text fit for a header: one line, no characters that reorder it. */
export const headerText = (text: string): string =>
  text.toWellFormed().replace(reordering, '').replace(lineBreaking, ' ').trim();

// Structure only: whether the mailbox exists, or may exist, is the provider's to say. What matters here is that an
// address can smuggle in neither a second recipient nor a header.
const bare = String.raw`[^\s\p{C}@,;:<>()"\\\[\]]+@[^\s\p{C}@,;:<>()"\\\[\]]+`;
const quoted = String.raw`"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*"`;
const atoms = String.raw`[^\p{Cc}@,;:<>()"\\\[\]]*`;
const address = new RegExp(`^${bare}$`, 'u');
const addressWithName = new RegExp(`^(?:${bare}|(?:${quoted}|${atoms}) ?<${bare}>)$`, 'u');
const messageId = /^<[!-;=?A-~]+@[!-;=?A-~]+>$/;
const token = /^[!-~]{1,80}$/;

/**
 * An address with a name before it, whatever the name contains: `"Ada (Acme), Inc." <ada@acme.example>`.
 *
 * @param name shown by mail programs; an empty one leaves the bare address
 * @throws MailError `invalid_address` unless `email` is one bare address
 */
export function namedAddress(name: string, email: string): string {
  if (!address.test(email)) throw new MailError('invalid_address');
  const text = headerText(name);
  return text === '' ? email : `"${text.replace(/["\\]/g, '\\$&')}" <${email}>`;
}

/**
 * The sender of emails for somebody: their name, and always whose the address is.
 *
 * @param name theirs, whoever they say they are
 * @param from Usher's own sender; for one without a name stands its domain
 */
export function senderFor(name: string, from: string): string {
  const [, quoted, plain, email = from] = /^(?:"(.*)"|([^"<]*?)) ?<([^<>]+)>$/.exec(from) ?? [];
  const usher = quoted?.replace(/\\(.)/g, '$1') || plain || email.slice(email.lastIndexOf('@') + 1);
  return namedAddress(`${name} (via ${usher})`, email);
}

/**
 * The Message-ID of a delivery: the same for each of its attempts, so that mail programs show a message that was sent
 * twice only once, and unique because a delivery is.
 *
 * @param delivery as in {@link Message.delivery}
 * @param from the sender, whose domain it carries (RFC 5322, 3.6.4)
 */
export function messageIdOf(delivery: string, from: string): string {
  const domain = domainToASCII(/@([^\s@<>]+)>?$/.exec(from)?.[1] ?? '');
  return `<${delivery.replaceAll('/', '.')}@${domain || 'localhost'}>`;
}

/**
 * The message with a subject fit for a header; everything else is sent as it is or not at all.
 *
 * @throws MailError `invalid_<field>` naming the field that cannot be sent safely
 */
export function checkedMessage(message: Message): Message {
  const check = (field: string, ok: boolean) => {
    if (!ok) throw new MailError(`invalid_${field}`);
  };
  check('to', address.test(message.to));
  check('from', addressWithName.test(message.from));
  check('reply_to', message.replyTo === undefined || addressWithName.test(message.replyTo));
  check('kind', token.test(message.kind));
  check('invitation', token.test(message.invitation));
  check('delivery', token.test(message.delivery));
  check('message_id', messageId.test(message.messageId));
  check('in_reply_to', message.inReplyTo === undefined || messageId.test(message.inReplyTo));
  const subject = headerText(message.subject);
  check('subject', subject !== '');
  return { ...message, subject };
}
