import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import type { Role } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import {
  choice,
  consoleForm,
  type Filled,
  type FormError,
  reasonField,
  textArea,
  textField,
  tickBoxes,
} from './form.ts';
import { type ConsoleFrame, consolePage } from './frame.ts';
import { invitationPath } from './invitation-page.ts';
import { roleOptions } from './invitation-words.ts';

/** What an invitation can be made to say. */
export interface InvitationTerms {
  filled: Filled;
  /** Products that are ticked. */
  licenses: readonly string[];
  /** What can be ticked. */
  products: readonly { product: string; name: string }[];
  /** What the person may grant. */
  roles: readonly Role[];
  /** Those that the organization invites in; none: any. */
  languages: readonly string[];
  /** What it has been so far, which it may stay; null: nothing is said of it. */
  locale?: string | null;
  error?: FormError | undefined;
}

/** The fields of what an invitation says besides its address. */
export const termFields = ({ filled, licenses, products, roles, languages, locale, error }: InvitationTerms): Html => {
  const field = (name: string) => ({ name, value: filled[name], error });
  return html`${choice({ ...field('role'), label: 'Role', options: roleOptions.filter(({ value }) => roles.includes(value)) })}${
    products.length > 0
      ? tickBoxes({
          name: 'licenses',
          label: 'Licences',
          hint: 'A seat of each is reserved until the person answers.',
          options: products.map(({ product, name }) => ({ value: product, text: supplied(name) })),
          ticked: licenses,
          error,
        })
      : null
  }${textField({ ...field('teams'), label: 'Teams', hint: 'With commas between them.', most: 1300 })}${textArea({
    ...field('message'),
    label: 'Message',
    hint: 'Your own words, in the email and on the page. Without links.',
    rows: 4,
    most: 1000,
  })}${
    languages.length > 0
      ? choice({
          ...field('locale'),
          label: 'Language',
          options: [...new Set([...languages, ...(locale ? [locale] : [])])].map((value) => ({ value, text: value })),
          any: locale === null ? 'Not said: the email in English, pages as the browser' : undefined,
        })
      : textField({
          ...field('locale'),
          label: 'Language',
          hint: 'A code such as en or de-AT. None: the email is in English, the pages are in the language of the browser.',
          most: 35,
        })
  }`;
};

export interface AmendPageView {
  frame: ConsoleFrame;
  invitation: { id: string; email: string; sequence: number };
  /** Undefined: only the address can be changed. */
  terms: Omit<InvitationTerms, 'filled' | 'error'> | undefined;
  filled: Filled;
  error?: FormError | undefined;
}

/** Changes what a pending invitation says. */
export const amendPage = ({ frame, invitation, terms, filled, error }: AmendPageView): Html => {
  const path = invitationPath(frame, invitation.id);
  return consolePage(frame, {
    title: `Change the invitation of ${invitation.email}`,
    heading: html`Change the invitation of ${address(invitation.email)}`,
    back: { href: path, text: invitation.email },
    error,
    body: html`
    <div class="card confirm">${consoleForm(
      frame,
      `${path}/amend`,
      // What the form was drawn for: what has changed since is not overwritten unseen.
      { sequence: invitation.sequence },
      html`${textField({
        name: 'email',
        label: 'Address',
        hint: 'Another address gets an email with a new link, and the old one stops working.',
        type: 'email',
        value: filled.email,
        error,
        required: true,
        most: 254,
      })}${terms ? termFields({ ...terms, filled, error }) : null}${reasonField(frame, filled, error)}
      <div class="confirm-do"><button class="button primary">Save</button>${buttonLink(path, 'Leave it as it is')}</div>`,
    )}
    </div>`,
  });
};
