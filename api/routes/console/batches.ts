import { Type } from 'typebox';
import { type Batch, listBatches } from '../../../db/batches.ts';
import { type BatchId, isId } from '../../../db/ids.ts';
import { actResults } from '../../batch-acts.ts';
import { batchBodies, cancelBatch, detailOf, requireBatch } from '../../batches.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { sendPage } from '../../page.ts';
import { type BatchView, batchPage, cancelBatchPage, type RefusedRowView } from '../../pages/console/batch-page.ts';
import { batchesPage } from '../../pages/console/batches-page.ts';
import { Problem } from '../../problem.ts';
import type { BatchBody } from '../../schemas.ts';
import { field, formBody } from './form.ts';
import { enter, organizationPath, thingPath, type Visit } from './visit.ts';

/** Batches on a page of their list. */
const pageRows = 50;
/** Rows that a page names. */
const mostShown = 1_000;

const listQuery = Type.Object({ cursor: field(40) });

/** Many at once: people who were invited, and acts on many invitations. */
export function registerBatchPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  const viewOf = (batch: Batch, { counts, state }: BatchBody): BatchView => ({
    ...counts,
    id: batch.id,
    kind: batch.kind,
    state,
    createdAt: batch.created_at,
  });

  /** A batch of the organization's. @throws Problem `batch_not_found` */
  const named = async (visit: Visit, id: string) => {
    const batch = isId('bat', id) ? await requireBatch(db, id) : undefined;
    if (batch?.organization_id !== visit.organization.id) throw new Problem('batch_not_found');
    const [body] = await batchBodies(db, [batch]);
    return { batch, view: viewOf(batch, body!) };
  };

  /** The rows of which something was refused. */
  const refusedOf = async (batch: Batch): Promise<RefusedRowView[]> => {
    if (batch.kind === 'invite')
      return (batch.results ?? [])
        .flatMap((result, i) =>
          'invitation' in result
            ? []
            : [{ place: `Row ${i + 1}`, detail: detailOf(result as Parameters<typeof detailOf>[0]) }],
        )
        .slice(0, mostShown);
    const { items } = await actResults(db, batch, { refused: true }, { after: 0, limit: mostShown });
    return items.map(({ row, email, invitation, detail }) => ({
      place: `Row ${row}`,
      ...(email && invitation ? { invitation: { id: invitation, email } } : {}),
      detail: detail ?? '',
    }));
  };

  app.get(
    '/console/:organization/batches',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const { cursor } = request.query;
      const before = cursor && isId('bat', cursor) ? { before: cursor as BatchId } : {};
      const { rows, next } = await listBatches(db, visit.organization.id, { ...before, limit: pageRows });
      const bodies = await batchBodies(db, rows);
      const batches = rows.map((batch, i) => viewOf(batch, bodies[i]!));
      return sendPage(
        reply,
        batchesPage({ frame: visit.frame, batches, cursor, next, mayInvite: visit.may('invite') }),
      );
    },
  );

  app.get(
    '/console/:organization/batches/:id',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const { batch, view } = await named(visit, request.params.id);
      return sendPage(
        reply,
        batchPage({
          frame: visit.frame,
          batch: view,
          refusedRows: await refusedOf(batch),
          mayCancel: visit.may('cancelBatch'),
          events: `/v1/invitation-batches/${batch.id}`,
        }),
      );
    },
  );

  app.get(
    '/console/:organization/batches/:id/cancel',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'cancelBatch');
      if (!visit) return reply;
      const { view } = await named(visit, request.params.id);
      return sendPage(reply, cancelBatchPage({ frame: visit.frame, batch: view }));
    },
  );

  app.post(
    '/console/:organization/batches/:id/cancel',
    {
      schema: { hide: true, params: thingPath, body: Type.Object(formBody) },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'cancelBatch');
      if (!visit) return reply;
      const { batch } = await named(visit, request.params.id);
      const { key } = await formTurn({ db, request, caller: visit.caller });
      const { state } = await cancelBatch(deps, batch, { by: visit.standing.by, request: key });
      cookies.setNotice(
        reply,
        state === 'cancelled'
          ? {
              kind: 'success',
              text:
                batch.kind === 'invite'
                  ? 'It is cancelled: what is still open of it is being revoked.'
                  : 'It is cancelled: what was not done yet stays as it is.',
            }
          : { kind: 'info', text: 'It was completed before.' },
      );
      return reply.redirect(`${visit.frame.organization.path}/batches/${batch.id}`, 303);
    },
  );
}
