import { html } from 'hono/html';
import type { Html } from './layout.ts';

/** Fields a form posts unseen; those that are undefined are left out. */
export type HiddenFields = Record<string, string | number | undefined>;

/**
 * A form that posts hidden fields and shows `content`, normally one button.
 *
 * @param sends that a file is among its fields
 *
 * `autocomplete` is off because Firefox otherwise keeps old hidden values over a reload, and would post them.
 */
export const postForm = (action: string, fields: HiddenFields, content: Html, sends?: 'file'): Html => html`
      <form method="post" action="${action}" autocomplete="off"${sends ? html` enctype="multipart/form-data"` : null}>${Object.entries(
        fields,
      ).map(([name, value]) =>
        value === undefined ? null : html`<input type="hidden" name="${name}" value="${value}">`,
      )}${content}</form>`;

/** The path of an invitation's page, or of an act on it. */
export const invitationPath = (id: string, act?: 'accept' | 'decline' | 'ask-to-resend'): string =>
  `/invitations/${encodeURIComponent(id)}${act ? `/${act}` : ''}`;
