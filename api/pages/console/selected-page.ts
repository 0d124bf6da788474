import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import type { Role } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { countText } from './bars.ts';
import { confirmPage } from './confirm-page.ts';
import { choice, type Filled, type FormError, tickBoxes } from './form.ts';
import type { ConsoleFrame } from './frame.ts';
import { roleOptions } from './invitation-words.ts';

/** Those that are selected; or all that match a filter of the list, however many. */
export type SelectedView = readonly { id: string; email: string }[] | { matching: string; count: number };

const theseOf = (selected: SelectedView): string => {
  const count = 'matching' in selected ? selected.count : selected.length;
  return count === 1 ? '1 invitation' : `${countText(count)} invitations`;
};

/** What says again in a form which are selected. */
const fieldsOf = (selected: SelectedView) =>
  'matching' in selected
    ? { fields: { all: 'yes', filter: selected.matching }, repeated: undefined }
    : { fields: {}, repeated: { name: 'ids', values: selected.map(({ id }) => id) } };

/** Which they are, or how it is done when they are many. */
const which = (selected: SelectedView): Html =>
  'matching' in selected
    ? html`<p>It is done one by one, and a page shows how far it has come. Until it is done, it can be stopped.</p>`
    : html`<ul class="chips">${selected.map(({ email }) => html`<li>${address(email)}</li>`)}</ul>`;

/** Asks before something is done with those that are selected. */
export const selectedPage = (view: {
  frame: ConsoleFrame;
  act: 'resend' | 'revoke';
  selected: SelectedView;
  error?: FormError | undefined;
}): Html => {
  const { frame, act, selected } = view;
  const path = `${frame.organization.path}/invitations`;
  const these = theseOf(selected);
  const verb = act === 'resend' ? 'Resend' : 'Revoke';
  const { fields, repeated } = fieldsOf(selected);
  return confirmPage({
    frame,
    title: `${verb} ${these}?`,
    words: html`<p>${
      act === 'resend'
        ? 'Each is sent again and lives anew. Those that expired or were revoked come back, as long as seats are left.'
        : 'Their links stop working at once, and the seats they reserve are free. Nobody is told.'
    }</p>${which(selected)}`,
    action: `${path}/selected`,
    fields: { act, confirmed: 'yes', ...fields },
    repeated,
    button: `${verb} ${these}`,
    tone: act === 'resend' ? 'primary' : 'danger',
    back: { href: path, text: 'Leave them' },
    error: view.error,
  });
};

/** Changes the role or the licences of those that are selected. */
export const amendSelectedPage = (view: {
  frame: ConsoleFrame;
  selected: SelectedView;
  /** What the person may grant. */
  roles: readonly Role[];
  /** What can be ticked. */
  products: readonly { product: string; name: string }[];
  filled: Filled;
  licenses: readonly string[];
  error?: FormError | undefined;
}): Html => {
  const { frame, selected, roles, products, filled, licenses, error } = view;
  const path = `${frame.organization.path}/invitations`;
  const { fields, repeated } = fieldsOf(selected);
  return confirmPage({
    frame,
    title: `Change ${theseOf(selected)}`,
    words: html`<p>Of those that are pending. Whoever has joined is changed among the members.</p>${which(selected)}`,
    action: `${path}/selected`,
    fields: { act: 'amend', confirmed: 'yes', ...fields },
    repeated,
    content: html`${choice({
      name: 'role',
      label: 'Role',
      any: 'As it is',
      value: filled.role,
      options: roleOptions.filter(({ value }) => roles.includes(value)),
      error,
    })}${
      products.length > 0
        ? html`${choice({
            name: 'replaces',
            label: 'Licences',
            any: 'As they are',
            value: filled.replaces,
            options: [{ value: 'yes', text: 'Those that are ticked, or none' }],
            error,
          })}${tickBoxes({
            name: 'licenses',
            label: 'Instead of what they have',
            hint: 'A seat of each is reserved, as long as seats are left.',
            options: products.map(({ product, name }) => ({ value: product, text: supplied(name) })),
            ticked: licenses,
            error,
          })}`
        : null
    }`,
    button: `Change ${theseOf(selected)}`,
    tone: 'primary',
    back: { href: path, text: 'Leave them as they are' },
    error,
  });
};
