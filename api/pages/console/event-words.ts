import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { address, supplied } from '../supplied.ts';

/** A row of the audit log, as the console tells it. */
export interface EventView {
  type: string;
  /** A code, where there is more to tell. */
  detail: string | null;
  /** Who did it. `name` is missing where nobody is known by that id any more. */
  actor: { kind: string; name?: string | undefined; email?: string | undefined };
  reason: string | null;
  at: Date;
}

/** What happened, in words; of what is not here the name itself is words enough. */
const happened: Record<string, string> = {
  created: 'Invited',
  accepted: 'Joined',
  declined: 'Declined',
  expired: 'Expired',
  revoked: 'Revoked',
  resent: 'Sent again',
  reminded: 'A reminder was due',
  amended: 'Changed',
  link_copied: 'Copied the link',
  resend_requested: 'Asked for a new link',
  invitation_sent: 'The email was sent',
  invitation_delivered: 'The email was delivered',
  invitation_opened: 'The email was opened',
  invitation_bounced: 'The email came back',
  invitation_complained: 'The email was marked as spam',
  invitation_failed: 'The email was not sent',
  reminder_sent: 'The reminder was sent',
  reminder_delivered: 'The reminder was delivered',
  reminder_opened: 'The reminder was opened',
  reminder_bounced: 'The reminder came back',
  reminder_complained: 'The reminder was marked as spam',
  reminder_failed: 'The reminder was not sent',
  resend_request_sent: 'The inviter was asked by email',
  resend_request_failed: 'The inviter could not be asked by email',
  reconciled: 'Its workflow was started anew',
  batch_created: 'Invited many at once',
  batch_cancelled: 'Cancelled a batch',
  many_resent: 'Sent many again',
  many_revoked: 'Revoked many',
  many_amended: 'Changed many',
  member_role_changed: 'Changed a role',
  member_teams_changed: 'Changed teams',
  member_removed: 'Removed a member',
  seat_assigned: 'Assigned a seat',
  seat_unassigned: 'Took a seat',
  license_created: 'Added a licence',
  license_changed: 'Changed a licence',
  organization_changed: 'Changed the settings',
  organization_suspended: 'Suspended the organization',
  organization_resumed: 'Ended the suspension',
  key_created: 'Made an API key',
  key_revoked: 'Revoked an API key',
  webhook_created: 'Added a webhook',
  webhook_changed: 'Changed a webhook',
  webhook_removed: 'Removed a webhook',
  webhook_secret_rotated: 'Gave a webhook a new secret',
  webhook_disabled: 'A webhook was disabled',
  webhook_enabled: 'Enabled a webhook',
  webhook_tested: 'Tried a webhook',
  webhook_messages_resent: 'Sent messages of a webhook again',
  invitation_erased: 'Erased',
};

/** What happened. */
export const eventWords = (type: string): string => {
  const words = happened[type] ?? type.replaceAll('_', ' ');
  return words[0]!.toUpperCase() + words.slice(1);
};

/** What can have happened, to choose from. @param chosen is there in any case */
export const eventOptions = (chosen?: string): { value: string; text: string }[] =>
  [...new Set([...Object.keys(happened), ...(chosen ? [chosen] : [])])]
    .map((value) => ({ value, text: eventWords(value) }))
    .sort((a, b) => a.text.localeCompare(b.text, 'en'));

/** Who did it. */
export const actorWords = ({ kind, name, email }: EventView['actor']): Html => {
  switch (kind) {
    case 'system':
      return html`Usher`;
    case 'api_key':
      return name ? html`the API key ${supplied(name)}` : html`an API key`;
    case 'support':
      return name ? html`${supplied(name)}, who runs Usher` : html`somebody who runs Usher`;
    default:
      if (!name && !email) return html`somebody`;
      return html`${supplied(name || email!)}${name && email ? html` (${address(email)})` : null}`;
  }
};
