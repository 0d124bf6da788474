import {
  Body,
  Container,
  Head,
  Heading,
  Html,
  Link,
  Preview,
  Section,
  Text,
  type TextProps,
} from '@react-email/components';
import { render, toPlainText } from '@react-email/render';
import { type CSSProperties, createElement as h, type ReactNode } from 'react';

/** An email ready to be put in a message. */
export interface Email {
  subject: string;
  html: string;
  text: string;
}

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

const ink = '#18181b';
const soft = '#52525b';
const border = '1px solid #e4e4e7';
const font = '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Helvetica, Arial, sans-serif';
const breakable: CSSProperties = { overflowWrap: 'anywhere', wordBreak: 'break-word' };

/** A paragraph in the colour of the main text. */
export const paragraph = (...children: ReactNode[]) =>
  h(
    Text,
    { className: 'ink', style: { color: ink, fontSize: '16px', lineHeight: '24px', margin: '0 0 16px', ...breakable } },
    ...children,
  );

/** A smaller paragraph in a quieter colour. */
export const note = (...children: ReactNode[]) =>
  h(
    Text,
    {
      className: 'soft',
      style: { color: soft, fontSize: '14px', lineHeight: '21px', margin: '0 0 12px', ...breakable },
    },
    ...children,
  );

export const strong = (text: string) => h('strong', { style: { fontWeight: 600 } }, text);

/** Somebody's own words, line breaks kept. */
export const quote = (text: string) =>
  h(
    'blockquote',
    {
      className: 'panel ink',
      style: {
        background: '#f4f4f5',
        borderLeft: '3px solid #2563eb',
        borderRadius: '4px',
        color: ink,
        fontSize: '15px',
        lineHeight: '23px',
        margin: '0 0 20px',
        padding: '12px 16px',
        ...breakable,
      },
    },
    ...text.split('\n').flatMap((line, i) => (i === 0 ? [line] : [h('br', { key: i }), line])),
  );

/** What the email is about, as terms and values. */
export const facts = (rows: readonly (readonly [term: string, value: string])[]) => {
  const cell: CSSProperties = { fontSize: '15px', lineHeight: '22px', padding: '9px 0', verticalAlign: 'top' };
  return h(
    'table',
    {
      className: 'facts',
      width: '100%',
      cellPadding: 0,
      cellSpacing: 0,
      style: { borderCollapse: 'collapse', margin: '0 0 24px', width: '100%' },
    },
    h(
      'tbody',
      null,
      ...rows.map(([term, value]) =>
        h(
          'tr',
          { key: term },
          h(
            'th',
            {
              scope: 'row',
              align: 'left',
              className: 'fact term soft rule',
              style: {
                ...cell,
                borderBottom: border,
                color: soft,
                fontWeight: 400,
                paddingRight: '16px',
                width: '132px',
              },
            },
            term,
          ),
          h(
            'td',
            {
              className: 'fact value ink rule',
              style: { ...cell, borderBottom: border, color: ink, ...breakable },
            },
            value,
          ),
        ),
      ),
    ),
  );
};

/** The one thing to do, and the same link to copy for those whose mail program shows no button. */
export const action = (label: string, url: string) =>
  h(
    Section,
    null,
    h(
      'p',
      { style: { margin: '0 0 20px' } },
      // A plain link and not the library's button, whose filler for Outlook ends up in the plain text.
      h(
        'a',
        {
          href: url,
          className: 'button',
          style: {
            backgroundColor: '#1d4ed8',
            border: '1px solid #1d4ed8',
            borderRadius: '8px',
            color: '#ffffff',
            display: 'inline-block',
            fontSize: '16px',
            fontWeight: 600,
            lineHeight: '24px',
            padding: '11px 22px',
            textAlign: 'center',
            textDecoration: 'none',
          },
        },
        label,
      ),
    ),
    h(
      Text,
      {
        className: 'soft',
        'data-skip-in-text': true,
        style: { color: soft, fontSize: '14px', lineHeight: '21px', margin: '0 0 4px' },
      } as TextProps,
      'If the button does not work, copy this link into your browser:',
    ),
    h(
      Text,
      { style: { fontSize: '13px', lineHeight: '20px', margin: 0, ...breakable } },
      h(Link, { href: url, className: 'link', style: { color: '#1d4ed8', textDecoration: 'underline' } }, url),
    ),
  );

interface Layout {
  subject: string;
  /** What mail programs show beside the subject in their lists. */
  preview: string;
  /** What sort of email it is: stands above the heading. */
  kicker: string;
  heading: string;
  content: ReactNode[];
  /** Below the card: why it was sent, and what to do if it was not expected. */
  footer: ReactNode[];
}

/** Renders a layout; HTML and plain text come from the same tree, so that they say the same. */
export async function renderEmail(layout: Layout): Promise<Email> {
  const html = await render(
    h(
      Html,
      { lang: 'en', dir: 'ltr' },
      h(
        Head,
        null,
        h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
        h('meta', { name: 'color-scheme', content: 'light dark' }),
        h('meta', { name: 'supported-color-schemes', content: 'light dark' }),
        h('meta', { name: 'format-detection', content: 'telephone=no, date=no, address=no' }),
        h('title', null, layout.heading),
        h('style', { dangerouslySetInnerHTML: { __html: sheet } }),
      ),
      h(Preview, null, layout.preview),
      h(
        Body,
        { className: 'page', style: { fontFamily: font, margin: 0, padding: 0 } },
        h(
          Section,
          { className: 'page', style: { backgroundColor: '#f4f4f5', padding: '24px 12px' } },
          h(
            Container,
            { style: { margin: '0 auto', maxWidth: '560px' } },
            h(
              Section,
              {
                className: 'card',
                style: {
                  backgroundColor: '#ffffff',
                  border,
                  borderTop: '4px solid #1d4ed8',
                  borderRadius: '12px',
                  padding: '32px 40px 36px',
                },
              },
              h(
                Text,
                {
                  className: 'soft',
                  'data-skip-in-text': true,
                  style: { color: soft, fontSize: '14px', fontWeight: 600, lineHeight: '20px', margin: '0 0 6px' },
                } as TextProps,
                layout.kicker,
              ),
              h(
                Heading,
                {
                  as: 'h1',
                  className: 'ink',
                  style: {
                    color: ink,
                    fontSize: '24px',
                    fontWeight: 600,
                    letterSpacing: '-0.01em',
                    lineHeight: '31px',
                    margin: '0 0 16px',
                    ...breakable,
                  },
                },
                layout.heading,
              ),
              ...layout.content,
            ),
            h(Section, { style: { padding: '20px 20px 0' } }, ...layout.footer),
          ),
        ),
      ),
    ),
  );
  const text = toPlainText(html, {
    selectors: [
      { selector: 'h1', options: { uppercase: false } },
      { selector: 'table.facts', format: 'dataTable', options: { uppercaseHeaderCells: false, maxColumnWidth: 400 } },
      // Its link stands below it.
      { selector: 'a.button', format: 'anchor', options: { ignoreHref: true } },
    ],
  });
  return { subject: layout.subject, html, text };
}

/**
 * A date and time as people read it, in UTC and saying so: we do not know where the reader is.
 *
 * @param locale BCP 47; those that are not English read as English until there are translations
 */
export const formatTime = (time: Date, locale: string): string =>
  new Intl.DateTimeFormat(/^en(-[A-Z]{2})?$/.test(locale) ? locale : 'en', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(time);
