import { html } from 'hono/html';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { barTable, countText } from './bars.ts';
import { confirmPage } from './confirm-page.ts';
import type { FormError } from './form.ts';
import { type ConsoleFrame, consolePage, live } from './frame.ts';
import { withQuery } from './list.ts';
import { dataTable } from './table.ts';

export interface BatchView {
  id: string;
  state: 'running' | 'completed' | 'cancelled';
  createdAt: Date;
  rows: number;
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

export interface BatchPageView {
  frame: ConsoleFrame;
  batch: BatchView;
  /** The first of the rows that were not invited: their addresses are kept nowhere. */
  bad: readonly { place: string; detail: string }[];
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

/** Many who were invited at once: how far it has come, and what became of them. */
export const batchPage = ({ frame, batch, bad, mayCancel, events }: BatchPageView): Html => {
  const list = withQuery(`${frame.organization.path}/invitations`, { batch: batch.id });
  return consolePage(frame, {
    title: batch.rows === 1 ? 'Batch of one' : `Batch of ${countText(batch.rows)}`,
    back: { href: `${frame.organization.path}/invitations`, text: 'Invitations' },
    actions: html`${batch.invited > 0 ? buttonLink(list, 'Its invitations', 'primary') : null}${
      mayCancel && batch.pending > 0 && batch.state !== 'cancelled'
        ? buttonLink(`${batchPath(frame, batch.id)}/cancel`, 'Cancel…')
        : null
    }`,
    body: html`${live(
      'batch',
      html`
    <section class="card" aria-labelledby="progress"${batch.state === 'running' ? html` data-events="${events}"` : null}>
      <h2 id="progress">Progress <span class="badge ${states[batch.state].tone}">${states[batch.state].text}</span></h2>
      ${barTable({
        caption: 'What became of the rows',
        of: batch.rows,
        names: ['What', 'Rows', 'Share'],
        bars: [
          { name: 'Invited', count: batch.invited },
          { name: 'Emails sent', count: batch.mailed },
          { name: 'Emails that reach nobody', count: batch.undeliverable, tone: 'quiet' },
          { name: 'Joined', count: batch.accepted, tone: 'good' },
          { name: 'Declined', count: batch.declined, tone: 'quiet' },
          { name: 'Expired or revoked', count: batch.expired + batch.revoked, tone: 'quiet' },
          { name: 'Not invited', count: batch.refused, tone: 'quiet' },
        ],
      })}
      <p class="note">Begun ${dateTime(batch.createdAt)}.${
        batch.state === 'running' ? html` <a href="${batchPath(frame, batch.id)}">Look again</a>` : null
      }</p>
    </section>`,
    )}${
      bad.length > 0
        ? html`
    <section aria-labelledby="bad">
      <h2 id="bad">Not invited</h2>${dataTable({
        caption: 'Rows that were not invited',
        columns: ['Where', 'Why not'],
        rows: bad.map(({ place, detail }) => [place, detail]),
      })}${
        batch.refused > bad.length ? html`<p class="note">And ${countText(batch.refused - bad.length)} more.</p>` : null
      }
    </section>`
        : null
    }`,
  });
};

/** Asks before what is still open of a batch is revoked. */
export const cancelBatchPage = (view: {
  frame: ConsoleFrame;
  batch: Pick<BatchView, 'id' | 'pending'>;
  error?: FormError | undefined;
}): Html =>
  confirmPage({
    frame: view.frame,
    title: 'Cancel the batch?',
    words: html`<p>${countText(view.batch.pending)} of its invitations are still open. They are all revoked: their links stop working, and the seats they reserve are free. Who has joined stays.</p>`,
    action: `${batchPath(view.frame, view.batch.id)}/cancel`,
    button: 'Revoke what is open',
    back: { href: batchPath(view.frame, view.batch.id), text: 'Keep them' },
    error: view.error,
  });
