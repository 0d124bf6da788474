/**
 * Whether a text that people outside the organization will read is plain: no link, no markup, no control characters.
 * An invitation with a link in its message is a phishing mail with a good sender.
 */
export const isPlainText = (text: string): boolean => !unsafe.some((pattern) => pattern.test(text));

const unsafe = [
  // Control characters but tab and line breaks; characters that reorder text.
  /[^\P{Cc}\t\r\n]|[\u202a-\u202e\u2066-\u2069]/u,
  /[<>]/,
  /:\/\/|\bwww\./i,
  /\b[\p{L}\p{N}-]+\.(com|net|org|info|biz|io|co|app|dev|xyz|top|link|click|site|online|shop|me|ru|cn|tk)\b/iu,
  // A domain with a path, whatever its ending.
  /\b[\p{L}\p{N}-]+\.\p{L}{2,}\/\S/u,
];
