import { html } from 'hono/html';
import { english } from '../../../languages/words.ts';
import { organizationTile } from '../avatar.ts';
import { type AccountView, type Html, layout } from '../layout.ts';
import { type Role, roleNames } from '../role.ts';
import { supplied } from '../supplied.ts';

export interface OrganizationsPageView {
  account?: AccountView;
  csrf: string;
  organizations: readonly { name: string; logo?: string | null; role: Role; path: string }[];
}

/** The organizations that somebody manages, to choose one. */
export const organizationsPage = ({ organizations, ...frame }: OrganizationsPageView): Html =>
  layout({
    ...frame,
    words: english,
    title: 'Console',
    width: 'medium',
    body: html`
    <h1>Console</h1>
    <section aria-labelledby="organizations">
      <h2 id="organizations">Organizations you manage</h2>
      <ul class="stack">${organizations.map(
        ({ name, logo, role, path }) => html`
        <li class="card row">
          ${organizationTile({ name, logo }, 'small')}
          <div class="row-main"><h3>${supplied(name)}</h3><p class="note"><span class="badge accent">${roleNames[role]}</span></p></div>
          <a class="button secondary" href="${path}">Open<span class="visually-hidden"> the console of ${supplied(name)}</span></a>
        </li>`,
      )}
      </ul>
    </section>`,
  });
