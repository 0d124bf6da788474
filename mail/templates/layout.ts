import { html, raw } from 'hono/html';

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

type Html = ReturnType<typeof html>;

// Inline styles are what every mail program understands; the sheet adds the dark colours and the narrow layout for
// those that understand more. Nothing is loaded from anywhere: remote images and fonts report who read what when.
const sheet = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background-color: #111113 !important; }
  .card { background-color: #1c1c1f !important; border-color: #34343a !important; border-top-color: #5b8def !important; }
  .ink { color: #f4f4f5 !important; }
  .soft { color: #b4b4bd !important; }
  .rule { border-color: #34343a !important; }
  .panel { background-color: #26262a !important; }
  .link { color: #9ec1ff !important; }
}
@media (max-width: 480px) {
  .card { padding: 24px 20px !important; }
  .fact { display: block !important; width: auto !important; padding-right: 0 !important; }
  .term { padding-bottom: 0 !important; border-bottom: 0 !important; }
  .value { padding-top: 2px !important; }
  .button { display: block !important; }
}`;

/** Styles, as an attribute holds them. */
const style = {
  body: 'margin:0;padding:0',
  font: "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;margin:0;padding:0",
  page: 'background-color:#f4f4f5;padding:24px 12px',
  column: 'margin:0 auto;max-width:560px',
  card: 'background-color:#ffffff;border:1px solid #e4e4e7;border-top:4px solid #1d4ed8;border-radius:12px;padding:32px 40px 36px',
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
    'background:#f4f4f5;border-left:3px solid #2563eb;border-radius:4px;color:#18181b;font-size:15px;line-height:23px;margin:0 0 20px;padding:12px 16px;overflow-wrap:anywhere;word-break:break-word',
  facts: 'border-collapse:collapse;margin:0 0 24px;width:100%',
  term: 'border-bottom:1px solid #e4e4e7;color:#52525b;font-size:15px;font-weight:400;line-height:22px;padding:9px 16px 9px 0;vertical-align:top;width:132px',
  value:
    'border-bottom:1px solid #e4e4e7;color:#18181b;font-size:15px;line-height:22px;padding:9px 0;vertical-align:top;overflow-wrap:anywhere;word-break:break-word',
  action: 'margin:0 0 20px',
  button:
    'background-color:#1d4ed8;border:1px solid #1d4ed8;border-radius:8px;color:#ffffff;display:inline-block;font-size:16px;font-weight:600;line-height:24px;padding:11px 22px;text-align:center;text-decoration:none',
  hint: 'color:#52525b;font-size:14px;line-height:21px;margin:0 0 4px',
  link: 'font-size:13px;line-height:20px;margin:0;overflow-wrap:anywhere;word-break:break-word',
  url: 'color:#1d4ed8;text-decoration:underline',
} as const;

/** In a paragraph, space is space. */
const oneLine = (text: string) => text.replace(/[ \t\r\n]+/g, ' ').trim();

/** Words in a line: text, or a part such as {@link strong}. */
type Words = (string | Part)[];
const htmlOf = (words: Words) => words.map((word) => (typeof word === 'string' ? word : word.html));
const textOf = (words: Words) => oneLine(words.map((word) => (typeof word === 'string' ? word : word.text)).join(''));

/** A paragraph in the colour of the main text. */
export const paragraph = (...words: Words): Part => ({
  html: html`<p class="ink" style="${style.paragraph}">${htmlOf(words)}</p>`,
  text: textOf(words),
});

/** A smaller paragraph in a quieter colour. */
export const note = (...words: Words): Part => ({
  html: html`<p class="soft" style="${style.note}">${htmlOf(words)}</p>`,
  text: textOf(words),
});

export const strong = (text: string): Part => ({ html: html`<strong style="${style.strong}">${text}</strong>`, text });

/** Somebody's own words, line breaks kept. */
export function quote(words: string): Part {
  const lines = words.split('\n');
  return {
    html: html`<blockquote class="panel ink" style="${style.quote}">${lines.map((line, i) => (i === 0 ? line : html`<br/>${line}`))}</blockquote>`,
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
export const action = (label: string, url: string): Part => ({
  html: html`<p style="${style.action}"><a href="${url}" class="button" style="${style.button}">${label}</a></p>
<p class="soft" style="${style.hint}">If the button does not work, copy this link into your browser:</p>
<p style="${style.link}"><a href="${url}" class="link" style="${style.url}" target="_blank">${url}</a></p>`,
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
export function renderEmail({ subject, preview, kicker, heading, content, footer }: Layout): Email {
  const htmls = (parts: Part[]) => parts.map((part) => part.html);
  const card = html`<p class="soft" style="${style.kicker}">${kicker}</p>
<h1 class="ink" style="${style.heading}">${heading}</h1>
${htmls(content)}`;
  const column = html`${section(html`class="card" style="${style.card}"`, card)}${section(html`style="${style.below}"`, htmls(footer))}`;
  const page = section(html`class="page" style="${style.page}"`, section(html`style="${style.column}"`, column));
  const document = html`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html dir="ltr" lang="en"><head>
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

/**
 * A date and time as people read it, in UTC and saying so: we do not know where the reader is.
 *
 * @param locale BCP 47; those that are not English read as English until there are translations
 */
export function formatTime(time: Date, locale: string): string {
  const known = /^en(-[A-Z]{2})?$/.test(locale) ? locale : 'en';
  let format = formats.get(known);
  if (!format) {
    format = new Intl.DateTimeFormat(known, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      timeZone: 'UTC',
      timeZoneName: 'short',
    });
    formats.set(known, format);
  }
  return format.format(time);
}

/** By locale: making one takes far longer than using it. There are no more than 677. */
const formats = new Map<string, Intl.DateTimeFormat>();
