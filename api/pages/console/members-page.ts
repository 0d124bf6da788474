import { html } from 'hono/html';
import { date, dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { lookAlikeNote } from '../look-alike.ts';
import { buttonLink } from '../outcome.ts';
import { type Role, roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { confirmPage } from './confirm-page.ts';
import { choice, consoleForm, type Filled, type FormError, textField, tickBoxes } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState, live, nothing } from './frame.ts';
import { type DeliveryView, deliveryWords, roleOptions } from './invitation-words.ts';
import { filterForm, listTabs, pager, selectBox, selectedDo, selectedOnes, withQuery } from './list.ts';
import { dataTable } from './table.ts';

/** A member as a row of the list. */
export interface MemberRowView {
  id: string;
  name: string;
  email: string;
  role: Role;
  teams: readonly string[];
  /** Names of products. */
  licenses: readonly string[];
  joinedAt: Date;
  lastAccessAt: Date | null;
  removedAt: Date | null;
}

/** Somebody who is invited and has not answered. */
export interface PendingRowView {
  id: string;
  email: string;
  role: Role;
  teams: readonly string[];
  licenses: readonly string[];
  delivery: DeliveryView;
  createdAt: Date;
  expiresAt: Date;
}

/** Who is shown: members, people who are invited, or members of before. */
export type MembersTab = 'active' | 'pending' | 'removed';

export interface MembersPageView {
  frame: ConsoleFrame;
  tab: MembersTab;
  /** Those that the person may see. */
  tabs: readonly MembersTab[];
  members: readonly MemberRowView[];
  pending: readonly PendingRowView[];
  /** The filter as it was filled in. */
  filter: Filled;
  /** By which licences can be filtered. */
  products: readonly { product: string; name: string }[];
  /** The page of the list that this is, and the one that comes next. */
  cursor?: string | undefined;
  next?: string | null | undefined;
  /** Where the list is as CSV. */
  csv: string;
  mayInvite: boolean;
  /** Whether the person may change roles and teams and remove members; and their licences. */
  mayChange: boolean;
  mayAssign: boolean;
  error?: FormError | undefined;
}

export const membersPath = (frame: ConsoleFrame): string => `${frame.organization.path}/members`;

const tabNames: Record<MembersTab, string> = { active: 'Active', pending: 'Pending', removed: 'Removed' };

const several = (kind: 'plain' | 'chips', names: readonly string[]): Html =>
  names.length > 0 ? html`<ul class="${kind}">${names.map((name) => html`<li>${supplied(name)}</li>`)}</ul>` : nothing;

const memberTable = ({ frame, tab, members, mayChange, mayAssign }: MembersPageView): Html => {
  const path = membersPath(frame);
  const isRemoved = tab === 'removed';
  const isSelectable = !isRemoved && (mayChange || mayAssign);
  const table = dataTable({
    caption: isRemoved ? 'Removed members, the newest member first' : 'Members, the newest first',
    columns: ['Name', 'Role', 'Teams', 'Licences', 'Joined', 'Last access', ...(isRemoved ? ['Removed'] : [])],
    rows: members.map((member) => [
      html`${isSelectable ? selectBox(member.id, address(member.email)) : null}<a href="${path}/${member.id}">${supplied(member.name || member.email)}</a><span class="note">${address(member.email)}</span>${lookAlikeNote(member.email)}`,
      roleNames[member.role],
      several('plain', member.teams),
      several('plain', member.licenses),
      date(member.joinedAt),
      member.lastAccessAt ? date(member.lastAccessAt) : nothing,
      ...(isRemoved ? [member.removedAt ? dateTime(member.removedAt) : nothing] : []),
    ]),
  });
  if (!isSelectable) return table;
  const toSeats = `${path}/seats`;
  return consoleForm(
    frame,
    mayChange ? `${path}/selected` : toSeats,
    {},
    html`${table}${selectedDo(
      html`${
        mayChange ? html`<button class="button secondary" name="act" value="change">Role or teams…</button>` : null
      }${mayAssign ? html`<button class="button secondary" formaction="${toSeats}">Licences…</button>` : null}${
        mayChange ? html`<button class="button secondary" name="act" value="remove">Remove…</button>` : null
      }`,
    )}`,
  );
};

const pendingTable = ({ frame, pending }: MembersPageView): Html => {
  const path = `${frame.organization.path}/invitations`;
  return html`${dataTable({
    caption: 'People who are invited, the newest first',
    columns: ['Email', 'Delivery', 'Role', 'Teams', 'Licences', 'Invited', 'Expires'],
    rows: pending.map((row) => [
      html`<a href="${path}/${row.id}">${address(row.email)}</a>${lookAlikeNote(row.email)}`,
      deliveryWords(row.delivery),
      roleNames[row.role],
      several('plain', row.teams),
      several('plain', row.licenses),
      date(row.createdAt),
      dateTime(row.expiresAt),
    ]),
  })}<p class="note">To send them again or revoke them, select them under <a href="${path}?state=pending">Invitations</a>.</p>`;
};

const nobody = ({ frame, tab, mayInvite, cursor, next, filter }: MembersPageView): Html => {
  if (next) return emptyState('None of those that were looked through match. There are older ones.');
  if (cursor || Object.values(filter).some(Boolean))
    return emptyState('Nobody matches. Change the filter, or show all.');
  const invite = mayInvite ? html` <a href="${frame.organization.path}/invite">Invite people</a>.` : null;
  if (tab === 'removed') return emptyState('Nobody has been removed. Who is removed stays here, to be invited back.');
  if (tab === 'pending') return emptyState(html`Nobody is invited who has not answered.${invite}`);
  return emptyState(html`There is no member yet.${invite}`);
};

/** The organization's people: members, those who are invited, and those who were removed. */
export const membersPage = (view: MembersPageView): Html => {
  const { frame, tab, tabs, members, pending, filter, products, cursor, next, csv, mayInvite, error } = view;
  const path = membersPath(frame);
  const state = tab === 'active' ? undefined : tab;
  const isFiltered = Object.values(filter).some(Boolean);
  const filled = (name: string) => ({ name, value: filter[name], error });
  const day = (name: string, label: string) => textField({ ...filled(name), label, type: 'date' });
  return consolePage(frame, {
    title: 'Members',
    actions: html`${mayInvite ? buttonLink(`${frame.organization.path}/invite`, 'Invite people', 'primary') : null}${buttonLink(csv, 'Export as CSV')}`,
    error,
    body: html`${listTabs(
      'Members',
      tabs.map((name) => ({
        name: tabNames[name],
        href: withQuery(path, { state: name === 'active' ? undefined : name }),
        isCurrent: name === tab,
      })),
    )}${filterForm(
      path,
      isFiltered,
      html`${textField({
        ...filled('search'),
        label: tab === 'pending' ? 'Address' : 'Name or address',
        type: 'search',
        most: 100,
      })}${choice({ ...filled('role'), label: 'Role', any: 'Any', options: roleOptions })}${textField({
        ...filled('team'),
        label: 'Team',
        most: 60,
      })}${
        products.length > 0
          ? choice({
              ...filled('license'),
              label: 'Licence',
              any: 'Any',
              options: products.map(({ product, name }) => ({ value: product, text: name })),
            })
          : null
      }${
        tab === 'pending'
          ? day('joinedAfter', 'Invited since')
          : html`${day('joinedAfter', 'Joined since')}${day('joinedBefore', 'Joined before')}${day('lastAccessAfter', 'Seen since')}${day('lastAccessBefore', 'Not seen since')}`
      }`,
      { state },
    )}${live(
      'list',
      html`${
        (tab === 'pending' ? pending : members).length === 0
          ? nobody(view)
          : tab === 'pending'
            ? pendingTable(view)
            : memberTable(view)
      }`,
    )}${pager({
      first: cursor ? withQuery(path, { state, ...filter }) : undefined,
      next: next ? withQuery(path, { state, ...filter, cursor: next }) : undefined,
    })}`,
  });
};

/** Members something is done with. */
type Selected = readonly { id: string; email: string }[];
const peopleOf = (members: Selected) => (members.length === 1 ? members[0]!.email : `${members.length} members`);
const idsOf = (members: Selected) => ({ name: 'ids', values: members.map(({ id }) => id) });

/** Asks what role and teams those that are selected shall have. */
export const changeMembersPage = (view: {
  frame: ConsoleFrame;
  members: Selected;
  /** What the person may grant. */
  roles: readonly Role[];
  filled: Filled;
  error?: FormError | undefined;
}): Html => {
  const { frame, members, roles, filled, error } = view;
  const field = (name: string) => ({ name, value: filled[name], error });
  const path = membersPath(frame);
  return consolePage(frame, {
    title: members.length === 1 ? 'Change 1 member' : `Change ${members.length} members`,
    back: { href: path, text: 'Members' },
    error,
    body: html`
    <div class="card confirm">${selectedOnes(members.map(({ email }) => email))}${consoleForm(
      frame,
      `${path}/selected`,
      { act: 'change', confirmed: 'yes' },
      html`${members.map(({ id }) => html`<input type="hidden" name="ids" value="${id}">`)}${choice({
        ...field('role'),
        label: 'Role',
        any: 'As it is',
        options: roleOptions.filter(({ value }) => roles.includes(value)),
      })}${textField({
        ...field('teams'),
        label: 'Teams',
        hint: 'With commas between them, instead of those they are in. Empty: as they are.',
        most: 1300,
      })}${tickBoxes({
        name: 'without',
        label: 'Or else',
        options: [{ value: 'teams', text: 'Take them out of all teams' }],
        ticked: filled.without ? ['teams'] : [],
      })}
      <div class="confirm-do"><button class="button primary">Change ${members.length === 1 ? '1 member' : `${members.length} members`}</button>${buttonLink(path, 'Leave them')}</div>`,
    )}
    </div>`,
  });
};

/** Asks before members are removed, or the person leaves. */
export const removeMembersPage = (view: {
  frame: ConsoleFrame;
  members: Selected;
  /** The person is who is removed, or one of them. */
  isLeaving: boolean;
  back: string;
  error?: FormError | undefined;
}): Html => {
  const { frame, members, isLeaving, back, error } = view;
  const who = peopleOf(members);
  const isAlone = members.length === 1;
  return confirmPage({
    frame,
    title: isLeaving && isAlone ? 'Leave the organization?' : `Remove ${who}${isLeaving ? ', you among them' : ''}?`,
    heading: isLeaving || !isAlone ? undefined : html`Remove ${address(who)}?`,
    words: html`${
      isLeaving
        ? html`<p>${isAlone ? '' : html`<strong>You are one of them.</strong> `}You have no access from then on, your seats are free, and the API keys you made end. Only somebody else can invite you back.</p>`
        : null
    }${
      isLeaving && isAlone
        ? null
        : html`<p>${isAlone ? 'They have' : 'All of them have'} no access from then on, their seats are free, and the API keys they made end. What they did stays in the audit log; an invitation brings them back.</p>${selectedOnes(members.map(({ email }) => email))}`
    }`,
    action: `${membersPath(frame)}/selected`,
    fields: { act: 'remove', confirmed: 'yes' },
    repeated: idsOf(members),
    button: isAlone ? (isLeaving ? 'Leave' : 'Remove') : `Remove ${who}`,
    back: { href: back, text: isAlone ? (isLeaving ? 'Stay' : 'Keep them') : 'Keep them all' },
    error,
  });
};

/** Asks which licence those that are selected get, and which they give back. */
export const memberSeatsPage = (view: {
  frame: ConsoleFrame;
  members: Selected;
  pools: readonly { id: string; name: string; ended: boolean }[];
  filled: Filled;
  /** The licence whose page it began on, to come back to. */
  pool?: string | undefined;
  error?: FormError | undefined;
}): Html => {
  const { frame, members, pools, filled, pool, error } = view;
  const back = pool ? `${frame.organization.path}/licenses/${pool}` : membersPath(frame);
  const options = (some: typeof pools) => some.map(({ id, name }) => ({ value: id, text: name }));
  const field = (name: string) => ({ name, value: filled[name], error });
  return consolePage(frame, {
    title: members.length === 1 ? 'Licences of 1 member' : `Licences of ${members.length} members`,
    back: { href: back, text: pool ? 'The licence' : 'Members' },
    error,
    body:
      pools.length === 0
        ? emptyState('This organization has no licence yet.')
        : html`
    <div class="card confirm">${selectedOnes(members.map(({ email }) => email))}${consoleForm(
      frame,
      `${membersPath(frame)}/seats`,
      { pool, confirmed: 'yes' },
      html`${members.map(({ id }) => html`<input type="hidden" name="ids" value="${id}">`)}${choice({
        ...field('to'),
        label: 'Give each a seat of',
        hint: 'Who has one keeps it.',
        any: 'None',
        options: options(pools.filter(({ ended }) => !ended)),
      })}${choice({
        ...field('from'),
        label: 'Take back the seat of',
        hint: 'Both together move them from one to the other.',
        any: 'None',
        options: options(pools),
      })}
      <div class="confirm-do"><button class="button primary">Save</button>${buttonLink(back, 'Leave them as they are')}</div>`,
    )}
    </div>`,
  });
};
