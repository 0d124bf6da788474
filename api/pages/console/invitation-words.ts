import { html } from 'hono/html';
import { type DeliveryStatus, type InvitationState, isTrouble } from '../../../statecharts/invitation.ts';
import type { Html } from '../layout.ts';
import { type Role, roleNames } from '../role.ts';
import { supplied } from '../supplied.ts';

/** What people call the states, and how they look. */
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

const optionsOf = (names: Record<string, string>) => Object.entries(names).map(([value, text]) => ({ value, text }));
export const stateOptions = Object.entries(states).map(([value, { text }]) => ({ value, text }));
export const deliveryOptions = optionsOf(deliveries);

export const roleOptions = (Object.entries(roleNames) as [Role, string][]).map(([value, text]) => ({ value, text }));

/** How long an invitation may live, as people choose it; ISO 8601. */
export const lifetimes = [
  { value: 'P1D', text: '1 day' },
  { value: 'P3D', text: '3 days' },
  { value: 'P7D', text: '7 days' },
  { value: 'P14D', text: '14 days' },
  { value: 'P30D', text: '30 days' },
  { value: 'P90D', text: '90 days' },
];

export const stateBadge = (state: InvitationState): Html =>
  html`<span class="badge ${states[state].tone}">${states[state].text}</span>`;

/** How the newest email fares. */
export interface DeliveryView {
  status: DeliveryStatus;
  /** Why it failed: a code of the provider's. */
  detail?: string | null | undefined;
}

export const deliveryWords = ({ status, detail }: DeliveryView): Html =>
  isTrouble(status)
    ? html`<span class="badge bad">${deliveries[status]}</span>${
        detail ? html` <span class="note">${supplied(detail)}</span>` : null
      }`
    : html`${deliveries[status]}`;
