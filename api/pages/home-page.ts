import { html } from 'hono/html';
import { organizationTile } from './avatar.ts';
import { date, dateTime } from './date-time.ts';
import { type InviterView, inviter, type LicenseView, type OrganizationView } from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { banner, type Notice, noticeBanner } from './notice.ts';
import { buttonLink } from './outcome.ts';
import { invitationPath, postForm } from './post-form.ts';
import { type Role, roleNames } from './role.ts';
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
export interface HomePageView {
  account: AccountView & { emailVerified: boolean };
  csrf: string;
  memberships: readonly MembershipView[];
  /** Those for the account's verified address; none while it is not verified. */
  invitations: readonly PendingInvitationView[];
  /** Path of the page where those who run Usher find others; for them alone. */
  support?: string | undefined;
  notice?: Notice | undefined;
}

const kindNames = { named: 'Named seat', floating: 'Floating' } as const;

/** The URL if it is one to link to: never `javascript:` or anything else but the web. */
const webUrl = (url: string | undefined): string | undefined => {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed && (parsed.protocol === 'https:' || parsed.protocol === 'http:') ? parsed.href : undefined;
};

const invitationItem = (invitation: PendingInvitationView): Html => html`
        <li class="card row">
          ${organizationTile(invitation.organization, 'small')}
          <div class="row-main">
            <h3>${supplied(invitation.organization.name)}</h3>
            <p>${inviter(invitation.invitedBy)} invited you as ${roleNames[invitation.role].toLowerCase()}.</p>
            <p class="note">Expires ${dateTime(invitation.expiresAt)}</p>
          </div>
          <a class="button primary" href="${invitationPath(invitation.id)}">View invitation<span class="visually-hidden"> to ${supplied(invitation.organization.name)}</span></a>
        </li>`;

const membershipItem = ({ organization, role, joinedAt, licenses, console }: MembershipView): Html => {
  const url = webUrl(organization.url);
  return html`
        <li class="card">
          <div class="row">
            ${organizationTile(organization, 'small')}
            <div class="row-main">
              <h3>${supplied(organization.name)}</h3>
              <p class="note"><span class="badge accent">${roleNames[role]}</span> Joined ${date(joinedAt)}</p>
            </div>${
              url || console
                ? html`
            <div class="row-links">${
              url
                ? html`<a class="button secondary" href="${url}" rel="noreferrer">Open<span class="visually-hidden"> ${supplied(organization.name)}</span></a>`
                : null
            }${
              console
                ? html`<a class="button secondary" href="${console}">Manage<span class="visually-hidden"> ${supplied(organization.name)}</span></a>`
                : null
            }</div>`
                : null
            }
          </div>
          <div class="licenses">
            <h4>${licenses.length === 1 ? 'Your licence' : 'Your licences'}</h4>${
              licenses.length > 0
                ? html`<ul class="plain">${licenses.map(
                    (license) =>
                      html`<li><span class="product">${supplied(license.product)}</span> <span class="badge">${kindNames[license.kind]}</span>${license.ended ? html` <span class="badge bad">Ended</span>` : null} <span class="note">Yours since ${date(license.since)}</span></li>`,
                  )}</ul>`
                : html`<p class="note">None yet. An owner or admin of the organization can give you one.</p>`
            }
          </div>
        </li>`;
};

/**
 * The page where joining ends.
 *
 * With an unverified address it offers to sign in again: `_csrf`, `prompt=login` to /sign-in.
 */
export const homePage = ({ account, csrf, memberships, invitations, support, notice }: HomePageView): Html => {
  const email = html`<strong>${address(account.email)}</strong>`;
  return layout({
    title: 'Home',
    account,
    csrf,
    width: 'medium',
    body: html`
    <h1>Home</h1>${noticeBanner(notice)}${
      account.emailVerified
        ? null
        : banner(
            'warning',
            html`<p><strong>Your address is not verified.</strong></p><p>Invitations to ${email} are listed here once your sign-in provider has confirmed that it is yours. Look for its email, follow what it says, then come back.</p>${signInForm(
              { csrf, text: 'I have verified it – try again', switchAccount: true },
            )}`,
          )
    }
    <section aria-labelledby="invitations">
      <h2 id="invitations">Invitations${
        invitations.length > 0
          ? html` <span class="count">${invitations.length}<span class="visually-hidden"> waiting</span></span>`
          : null
      }</h2>${
        invitations.length > 0
          ? html`
      <ul class="stack">${invitations.map(invitationItem)}
      </ul>`
          : html`
      <p class="empty">${account.emailVerified ? html`No invitation is waiting for ${email}.` : 'None can be shown yet.'}${
        memberships.length > 0
          ? null
          : html` Ask an owner or admin of your organization to invite this address: the invitation is listed here even if its email gets lost.`
      }</p>`
      }
    </section>
    <section aria-labelledby="organizations">
      <h2 id="organizations">Organizations</h2>${
        memberships.length > 0
          ? html`
      <ul class="stack">${memberships.map(membershipItem)}
      </ul>`
          : html`
      <p class="empty">You are not a member of an organization yet. ${
        invitations.length > 0
          ? 'Open an invitation above to join one.'
          : 'Once you join one, it is here, with your licences.'
      }</p>`
      }
    </section>
    ${
      support
        ? html`
    <section aria-labelledby="support">
      <h2 id="support">You run Usher</h2>
      <div class="card row">
        <p class="row-main note">Find an invitation, a person or an organization that needs help.</p>
        ${buttonLink(support, 'Support')}
      </div>
    </section>`
        : null
    }
    <section aria-labelledby="sessions">
      <h2 id="sessions">Your sessions</h2>
      <div class="card row">
        <p class="row-main note">Signs you out here and in every other browser. Use it when you have left one open, or lost a device.</p>
        ${postForm('/sign-out-everywhere', { _csrf: csrf }, html`<button class="button secondary">Sign out everywhere</button>`)}
      </div>
    </section>`,
  });
};
