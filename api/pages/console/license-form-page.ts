import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { choice, consoleForm, type Filled, type FormError, textField } from './form.ts';
import { type ConsoleFrame, consolePage } from './frame.ts';
import { type HolderView, holdersTable } from './holders.ts';
import { licensePath, licensesPath } from './license-page.ts';

/** A form about a licence: a new one, or one that there is. */
export interface LicenseFormView {
  frame: ConsoleFrame;
  /** The one that is changed; undefined: a new one is added. */
  license?: { id: string; name: string; was: string } | undefined;
  filled: Filled;
  /** Who uses it, where that stands against having fewer seats: the first of them, and how many there are. */
  inUse?: { holders: readonly HolderView[]; count: number } | undefined;
  error?: FormError | undefined;
}

export const newLicensePath = (frame: ConsoleFrame): string => `${licensesPath(frame)}/new`;

const kinds = [
  { value: 'named', text: 'Named: each seat is somebody’s' },
  { value: 'floating', text: 'Floating: given to any number of people' },
];

/** What the form calls a kind of licence. */
export const kindWords = (kind: string): string => kinds.find(({ value }) => value === kind)?.text ?? '';

/** Adds a licence, or changes one. */
export const licenseFormPage = ({ frame, license, filled, inUse, error }: LicenseFormView): Html => {
  const field = (name: string) => ({ name, value: filled[name], error });
  const path = license ? licensePath(frame, license.id) : licensesPath(frame);
  return consolePage(frame, {
    title: license ? `Change ${license.name}` : 'Add a licence',
    back: license ? { href: path, text: license.name } : { href: path, text: 'Licences' },
    error,
    body: html`
    <div class="card confirm">${consoleForm(
      frame,
      license ? `${path}/change` : path,
      // What the form was drawn for: what has changed since is not overwritten unseen.
      { was: license?.was },
      html`${
        license
          ? null
          : textField({
              ...field('product'),
              label: 'Product',
              hint: 'How invitations and programs name it, such as studio; it never changes.',
              required: true,
              most: 60,
            })
      }${textField({
        ...field('name'),
        label: 'Name',
        hint: license ? 'As invited people read it.' : 'As invited people read it. Empty: the product.',
        required: license !== undefined,
        most: 100,
      })}${choice({ ...field('kind'), label: 'Kind', options: kinds })}${textField({
        ...field('quantity'),
        label: 'Seats',
        hint: 'Of a floating one, sessions are limited elsewhere.',
        type: 'number',
        required: true,
      })}${textField({
        ...field('lastDay'),
        label: 'Last day',
        hint: 'Afterwards nobody gets a seat, and those held stay. In UTC; empty: it does not end.',
        type: 'date',
      })}
      <div class="confirm-do"><button class="button primary">${license ? 'Save' : 'Add the licence'}</button>${buttonLink(path, license ? 'Leave it as it is' : 'Add none')}</div>`,
    )}
    </div>${
      inUse
        ? html`
    <section aria-labelledby="in-use">
      <h2 id="in-use">Who uses it</h2>${holdersTable(frame, inUse.holders)}${
        license && inUse.count > inUse.holders.length
          ? html`<p class="note">And ${inUse.count - inUse.holders.length} more: <a href="${path}">see all</a>.</p>`
          : null
      }
    </section>`
        : null
    }`,
  });
};
