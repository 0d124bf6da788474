import { html } from 'hono/html';
import { canLookAlike, spellings } from '../../identity/look-alike.ts';
import type { Words } from '../../languages/words.ts';
import { icon } from './icon.ts';
import type { Html } from './layout.ts';
import { address, supplied } from './supplied.ts';

/**
 * A line that asks to look twice at an address with characters that can pass for others, as `аcme.example` with a
 * Cyrillic а does; nothing for any other address.
 *
 * @param whose the sentence about the address, by whose it is
 */
export function lookAlikeWarning(
  words: Words,
  whose: 'lookAlike.inviter' | 'lookAlike.invited',
  email: string | undefined,
): Html | null {
  if (email === undefined || !canLookAlike(email)) return null;
  const both = spellings(email);
  return html`
      <p class="look-alike" role="note">${icon('warning')}<span>${words.parts(whose, { address: html`<strong>${address(email)}</strong>` })}${
        both
          ? html` ${words.parts('lookAlike.domain', { readable: supplied(both.readable), plain: html`<code>${both.plain}</code>` })}`
          : null
      }</span></p>`;
}

/** The same for a table: a few words under the address. */
export function lookAlikeNote(email: string): Html | null {
  if (!canLookAlike(email)) return null;
  const both = spellings(email);
  return html` <span class="note">has letters that can look like others${both ? html`: <code>${both.plain}</code>` : null}</span>`;
}
