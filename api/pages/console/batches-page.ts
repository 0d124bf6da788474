import { html } from 'hono/html';
import { dateTime } from '../date-time.ts';
import type { Html } from '../layout.ts';
import { countText } from './bars.ts';
import { type BatchView, batchBadge, batchPath, batchTitle } from './batch-page.ts';
import { type ConsoleFrame, consolePage, emptyState, live } from './frame.ts';
import { pager, withQuery } from './list.ts';
import { dataTable } from './table.ts';

export interface BatchesPageView {
  frame: ConsoleFrame;
  batches: readonly BatchView[];
  /** The page of the list that this is, and the one that comes next. */
  cursor?: string | undefined;
  next: string | null;
  mayInvite: boolean;
}

/** What was done to many at once, the newest first. */
export const batchesPage = ({ frame, batches, cursor, next, mayInvite }: BatchesPageView): Html => {
  const path = `${frame.organization.path}/batches`;
  const invitations = `${frame.organization.path}/invitations`;
  return consolePage(frame, {
    title: 'Batches',
    back: { href: invitations, text: 'Invitations' },
    body: html`${live(
      'list',
      batches.length > 0
        ? dataTable({
            caption: 'Batches, the newest first',
            columns: ['What', 'State', 'Begun', 'Done', 'Refused'],
            rows: batches.map((batch) => [
              html`<a href="${batchPath(frame, batch.id)}">${batchTitle(batch)}</a>`,
              batchBadge(batch.state),
              dateTime(batch.createdAt),
              `${countText(batch.done)} of ${countText(batch.rows)}`,
              countText(batch.refused),
            ]),
          })
        : emptyState(
            html`Nothing has been done to many at once yet.${
              mayInvite ? html` <a href="${frame.organization.path}/invite/csv">Invite people from CSV</a>, or` : null
            } <a href="${invitations}">select invitations</a>.`,
          ),
    )}${pager({ first: cursor ? path : undefined, next: next ? withQuery(path, { cursor: next }) : undefined })}`,
  });
};
