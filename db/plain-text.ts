/**
 * Whether a text that people outside the organization will read is plain: no link, no markup, no control characters. An
 * invitation with a link in its message is a phishing mail with a good sender.
 *
 * A link is what a mail program makes one of, also when it is hidden from a search: by invisible characters, by full-width
 * letters, by another alphabet's dots and slashes. What nobody can click ("example dot com", "example . com") is a
 * text like any other. An ending that is also the end of a sentence ("We start Monday.In the office") is one, too, without a path.
 */
export function isPlainText(text: string): boolean {
  // Flags of emoji such as Scotland's are spelt in characters that nothing else may use.
  const unflagged = text.replace(/\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f}/gu, '');
  return !unsafe.some((pattern) => pattern.test(unflagged)) && !links.some((pattern) => pattern.test(unhidden(text)));
}

/** Whether it is plain, and of one line: a name. */
export const isPlainLine = (text: string): boolean => isPlainText(text) && !/[\t\r\n]/.test(text);

/** Whether it is plain, of one line, no address in any spelling, and has something to read: a name that emails come by. */
export const isSenderName = (text: string): boolean =>
  isPlainLine(text) && !unhidden(text).includes('@') && /[\p{L}\p{N}]/u.test(unhidden(text));

/**
 * What a person is called where others read it: the name that their identity provider tells, when it is plain and has
 * 200 characters at most; else the
 * part of their address before the @; nothing if that is not plain either. People choose their names, and an inviter's is in every email.
 */
export function plainName(name: string | undefined, email: string): string {
  const local = email.slice(0, email.lastIndexOf('@'));
  return [name?.trim(), local].find((text) => text && text.length <= 200 && isPlainLine(text)) ?? '';
}

/** As a reader, or a mail program, takes it. */
const unhidden = (text: string): string =>
  text
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
    // The dots of UTS 46, and slashes that look like one.
    .replace(/[\u3002\uff61]/g, '.')
    .replace(/[\u2044\u2215\u29f8]/g, '/');

const unsafe = [
  // Control characters but tab and line breaks; line and paragraph separators; halves of surrogate pairs.
  /[^\P{Cc}\t\r\n]|[\u2028\u2029]|\p{Cs}/u,
  // Characters that reorder text, or write one that is not seen.
  /[\u202a-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/u,
  /[<>]/,
];

const links = [
  /:\/\/|\bwww\./i,
  /\b(javascript|vbscript|data|mailto|tel|sms):\S/i,
  /\bxn--/i,
  /(?<![\p{L}\p{N}])[\p{L}\p{N}-]+\.(com|net|org|info|biz|io|co|app|dev|xyz|top|link|click|site|online|shop|store|live|page|zip|mov|pro|tech|cloud|ai|gg|cc|ly|gl|me|eu|de|ch|at|fr|nl|pl|uk|es|br|jp|ru|cn|tk|ml|cf|gq|ga)(?![\p{L}\p{N}])/iu,
  // A domain with a path or a port, whatever its ending; an address by number with either.
  /(?<![\p{L}\p{N}])[\p{L}\p{N}-]+\.\p{L}{2,}(\/\S|:\d)/u,
  /(?<!\d)\d{1,3}(\.\d{1,3}){3}[/:]\S/,
];
