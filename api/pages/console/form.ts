import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { banner } from '../notice.ts';
import { type HiddenFields, postForm } from '../post-form.ts';
import type { ConsoleFrame } from './frame.ts';

/** What is wrong with what was filled in: in all, and by field. */
export interface FormError {
  text: string;
  fields: Readonly<Record<string, string>>;
}

/** A field's values as they were filled in, kept for when the form comes back. */
export type Filled = Readonly<Record<string, string | undefined>>;

/** Several as the one line of a field, with commas between; one that has a comma itself is in quotes, as in CSV. */
export const lineOf = (parts: readonly string[]): string =>
  parts.map((part) => (/^\s|[",]|\s$/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join(', ');

/** What fields share. `name` is also the id that labels and errors refer to: once a page. */
interface Field {
  name: string;
  label: string;
  /** Below the label: how to fill it in. */
  hint?: Html | string | undefined;
  value?: string | undefined;
  error?: FormError | undefined;
  required?: boolean | undefined;
}

const idOf = (name: string) => `field-${name}`;

/** A label, its field, and what is wrong with it. @param control gets the attributes that tie the three together */
const labelled = ({ name, label, hint, error, required }: Field, control: (ties: Html) => Html): Html => {
  const id = idOf(name);
  const wrong = error?.fields[name];
  const described = [hint ? `${id}-hint` : '', wrong ? `${id}-error` : ''].filter(Boolean).join(' ');
  const ties = html`id="${id}" name="${name}"${described ? html` aria-describedby="${described}"` : null}${
    wrong ? html` aria-invalid="true"` : null
  }${required ? html` required` : null}`;
  return html`
        <div class="field${wrong ? ' wrong' : ''}">
          <label for="${id}">${label}</label>${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : null}
          ${control(ties)}${wrong ? html`<p class="error" id="${id}-error">${wrong}</p>` : null}
        </div>`;
};

/** One line of text. */
export const textField = (
  field: Field & { type?: 'text' | 'email' | 'date' | 'search' | 'number'; most?: number; autocomplete?: string },
): Html =>
  labelled(
    field,
    (ties) =>
      html`<input ${ties} type="${field.type ?? 'text'}" value="${field.value ?? ''}"${
        field.most ? html` maxlength="${field.most}"` : null
      } autocomplete="${field.autocomplete ?? 'off'}">`,
  );

/** A file to be sent. @param field.types that it may be of, by the names of HTTP */
export const fileField = (field: Omit<Field, 'value'> & { types: readonly string[] }): Html =>
  labelled(field, (ties) => html`<input ${ties} type="file" accept="${field.types.join(',')}">`);

/** Text of several lines. */
export const textArea = (field: Field & { rows: number; most: number }): Html =>
  labelled(
    field,
    (ties) => html`<textarea ${ties} rows="${field.rows}" maxlength="${field.most}">${field.value ?? ''}</textarea>`,
  );

/** Some of a few: boxes to tick, each with the same name. */
export const tickBoxes = ({
  name,
  label,
  hint,
  error,
  options,
  ticked,
}: Omit<Field, 'value'> & {
  options: readonly { value: string; text: Html | string }[];
  ticked: readonly string[];
}): Html => {
  const wrong = error?.fields[name];
  return html`
        <fieldset class="field${wrong ? ' wrong' : ''}" id="${idOf(name)}" tabindex="-1">
          <legend>${label}</legend>${hint ? html`<p class="hint">${hint}</p>` : null}${options.map(
            ({ value, text }) =>
              html`
          <label class="tick"><input type="checkbox" name="${name}" value="${value}"${ticked.includes(value) ? html` checked` : null}><span>${text}</span></label>`,
          )}${wrong ? html`<p class="error">${wrong}</p>` : null}
        </fieldset>`;
};

/** One of a few. @param field.any the words for none of them, where that is possible */
export const choice = (
  field: Field & { options: readonly { value: string; text: string }[]; any?: string | undefined },
): Html =>
  labelled(
    field,
    (ties) =>
      html`<select ${ties}>${field.any === undefined ? null : html`<option value="">${field.any}</option>`}${field.options.map(
        ({ value, text }) =>
          html`<option value="${value}"${value === field.value ? html` selected` : null}>${text}</option>`,
      )}</select>`,
  );

/** The reason, which those who run Usher must give for whatever they change in an organization. */
export const reasonField = (frame: ConsoleFrame, filled: Filled = {}, error?: FormError): Html | null =>
  frame.asksReason
    ? textField({
        name: 'reason',
        label: 'Reason',
        hint: 'Why you do this, for the organization’s audit log.',
        value: filled.reason,
        error,
        required: true,
        most: 500,
      })
    : null;

/** A form of the console, which acts once however often it is sent. */
export const consoleForm = (
  frame: ConsoleFrame,
  action: string,
  fields: HiddenFields,
  content: Html,
  sends?: 'file',
): Html => postForm(action, { _csrf: frame.csrf, _form: crypto.randomUUID(), ...fields }, content, sends);

/** What is wrong, above the form, with links to its fields. */
export const errorSummary = (error: FormError | undefined): Html | null =>
  error
    ? banner(
        'error',
        html`<p>${error.text}</p>${
          Object.keys(error.fields).length > 0
            ? html`<ul class="plain">${Object.entries(error.fields).map(
                ([name, text]) => html`<li><a href="#${idOf(name)}">${text}</a></li>`,
              )}</ul>`
            : null
        }`,
      )
    : null;
