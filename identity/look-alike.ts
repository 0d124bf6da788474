import { domainToASCII, domainToUnicode } from 'node:url';

/** True for an address with characters that can pass for others: any outside ASCII, written out or as punycode. */
export const canLookAlike = (email: string): boolean => /[^\x20-\x7e]/.test(email) || /[@.]xn--/i.test(email);

/** The domain of an address as people read it and in plain letters, if they differ. */
export function spellings(email: string): { readable: string; plain: string } | undefined {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  const plain = domainToASCII(domain);
  const readable = domainToUnicode(domain);
  return plain && readable && plain !== readable ? { readable, plain } : undefined;
}
