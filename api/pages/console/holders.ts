import { html } from 'hono/html';
import { date } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { address, supplied } from '../supplied.ts';
import type { ConsoleFrame } from './frame.ts';
import { invitationPath } from './invitation-page.ts';
import { selectBox } from './list.ts';
import { memberPath } from './member-page.ts';
import { dataTable } from './table.ts';

/** Who holds a seat: a member, or a pending invitation, which has reserved it. */
export interface HolderView {
  id: string;
  kind: 'member' | 'invitation';
  /** Empty of an invitation. */
  name: string;
  email: string;
  since: Date;
  /** Whether the person may look at its page. */
  isOpen: boolean;
}

/** Who holds the seats of a licence. @param isSelectable whether members can be selected, in a form around it */
export const holdersTable = (frame: ConsoleFrame, holders: readonly HolderView[], isSelectable = false): Html =>
  dataTable({
    caption: 'Who holds the seats: members, then pending invitations, the newest first',
    columns: ['Who', 'Address', 'Seat', 'Since'],
    rows: holders.map(({ id, kind, name, email, since, isOpen }) => {
      const who = kind === 'member' ? supplied(name || email) : html`Invitation`;
      const href = kind === 'member' ? memberPath(frame, id) : invitationPath(frame, id);
      return [
        html`${isSelectable && kind === 'member' ? selectBox(id, address(email)) : null}${isOpen ? html`<a href="${href}">${who}</a>` : who}`,
        address(email),
        kind === 'member' ? 'Assigned' : 'Reserved',
        date(since),
      ];
    }),
  });
