import { html } from 'hono/html';
import { english } from '../../../languages/words.ts';
import type { InvitationState } from '../../../statecharts/invitation.ts';
import { date } from '../date-time.ts';
import { type AccountView, type Html, layout } from '../layout.ts';
import { lookAlikeNote } from '../look-alike.ts';
import { type Role, roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { errorSummary, type FormError, textField } from './form.ts';
import { emptyState, supportPath } from './frame.ts';
import { type DeliveryView, deliveryWords, stateBadge } from './invitation-words.ts';
import { filterForm, pager, withQuery } from './list.ts';
import { dataTable } from './table.ts';

interface OrganizationRef {
  name: string;
  slug: string;
}

/** What was found, in all organizations. */
export type FoundView =
  | {
      is: 'address';
      invitations: readonly {
        id: string;
        email: string;
        organization: OrganizationRef;
        state: InvitationState;
        delivery: DeliveryView;
        createdAt: Date;
      }[];
      members: readonly {
        id: string;
        name: string;
        email: string;
        organization: OrganizationRef;
        role: Role;
        joinedAt: Date;
      }[];
      /** There are more members than these. */
      isCut?: boolean;
      cursor?: string | undefined;
      next?: string | null | undefined;
    }
  | {
      is: 'name';
      organizations: readonly (OrganizationRef & { isSuspended: boolean; createdAt: Date })[];
      /** There are more than these. */
      isCut?: boolean;
    };

export interface SupportPageView {
  account: AccountView;
  csrf: string;
  find?: string | undefined;
  /** Undefined: nothing was looked for yet. */
  found?: FoundView | undefined;
  error?: FormError | undefined;
}

const consoleOf = ({ slug, name }: OrganizationRef): Html => html`<a href="/console/${slug}">${supplied(name)}</a>`;

const foundOfAddress = (found: Extract<FoundView, { is: 'address' }>, find: string): Html => html`
    <section aria-labelledby="invitations">
      <h2 id="invitations">Invitations</h2>${
        found.invitations.length > 0
          ? dataTable({
              caption: 'Invitations to the address, the newest first',
              columns: ['Email', 'Organization', 'State', 'Delivery', 'Invited'],
              rows: found.invitations.map(({ id, email, organization, state, delivery, createdAt }) => [
                html`<a href="/console/${organization.slug}/invitations/${id}">${address(email)}</a>${lookAlikeNote(email)}`,
                consoleOf(organization),
                stateBadge(state),
                deliveryWords(delivery),
                date(createdAt),
              ]),
            })
          : emptyState(
              'Nobody has invited this address. Look for a typing error: ask for the address that the inviter used.',
            )
      }${pager({
        first: found.cursor ? withQuery(supportPath, { find }) : undefined,
        next: found.next ? withQuery(supportPath, { find, cursor: found.next }) : undefined,
      })}
    </section>
    <section aria-labelledby="members">
      <h2 id="members">Members</h2>${
        found.members.length > 0
          ? dataTable({
              caption: 'Where somebody with the address is a member',
              columns: ['Person', 'Organization', 'Role', 'Joined'],
              rows: found.members.map(({ id, name, email, organization, role, joinedAt }) => [
                html`<a href="/console/${organization.slug}/members/${id}">${supplied(name || email)}</a>${name ? html` <span class="note">${address(email)}</span>` : null}`,
                consoleOf(organization),
                roleNames[role],
                date(joinedAt),
              ]),
            })
          : emptyState('Nobody with this verified address is a member of an organization.')
      }${found.isCut ? html`<p class="note">These are the newest; there are more. Find the organization, and there the member.</p>` : null}
    </section>`;

const foundByName = ({ organizations, isCut }: Extract<FoundView, { is: 'name' }>): Html => html`
    <section aria-labelledby="organizations">
      <h2 id="organizations">Organizations</h2>${
        organizations.length > 0
          ? dataTable({
              caption: 'Organizations with this in their name',
              columns: ['Organization', 'Called by programs', 'State', 'Since'],
              rows: organizations.map(({ isSuspended, createdAt, ...organization }) => [
                consoleOf(organization),
                html`<code>${organization.slug}</code>`,
                isSuspended
                  ? html`<span class="badge bad">Suspended</span>`
                  : html`<span class="badge good">Active</span>`,
                date(createdAt),
              ]),
            })
          : emptyState('No organization has this in its name.')
      }${isCut ? html`<p class="note">These are the first; there are more. Write more of the name.</p>` : null}
    </section>`;

/** Where those who run Usher find whom they are asked to help, in all organizations. */
export const supportPage = ({ find, found, error, ...frame }: SupportPageView): Html =>
  layout({
    ...frame,
    words: english,
    title: 'Support',
    width: 'wide',
    body: html`${errorSummary(error)}
    <div class="title-row"><div><h1>Support</h1></div></div>${filterForm(
      supportPath,
      false,
      textField({
        name: 'find',
        label: 'Find',
        hint: 'A whole address, the id of an invitation or an organization, or a part of an organization’s name.',
        type: 'search',
        value: find,
        error,
        most: 254,
      }),
      {},
      'Find',
    )}${
      !found
        ? emptyState(
            html`You see every organization as its admins do. Of what you find you can resend, revoke, and correct addresses; say why each time: it is in the organization’s audit log.`,
          )
        : found.is === 'address'
          ? foundOfAddress(found, find ?? '')
          : foundByName(found)
    }`,
  });
