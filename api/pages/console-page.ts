import { html } from 'hono/html';
import { type DeliveryStatus, type InvitationState, isTrouble } from '../../statecharts/invitation.ts';
import { organizationTile } from './avatar.ts';
import { dateTime } from './date-time.ts';
import type { LicenseView, OrganizationView } from './invitation-facts.ts';
import { type AccountView, type Html, layout } from './layout.ts';
import { lookAlikeNote } from './look-alike.ts';
import { type Role, roleNames } from './role.ts';
import { address, supplied } from './supplied.ts';

/** A row of the console's table. */
export interface ConsoleInvitationView {
  id: string;
  email: string;
  role: Role;
  /** Names of products. */
  licenses: readonly string[];
  state: InvitationState;
  delivery: {
    status: DeliveryStatus;
    /** Why it failed: a code of the provider's. */
    detail?: string | undefined;
  };
  expiresAt: Date;
  /** Name of who invited. */
  invitedBy: string;
}

/** A licence pool and its seats. A floating pool has no limit: `quantity` and `available` are null. */
export interface LicensePoolView extends LicenseView {
  quantity: number | null;
  reserved: number;
  assigned: number;
  available: number | null;
}

/** An organization's invitations and licence pools, for its owners and admins. */
export interface ConsolePageView {
  account: AccountView;
  csrf: string;
  organization: OrganizationView;
  invitations: readonly ConsoleInvitationView[];
  pools: readonly LicensePoolView[];
  /** Path of the next page of invitations. */
  next?: string | undefined;
}

const states: Record<InvitationState, { text: string; tone: string }> = {
  pending: { text: 'Pending', tone: 'accent' },
  accepted: { text: 'Accepted', tone: 'good' },
  declined: { text: 'Declined', tone: '' },
  expired: { text: 'Expired', tone: '' },
  revoked: { text: 'Revoked', tone: '' },
};

const deliveries: Record<DeliveryStatus, string> = {
  queued: 'Queued',
  sent: 'Sent',
  delivered: 'Delivered',
  opened: 'Opened',
  bounced: 'Bounced',
  complained: 'Complained',
  failed: 'Failed',
};

const nothing = html`<span aria-hidden="true">–</span><span class="visually-hidden">none</span>`;

/** Only these ever reach, or have reached, their expiry. */
const expires = (state: InvitationState) => state === 'pending' || state === 'expired';

const invitationRow = (invitation: ConsoleInvitationView): Html => html`
            <tr>
              <th scope="row">${address(invitation.email)}${lookAlikeNote(invitation.email)}</th>
              <td><span class="badge ${states[invitation.state].tone}">${states[invitation.state].text}</span></td>
              <td>${
                isTrouble(invitation.delivery.status)
                  ? html`<span class="badge bad">${deliveries[invitation.delivery.status]}</span>${
                      invitation.delivery.detail
                        ? html` <span class="note">${supplied(invitation.delivery.detail)}</span>`
                        : null
                    }`
                  : deliveries[invitation.delivery.status]
              }</td>
              <td>${roleNames[invitation.role]}</td>
              <td>${
                invitation.licenses.length > 0
                  ? html`<ul class="plain">${invitation.licenses.map((product) => html`<li>${supplied(product)}</li>`)}</ul>`
                  : nothing
              }</td>
              <td>${expires(invitation.state) ? dateTime(invitation.expiresAt) : nothing}</td>
              <td>${supplied(invitation.invitedBy)}</td>
            </tr>`;

/** How full a pool is. Decorative: the numbers stand below. */
const seatsBar = (pool: LicensePoolView): Html | null => {
  if (!pool.quantity) return null;
  const share = (seats: number) => Math.min(100, (100 * seats) / pool.quantity!);
  const assigned = share(pool.assigned);
  return html`<svg class="seats" viewBox="0 0 100 8" preserveAspectRatio="none" width="100%" height="8" aria-hidden="true" focusable="false"><rect class="seats-all" width="100" height="8"/><rect class="seats-reserved" width="${Math.min(100, assigned + share(pool.reserved))}" height="8"/><rect class="seats-assigned" width="${assigned}" height="8"/></svg>`;
};

const poolItem = (pool: LicensePoolView): Html => html`
        <li class="card pool">
          <h3>${supplied(pool.product)} <span class="badge">${pool.kind === 'named' ? 'Named seats' : 'Floating'}</span>${pool.ended ? html` <span class="badge bad">Ended</span>` : null}</h3>
          ${pool.available === null ? html`<p class="figure">No limit</p>` : html`<p class="figure"><strong>${pool.available}</strong> available</p>`}
          ${seatsBar(pool)}
          <dl class="numbers">${
            pool.quantity === null ? null : html`<div><dt>Seats</dt><dd>${pool.quantity}</dd></div>`
          }<div><dt>Assigned</dt><dd>${pool.assigned}</dd></div><div><dt>Reserved</dt><dd>${pool.reserved}</dd></div></dl>
        </li>`;

/** The console: an organization's licence pools and invitations, to read. */
export const consolePage = ({ account, csrf, organization, invitations, pools, next }: ConsolePageView): Html =>
  layout({
    title: `Console of ${organization.name}`,
    account,
    csrf,
    width: 'wide',
    body: html`
    <div class="page-head">${organizationTile(organization.name, 'small')}<h1>${supplied(organization.name)} <span class="over">Console</span></h1></div>
    <section aria-labelledby="pools">
      <h2 id="pools">Licences</h2>${
        pools.length > 0
          ? html`
      <ul class="pools">${pools.map(poolItem)}
      </ul>`
          : html`
      <p class="empty">This organization has no licence pool yet. People can be invited without a licence.</p>`
      }
    </section>
    <section aria-labelledby="invitations">
      <h2 id="invitations">Invitations</h2>${
        invitations.length > 0
          ? html`
      <div class="card table" role="region" aria-label="Table of invitations" tabindex="0">
        <table>
          <thead><tr><th scope="col">Email</th><th scope="col">State</th><th scope="col">Delivery</th><th scope="col">Role</th><th scope="col">Licences</th><th scope="col">Expires</th><th scope="col">Invited by</th></tr></thead>
          <tbody>${invitations.map(invitationRow)}
          </tbody>
        </table>
      </div>${next ? html`<p class="more"><a class="button secondary" href="${next}">Older invitations</a></p>` : null}`
          : html`
      <p class="empty">Nobody has been invited yet. Invite the first person with the API: <code>POST /v1/organizations/{organization}/invitations</code>.</p>`
      }
    </section>`,
  });
