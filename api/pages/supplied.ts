import { html } from 'hono/html';
import type { Html } from './layout.ts';

/** Text that a person or an organization supplied, kept from reordering the words around it whatever its direction. */
export const supplied = (text: string): Html => html`<bdi>${text}</bdi>`;

/** An email address, read from left to right whatever its letters, so that its domain is where people look for it. */
export const address = (email: string): Html => html`<bdi class="address" dir="ltr">${email}</bdi>`;

/** Controls, and characters that reorder text: a title has no element to confine them in. */
const unconfined = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Supplied text for `<title>`, which takes no elements. */
export const titleText = (text: string): string => text.replace(unconfined, '');
