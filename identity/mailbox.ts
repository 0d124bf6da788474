import { domainToASCII } from 'node:url';

/** An address in the one form in which addresses are compared and stored as keys. */
export type Mailbox = string & { readonly mailbox: unique symbol };

/** RFC 5321, section 4.5.3.1: 64 octets before the @, 254 in all (RFC 3696, erratum 1690). */
const maxLocal = 64;
const maxAddress = 254;

/**
 * Makes the mailbox of an email address: the local part lowercased in ASCII only, the domain brought to ASCII by UTS 46.
 * Two addresses are the same person's exactly when these are equal byte by byte; look-alikes (Kelvin sign, dotless i,
 * full-width letters in the local part) stay different. Letters that are not seen at all are refused.
 *
 * @returns undefined when it is no address that mail can be sent to
 */
export function mailboxOf(email: string): Mailbox | undefined {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at);
  const domain = domainToASCII(email.slice(at + 1));
  if (at < 1 || Buffer.byteLength(local) > maxLocal || !isLocalPart(local)) return undefined;
  // Labels of RFC 1035, section 2.3.4: 63 octets at most; numbers alone are an address of another kind.
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (!new RegExp(`^${label}(\\.${label})+$`).test(domain) || /^[0-9.]+$/.test(domain)) return undefined;
  const mailbox = `${local.replace(/[A-Z]/g, (c) => c.toLowerCase())}@${domain}`;
  return Buffer.byteLength(mailbox) <= maxAddress ? (mailbox as Mailbox) : undefined;
}

/** A dot-atom of RFC 5322 with the letters of RFC 6531, no quoted strings: providers do not send to those. */
const isLocalPart = (local: string) =>
  !/\p{Default_Ignorable_Code_Point}/u.test(local) &&
  /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u.test(local);

/** Whether what a provider says can be an address at all, of whatever kind: it is kept and shown as said. */
export const isAddress = (said: unknown): said is string =>
  typeof said === 'string' && said.includes('@') && said.length <= maxAddress && !/\p{Cc}/u.test(said);

/** The address to put on an envelope: as written, but the domain in ASCII, which is what mail providers take. */
export const envelopeAddress = (email: string): string => {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, at)}@${domainToASCII(email.slice(at + 1))}`;
};
