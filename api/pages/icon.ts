import { html } from 'hono/html';
import type { Html } from './layout.ts';

/** Usher's mark: somebody in a doorway. The same drawing as `static/favicon.svg`. */
export const markIcon: Html = html`<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false"><rect class="mark-ground" width="32" height="32" rx="9"/><path class="mark-line" d="M8.5 25.5V14.5a7.5 7.5 0 0 1 15 0v11" fill="none" stroke-width="2.4" stroke-linecap="round"/><circle class="mark-figure" cx="16" cy="15.2" r="2.7"/><path class="mark-figure" d="M11.8 26.2v-1.6a4.2 4.2 0 0 1 8.4 0v1.6z"/></svg>`;

const drawings = {
  check: html`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  clock: html`<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>`,
  cross: html`<path d="m6.5 6.5 11 11m0-11-11 11"/>`,
  link: html`<path d="M10 6.8 11.6 5.2a4.6 4.6 0 0 1 6.5 6.5L16.5 13.3M14 17.2l-1.6 1.6a4.6 4.6 0 0 1-6.5-6.5L7.5 10.7M4 4l16 16"/>`,
  mail: html`<rect x="3.5" y="5.5" width="17" height="13" rx="2.5"/><path d="m4.5 7.5 7.5 5.5 7.5-5.5"/>`,
  people: html`<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5a6.5 6.5 0 0 1 13 0M16 5.3a3.5 3.5 0 0 1 0 6.4M18.5 14.2a6.5 6.5 0 0 1 3 5.3"/>`,
  question: html`<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.7a2.4 2.4 0 1 1 3.6 2.1c-.9.5-1.3 1-1.3 1.9M12 16.4v.1"/>`,
  warning: html`<path d="M12 4 2.8 19.5h18.4zM12 10v4.2M12 16.9v.1"/>`,
} satisfies Record<string, Html>;

export type IconName = keyof typeof drawings;

/** A line drawing of 24 units in the colour of the text. Decorative: the words beside it say the same. */
export const icon = (name: IconName): Html =>
  html`<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${drawings[name]}</svg>`;
