import { expect, test } from 'vitest';
import { isPlainLine, isPlainText, plainName } from '../../db/plain-text.ts';

/** What strangers read in emails from us may hold no link, markup or control character, however it is hidden. */

test.each([
  // Links as they are.
  'https://evil.example',
  'HTTP://EVIL.EXAMPLE',
  'hxxp://evil.example',
  'evil.com',
  'Visit evil.com.',
  'Visit EVIL.COM today',
  'boss@evil.com',
  'www.evil.example',
  'evil.museum/login',
  'evil.museum:8080',
  '192.0.2.1/login',
  '192.0.2.1:8080',
  'xn--bcher-kva.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'mailto:boss',
  'Call tel:+123',
  // Hidden by characters that are not seen.
  'ev\u200bil.c\u200bom',
  'evil\u2060.com',
  'evil.\u00adcom',
  'evil.c\u200dom',
  'h\ufefft\ufefftps:\ufeff//x',
  // By other dots, letters and slashes.
  'evil\uff0ecom',
  'evil\u3002com',
  'evil\uff61com',
  'evil\u2024com',
  '\uff45\uff56\uff49\uff4c.\uff43\uff4f\uff4d',
  '\u24d4vil.\u24d2om',
  '\u{1d41e}vil.\u{1d41c}om',
  'https\uff1a\uff0f\uff0fevil',
  'evil.museum\u2215login',
  'bücher.de',
  // Markup.
  '<b>Acme</b>',
  'a < b',
  '[Acme](evil.com)',
  // Control characters, and what reorders or hides.
  'A\u0000',
  'A\u0007',
  'A\u001b[31m',
  'A\u007f',
  'A\u0085',
  'A\u202eb',
  'A\u2066b',
  'A\u2028b',
  'A\u2029b',
  'A\u{e0041}\u{e0042}',
  'A\u{e0001}',
  'A\ud800',
  '\udc00A',
])('%j is refused', (text) => {
  expect(isPlainText(text)).toBe(false);
  expect(isPlainLine(text)).toBe(false);
});

test.each([
  "O'Brien & Söhne GmbH",
  'Node.js Guild',
  'Müller GmbH & Co.KG',
  'Verein der Freunde e.V.',
  'Dr. A. B. Smith, Ph.D.',
  'S.p.A. Rossi',
  '株式会社アクメ',
  'あなたを招待します。お待ちしています。',
  'شركة أكمي',
  'حسين\u200cپور',
  'אקמי בע״מ',
  'บริษัท แอคมี จำกัด',
  'ក្រុមហ៊ុន\u200bអាខមី',
  'एक्मी क\u200dष',
  'Ελληνικά',
  'Акме',
  'Team 🚀',
  'Family 👨\u200d👩\u200d👧',
  'Scotland 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  'Germany 🇩🇪',
  'Version 1.2.3.4',
  '10:30 at the office, 50% of 7/8',
  'C++ & C#',
  'example dot com',
  'example . com',
  'example (dot) com',
  'We start Monday.In the office',
  'No.1',
  'Data: all of it',
  '“Quoted” – with dashes…',
])('%j may be a name', (text) => expect(isPlainLine(text)).toBe(true));

test('a message may have lines, a name may not', () => {
  expect(isPlainText('Hello,\r\n\twe start.\n')).toBe(true);
  for (const text of ['A\nB', 'A\rB', 'A\tB']) expect(isPlainLine(text)).toBe(false);
});

test.each([
  ['Ada Lovelace', 'ada@example.com', 'Ada Lovelace'],
  ['  Ada  ', 'ada@example.com', 'Ada'],
  ['Sign in at evil.com', 'ada@example.com', 'ada'],
  ['Ada\nBcc: b@example.org', 'ada@example.com', 'ada'],
  ['Ada\u0000', 'ada@example.com', 'ada'],
  ['', 'ada@example.com', 'ada'],
  [undefined, 'ada@example.com', 'ada'],
  ['<b>', 'www.evil@example.com', ''],
  ['x'.repeat(200), 'ada@example.com', 'x'.repeat(200)],
  ['x'.repeat(201), 'ada@example.com', 'ada'],
])('who is called %j by a provider, with the address %s, is shown as %j', (name, email, shown) => {
  expect(plainName(name, email)).toBe(shown);
});
