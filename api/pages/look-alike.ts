import { domainToASCII, domainToUnicode } from 'node:url';
import { html } from 'hono/html';
import { icon } from './icon.ts';
import type { Html } from './layout.ts';
import { address, supplied } from './supplied.ts';

/** True for an address with characters that can pass for others: any outside ASCII, written out or as punycode. */
export const canLookAlike = (email: string): boolean => /[^\x20-\x7e]/.test(email) || /[@.]xn--/i.test(email);

/** The domain in both spellings, if they differ. */
function spellings(email: string): { readable: string; plain: string } | undefined {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  const plain = domainToASCII(domain);
  const readable = domainToUnicode(domain);
  return plain && readable && plain !== readable ? { readable, plain } : undefined;
}

/**
 * A line that asks to look twice at an address with characters that can pass for others, as `аcme.example` with a
 * Cyrillic а does; nothing for any other address.
 *
 * @param whose how the sentence calls the address: "Your address", "The address of the person who invited you"
 */
export function lookAlikeWarning(whose: string, email: string | undefined): Html | null {
  if (email === undefined || !canLookAlike(email)) return null;
  const both = spellings(email);
  return html`
      <p class="look-alike" role="note">${icon('warning')}<span>${whose}, <strong>${address(email)}</strong>, has letters that can look like others. Make sure it is the one you expect.${
        both
          ? html` Its domain ${supplied(both.readable)} is spelled <code>${both.plain}</code> in plain letters.`
          : null
      }</span></p>`;
}
