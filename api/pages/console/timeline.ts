import { html } from 'hono/html';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { supplied } from '../supplied.ts';
import { actorWords, type EventView, eventWords } from './event-words.ts';

/** What happened, one below the other, oldest first. */
export const timeline = (events: readonly EventView[]): Html => html`
        <ol class="timeline plain">${events.map(
          ({ type, detail, actor, reason, at }) => html`
          <li><p><strong>${eventWords(type)}</strong>${actor.kind === 'system' ? null : html` by ${actorWords(actor)}`}${detail ? html` <span class="badge">${supplied(detail)}</span>` : null}</p>${reason ? html`<p>“${supplied(reason)}”</p>` : null}<p class="note">${dateTime(at)}</p></li>`,
        )}
        </ol>`;
