import { html } from 'hono/html';
import { date, dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { supplied } from '../supplied.ts';
import { confirmPage } from './confirm-page.ts';
import { consoleForm, type Filled, type FormError, textField, tickBoxes } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState } from './frame.ts';
import { pager, withQuery } from './list.ts';
import { dataTable } from './table.ts';

export interface WebhookView {
  id: string;
  url: string;
  /** What it is told; empty: everything. */
  types: readonly string[];
  createdAt: Date;
  failingSince: Date | null;
  disabled: { at: Date; why: 'failing' | 'gone' | 'by_hand' } | null;
  previousSecretUntil: Date | null;
}

export interface WebhooksPageView {
  frame: ConsoleFrame;
  webhooks: readonly WebhookView[];
  /** Whether the person may add and change them. */
  mayManage: boolean;
  cursor?: string | undefined;
  next?: string | null | undefined;
}

export const webhooksPath = (frame: ConsoleFrame): string => `${frame.organization.path}/webhooks`;
export const webhookPath = (frame: ConsoleFrame, id: string): string => `${webhooksPath(frame)}/${id}`;

const whys: Record<NonNullable<WebhookView['disabled']>['why'], string> = {
  failing: 'nothing got through for three days',
  gone: 'it answered that it is gone',
  by_hand: 'by hand',
};

/** How it fares. */
export const webhookBadge = ({ disabled, failingSince }: WebhookView): Html => {
  if (disabled) return html`<span class="badge bad">Disabled</span>`;
  return failingSince ? html`<span class="badge bad">Failing</span>` : html`<span class="badge good">Works</span>`;
};
/** Since when it fares so, and why, where there is more to say. */
export const webhookNote = ({ disabled, failingSince }: WebhookView): Html | null => {
  if (disabled) return html`<span class="note">${dateTime(disabled.at)}: ${whys[disabled.why]}</span>`;
  return failingSince ? html`<span class="note">since ${dateTime(failingSince)}</span>` : null;
};

/** The webhooks of an organization, the newest first. */
export const webhooksPage = ({ frame, webhooks, mayManage, cursor, next }: WebhooksPageView): Html => {
  const path = webhooksPath(frame);
  return consolePage(frame, {
    title: 'Webhooks',
    actions: mayManage ? buttonLink(`${path}/new`, 'Add a webhook', 'primary') : undefined,
    body: html`${
      webhooks.length > 0
        ? dataTable({
            caption: 'Webhooks, the newest first',
            columns: ['Address', 'State', 'Told', 'Added'],
            rows: webhooks.map((webhook) => [
              html`<a href="${webhookPath(frame, webhook.id)}">${supplied(webhook.url)}</a>`,
              html`<span>${webhookBadge(webhook)} ${webhookNote(webhook)}</span>`,
              webhook.types.length > 0 ? webhook.types.join(', ') : 'Everything',
              date(webhook.createdAt),
            ]),
          })
        : emptyState(
            html`There is no webhook yet. A program that has one is told what becomes of invitations, members and licences.${
              mayManage ? html` <a href="${path}/new">Add the first webhook</a>.` : null
            }`,
          )
    }${pager({ first: cursor ? path : undefined, next: next ? withQuery(path, { cursor: next }) : undefined })}`,
  });
};

/** Adds a webhook, or changes one. */
export const webhookFormPage = (view: {
  frame: ConsoleFrame;
  /** The one that is changed; undefined: a new one is added. */
  webhook?: { id: string; was: string } | undefined;
  /** All that it can be told. */
  types: readonly string[];
  filled: Filled;
  ticked: readonly string[];
  error?: FormError | undefined;
}): Html => {
  const { frame, webhook, types, filled, ticked, error } = view;
  const path = webhook ? webhookPath(frame, webhook.id) : webhooksPath(frame);
  return consolePage(frame, {
    title: webhook ? 'Change the webhook' : 'Add a webhook',
    back: { href: path, text: webhook ? 'The webhook' : 'Webhooks' },
    error,
    body: html`
    <div class="card confirm">${consoleForm(
      frame,
      webhook ? `${path}/change` : path,
      // What the form was drawn for: what has changed since is not overwritten unseen.
      { was: webhook?.was },
      html`${textField({
        name: 'url',
        label: 'Address',
        hint: 'Where your program takes messages, such as https://app.example.com/webhooks.',
        value: filled.url,
        error,
        required: true,
        most: 500,
      })}${tickBoxes({
        name: 'types',
        label: 'What it is told',
        hint: 'None ticked: everything, and whatever later versions add.',
        options: types.map((type) => ({ value: type, text: html`<code>${type}</code>` })),
        ticked,
        error,
      })}
      <div class="confirm-do"><button class="button primary">${webhook ? 'Save' : 'Add the webhook'}</button>${buttonLink(path, webhook ? 'Leave it as it is' : 'Add none')}</div>`,
    )}
    </div>`,
  });
};

/** The secret of a webhook, shown once to be copied; null when its form was sent again. */
export const webhookSecretPage = (view: {
  frame: ConsoleFrame;
  webhook: Pick<WebhookView, 'id' | 'url'>;
  secret: string | null;
  /** Until when the secret before it counts as well. */
  overlap: Date | null;
}): Html => {
  const { frame, webhook, secret, overlap } = view;
  const path = webhookPath(frame, webhook.id);
  return consolePage(frame, {
    title: secret ? 'The secret' : 'It is done already',
    back: { href: path, text: 'The webhook' },
    body: html`
    <div class="card confirm">${
      secret
        ? html`
      <div class="field">
        <label for="secret">The secret of ${supplied(webhook.url)}</label>
        <p class="hint">Copy it now, to where the program keeps its secrets: it is shown this once. The program verifies by it that messages are from Usher.</p>
        <input id="secret" type="text" value="${secret}" readonly autocomplete="off">
      </div>${overlap ? html`<p class="note">Until ${dateTime(overlap)} messages are signed by the secret before it as well.</p>` : null}
      <div class="confirm-do"><button class="button primary" type="button" data-copy="#secret" hidden>Copy</button>${buttonLink(path, 'Done')}</div>`
        : html`
      <div class="words"><p>The form was sent twice, and the secret is shown only once. If you have not copied it, give the webhook
      another one.</p></div>
      <div class="confirm-do">${buttonLink(`${path}/rotate`, 'New secret…', 'primary')}${buttonLink(path, 'Keep it')}</div>`
    }
    </div>`,
  });
};

/** Asks before something is done with a webhook that cannot be undone. */
const askAbout =
  (ask: { title: string; words: Html; act: string; button: string; tone?: 'primary'; keep: string }) =>
  (view: { frame: ConsoleFrame; webhook: Pick<WebhookView, 'id' | 'url'>; error?: FormError | undefined }): Html => {
    const path = webhookPath(view.frame, view.webhook.id);
    return confirmPage({
      frame: view.frame,
      title: ask.title,
      words: html`<p>${supplied(view.webhook.url)}</p>${ask.words}`,
      action: `${path}/${ask.act}`,
      button: ask.button,
      ...(ask.tone ? { tone: ask.tone } : {}),
      back: { href: path, text: ask.keep },
      error: view.error,
    });
  };

export const removeWebhookPage = askAbout({
  title: 'Remove the webhook?',
  words: html`<p>Its program is told nothing any more, neither what waits for it. To stop it for a while, disable it instead.</p>`,
  act: 'remove',
  button: 'Remove',
  keep: 'Keep it',
});

export const rotateWebhookPage = askAbout({
  title: 'Give it a new secret?',
  words: html`<p>For a day messages are signed by the present one as well: put the new one into the program within that day.</p>`,
  act: 'rotate',
  button: 'New secret',
  tone: 'primary',
  keep: 'Keep the present one',
});
