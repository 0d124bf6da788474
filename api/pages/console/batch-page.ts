import { html } from 'hono/html';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { address } from '../supplied.ts';
import { barTable, countText } from './bars.ts';
import { confirmPage } from './confirm-page.ts';
import type { FormError } from './form.ts';
import { type ConsoleFrame, consolePage, live } from './frame.ts';
import { withQuery } from './list.ts';
import { dataTable } from './table.ts';

export interface BatchView {
  id: string;
  kind: 'invite' | 'resend' | 'revoke' | 'amend';
  state: 'running' | 'completed' | 'cancelled';
  createdAt: Date;
  rows: number;
  done: number;
  invited: number;
  refused: number;
  mailed: number;
  undeliverable: number;
  accepted: number;
  declined: number;
  expired: number;
  revoked: number;
  pending: number;
}

/** A row that was not invited, whose address is kept nowhere; or an invitation on which an act was not carried out. */
export interface RefusedRowView {
  place: string;
  invitation?: { id: string; email: string };
  detail: string;
}

export interface BatchPageView {
  frame: ConsoleFrame;
  batch: BatchView;
  /** The first of them. */
  refusedRows: readonly RefusedRowView[];
  mayCancel: boolean;
  /** Where its progress is told as it comes. */
  events: string;
}

const states: Record<BatchView['state'], { text: string; tone: string }> = {
  running: { text: 'Under way', tone: 'accent' },
  completed: { text: 'Completed', tone: 'good' },
  cancelled: { text: 'Cancelled', tone: '' },
};

export const batchPath = (frame: ConsoleFrame, id: string): string => `${frame.organization.path}/batches/${id}`;

export const batchBadge = (state: BatchView['state']): Html =>
  html`<span class="badge ${states[state].tone}">${states[state].text}</span>`;

const titles: Record<BatchView['kind'], (these: string) => string> = {
  invite: (these) => `Batch of ${these}`,
  resend: (these) => `Resending ${these}`,
  revoke: (these) => `Revoking ${these}`,
  amend: (these) => `Changing ${these}`,
};
/** What it is, and of how many. */
export const batchTitle = ({ kind, rows }: Pick<BatchView, 'kind' | 'rows'>): string =>
  titles[kind](rows === 1 ? 'one' : countText(rows));

/** Whether there is something that a cancel would change. */
const canCancel = ({ kind, state, pending }: BatchView) =>
  kind === 'invite' ? pending > 0 && state !== 'cancelled' : state === 'running';

const barsOf = (batch: BatchView): Parameters<typeof barTable>[0]['bars'] =>
  batch.kind === 'invite'
    ? [
        { name: 'Invited', count: batch.invited },
        { name: 'Emails sent', count: batch.mailed },
        { name: 'Emails that reach nobody', count: batch.undeliverable, tone: 'quiet' },
        { name: 'Joined', count: batch.accepted, tone: 'good' },
        { name: 'Declined', count: batch.declined, tone: 'quiet' },
        { name: 'Expired or revoked', count: batch.expired + batch.revoked, tone: 'quiet' },
        { name: 'Not invited', count: batch.refused, tone: 'quiet' },
      ]
    : [
        { name: 'Done', count: batch.done - batch.refused, tone: 'good' },
        { name: 'Not done', count: batch.refused, tone: 'quiet' },
        { name: 'Still to do', count: batch.rows - batch.done },
      ];

/** Many at once: how far it has come, and what became of them. */
export const batchPage = ({ frame, batch, refusedRows, mayCancel, events }: BatchPageView): Html => {
  const invitations = `${frame.organization.path}/invitations`;
  const refused = batch.kind === 'invite' ? 'Not invited' : 'Not done';
  return consolePage(frame, {
    title: batchTitle(batch),
    back: { href: `${frame.organization.path}/batches`, text: 'Batches' },
    actions: html`${
      batch.invited > 0 ? buttonLink(withQuery(invitations, { batch: batch.id }), 'Its invitations', 'primary') : null
    }${mayCancel && canCancel(batch) ? buttonLink(`${batchPath(frame, batch.id)}/cancel`, 'Cancel…') : null}`,
    body: html`${live(
      'batch',
      html`
    <section class="card" aria-labelledby="progress"${batch.state === 'running' ? html` data-events="${events}"` : null}>
      <h2 id="progress">Progress ${batchBadge(batch.state)}</h2>
      ${barTable({
        caption: 'What became of the rows',
        of: batch.rows,
        names: ['What', 'Rows', 'Share'],
        bars: barsOf(batch),
      })}
      <p class="note">Begun ${dateTime(batch.createdAt)}.${
        batch.state === 'running' ? html` <a href="${batchPath(frame, batch.id)}">Look again</a>` : null
      }</p>
    </section>`,
    )}${
      refusedRows.length > 0
        ? html`
    <section aria-labelledby="refused">
      <h2 id="refused">${refused}</h2>${dataTable({
        caption: refused,
        columns: ['Where', 'Why not'],
        rows: refusedRows.map(({ place, invitation, detail }) => [
          invitation ? html`<a href="${invitations}/${invitation.id}">${address(invitation.email)}</a>` : place,
          detail,
        ]),
      })}${
        batch.refused > refusedRows.length && refusedRows.length > 0
          ? html`<p class="note">And ${countText(batch.refused - refusedRows.length)} more.</p>`
          : null
      }
    </section>`
        : null
    }`,
  });
};

/** Asks before the rest of a batch is left undone, or what is open of it revoked. */
export const cancelBatchPage = (view: {
  frame: ConsoleFrame;
  batch: BatchView;
  error?: FormError | undefined;
}): Html => {
  const { frame, batch, error } = view;
  const isInvite = batch.kind === 'invite';
  return confirmPage({
    frame,
    title: isInvite ? 'Cancel the batch?' : 'Stop it?',
    words: isInvite
      ? html`<p>${countText(batch.pending)} of its invitations are still open. They are all revoked: their links stop working, and the seats they reserve are free. Who has joined stays.</p>`
      : html`<p>${countText(batch.rows - batch.done)} are still to do, and stay as they are. What is done already is not undone.</p>`,
    action: `${batchPath(frame, batch.id)}/cancel`,
    button: isInvite ? 'Revoke what is open' : 'Leave the rest',
    back: { href: batchPath(frame, batch.id), text: isInvite ? 'Keep them' : 'Go on' },
    error,
  });
};
