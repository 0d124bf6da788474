import { reordering } from '../message.ts';

const control = /[^\P{Cc}\n]/gu;
// Before the dot of "example.com", the colon of "https://", the at of "a@b".
const linkable = /(?<=[\p{L}\p{N}])(?=\.\p{L}|:\/|@)/gu;
const zeroWidthNonJoiner = '\u200c';

/**
 * Text that a user wrote, for an email in which it must stay text. Mail programs turn whatever looks like an address into
 * a link, so an organization named "win.example/prize" would become one, in an email that looks like ours; an invisible
 * character in the middle prevents it. Markup is React's to escape.
 */
export const asText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(control, ' ')
    .replace(reordering, '')
    .trim()
    .replace(linkable, zeroWidthNonJoiner);
