import { mailboxOf } from '../../../identity/mailbox.ts';
import type { Filled } from '../../pages/console/form.ts';
import { field } from './form.ts';

/** The filter of the list of invitations, as its form and the list's address have it. */
export const filterFields = {
  email: field(254),
  state: field(20),
  delivery: field(20),
  role: field(20),
  license: field(60),
  invitedBy: field(40),
  batch: field(40),
  createdAfter: field(40),
};

/** What the form asks, as the HTTP API asks it. */
export const asked = ({ email, createdAfter, ...others }: Filled) => ({
  ...others,
  // A whole address is found by index, a part of one by looking.
  ...(email && (mailboxOf(email) ? { email } : { search: email })),
  // A day of the form is one of UTC.
  ...(createdAfter && { createdAfter: `${createdAfter}T00:00:00Z` }),
});
