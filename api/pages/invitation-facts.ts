import { html } from 'hono/html';
import type { Words } from '../../languages/words.ts';
import { dateTime } from './date-time.ts';
import type { Html } from './layout.ts';
import type { Role } from './role.ts';
import { address, supplied } from './supplied.ts';

/** An organization as an invitee may know it. */
export interface OrganizationView {
  name: string;
  /** Hash of its logo. */
  logo?: string | null | undefined;
  /** `#rrggbb` */
  color?: string | null | undefined;
}

/** Who invited. An API key or the system has a name but no address. */
export interface InviterView {
  name: string;
  email?: string | undefined;
}

/** A licence by the name of its product. */
export interface LicenseView {
  product: string;
  kind: 'named' | 'floating';
  /** Whether its end has passed: it is of no use until it is renewed. */
  ended: boolean;
}

/** The inviter in a sentence, with their address. */
export const inviter = (invitedBy: InviterView): Html =>
  html`<strong>${supplied(invitedBy.name)}</strong>${
    invitedBy.email && invitedBy.email !== invitedBy.name ? html` (${address(invitedBy.email)})` : null
  }`;

const licenseNote = (words: Words, { kind, ended }: LicenseView) =>
  words.text(ended ? 'license.hasEnded' : kind === 'named' ? 'license.reserved' : 'license.shared');

/** What the invitee gets and until when. */
export const invitationFacts = (
  words: Words,
  invitation: { role: Role; licenses: readonly LicenseView[]; teams: readonly string[]; expiresAt: Date },
): Html => html`
      <dl class="facts">
        <div><dt>${words.text('facts.role')}</dt><dd>${words.text(`role.${invitation.role}`)}</dd></div>${
          invitation.licenses.length > 0
            ? html`
        <div><dt>${words.count('facts.licenses', invitation.licenses.length)}</dt><dd><ul class="plain">${invitation.licenses.map(
          (license) =>
            html`<li><span class="product">${supplied(license.product)}</span> <span class="note">${licenseNote(words, license)}</span></li>`,
        )}</ul></dd></div>`
            : null
        }${
          invitation.teams.length > 0
            ? html`
        <div><dt>${words.count('facts.teams', invitation.teams.length)}</dt><dd><ul class="chips">${invitation.teams.map(
          (team) => html`<li>${supplied(team)}</li>`,
        )}</ul></dd></div>`
            : null
        }
        <div><dt>${words.text('facts.expires')}</dt><dd>${dateTime(invitation.expiresAt, words)}</dd></div>
      </dl>`;
