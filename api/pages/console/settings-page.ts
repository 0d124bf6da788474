import { html } from 'hono/html';
import type { NoticeKind } from '../../../db/notices.ts';
import { organizationTile } from '../avatar.ts';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { supplied } from '../supplied.ts';
import { confirmPage } from './confirm-page.ts';
import { emailsPath } from './emails-page.ts';
import { choice, consoleForm, type Filled, type FormError, fileField, textArea, textField, tickBoxes } from './form.ts';
import { type ConsoleFrame, consolePage, nothing } from './frame.ts';
import { lifetimes } from './invitation-words.ts';

/** What an organization decides for itself, as its form has it. */
export interface SettingsView {
  name: string;
  homeUrl: string;
  /** ISO 8601, and in words. */
  expiresIn: { value: string; text: string };
  /** `usual`, `never`, or `own` for those of `reminders`. */
  remind: string;
  reminders: string;
  /** In whose daytime reminders come. */
  timeZone: string;
  allowedDomains: string;
  blockedDomains: string;
  languages: string;
  /** Of {@link noticeKinds}, with commas between. */
  notices: string;
}

export interface SettingsPageView {
  frame: ConsoleFrame;
  settings: SettingsView;
  slug: string;
  suspendedAt: Date | null;
  /** The settings that the page was drawn for: what has changed since is not overwritten unseen. */
  version: string;
  mayChange: boolean;
  maySuspend: boolean;
  /** That a logo may be of. */
  logoTypes: readonly string[];
  /** As it was filled in, when it comes back. */
  filled?: Filled | undefined;
  error?: FormError | undefined;
}

const remindOptions = [
  { value: 'usual', text: 'Halfway, and a day before the end' },
  { value: 'never', text: 'Never' },
  { value: 'own', text: 'At times of our own' },
];

/** What the form calls a choice of reminders. */
export const remindWords = (remind: string): string => remindOptions.find(({ value }) => value === remind)?.text ?? '';

const noticeOptions: { value: NoticeKind; text: string }[] = [
  { value: 'accepted', text: 'Somebody joined' },
  { value: 'declined', text: 'Somebody declined' },
  { value: 'expired', text: 'An invitation expired' },
  { value: 'undeliverable', text: 'An email could not be delivered' },
];

/** What the form calls what inviters are told. */
export const noticeWords = (notices: string): string =>
  noticeOptions.flatMap(({ value, text }) => (notices.split(', ').includes(value) ? [text] : [])).join(', ');

const settingsPath = (frame: ConsoleFrame) => `${frame.organization.path}/settings`;

const form = ({ frame, settings, version, filled, error }: SettingsPageView): Html => {
  const { expiresIn, ...texts } = settings;
  const shown: Filled = filled ?? { ...texts, expiresIn: expiresIn.value };
  const field = (name: keyof SettingsView) => ({ name, value: shown[name], error });
  return html`
    <div class="card confirm">${consoleForm(
      frame,
      settingsPath(frame),
      // A box that is not ticked is not posted.
      { version, notices: '' },
      html`${textField({
        ...field('name'),
        label: 'Name',
        hint: 'In emails and on the pages of those who are invited.',
        required: true,
        most: 100,
      })}${textField({
        ...field('homeUrl'),
        label: 'Home page',
        hint: 'Where members go after they joined: https://…',
        most: 2000,
      })}${choice({
        ...field('expiresIn'),
        label: 'Invitations expire in',
        hint: 'Unless whoever invites says otherwise.',
        options: lifetimes.some(({ value }) => value === expiresIn.value) ? lifetimes : [expiresIn, ...lifetimes],
      })}${choice({ ...field('remind'), label: 'Reminders', options: remindOptions })}${textField({
        ...field('reminders'),
        label: 'Times of our own',
        hint: 'So many days after the sending, up to five with commas between: 3, 10. Hours with an h: 36h.',
        most: 100,
      })}${textField({
        ...field('timeZone'),
        label: 'Time zone',
        hint: 'A name such as Europe/Berlin: reminders come between 9:00 and 18:00 there.',
        most: 60,
      })}${textArea({
        ...field('allowedDomains'),
        label: 'Allowed mail domains',
        hint: 'Only addresses of these are invited, one a line; *.example.com stands for all below it. None: all that are not blocked.',
        rows: 3,
        most: 30_000,
      })}${textArea({
        ...field('blockedDomains'),
        label: 'Blocked mail domains',
        hint: 'Addresses of these are not invited.',
        rows: 3,
        most: 30_000,
      })}${textField({
        ...field('languages'),
        label: 'Languages',
        hint: 'Codes with commas between, such as en, de-AT: invitations are in the first unless one says another of them. None: any.',
        most: 2000,
      })}${tickBoxes({
        name: 'notices',
        label: 'Tell inviters by email',
        hint: 'What became of their invitations; several at once come in one email.',
        options: noticeOptions,
        ticked: (shown.notices ?? '').split(', '),
        error,
      })}
      <div class="confirm-do"><button class="button primary">Save</button></div>`,
    )}
    </div>`;
};

const facts = ({ settings }: SettingsPageView): Html => {
  const { reminders } = settings;
  const said: [string, string][] = [
    ['Name', settings.name],
    ['Home page', settings.homeUrl],
    ['Invitations expire in', settings.expiresIn.text],
    ['Reminders', settings.remind === 'own' ? reminders : remindWords(settings.remind)],
    ['Time zone', settings.timeZone],
    ['Allowed mail domains', settings.allowedDomains],
    ['Blocked mail domains', settings.blockedDomains],
    ['Languages', settings.languages],
    ['Inviters are told', noticeWords(settings.notices)],
  ];
  return html`
    <section class="card confirm"><dl class="facts">${said.map(
      ([name, text]) => html`<div><dt>${name}</dt><dd>${text ? supplied(text) : nothing}</dd></div>`,
    )}</dl></section>`;
};

const logo = ({ frame, mayChange, logoTypes, error }: SettingsPageView): Html => {
  const path = `${settingsPath(frame)}/logo`;
  const { organization } = frame;
  return html`
    <section class="card acts confirm" aria-labelledby="logo">
      <h2 id="logo">Logo</h2>
      <p>${organizationTile(organization)}</p>${
        mayChange
          ? html`${consoleForm(
              frame,
              path,
              {},
              html`${fileField({
                name: 'logo',
                label: 'A picture',
                hint: 'PNG, JPEG or WebP, 1 MiB at most; square looks best. It is drawn anew within 256 pixels, and shown to those who are invited, in emails too.',
                types: logoTypes,
                required: true,
                error,
              })}
        <button class="button secondary">${organization.logo ? 'Change the logo' : 'Use it as the logo'}</button>`,
              'file',
            )}${
              organization.logo
                ? consoleForm(
                    frame,
                    `${path}/remove`,
                    {},
                    html`
        <button class="button secondary">Remove the logo</button>`,
                  )
                : null
            }`
          : null
      }
    </section>`;
};

/** What an organization decides for itself, and whether it is suspended. */
export const settingsPage = (view: SettingsPageView): Html => {
  const { frame, slug, suspendedAt, mayChange, maySuspend, error } = view;
  return consolePage(frame, {
    title: 'Settings',
    error,
    body: html`${mayChange ? form(view) : facts(view)}${mayChange || frame.organization.logo ? logo(view) : null}
    <section class="card acts confirm" aria-labelledby="emails">
      <h2 id="emails">Emails</h2>
      <div class="words"><p>By what name invitations come, where answers go, their colour, and what they say in each language.</p></div>
      <p>${buttonLink(emailsPath(frame, 'en'), mayChange ? 'Change the emails' : 'See the emails')}</p>
    </section>
    <section class="card acts confirm" aria-labelledby="suspension">
      <h2 id="suspension">Suspension</h2>
      <div class="words"><p>${
        suspendedAt
          ? html`Suspended since ${dateTime(suspendedAt)}: nothing is sent for it, and nobody can join.`
          : 'It is not suspended.'
      } ${maySuspend ? null : 'Only those who run Usher change that.'}</p></div>${
        maySuspend
          ? html`<p>${buttonLink(`${settingsPath(frame)}/suspension`, suspendedAt ? 'End the suspension' : 'Suspend it')}</p>`
          : null
      }
      <p class="note">Programs call the organization <code>${slug}</code>, which never changes.</p>
    </section>`,
  });
};

/** Asks before an organization is suspended, or that ends. */
export const suspensionPage = (view: {
  frame: ConsoleFrame;
  suspends: boolean;
  error?: FormError | undefined;
}): Html => {
  const { frame, suspends, error } = view;
  return confirmPage({
    frame,
    title: suspends ? 'Suspend the organization?' : 'End the suspension?',
    words: suspends
      ? html`<p>Nobody is invited for it or joins, and emails wait, until that ends. Invitations stay what they are, and expire when they do.</p>`
      : html`<p>Emails that waited are sent, and people can be invited and join again.</p>`,
    action: `${settingsPath(frame)}/suspension`,
    fields: { suspended: suspends ? 'yes' : 'no' },
    button: suspends ? 'Suspend' : 'End it',
    tone: suspends ? 'danger' : 'primary',
    back: { href: settingsPath(frame), text: 'Leave it as it is' },
    error,
  });
};
