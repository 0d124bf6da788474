import { html } from 'hono/html';
import { logoPath } from '../../db/logos.ts';
import type { OrganizationView } from './invitation-facts.ts';
import type { Html } from './layout.ts';

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The first letter or digit of a name, with its marks. */
function initial(name: string): string {
  for (const { segment } of letters.segment(name)) {
    if (/^[\p{L}\p{N}]/u.test(segment)) return segment.toLocaleUpperCase('en');
  }
  return '•';
}

const tints = 6;

/** One of the stylesheet's tints, always the same for a name, so that two organizations are told apart at a glance. */
function tint(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) % 9973;
  return sum % tints;
}

/** An organization's tile: its logo, or its initial. Decorative, its name always stands beside it. */
export const organizationTile = ({ name, logo }: OrganizationView, size?: 'small'): Html =>
  logo
    ? html`<img class="tile${size ? ` ${size}` : ''}" src="${logoPath(logo)}" alt="">`
    : html`<span class="tile ${size ? `${size} ` : ''}tint-${tint(name)}" aria-hidden="true">${initial(name)}</span>`;

/** A person's circle: the initial of their name, or of their address. Decorative like the tile. */
export const personCircle = (person: { name: string; email: string }): Html =>
  html`<span class="circle" aria-hidden="true">${initial(person.name || person.email)}</span>`;
