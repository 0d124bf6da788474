import { html } from 'hono/html';
import type { InvitationState, PeoplesEvent } from '../../../statecharts/invitation.ts';
import type { OutlinedState } from '../../../statecharts/outline.ts';
import { dateTime } from '../date-time.ts';
import { type InviterView, inviter } from '../invitation-facts.ts';
import type { Html } from '../layout.ts';
import { banner } from '../notice.ts';
import { buttonLink } from '../outcome.ts';
import { type Role, roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { chartDrawing } from './chart.ts';
import { confirmPage } from './confirm-page.ts';
import type { EventView } from './event-words.ts';
import { choice, consoleForm, type Filled, type FormError, reasonField } from './form.ts';
import { type ConsoleFrame, consolePage, live, nothing } from './frame.ts';
import { type DeliveryView, deliveryWords, lifetimes, stateBadge } from './invitation-words.ts';
import { timeline } from './timeline.ts';

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
  allowed: readonly (PeoplesEvent | 'copyLink')[];
  /** What to look at twice. */
  warnings: readonly string[];
}

export interface InvitationPageView {
  frame: ConsoleFrame;
  invitation: InvitationView;
  /** Its chart, with where it stands. */
  outline: readonly OutlinedState[];
  events: readonly EventView[];
  /** Where the events go on, when there are more. */
  laterEvents?: string | undefined;
  /** Its workflow in Temporal's UI, for operators. */
  workflow?: { id: string; url?: string | undefined } | undefined;
  filled?: Filled | undefined;
  error?: FormError | undefined;
}

export const invitationPath = (frame: ConsoleFrame, id: string): string =>
  `${frame.organization.path}/invitations/${id}`;

const facts = (invitation: InvitationView): Html => html`
        <dl class="facts">
          <div><dt>State</dt><dd>${stateBadge(invitation.state)}</dd></div>
          <div><dt>Delivery</dt><dd>${deliveryWords(invitation.delivery)}</dd></div>
          <div><dt>Role</dt><dd>${roleNames[invitation.role]}</dd></div>
          <div><dt>Licences</dt><dd>${invitation.licenses.length > 0 ? html`<ul class="plain">${invitation.licenses.map((name) => html`<li>${supplied(name)}</li>`)}</ul>` : nothing}</dd></div>
          <div><dt>Teams</dt><dd>${invitation.teams.length > 0 ? html`<ul class="chips">${invitation.teams.map((team) => html`<li>${supplied(team)}</li>`)}</ul>` : nothing}</dd></div>
          <div><dt>Invited by</dt><dd>${inviter(invitation.invitedBy)}</dd></div>
          <div><dt>Created</dt><dd>${dateTime(invitation.createdAt)}</dd></div>
          <div><dt>Expires</dt><dd>${dateTime(invitation.expiresAt)}</dd></div>
        </dl>`;

/** One invitation: how it stands, what happened to it, what its email says, and what can be done with it now. */
export const invitationPage = (view: InvitationPageView): Html => {
  const { frame, invitation, outline, events, laterEvents, workflow, filled = {}, error } = view;
  const { id, email, allowed } = invitation;
  const path = invitationPath(frame, id);
  return consolePage(frame, {
    title: email,
    heading: address(email),
    back: { href: `${frame.organization.path}/invitations`, text: 'Invitations' },
    actions: html`${allowed.includes('amend') ? buttonLink(`${path}/amend`, 'Change') : null}${
      allowed.includes('revoke') ? buttonLink(`${path}/revoke`, 'Revoke…') : null
    }`,
    error,
    body: html`${live(
      'warnings',
      html`${invitation.warnings.map((warning) => banner('warning', html`<p>${supplied(warning)}</p>`))}`,
    )}${live(
      'chart',
      html`
    <section class="card" aria-labelledby="chart">
      <h2 id="chart">Where it stands</h2>${chartDrawing(outline)}
    </section>`,
    )}
    <div class="columns">
      <div class="column">${live(
        'facts',
        html`
      <section class="card" aria-labelledby="facts">
        <h2 id="facts">What it says</h2>${facts(invitation)}
      </section>`,
      )}
      <section class="card" aria-labelledby="email">
        <h2 id="email">Its email</h2>
        <p class="note">As it would be written now; one that was sent had the words of its time. The link leads nowhere here.</p>
        <iframe class="email" src="${path}/email" title="The email" sandbox loading="lazy"></iframe>
      </section>
      </div>
      <div class="column">${live(
        'acts',
        allowed.includes('resend') || allowed.includes('copyLink')
          ? html`
      <section class="card acts" aria-labelledby="acts">
        <h2 id="acts">What can be done</h2>${
          allowed.includes('resend')
            ? consoleForm(
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
              )
            : null
        }${
          allowed.includes('copyLink')
            ? consoleForm(
                frame,
                `${path}/link`,
                {},
                html`
          <p class="hint">For when the email does not arrive. Only the invited address can join by it; who copied it is noted.</p>
          <button class="button secondary">Copy the link</button>`,
              )
            : null
        }
      </section>`
          : null,
      )}${live(
        'timeline',
        html`
      <section class="card" aria-labelledby="timeline">
        <h2 id="timeline">What happened</h2>${timeline(events)}${
          laterEvents ? html`<p><a href="${laterEvents}">Later events</a></p>` : null
        }
      </section>`,
      )}${
        workflow
          ? html`
      <section class="card acts" aria-labelledby="workflow">
        <h2 id="workflow">Its workflow</h2>
        <p><code>${workflow.id}</code></p>${
          workflow.url
            ? html`
        <p><a href="${workflow.url}" rel="noreferrer">Open it in Temporal</a></p>`
            : null
        }
      </section>`
          : null
      }
      </div>
    </div>`,
  });
};

/** Asks before an invitation is revoked. */
export const revokePage = (view: {
  frame: ConsoleFrame;
  invitation: Pick<InvitationView, 'id' | 'email'>;
  error?: FormError | undefined;
}): Html => {
  const path = invitationPath(view.frame, view.invitation.id);
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

/** The link, shown once to be copied: it is kept nowhere. */
export const linkPage = (view: {
  frame: ConsoleFrame;
  invitation: Pick<InvitationView, 'id' | 'email'>;
  url: string;
}): Html =>
  consolePage(view.frame, {
    title: 'The link',
    back: { href: invitationPath(view.frame, view.invitation.id), text: view.invitation.email },
    body: html`
    <div class="card confirm">
      <div class="field">
        <label for="link">The link of ${address(view.invitation.email)}</label>
        <p class="hint">Whoever opens it must sign in with that address. That you copied it is in the audit log.</p>
        <input id="link" type="text" value="${view.url}" readonly>
      </div>
      <div class="confirm-do"><button class="button primary" type="button" data-copy="#link" hidden>Copy</button>${buttonLink(
        invitationPath(view.frame, view.invitation.id),
        'Back to the invitation',
      )}</div>
    </div>`,
  });
