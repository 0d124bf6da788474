import { html } from 'hono/html';
import { placeholders } from '../../../languages/wording.ts';
import { type Language, languages } from '../../../languages/words.ts';
import type { Html } from '../layout.ts';
import { lookAlikeNote } from '../look-alike.ts';
import { supplied } from '../supplied.ts';
import { consoleForm, type Filled, type FormError, textArea, textField } from './form.ts';
import { type ConsoleFrame, consolePage, nothing } from './frame.ts';
import { listTabs } from './list.ts';

/** How an organization's emails look, and what they say in one language, as the form has it. */
export interface EmailsView {
  senderName: string;
  replyTo: string;
  color: string;
  subject: string;
  greeting: string;
  body: string;
}

export interface EmailsPageView {
  frame: ConsoleFrame;
  /** In which the wording is. */
  language: Language;
  emails: EmailsView;
  /** The settings that the page was drawn for: what has changed since is not overwritten unseen. */
  version: string;
  mayChange: boolean;
  /** As it was filled in, when it comes back. */
  filled?: Filled | undefined;
  error?: FormError | undefined;
}

const languageNames = new Intl.DisplayNames('en', { type: 'language' });
const nameOf = (language: Language) => languageNames.of(language)!;

/** Where the emails of a language are set. */
export const emailsPath = (frame: ConsoleFrame, language: Language): string =>
  `${frame.organization.path}/settings/emails/${language}`;

const form = ({ frame, language, emails, version, filled, error }: EmailsPageView): Html => {
  const shown: Filled = filled ?? { ...emails };
  const field = (name: keyof EmailsView) => ({ name, value: shown[name], error });
  const path = emailsPath(frame, language);
  return html`
    <div class="card confirm">${consoleForm(
      frame,
      path,
      { version },
      html`${textField({
        ...field('senderName'),
        label: 'Sender’s name',
        hint: 'By which invitations come, with that of Usher behind it; the address stays Usher’s.',
        most: 100,
      })}${textField({
        ...field('replyTo'),
        label: 'Answers go to',
        hint: html`An address, which invitations name. None: to whoever invited.${lookAlikeNote(shown.replyTo ?? '')}`,
        most: 254,
      })}${textField({
        ...field('color'),
        label: 'Colour',
        hint: 'Of the button, in emails and on pages, such as #1d4ed8; dark enough for white text.',
        most: 7,
      })}${textField({
        ...field('subject'),
        label: `Subject in ${nameOf(language)}`,
        hint: `Here and below can stand ${placeholders.map((name) => `{${name}}`).join(', ')}. A paragraph that names the licences is left out where there are none.`,
        most: 150,
      })}${textField({
        ...field('greeting'),
        label: `Greeting in ${nameOf(language)}`,
        hint: 'A line to begin with.',
        most: 150,
      })}${textArea({
        ...field('body'),
        label: `Text in ${nameOf(language)}`,
        hint: 'In place of the sentence that says who invites, which is then said below. Plain text; an empty line begins a paragraph.',
        rows: 8,
        most: 2000,
      })}
      <div class="confirm-do"><button class="button primary">Save</button>
        <button class="button secondary" formaction="${path}/email" formtarget="preview">Preview</button>
        <button class="button secondary" formaction="${path}/email?licenses=none" formtarget="preview">Preview without licences</button></div>`,
    )}
    </div>`;
};

const facts = ({ language, emails }: EmailsPageView): Html => {
  const said: [string, string, note?: Html | null][] = [
    ['Sender’s name', emails.senderName],
    ['Answers go to', emails.replyTo, lookAlikeNote(emails.replyTo)],
    ['Colour', emails.color],
    [`Subject in ${nameOf(language)}`, emails.subject],
    [`Greeting in ${nameOf(language)}`, emails.greeting],
    [`Text in ${nameOf(language)}`, emails.body],
  ];
  return html`
    <section class="card confirm"><dl class="facts">${said.map(
      ([name, text, note]) => html`<div><dt>${name}</dt><dd>${text ? supplied(text) : nothing}${note}</dd></div>`,
    )}</dl></section>`;
};

/** How an organization's invitations look and read, with one as an example. */
export const emailsPage = (view: EmailsPageView): Html => {
  const { frame, language, mayChange, error } = view;
  return consolePage(frame, {
    title: 'Emails',
    back: { href: `${frame.organization.path}/settings`, text: 'Settings' },
    error,
    body: html`${listTabs(
      'Language',
      languages.map((one) => ({ name: nameOf(one), href: emailsPath(frame, one), isCurrent: one === language })),
    )}
    <div class="halves">${mayChange ? form(view) : facts(view)}
    <section class="card" aria-labelledby="preview">
      <h2 id="preview">An invitation as it is sent</h2>
      <iframe class="email" name="preview" src="${emailsPath(frame, language)}/email" title="The email" sandbox loading="lazy"></iframe>
    </section>
    </div>`,
  });
};
