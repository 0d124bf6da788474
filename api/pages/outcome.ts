import { html } from 'hono/html';
import type { Words } from '../../languages/words.ts';
import { organizationTile } from './avatar.ts';
import { type IconName, icon } from './icon.ts';
import type { OrganizationView } from './invitation-facts.ts';
import type { Html } from './layout.ts';

/** A card that says how something ended: a sign, a heading, words, and what to do next. */
export interface OutcomeView {
  /** The organization's tile stands beside the sign where the page is about one. */
  organization?: OrganizationView | undefined;
  icon: IconName;
  tone: 'good' | 'neutral' | 'bad';
  heading: Html | string;
  /** Paragraphs, already marked up. */
  words: Html;
  /** Buttons, the one to press first. */
  next?: Html | null | undefined;
}

/** The card of an ending; every page about one looks the same. */
export const outcome = (view: OutcomeView): Html => html`
    <article class="card outcome">
      <div class="signs">${
        view.organization === undefined ? null : organizationTile(view.organization)
      }<span class="sign ${view.tone}">${icon(view.icon)}</span></div>
      <h1>${view.heading}</h1>
      <div class="words">${view.words}</div>${
        view.next
          ? html`
      <div class="actions">${view.next}</div>`
          : null
      }
    </article>`;

/** A link that looks like a button. */
export const buttonLink = (href: string, text: string, rank: 'primary' | 'secondary' = 'secondary'): Html =>
  html`<a class="button ${rank}" href="${href}">${text}</a>`;

/** The way out that every signed-in person has. */
export const homeLink = (words: Words, rank: 'primary' | 'secondary' = 'secondary'): Html =>
  buttonLink('/', words.text('home.go'), rank);
