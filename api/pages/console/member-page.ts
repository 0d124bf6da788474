import { html } from 'hono/html';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { banner } from '../notice.ts';
import { buttonLink } from '../outcome.ts';
import { type Role, roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { countText } from './bars.ts';
import type { EventView } from './event-words.ts';
import { choice, consoleForm, type Filled, type FormError, lineOf, textField, tickBoxes } from './form.ts';
import { type ConsoleFrame, consolePage, live, nothing } from './frame.ts';
import { roleOptions } from './invitation-words.ts';
import { type MemberRowView, membersPath } from './members-page.ts';
import { timeline } from './timeline.ts';

export interface MemberPageView {
  frame: ConsoleFrame;
  member: MemberRowView & {
    /** The invitation that they accepted, for those who may read it. */
    invitation: string | null;
    /** Names and ids of the licences they hold. */
    holds: readonly { id: string; name: string; ended: boolean }[];
  };
  isSelf: boolean;
  /** What they have, as the page was drawn for it: what has changed since is not overwritten unseen. */
  version?: string | undefined;
  /** What of them the person may change; a sentence says why not. Undefined: nothing, and no word about it. */
  change?: { roles: readonly Role[] | string } | string | undefined;
  /** Whether they can be removed, or why not. Undefined: no word about it. */
  remove?: true | string | undefined;
  /** The licences that can be given and taken; undefined: none. */
  pools?: readonly { id: string; name: string; ended: boolean }[] | undefined;
  /** The form that invites somebody back who was removed, filled in; undefined: the person may not. */
  inviteAgain?: { role: Role } | undefined;
  /** Pending ones that they have sent, and how many of them they could not send any more. */
  invitations?: { count: number; isMore: boolean; flagged: number; href: string; revoke: string } | undefined;
  /** Undefined: not for the person to see. */
  events: readonly EventView[] | undefined;
  /** Where the events go on, when there are more. */
  laterEvents?: string | undefined;
  filled?: Filled | undefined;
  error?: FormError | undefined;
}

export const memberPath = (frame: ConsoleFrame, id: string): string => `${membersPath(frame)}/${id}`;

const facts = ({ frame, member }: MemberPageView): Html => html`
        <dl class="facts">
          <div><dt>State</dt><dd>${member.removedAt ? html`<span class="badge">Removed</span>` : html`<span class="badge good">Active</span>`}</dd></div>
          <div><dt>Address</dt><dd>${address(member.email)}</dd></div>
          <div><dt>Role</dt><dd>${roleNames[member.role]}</dd></div>
          <div><dt>Teams</dt><dd>${member.teams.length > 0 ? html`<ul class="chips">${member.teams.map((team) => html`<li>${supplied(team)}</li>`)}</ul>` : nothing}</dd></div>
          <div><dt>Licences</dt><dd>${member.holds.length > 0 ? html`<ul class="plain">${member.holds.map(({ name, ended }) => html`<li>${supplied(name)}${ended ? html` <span class="badge bad">Ended</span>` : null}</li>`)}</ul>` : nothing}</dd></div>
          <div><dt>Joined</dt><dd>${dateTime(member.joinedAt)}${member.invitation ? html` <a href="${frame.organization.path}/invitations/${member.invitation}">by this invitation</a>` : null}</dd></div>
          <div><dt>Last access</dt><dd>${member.lastAccessAt ? dateTime(member.lastAccessAt) : nothing}</dd></div>${
            member.removedAt ? html`<div><dt>Removed</dt><dd>${dateTime(member.removedAt)}</dd></div>` : null
          }
        </dl>`;

/** The form for role and teams, or why there is none. */
const changeCard = ({ frame, member, version, change, filled, error }: MemberPageView): Html | null => {
  if (change === undefined) return null;
  const card = (content: Html) => html`
      <section class="card acts" aria-labelledby="change">
        <h2 id="change">Role and teams</h2>${content}
      </section>`;
  if (typeof change === 'string') return card(html`<p class="hint">${change}</p>`);
  const { roles } = change;
  return card(
    consoleForm(
      frame,
      `${memberPath(frame, member.id)}/change`,
      { was: version },
      html`${
        typeof roles === 'string'
          ? html`<p class="hint">${roles}</p>`
          : choice({
              name: 'role',
              label: 'Role',
              value: filled?.role ?? member.role,
              options: roleOptions.filter(({ value }) => roles.includes(value)),
              error,
            })
      }${
        typeof roles === 'string' && member.role === 'billing_manager'
          ? null
          : textField({
              name: 'teams',
              label: 'Teams',
              hint: 'With commas between them. A billing manager belongs to none.',
              value: filled?.teams ?? lineOf(member.teams),
              most: 1300,
              error,
            })
      }
          <button class="button primary">Save</button>`,
    ),
  );
};

const seatsCard = ({ frame, member, pools, filled, error }: MemberPageView): Html | null => {
  if (!pools || pools.length === 0) return null;
  const held = member.holds.map(({ id }) => id);
  return html`
      <section class="card acts" aria-labelledby="licenses">
        <h2 id="licenses">Licences</h2>${consoleForm(
          frame,
          `${memberPath(frame, member.id)}/licenses`,
          { held: held.join(' ') },
          html`${tickBoxes({
            name: 'licenses',
            label: 'Seats they hold',
            options: pools.map(({ id, name, ended }) => ({
              value: id,
              text: html`${supplied(name)}${ended ? html` <span class="badge bad">Ended</span>` : null}`,
            })),
            ticked: filled?.licenses?.split(' ') ?? held,
            error,
          })}
          <button class="button primary">Save licences</button>`,
        )}
      </section>`;
};

const invitationsCard = ({ invitations }: MemberPageView): Html | null => {
  if (!invitations || invitations.count === 0) return null;
  const { count, isMore, flagged, href, revoke } = invitations;
  const some = `${isMore ? 'More than ' : ''}${countText(count)} pending ${count === 1 ? 'invitation' : 'invitations'}`;
  return html`
      <section class="card acts" aria-labelledby="invitations">
        <h2 id="invitations">Invited by them</h2>
        <p><a href="${href}">${some}</a></p>${
          flagged > 0
            ? html`<p class="hint">${flagged === count && !isMore ? 'They' : 'Some of these'} could not be sent by them any more.</p>`
            : null
        }
        ${buttonLink(revoke, 'Revoke them all…')}
      </section>`;
};

/** One member: what they have, what happened to them, and what can be done. */
export const memberPage = (view: MemberPageView): Html => {
  const { frame, member, isSelf, remove, inviteAgain, events, laterEvents, error } = view;
  return consolePage(frame, {
    title: member.name || member.email,
    heading: supplied(member.name || member.email),
    back: { href: membersPath(frame), text: 'Members' },
    actions: html`${
      remove === true ? buttonLink(`${memberPath(frame, member.id)}/remove`, isSelf ? 'Leave…' : 'Remove…') : null
    }${
      inviteAgain
        ? consoleForm(
            frame,
            `${frame.organization.path}/invite`,
            { mode: 'change', addresses: member.email, role: inviteAgain.role, teams: lineOf(member.teams) },
            html`<button class="button primary">Invite again</button>`,
          )
        : null
    }`,
    error,
    body: html`${typeof remove === 'string' ? banner('info', html`<p>${remove}</p>`) : null}
    <div class="columns">
      <div class="column">${live(
        'facts',
        html`
      <section class="card" aria-labelledby="facts">
        <h2 id="facts">${isSelf ? 'You' : 'What they have'}</h2>${facts(view)}
      </section>`,
      )}${
        events
          ? live(
              'timeline',
              html`
      <section class="card" aria-labelledby="timeline">
        <h2 id="timeline">What happened</h2>${
          events.length > 0 ? timeline(events) : html`<p class="note">Nothing since they joined.</p>`
        }${laterEvents ? html`<p><a href="${laterEvents}">Later events</a></p>` : null}
      </section>`,
            )
          : null
      }
      </div>
      <div class="column">${changeCard(view)}${seatsCard(view)}${invitationsCard(view)}
      </div>
    </div>`,
  });
};
