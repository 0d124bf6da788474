import { html } from 'hono/html';
import type { Html } from './layout.ts';

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const minute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** A moment to the minute, in UTC and saying so: the server does not know where its reader is. */
export const dateTime = (at: Date): Html => html`<time datetime="${at.toISOString()}">${minute.format(at)} UTC</time>`;

/** A day (of UTC), where the hour does not matter. */
export const date = (at: Date): Html => html`<time datetime="${at.toISOString()}">${day.format(at)}</time>`;
