import { html } from 'hono/html';
import type { InvitationState, PeoplesEvent } from '../../../statecharts/invitation.ts';
import { dateTime } from '../date-time.ts';
import { type InviterView, inviter } from '../invitation-facts.ts';
import type { Html } from '../layout.ts';
import { banner } from '../notice.ts';
import { buttonLink } from '../outcome.ts';
import { type Role, roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { confirmPage } from './confirm-page.ts';
import { choice, consoleForm, type Filled, type FormError, reasonField } from './form.ts';
import { type ConsoleFrame, consolePage, nothing } from './frame.ts';
import { type DeliveryView, deliveryWords, stateBadge } from './invitation-words.ts';

export interface InvitationView {
  id: string;
  email: string;
  role: Role;
  /** Names of products. */
  licenses: readonly string[];
  teams: readonly string[];
  message: string | null;
  state: InvitationState;
  delivery: DeliveryView;
  createdAt: Date;
  expiresAt: Date;
  invitedBy: InviterView;
  /** What the chart takes now and the person may: the buttons. */
  allowed: readonly PeoplesEvent[];
  /** What to look at twice. */
  warnings: readonly string[];
}

export interface InvitationPageView {
  frame: ConsoleFrame;
  invitation: InvitationView;
  filled?: Filled;
  error?: FormError | undefined;
}

/** How long a resent invitation may live; as before unless another is chosen. */
const lifetimes = [
  { value: 'P1D', text: '1 day' },
  { value: 'P7D', text: '7 days' },
  { value: 'P14D', text: '14 days' },
  { value: 'P30D', text: '30 days' },
  { value: 'P90D', text: '90 days' },
];

const pathOf = (frame: ConsoleFrame, id: string) => `${frame.organization.path}/invitations/${id}`;

/** One invitation: what it says, how it stands, and what can be done with it now. */
export const invitationPage = ({ frame, invitation, filled = {}, error }: InvitationPageView): Html => {
  const { id, email, allowed } = invitation;
  const path = pathOf(frame, id);
  return consolePage(frame, {
    title: email,
    heading: address(email),
    back: { href: `${frame.organization.path}/invitations`, text: 'Invitations' },
    actions: allowed.includes('revoke') ? buttonLink(`${path}/revoke`, 'Revoke…') : undefined,
    error,
    body: html`${invitation.warnings.map((warning) => banner('warning', html`<p>${supplied(warning)}</p>`))}
    <div class="columns">
      <section class="card" aria-labelledby="facts">
        <h2 id="facts">What it says</h2>
        <dl class="facts">
          <div><dt>State</dt><dd>${stateBadge(invitation.state)}</dd></div>
          <div><dt>Delivery</dt><dd>${deliveryWords(invitation.delivery)}</dd></div>
          <div><dt>Role</dt><dd>${roleNames[invitation.role]}</dd></div>
          <div><dt>Licences</dt><dd>${invitation.licenses.length > 0 ? html`<ul class="plain">${invitation.licenses.map((name) => html`<li>${supplied(name)}</li>`)}</ul>` : nothing}</dd></div>
          <div><dt>Teams</dt><dd>${invitation.teams.length > 0 ? html`<ul class="chips">${invitation.teams.map((team) => html`<li>${supplied(team)}</li>`)}</ul>` : nothing}</dd></div>
          <div><dt>Invited by</dt><dd>${inviter(invitation.invitedBy)}</dd></div>
          <div><dt>Created</dt><dd>${dateTime(invitation.createdAt)}</dd></div>
          <div><dt>Expires</dt><dd>${dateTime(invitation.expiresAt)}</dd></div>
        </dl>${
          invitation.message
            ? html`
        <figure class="message"><figcaption>Message</figcaption><blockquote>${supplied(invitation.message)}</blockquote></figure>`
            : null
        }
      </section>${
        allowed.includes('resend')
          ? html`
      <section class="card acts" aria-labelledby="resend">
        <h2 id="resend">Send it again</h2>${consoleForm(
          frame,
          `${path}/resend`,
          {},
          html`${choice({
            name: 'expiresIn',
            label: 'Expires in',
            any: 'As before',
            options: lifetimes,
            value: filled.expiresIn,
            error,
          })}${reasonField(frame, filled, error)}
          <button class="button primary">Resend</button>`,
        )}
      </section>`
          : null
      }
    </div>`,
  });
};

/** Asks before an invitation is revoked. */
export const revokePage = (view: {
  frame: ConsoleFrame;
  invitation: Pick<InvitationView, 'id' | 'email'>;
  error?: FormError | undefined;
}): Html => {
  const path = pathOf(view.frame, view.invitation.id);
  return confirmPage({
    frame: view.frame,
    title: `Revoke the invitation of ${view.invitation.email}?`,
    heading: html`Revoke the invitation of ${address(view.invitation.email)}?`,
    words: html`<p>Its links stop working at once, and the seats it reserves are free. The person is not told.</p>`,
    action: `${path}/revoke`,
    button: 'Revoke',
    back: { href: path, text: 'Keep it' },
    error: view.error,
  });
};
