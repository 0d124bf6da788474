import { html } from 'hono/html';
import type { InvitationState } from '../../../statecharts/invitation.ts';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { lookAlikeNote } from '../look-alike.ts';
import { buttonLink } from '../outcome.ts';
import { type Role, roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { choice, consoleForm, type Filled, type FormError, textField } from './form.ts';
import { type ConsoleFrame, consolePage, emptyState, live, nothing } from './frame.ts';
import {
  type DeliveryView,
  deliveryOptions,
  deliveryWords,
  roleOptions,
  stateBadge,
  stateOptions,
} from './invitation-words.ts';
import { filterForm, pager, selectBox, selectedDo, withQuery } from './list.ts';
import { dataTable } from './table.ts';

/** An invitation as a row of the list. */
export interface InvitationRowView {
  id: string;
  email: string;
  role: Role;
  /** Names of products. */
  licenses: readonly string[];
  state: InvitationState;
  delivery: DeliveryView;
  expiresAt: Date;
  /** Name of who invited. */
  invitedBy: string;
}

export interface InvitationsPageView {
  frame: ConsoleFrame;
  invitations: readonly InvitationRowView[];
  /** The filter as it was filled in. */
  filter: Filled;
  /** By which licences can be filtered. */
  products: readonly { product: string; name: string }[];
  /** The page of the list that this is, and the one that comes next. */
  cursor?: string | undefined;
  next?: string | null | undefined;
  mayInvite: boolean;
  /** Whether the person may send them again and revoke them. */
  maySteer: boolean;
  /** Whether the person may change what they say. */
  mayAmend: boolean;
  error?: FormError | undefined;
}

/** Only these ever reach, or have reached, their expiry. */
const expires = (state: InvitationState) => state === 'pending' || state === 'expired';

/** The organization's invitations, the newest first. */
export const invitationsPage = (view: InvitationsPageView): Html => {
  const { frame, invitations, filter, products, cursor, next, mayInvite, maySteer, mayAmend, error } = view;
  const path = `${frame.organization.path}/invitations`;
  const isFiltered = Object.values(filter).some(Boolean);
  const filled = (name: string) => ({ name, value: filter[name], error });
  /** The list, as a form in which some can be selected. */
  const selection = (list: Html) =>
    maySteer
      ? consoleForm(
          frame,
          `${path}/selected`,
          { filter: new URLSearchParams(filter as Record<string, string>).toString() },
          html`${list}${selectedDo(
            html`<button class="button secondary" name="act" value="resend">Resend selected…</button>${mayAmend ? html`<button class="button secondary" name="act" value="amend">Change selected…</button>` : null}<button class="button secondary" name="act" value="revoke">Revoke selected…</button>`,
            next || cursor
              ? html`<label class="select-all"><input type="checkbox" name="all" value="yes">All ${isFiltered ? 'that match' : 'there are'}, on every page</label>`
              : null,
          )}`,
        )
      : list;
  return consolePage(frame, {
    title: 'Invitations',
    actions: html`${mayInvite ? buttonLink(`${frame.organization.path}/invite`, 'Invite people', 'primary') : null}${
      maySteer && filter.invitedBy && invitations.some(({ state }) => state === 'pending')
        ? buttonLink(withQuery(`${path}/revoke`, { invitedBy: filter.invitedBy }), 'Revoke all of theirs…')
        : null
    }${buttonLink(`${frame.organization.path}/batches`, 'Batches')}`,
    error,
    body: html`${filterForm(
      path,
      isFiltered,
      html`${textField({ ...filled('email'), label: 'Address', type: 'search', most: 100 })}${choice({
        ...filled('state'),
        label: 'State',
        any: 'Any',
        options: stateOptions,
      })}${choice({ ...filled('delivery'), label: 'Delivery', any: 'Any', options: deliveryOptions })}${choice({
        ...filled('role'),
        label: 'Role',
        any: 'Any',
        options: roleOptions,
      })}${
        products.length > 0
          ? choice({
              ...filled('license'),
              label: 'Licence',
              any: 'Any',
              options: products.map(({ product, name }) => ({ value: product, text: name })),
            })
          : null
      }${textField({ ...filled('createdAfter'), label: 'Invited since', type: 'date' })}`,
    )}${live(
      'list',
      html`${
        invitations.length > 0
          ? selection(
              dataTable({
                caption: 'Invitations, the newest first',
                columns: ['Email', 'State', 'Delivery', 'Role', 'Licences', 'Expires', 'Invited by'],
                rows: invitations.map((invitation) => [
                  html`${
                    maySteer ? selectBox(invitation.id, address(invitation.email)) : null
                  }<a href="${path}/${invitation.id}">${address(invitation.email)}</a>${lookAlikeNote(invitation.email)}`,
                  stateBadge(invitation.state),
                  deliveryWords(invitation.delivery),
                  roleNames[invitation.role],
                  invitation.licenses.length > 0
                    ? html`<ul class="plain">${invitation.licenses.map((product) => html`<li>${supplied(product)}</li>`)}</ul>`
                    : nothing,
                  expires(invitation.state) ? dateTime(invitation.expiresAt) : nothing,
                  supplied(invitation.invitedBy),
                ]),
              }),
            )
          : emptyState(
              next
                ? 'None of those that were looked through match. There are older ones.'
                : isFiltered || cursor
                  ? 'No invitation matches. Change the filter, or show all.'
                  : html`Nobody has been invited yet.${mayInvite ? html` <a href="${frame.organization.path}/invite">Invite the first person</a>.` : null}`,
            )
      }`,
    )}${pager({
      first: cursor ? withQuery(path, filter) : undefined,
      next: next ? withQuery(path, { ...filter, cursor: next }) : undefined,
    })}`,
  });
};
