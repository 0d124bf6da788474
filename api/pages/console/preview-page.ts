import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import type { HiddenFields } from '../post-form.ts';
import { address } from '../supplied.ts';
import { countText } from './bars.ts';
import { consoleForm } from './form.ts';
import { type ConsoleFrame, consolePage, nothing } from './frame.ts';
import { dataTable } from './table.ts';

/** A row that cannot be invited. */
export interface BadRowView {
  /** Where it is in what was sent: a row, or of CSV the line. */
  place: string;
  email: string | undefined;
  /** What is wrong with it, and what to do about it. */
  detail: string;
}

export interface PreviewPageView {
  frame: ConsoleFrame;
  /** How many can be invited. */
  valid: number;
  /** How many cannot; the first of them. */
  refused: number;
  bad: readonly BadRowView[];
  /** Where to send them, and what is sent again. */
  action: string;
  /** Fields of the same name follow one another. */
  fields: HiddenFields;
  repeated?: { name: string; values: readonly string[] } | undefined;
}

/** What would become of every row, before anybody is invited. */
export const previewPage = ({ frame, valid, refused, bad, action, fields, repeated }: PreviewPageView): Html => {
  const people = valid === 1 ? '1 person' : `${countText(valid)} people`;
  return consolePage(frame, {
    title: 'Before anybody is invited',
    body: html`
    <div class="card confirm">
      <p class="figure"><strong>${countText(valid)}</strong> can be invited, <strong>${countText(refused)}</strong> cannot</p>${consoleForm(
        frame,
        action,
        fields,
        html`${repeated?.values.map((value) => html`<input type="hidden" name="${repeated.name}" value="${value}">`)}
      <div class="confirm-do">${
        valid > 0 ? html`<button class="button primary" name="mode" value="valid">Invite ${people}</button>` : null
      }<button class="button secondary" name="mode" value="change">Change what you sent</button></div>`,
      )}
    </div>${
      bad.length > 0
        ? html`
    <section aria-labelledby="bad">
      <h2 id="bad">These cannot be invited</h2>${dataTable({
        caption: 'Rows that cannot be invited',
        columns: ['Address', 'Where', 'Why not'],
        rows: bad.map(({ place, email, detail }) => [email === undefined ? nothing : address(email), place, detail]),
      })}${refused > bad.length ? html`<p class="note">And ${countText(refused - bad.length)} more.</p>` : null}
    </section>`
        : null
    }`,
  });
};
