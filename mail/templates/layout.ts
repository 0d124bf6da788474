import { html, raw } from 'hono/html';
import type { Words } from '../../languages/words.ts';

/** An email ready to be put in a message. */
export interface Email {
  subject: string;
  html: string;
  text: string;
}

/** Part of an email, in both of its forms, so that they say the same. */
export interface Part {
  html: Html;
  /** Undefined: it says nothing to those who read the text. */
  text?: string;
}

/** An organization's own looks. */
export interface Looks {
  /** Of buttons, with white text on it: `#rrggbb`. @default Usher's blue */
  color?: string | undefined;
  logo?: { url: string; alt: string } | undefined;
}

type Html = ReturnType<typeof html>;

// Inline styles are what every mail program understands; the sheet adds the dark colours and the narrow layout for
// those that understand more. Nothing is loaded from anywhere but the organization's logo, which is the same for everybody:
// other remote images, and fonts, would report who read what when.
const sheet = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background-color: #111113 !important; }
  .card { background-color: #1c1c1f !important; border-color: #34343a !important; }
  .card.usual { border-top-color: #5b8def !important; }
  .ink { color: #f4f4f5 !important; }
  .soft { color: #b4b4bd !important; }
  .rule { border-color: #34343a !important; }
  .panel { background-color: #26262a !important; }
  .link { color: #9ec1ff !important; }
  .button { border-color: #787aa0 !important; }
}
@media (max-width: 480px) {
  .card { padding: 24px 20px !important; }
  .fact { display: block !important; width: auto !important; padding-right: 0 !important; }
  .term { padding-bottom: 0 !important; border-bottom: 0 !important; }
  .value { padding-top: 2px !important; }
  .button { display: block !important; }
}`;

const usualColor = '#1d4ed8';

/** Styles, as an attribute holds them. */
const style = {
  body: 'margin:0;padding:0',
  font: "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;margin:0;padding:0",
  page: 'background-color:#f4f4f5;padding:24px 12px',
  column: 'margin:0 auto;max-width:560px',
  card: 'background-color:#ffffff;border:1px solid #e4e4e7;border-top-width:4px;border-radius:12px;padding:32px 40px 36px',
  below: 'padding:20px 20px 0',
  preview: 'display:none;overflow:hidden;line-height:1px;opacity:0;max-height:0;max-width:0',
  kicker: 'color:#52525b;font-size:14px;font-weight:600;line-height:20px;margin:0 0 6px',
  heading:
    'color:#18181b;font-size:24px;font-weight:600;letter-spacing:-0.01em;line-height:31px;margin:0 0 16px;overflow-wrap:anywhere;word-break:break-word',
  paragraph:
    'color:#18181b;font-size:16px;line-height:24px;margin:0 0 16px;overflow-wrap:anywhere;word-break:break-word',
  note: 'color:#52525b;font-size:14px;line-height:21px;margin:0 0 12px;overflow-wrap:anywhere;word-break:break-word',
  strong: 'font-weight:600',
  quote:
    'background:#f4f4f5;border-left-style:solid;border-left-width:3px;border-radius:4px;color:#18181b;font-size:15px;line-height:23px;margin:0 0 20px;padding:12px 16px;overflow-wrap:anywhere;word-break:break-word',
  facts: 'border-collapse:collapse;margin:0 0 24px;width:100%',
  term: 'border-bottom:1px solid #e4e4e7;color:#52525b;font-size:15px;font-weight:400;line-height:22px;padding:9px 16px 9px 0;vertical-align:top;width:132px',
  value:
    'border-bottom:1px solid #e4e4e7;color:#18181b;font-size:15px;line-height:22px;padding:9px 0;vertical-align:top;overflow-wrap:anywhere;word-break:break-word',
  action: 'margin:0 0 20px',
  button:
    'border-radius:8px;border-style:solid;border-width:1px;color:#ffffff;display:inline-block;font-size:16px;font-weight:600;line-height:24px;padding:11px 22px;text-align:center;text-decoration:none',
  hint: 'color:#52525b;font-size:14px;line-height:21px;margin:0 0 4px',
  link: 'font-size:13px;line-height:20px;margin:0;overflow-wrap:anywhere;word-break:break-word',
  url: 'text-decoration:underline',
  logo: 'background-color:#ffffff;border-radius:8px;display:block;height:48px;margin:0 0 20px;max-width:100%;width:auto',
} as const;

/** In a paragraph, space is space. */
const oneLine = (text: string) => text.replace(/[ \t\r\n]+/g, ' ').trim();

/** Words in a line: text, or a part such as {@link strong}. */
type Line = (string | Part)[];
const htmlOf = (words: Line) => words.map((word) => (typeof word === 'string' ? word : word.html));
const textOf = (words: Line) => oneLine(words.map((word) => (typeof word === 'string' ? word : word.text)).join(''));

/** A paragraph in the colour of the main text. */
export const paragraph = (...words: Line): Part => ({
  html: html`<p class="ink" style="${style.paragraph}">${htmlOf(words)}</p>`,
  text: textOf(words),
});

/** A smaller paragraph in a quieter colour. */
export const note = (...words: Line): Part => ({
  html: html`<p class="soft" style="${style.note}">${htmlOf(words)}</p>`,
  text: textOf(words),
});

export const strong = (text: string): Part => ({ html: html`<strong style="${style.strong}">${text}</strong>`, text });

const broken = (lines: readonly string[]) => lines.map((line, i) => (i === 0 ? line : html`<br/>${line}`));

/** The paragraphs of a text, which has empty lines between them. */
export const paragraphsOf = (text: string): string[] => text.split(/\n(?:[^\S\n]*\n)+/);

/** Text of several paragraphs; line breaks are kept. */
export const prose = (text: string): Part[] =>
  paragraphsOf(text).map((part) => {
    const lines = part.split('\n');
    return {
      html: html`<p class="ink" style="${style.paragraph}">${broken(lines)}</p>`,
      text: lines.map(oneLine).join('\n'),
    };
  });

/** Somebody's own words, line breaks kept. */
export function quote(words: string, { color = usualColor }: Looks = {}): Part {
  const lines = words.split('\n');
  return {
    html: html`<blockquote class="panel ink" style="${style.quote};border-left-color:${color}">${broken(lines)}</blockquote>`,
    text: lines.map((line) => `> ${oneLine(line)}`.trimEnd()).join('\n'),
  };
}

/** What the email is about, as terms and values. */
export function facts(rows: readonly (readonly [term: string, value: string])[]): Part {
  const longest = Math.max(...rows.map(([term]) => term.length));
  return {
    html: html`<table class="facts" width="100%" cellpadding="0" cellspacing="0" style="${style.facts}"><tbody>${rows.map(
      ([term, value]) =>
        html`<tr><th scope="row" align="left" class="fact term soft rule" style="${style.term}">${term}</th><td class="fact value ink rule" style="${style.value}">${value}</td></tr>`,
    )}</tbody></table>`,
    text: rows.map(([term, value]) => `${term.padEnd(longest)}   ${oneLine(value)}`).join('\n'),
  };
}

/** The one thing to do, and the same link to copy for those whose mail program shows no button. */
export const action = (words: Words, label: string, url: string, { color = usualColor }: Looks = {}): Part => ({
  html: html`<p style="${style.action}"><a href="${url}" class="button" style="${style.button};background-color:${color};border-color:${color}">${label}</a></p>
<p class="soft" style="${style.hint}">${words.text('email.copy')}</p>
<p style="${style.link}"><a href="${url}" class="link" style="${style.url};color:${color}" target="_blank">${url}</a></p>`,
  text: `${label}\n\n${url}`,
});

/** Tables are what every mail program lays out alike. */
const section = (attributes: Html, content: unknown) =>
  html`<table align="center" width="100%" border="0" cellpadding="0" cellspacing="0" role="presentation" ${attributes}><tbody><tr><td>${content}</td></tr></tbody></table>`;

/** Follows the preview, or mail programs would go on with what stands below it. */
const nothingMore = '\xa0\u200c\u200b\u200d\u200e\u200f\ufeff';
/** As much as any of them shows, characters. */
const longestPreview = 150;

interface Layout {
  words: Words;
  looks?: Looks | undefined;
  subject: string;
  /** What mail programs show beside the subject in their lists. */
  preview: string;
  /** What sort of email it is: stands above the heading. */
  kicker: string;
  heading: string;
  content: Part[];
  /** Below the card: why it was sent, and what to do if it was not expected. */
  footer: Part[];
}

/** Renders a layout, as HTML and as plain text. */
export function renderEmail({ words, looks = {}, subject, preview, kicker, heading, content, footer }: Layout): Email {
  const htmls = (parts: Part[]) => parts.map((part) => part.html);
  const { color = usualColor, logo } = looks;
  const card = html`${logo ? html`<img src="${logo.url}" alt="${logo.alt}" height="48" style="${style.logo}" />` : null}<p class="soft" style="${style.kicker}">${kicker}</p>
<h1 class="ink" style="${style.heading}">${heading}</h1>
${htmls(content)}`;
  const column = html`${section(html`class="card${color === usualColor ? ' usual' : ''}" style="${style.card};border-top-color:${color}"`, card)}${section(html`style="${style.below}"`, htmls(footer))}`;
  const page = section(html`class="page" style="${style.page}"`, section(html`style="${style.column}"`, column));
  const document = html`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html dir="ltr" lang="${words.language}"><head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="x-apple-disable-message-reformatting" />
<meta name="color-scheme" content="light dark" />
<meta name="supported-color-schemes" content="light dark" />
<meta name="format-detection" content="telephone=no, date=no, address=no" />
<title>${heading}</title>
<style>${raw(sheet)}</style>
</head><body class="page" style="${style.body}">
<div style="${style.preview}">${preview}<div>${nothingMore.repeat(Math.max(0, longestPreview - preview.length))}</div></div>
${section(html`style="${style.font}"`, page)}
</body></html>
`;
  const texts = [oneLine(heading), ...[...content, ...footer].flatMap((part) => part.text ?? [])];
  // A promise only where something inside it is one.
  return { subject, html: String(document), text: texts.join('\n\n') };
}
