import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { type InvitationTerms, termFields } from './amend-page.ts';
import { choice, consoleForm, type Filled, type FormError, textArea } from './form.ts';
import { type ConsoleFrame, consolePage } from './frame.ts';
import { lifetimes } from './invitation-words.ts';

export interface InvitePageView {
  frame: ConsoleFrame;
  terms: Omit<InvitationTerms, 'filled' | 'error'>;
  filled: Filled;
  /** The most addresses at once. */
  most: number;
  /** The most characters of them. */
  mostText: number;
  error?: FormError | undefined;
}

const invitations = (frame: ConsoleFrame) => ({
  href: `${frame.organization.path}/invitations`,
  text: 'Invitations',
});

/** Invites whoever is typed or pasted, all with the same terms. */
export const invitePage = ({ frame, terms, filled, most, mostText, error }: InvitePageView): Html => {
  const path = `${frame.organization.path}/invite`;
  return consolePage(frame, {
    title: 'Invite people',
    back: invitations(frame),
    actions: buttonLink(`${path}/csv`, 'From CSV'),
    error,
    body: html`
    <div class="card confirm">${consoleForm(
      frame,
      path,
      {},
      html`${textArea({
        name: 'addresses',
        label: 'Addresses',
        hint: `Up to ${most.toLocaleString('en')}, separated by anything: lines, commas, spaces. Names beside them are left out.`,
        value: filled.addresses,
        rows: 6,
        most: mostText,
        required: true,
        error,
      })}${termFields({ ...terms, filled, error })}${choice({
        name: 'expiresIn',
        label: 'Expires in',
        any: 'As the organization has it',
        options: lifetimes,
        value: filled.expiresIn,
        error,
      })}
      <div class="confirm-do"><button class="button primary">Invite</button></div>`,
    )}
    </div>`,
  });
};

export interface CsvPageView {
  frame: ConsoleFrame;
  csv: string;
  most: number;
  mostText: number;
  error?: FormError | undefined;
}

/** Takes CSV, pasted or from a file, to be looked at before anybody is invited. */
export const csvPage = ({ frame, csv, most, mostText, error }: CsvPageView): Html => {
  const path = `${frame.organization.path}/invite`;
  return consolePage(frame, {
    title: 'Invite from CSV',
    back: { href: path, text: 'Invite people' },
    error,
    body: html`
    <div class="card confirm">
      <p class="field" hidden data-file="#field-csv"><label for="file">A file</label><input id="file" type="file" accept=".csv,text/csv"></p>${consoleForm(
        frame,
        `${path}/csv`,
        {},
        html`${textArea({
          name: 'csv',
          label: 'CSV',
          hint: `A header row that names the columns – email, role, teams, licenses, locale, message, expiresIn – and up to ${most.toLocaleString('en')} rows. Several teams or licences in one cell are separated by |.`,
          value: csv,
          rows: 10,
          most: mostText,
          required: true,
          error,
        })}
      <div class="confirm-do"><button class="button primary">Look at it first</button></div>`,
      )}
    </div>`,
  });
};
