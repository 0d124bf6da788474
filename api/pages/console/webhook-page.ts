import { html } from 'hono/html';
import { date, dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { supplied } from '../supplied.ts';
import { choice, consoleForm, type Filled, type FormError } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState, live, nothing } from './frame.ts';
import { filterForm, pager, withQuery } from './list.ts';
import { dataTable } from './table.ts';
import { type WebhookView, webhookBadge, webhookNote, webhookPath, webhooksPath } from './webhooks-page.ts';

export interface MessageView {
  id: string;
  type: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  /** HTTP status, or a code. */
  lastAnswer: string | null;
  lastAttemptAt: Date | null;
  nextAttemptAt: Date | null;
  createdAt: Date;
}

const states: Record<MessageView['state'], { text: string; tone: string }> = {
  waiting: { text: 'Waiting', tone: 'accent' },
  delivered: { text: 'Taken', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
};
const stateBadge = (state: MessageView['state']): Html =>
  html`<span class="badge ${states[state].tone}">${states[state].text}</span>`;

export interface WebhookPageView {
  frame: ConsoleFrame;
  webhook: WebhookView;
  messages: readonly MessageView[];
  /** The filter as it was filled in. */
  filter: Filled;
  cursor?: string | undefined;
  next?: number | null | undefined;
  mayManage: boolean;
  error?: FormError | undefined;
}

/** A button that does something at once. */
const doAtOnce = (frame: ConsoleFrame, action: string, text: string, fields = {}): Html =>
  consoleForm(frame, action, fields, html`<button class="button secondary">${text}</button>`);

/** A webhook: how it fares, and what it was told. */
export const webhookPage = (view: WebhookPageView): Html => {
  const { frame, webhook, messages, filter, cursor, next, mayManage, error } = view;
  const path = webhookPath(frame, webhook.id);
  return consolePage(frame, {
    title: 'Webhook',
    heading: html`Webhook ${webhookBadge(webhook)}`,
    back: { href: webhooksPath(frame), text: 'Webhooks' },
    actions: mayManage
      ? html`${buttonLink(`${path}/change`, 'Change')}${buttonLink(`${path}/remove`, 'Remove…')}`
      : undefined,
    error,
    body: html`
    <div class="columns">
      <div class="column">${filterForm(
        path,
        Boolean(filter.state),
        choice({
          name: 'state',
          label: 'State',
          any: 'Any',
          value: filter.state,
          options: Object.entries(states).map(([value, { text }]) => ({ value, text })),
          error,
        }),
      )}${live(
        'list',
        messages.length > 0
          ? dataTable({
              caption: 'What it was told, the newest first',
              columns: ['What', 'State', 'Answer', 'When'],
              rows: messages.map((message) => [
                html`<a href="${path}/messages/${message.id}"><code>${message.type}</code></a>`,
                stateBadge(message.state),
                message.lastAnswer ? html`<code>${message.lastAnswer}</code>` : nothing,
                dateTime(message.createdAt),
              ]),
            })
          : emptyState(
              filter.state || cursor
                ? 'No message matches. Change the filter, or show all.'
                : 'It has been told nothing yet. Send a test message, or invite somebody.',
            ),
      )}${pager({
        first: cursor ? withQuery(path, filter) : undefined,
        next: next ? withQuery(path, { ...filter, cursor: String(next) }) : undefined,
      })}
      </div>
      <div class="column">
      <section class="card acts" aria-labelledby="webhook">
        <h2 id="webhook">How it fares</h2>
        <dl class="facts"><div><dt>Address</dt><dd>${supplied(webhook.url)}</dd></div><div><dt>State</dt><dd>${webhookBadge(webhook)} ${webhookNote(webhook)}</dd></div><div><dt>Told</dt><dd>${
          webhook.types.length > 0
            ? html`<ul class="plain">${webhook.types.map((type) => html`<li><code>${type}</code></li>`)}</ul>`
            : 'Everything'
        }</dd></div><div><dt>Added</dt><dd>${date(webhook.createdAt)}</dd></div>${
          webhook.previousSecretUntil
            ? html`<div><dt>Former secret</dt><dd>counts until ${dateTime(webhook.previousSecretUntil)}</dd></div>`
            : null
        }</dl>${
          mayManage
            ? html`${
                webhook.disabled
                  ? html`<p class="note">What happens meanwhile is kept for 30 days, and sent when it is enabled.</p>${doAtOnce(frame, `${path}/turn`, 'Enable', { to: 'on' })}`
                  : html`${doAtOnce(frame, `${path}/test`, 'Send a test message')}${doAtOnce(frame, `${path}/resend`, 'Send again what failed')}${doAtOnce(frame, `${path}/turn`, 'Disable', { to: 'off' })}`
              }${buttonLink(`${path}/rotate`, 'New secret…')}`
            : null
        }
      </section>
      </div>
    </div>`,
  });
};

/** A message: what became of it, and what it says now. */
export const webhookMessagePage = (view: {
  frame: ConsoleFrame;
  webhook: WebhookView;
  message: MessageView;
  /** As it would be sent now. */
  payload: string;
  mayManage: boolean;
}): Html => {
  const { frame, webhook, message, payload, mayManage } = view;
  const path = webhookPath(frame, webhook.id);
  return consolePage(frame, {
    title: `Message ${message.type}`,
    heading: html`<code>${message.type}</code> ${stateBadge(message.state)}`,
    back: { href: path, text: 'The webhook' },
    actions:
      mayManage && !webhook.disabled
        ? doAtOnce(frame, `${path}/messages/${message.id}/resend`, 'Send it again')
        : undefined,
    body: html`${live(
      'message',
      html`
    <section class="card" aria-labelledby="became">
      <h2 id="became">What became of it</h2>
      <dl class="facts"><div><dt>Id</dt><dd><code>${message.id}</code></dd></div><div><dt>State</dt><dd>${stateBadge(message.state)}</dd></div><div><dt>Happened</dt><dd>${dateTime(message.createdAt)}</dd></div><div><dt>Attempts</dt><dd>${message.attempts}</dd></div>${
        message.lastAttemptAt
          ? html`<div><dt>Last attempt</dt><dd>${dateTime(message.lastAttemptAt)}, answered <code>${message.lastAnswer ?? ''}</code></dd></div>`
          : null
      }${
        message.nextAttemptAt && !webhook.disabled
          ? html`<div><dt>Next attempt</dt><dd>${dateTime(message.nextAttemptAt)}, unless it waits for another</dd></div>`
          : null
      }</dl>
    </section>`,
    )}
    <section class="card" aria-labelledby="payload">
      <h2 id="payload">What it says now</h2>
      <pre class="payload">${payload}</pre>
    </section>`,
  });
};
