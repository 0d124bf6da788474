import { html } from 'hono/html';
import type { Words } from '../../languages/words.ts';
import { organizationTile } from './avatar.ts';
import { date, dateTime } from './date-time.ts';
import { type InviterView, inviter, type LicenseView, type OrganizationView } from './invitation-facts.ts';
import { type AccountView, type FrameView, type Html, layout } from './layout.ts';
import { banner, type Notice, noticeBanner } from './notice.ts';
import { buttonLink } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import type { Role } from './role.ts';
import { signInForm } from './sign-in-form.ts';
import { address, supplied } from './supplied.ts';

/** An organization that the account is a member of. */
export interface MembershipView {
  organization: OrganizationView & {
    /** Where the organization works; shown as a link if it is an http(s) URL. */
    url?: string | undefined;
  };
  role: Role;
  joinedAt: Date;
  licenses: readonly (LicenseView & { since: Date })[];
  /** Path of the organization's console, for those who may see it. */
  console?: string | undefined;
}

/** An invitation that waits for the account. */
export interface PendingInvitationView {
  id: string;
  organization: OrganizationView;
  invitedBy: InviterView;
  role: Role;
  expiresAt: Date;
}

/** Somebody's home: what they belong to, and what they are invited to. */
export interface HomePageView extends FrameView {
  account: AccountView & { emailVerified: boolean };
  csrf: string;
  memberships: readonly MembershipView[];
  /** Those for the account's verified address; none while it is not verified. */
  invitations: readonly PendingInvitationView[];
  /** Path of the page where those who run Usher find others; for them alone. */
  support?: string | undefined;
  notice?: Notice | undefined;
}

/** The URL if it is one to link to: never `javascript:` or anything else but the web. */
const webUrl = (url: string | undefined): string | undefined => {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed && (parsed.protocol === 'https:' || parsed.protocol === 'http:') ? parsed.href : undefined;
};

const invitationItem = (words: Words, invitation: PendingInvitationView): Html => html`
        <li class="card row">
          ${organizationTile(invitation.organization, 'small')}
          <div class="row-main">
            <h3>${supplied(invitation.organization.name)}</h3>
            <p>${words.parts('home.invitedAs', { inviter: inviter(invitation.invitedBy), role: words.text(`as.${invitation.role}`) })}</p>
            <p class="note">${words.parts('home.expires', { time: dateTime(invitation.expiresAt, words) })}</p>
          </div>
          <a class="button primary" href="${invitationPath(invitation.id)}">${words.text('home.view')}<span class="visually-hidden"> ${words.parts('home.viewOf', { organization: supplied(invitation.organization.name) })}</span></a>
        </li>`;

const membershipItem = (words: Words, { organization, role, joinedAt, licenses, console }: MembershipView): Html => {
  const url = webUrl(organization.url);
  return html`
        <li class="card">
          <div class="row">
            ${organizationTile(organization, 'small')}
            <div class="row-main">
              <h3>${supplied(organization.name)}</h3>
              <p class="note"><span class="badge accent">${words.text(`role.${role}`)}</span> ${words.parts('home.joined', { date: date(joinedAt, words) })}</p>
            </div>${
              url || console
                ? html`
            <div class="row-links">${
              url
                ? html`<a class="button secondary" href="${url}" rel="noreferrer">${words.text('home.open')}<span class="visually-hidden"> ${supplied(organization.name)}</span></a>`
                : null
            }${
              console
                ? html`<a class="button secondary" href="${console}">${words.text('home.manage')}<span class="visually-hidden"> ${supplied(organization.name)}</span></a>`
                : null
            }</div>`
                : null
            }
          </div>
          <div class="licenses">
            <h4>${words.count('home.licenses', licenses.length)}</h4>${
              licenses.length > 0
                ? html`<ul class="plain">${licenses.map(
                    (license) =>
                      html`<li><span class="product">${supplied(license.product)}</span> <span class="badge">${words.text(`license.${license.kind}`)}</span>${license.ended ? html` <span class="badge bad">${words.text('license.ended')}</span>` : null} <span class="note">${words.parts('home.since', { date: date(license.since, words) })}</span></li>`,
                  )}</ul>`
                : html`<p class="note">${words.text('home.noLicense')}</p>`
            }
          </div>
        </li>`;
};

/**
 * The page where joining ends.
 *
 * With an unverified address it offers to sign in again: `_csrf`, `prompt=login` to /sign-in.
 */
export const homePage = ({ memberships, invitations, support, notice, ...frame }: HomePageView): Html => {
  const { words, account, csrf } = frame;
  const email = html`<strong>${address(account.email)}</strong>`;
  return layout({
    ...frame,
    title: words.text('home.title'),
    width: 'medium',
    body: html`
    <h1>${words.text('home.title')}</h1>${noticeBanner(notice)}${
      account.emailVerified
        ? null
        : banner(
            'warning',
            html`<p><strong>${words.text('home.unverified')}</strong></p><p>${words.parts('home.verify', { email })}</p>${signInForm({ csrf, text: words.text('signIn.verified'), switchAccount: true })}`,
          )
    }
    <section aria-labelledby="invitations">
      <h2 id="invitations">${words.text('home.invitations')}${
        invitations.length > 0
          ? html` <span class="count">${invitations.length}<span class="visually-hidden"> ${words.count('home.waiting', invitations.length)}</span></span>`
          : null
      }</h2>${
        invitations.length > 0
          ? html`
      <ul class="stack">${invitations.map((invitation) => invitationItem(words, invitation))}
      </ul>`
          : html`
      <p class="empty">${account.emailVerified ? words.parts('home.noneWaiting', { email }) : words.text('home.noneShown')}${
        memberships.length > 0 ? null : ` ${words.text('home.askToBeInvited')}`
      }</p>`
      }
    </section>
    <section aria-labelledby="organizations">
      <h2 id="organizations">${words.text('home.organizations')}</h2>${
        memberships.length > 0
          ? html`
      <ul class="stack">${memberships.map((membership) => membershipItem(words, membership))}
      </ul>`
          : html`
      <p class="empty">${words.text('home.noOrganization')} ${words.text(
        invitations.length > 0 ? 'home.openOne' : 'home.onceJoined',
      )}</p>`
      }
    </section>
    ${
      support
        ? html`
    <section aria-labelledby="support">
      <h2 id="support">${words.text('home.runUsher')}</h2>
      <div class="card row">
        <p class="row-main note">${words.text('home.runUsherWords')}</p>
        ${buttonLink(support, words.text('home.support'))}
      </div>
    </section>`
        : null
    }
    <section aria-labelledby="sessions">
      <h2 id="sessions">${words.text('home.sessions')}</h2>
      <div class="card row">
        <p class="row-main note">${words.text('home.sessionsWords')}</p>
        ${postForm('/sign-out-everywhere', { _csrf: csrf }, html`<button class="button secondary">${words.text('home.signOutEverywhere')}</button>`)}
      </div>
    </section>`,
  });
};
