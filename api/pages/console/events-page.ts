import { html } from 'hono/html';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { address, supplied } from '../supplied.ts';
import { actorWords, type EventView, eventOptions, eventWords } from './event-words.ts';
import { choice, type Filled, type FormError, textField } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState, live, nothing } from './frame.ts';
import { filterForm, pager, withQuery } from './list.ts';
import { dataTable } from './table.ts';

/** A row of an organization's audit log. */
export interface EventRowView extends EventView {
  /** The id is missing where Usher itself did it. */
  actor: EventView['actor'] & { id?: string | undefined };
  /** What it is about. `name` and `email` are missing where that is not known any more. */
  target: { kind: string; id: string; name?: string | undefined; email?: string | undefined };
}

export interface EventsPageView {
  frame: ConsoleFrame;
  events: readonly EventRowView[];
  /** The filter as it was filled in. */
  filter: Filled;
  /** The page of the log that this is, and the one that comes next. */
  cursor?: string | undefined;
  next?: number | null | undefined;
  error?: FormError | undefined;
}

const personWords = ({ id, name, email }: Omit<EventRowView['target'], 'kind'>): Html =>
  name || email
    ? html`${supplied(name || email!)}${name && email ? html` (${address(email)})` : null}`
    : html`<code>${id}</code>`;

/** What an event is about, with the way to it. */
const targetWords = (path: string, { kind, id, name, email }: EventRowView['target']): Html => {
  switch (kind) {
    case 'invitation':
      return html`<a href="${path}/invitations/${id}">${email ? html`the invitation of ${address(email)}` : 'an invitation'}</a>`;
    case 'batch':
      return html`<a href="${path}/batches/${id}">a batch</a>`;
    case 'api_key':
      return html`the API key ${name ? supplied(name) : html`<code>${id}</code>`}`;
    case 'license_pool':
      return html`<a href="${path}/licenses/${id}">the licence ${name ? supplied(name) : html`<code>${id}</code>`}</a>`;
    case 'organization':
      return html`the organization`;
    case 'webhook':
      return html`<a href="${path}/webhooks/${id}">a webhook</a>`;
    case 'member':
      return html`<a href="${path}/members/${id}">${personWords({ id, name, email })}</a>`;
    default:
      return personWords({ id, name, email });
  }
};

/** An organization's audit log, the newest first. */
export const eventsPage = ({ frame, events, filter, cursor, next, error }: EventsPageView): Html => {
  const path = `${frame.organization.path}/events`;
  const filled = (name: string) => ({ name, value: filter[name], error });
  return consolePage(frame, {
    title: 'Audit log',
    error,
    body: html`${filterForm(
      path,
      Object.values(filter).some(Boolean),
      html`${choice({ ...filled('type'), label: 'What happened', any: 'Anything', options: eventOptions(filter.type) })}${textField(
        {
          ...filled('actor'),
          label: 'By whom',
          hint: 'An address or an id.',
          type: 'search',
          most: 254,
        },
      )}${textField({
        ...filled('target'),
        label: 'About what',
        hint: 'An id.',
        type: 'search',
        most: 60,
      })}${textField({ ...filled('since'), label: 'From', hint: 'A day, of UTC.', type: 'date' })}${textField({
        ...filled('until'),
        label: 'Until',
        hint: 'That day included.',
        type: 'date',
      })}`,
    )}${live(
      'list',
      events.length > 0
        ? dataTable({
            caption: 'What happened, the newest first',
            columns: ['What', 'By', 'About', 'When'],
            rows: events.map(({ type, detail, actor, target, reason, at }) => [
              html`${eventWords(type)}${detail ? html` <span class="badge">${supplied(detail)}</span>` : null}${
                reason ? html`<span class="note">“${supplied(reason)}”</span>` : null
              }`,
              actor.id
                ? html`<a href="${withQuery(path, { actor: actor.id })}" title="What else they did">${actorWords(actor)}</a>`
                : actor.kind === 'system'
                  ? html`<span>${actorWords(actor)}</span>`
                  : nothing,
              html`<span>${targetWords(frame.organization.path, target)}</span>`,
              dateTime(at),
            ]),
          })
        : emptyState(
            next
              ? 'None of those that were looked through match. There are older ones.'
              : Object.values(filter).some(Boolean) || cursor
                ? 'No event matches. Change the filter, or show all.'
                : 'Nothing has happened yet.',
          ),
    )}${pager({
      first: cursor ? withQuery(path, filter) : undefined,
      next: next ? withQuery(path, { ...filter, cursor: String(next) }) : undefined,
    })}`,
  });
};
