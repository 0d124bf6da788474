import { html } from 'hono/html';
import { english } from '../../languages/words.ts';
import type { Html } from './layout.ts';

/** A moment to the minute. @param words of whoever reads it; the console speaks English */
export const dateTime = (at: Date, words = english): Html =>
  html`<time datetime="${at.toISOString()}">${words.minute(at)}</time>`;

/** A day. @param words as of {@link dateTime} */
export const date = (at: Date, words = english): Html =>
  html`<time datetime="${at.toISOString()}">${words.day(at)}</time>`;
