import { html } from 'hono/html';
import type { Scope } from '../../../db/api-keys.ts';
import { date, dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { type Role, roleNames } from '../role.ts';
import { supplied } from '../supplied.ts';
import { confirmPage } from './confirm-page.ts';
import { choice, consoleForm, type Filled, type FormError, textField, tickBoxes } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState } from './frame.ts';
import { roleOptions } from './invitation-words.ts';
import { pager, withQuery } from './list.ts';
import { dataTable } from './table.ts';

/** An API key, as far as it is known: its secret is not. */
export interface ApiKeyView {
  id: string;
  name: string;
  role: Role;
  scopes: readonly Scope[];
  createdAt: Date;
  /** Name of who made it. */
  createdBy: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

export interface ApiKeysPageView {
  frame: ConsoleFrame;
  keys: readonly ApiKeyView[];
  /** Whether the person may make and revoke them. */
  mayManage: boolean;
  now: Date;
  cursor?: string | undefined;
  next?: string | null | undefined;
}

/** What a key with each scope may do. */
const scopeWords: Record<Scope, string> = {
  read: 'Read: invitations, members, licences and the audit log',
  invite: 'Invite',
  manage: 'Manage: resend, revoke and change invitations, and whatever else its role may',
  act: 'Act: accept and decline for people whom your own program has signed in',
};

const apiKeysPath = (frame: ConsoleFrame) => `${frame.organization.path}/api-keys`;
const back = (frame: ConsoleFrame) => ({ href: apiKeysPath(frame), text: 'API keys' });

const standing = ({ expiresAt, revokedAt }: ApiKeyView, now: Date): Html => {
  if (revokedAt) return html`<span class="badge">Revoked</span> <span class="note">${dateTime(revokedAt)}</span>`;
  if (expiresAt && expiresAt <= now)
    return html`<span class="badge">Expired</span> <span class="note">${dateTime(expiresAt)}</span>`;
  return html`<span class="badge good">Works</span>${expiresAt ? html` <span class="note">until ${dateTime(expiresAt)}</span>` : null}`;
};
const works = ({ expiresAt, revokedAt }: ApiKeyView, now: Date) => !revokedAt && (!expiresAt || expiresAt > now);

/** The keys of an organization, the newest first. */
export const apiKeysPage = ({ frame, keys, mayManage, now, cursor, next }: ApiKeysPageView): Html => {
  const path = apiKeysPath(frame);
  return consolePage(frame, {
    title: 'API keys',
    actions: mayManage ? buttonLink(`${path}/new`, 'Make a key', 'primary') : undefined,
    body: html`${
      keys.length > 0
        ? dataTable({
            caption: 'API keys, the newest first',
            columns: ['Name', 'Scopes', 'Grants at most', 'Made', 'State', ...(mayManage ? ['End it'] : [])],
            rows: keys.map((key) => [
              supplied(key.name),
              key.scopes.join(', '),
              roleNames[key.role],
              html`<span>${date(key.createdAt)} by ${supplied(key.createdBy)}</span>`,
              html`<span>${standing(key, now)}</span>`,
              ...(mayManage
                ? [
                    works(key, now)
                      ? html`<a class="act" href="${path}/${key.id}/revoke">Revoke<span class="visually-hidden"> ${supplied(key.name)}</span></a>`
                      : null,
                  ]
                : []),
            ]),
          })
        : emptyState(
            html`There is no key yet. A program needs one to call Usher for the organization.${
              mayManage ? html` <a href="${path}/new">Make the first key</a>.` : null
            }`,
          )
    }${pager({ first: cursor ? path : undefined, next: next ? withQuery(path, { cursor: next }) : undefined })}`,
  });
};

/** How long a key may work, as people choose it, in days. */
export const keyLifetimes = [
  { value: '30', text: '30 days' },
  { value: '90', text: '90 days' },
  { value: '365', text: 'A year' },
];

/** Makes a key. */
export const newApiKeyPage = (view: {
  frame: ConsoleFrame;
  /** What the person may grant. */
  roles: readonly Role[];
  filled: Filled;
  scopes: readonly string[];
  error?: FormError | undefined;
}): Html => {
  const { frame, roles, filled, scopes, error } = view;
  const field = (name: string) => ({ name, value: filled[name], error });
  return consolePage(frame, {
    title: 'Make an API key',
    back: back(frame),
    error,
    body: html`
    <div class="card confirm">${consoleForm(
      frame,
      apiKeysPath(frame),
      {},
      html`${textField({
        ...field('name'),
        label: 'Name',
        hint: 'What it is for, such as the program that will hold it.',
        required: true,
        most: 100,
      })}${tickBoxes({
        name: 'scopes',
        label: 'What it may do',
        options: (Object.entries(scopeWords) as [Scope, string][]).map(([value, text]) => ({ value, text })),
        ticked: scopes,
        error,
      })}${choice({
        ...field('role'),
        label: 'Grants at most',
        hint: 'It invites to this role at most, and manages what somebody with this role does.',
        options: roleOptions.filter(({ value }) => roles.includes(value)),
      })}${choice({
        ...field('days'),
        label: 'Works for',
        hint: 'Then it ends by itself.',
        any: 'Ever, until it is revoked',
        options: keyLifetimes,
      })}
      <div class="confirm-do"><button class="button primary">Make the key</button>${buttonLink(apiKeysPath(frame), 'Make none')}</div>`,
    )}
    </div>`,
  });
};

/** The secret of a new key, shown once to be copied; null when its form was sent again: it is known no more. */
export const madeApiKeyPage = (view: {
  frame: ConsoleFrame;
  key: Pick<ApiKeyView, 'id' | 'name'>;
  secret: string | null;
}): Html => {
  const { frame, key, secret } = view;
  const path = apiKeysPath(frame);
  return consolePage(frame, {
    title: secret ? 'The new key' : 'The key is made already',
    back: back(frame),
    body: html`
    <div class="card confirm">${
      secret
        ? html`
      <div class="field">
        <label for="secret">The secret of ${supplied(key.name)}</label>
        <p class="hint">Copy it now, to where the program keeps its secrets: it is shown this once, and Usher does not keep it.</p>
        <input id="secret" type="text" value="${secret}" readonly autocomplete="off">
      </div>
      <div class="confirm-do"><button class="button primary" type="button" data-copy="#secret" hidden>Copy</button>${buttonLink(path, 'Done')}</div>`
        : html`
      <div class="words"><p>The form that made ${supplied(key.name)} was sent twice, and its secret is shown only once. If you have not
      copied it, revoke the key and make another one.</p></div>
      <div class="confirm-do">${buttonLink(`${path}/${key.id}/revoke`, 'Revoke it', 'primary')}${buttonLink(path, 'Keep it')}</div>`
    }
    </div>`,
  });
};

/** Asks before a key ends. */
export const revokeApiKeyPage = (view: {
  frame: ConsoleFrame;
  key: Pick<ApiKeyView, 'id' | 'name'>;
  error?: FormError | undefined;
}): Html => {
  const { frame, key, error } = view;
  return confirmPage({
    frame,
    title: `Revoke the key ${key.name}?`,
    heading: html`Revoke the key ${supplied(key.name)}?`,
    words: html`<p>Programs that use it are refused from then on, at once and for ever. What it has done stays.</p>`,
    action: `${apiKeysPath(frame)}/${key.id}/revoke`,
    button: 'Revoke',
    back: { href: apiKeysPath(frame), text: 'Keep it' },
    error,
  });
};
