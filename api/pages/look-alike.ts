import { html } from 'hono/html';
import { canLookAlike, spellings } from '../../identity/look-alike.ts';
import { icon } from './icon.ts';
import type { Html } from './layout.ts';
import { address, supplied } from './supplied.ts';

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

/** The same for a table: a few words under the address. */
export function lookAlikeNote(email: string): Html | null {
  if (!canLookAlike(email)) return null;
  const both = spellings(email);
  return html` <span class="note">has letters that can look like others${both ? html`: <code>${both.plain}</code>` : null}</span>`;
}
