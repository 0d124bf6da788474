import type { FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { type ActKind, listBatches } from '../../db/batches.ts';
import { type BatchId, isId } from '../../db/ids.ts';
import { findOrganization, type Organization } from '../../db/organizations.ts';
import { actResults, createActs, type Selection, type WantedAct } from '../batch-acts.ts';
import {
  batchBodies,
  batchNow,
  cancelBatch,
  createBatch,
  mostRows,
  previewBatch,
  requireBatch,
  rowsOfCsv,
} from '../batches.ts';
import { authenticate, type Caller, standingIn } from '../caller.ts';
import type { App, RouteDeps } from '../deps.ts';
import { once } from '../idempotency.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import { createProgress, hasHeardAll, wantsEvents } from '../progress.ts';
import { keepReason, requireReason } from '../reason.ts';
import {
  type AmendMany,
  amendMany,
  answers,
  Batch,
  BatchPreview,
  BatchQuery,
  BatchResultsQuery,
  BatchRowResult as BatchRow,
  BatchWithResults,
  type CreateBatch,
  changeProblems,
  createBatch as createBatchSchema,
  listOf,
  Nothing,
  Page,
  type PreviewBatch,
  previewBatch as previewBatchSchema,
  type ResendMany,
  type RevokeMany,
  resendMany,
  revokeMany,
} from '../schemas.ts';
import { idempotencyHeader, organizationParams } from './invitations.ts';

/** 10,000 rows of 800 bytes, far more than names and addresses need. */
const bodyLimit = 8 * 1024 * 1024;
/** It is the work of thousands of other requests, and takes longer than one of them may, ms. */
const patienceMs = 10_000;

const csvDescription =
  'As JSON, or as CSV with a header row that names the columns email, role, teams, licenses, locale, message, expiresIn, redirectUrl and metadata.<name>; several teams or licences in one cell are separated by |.';
const csv = Type.String({ maxLength: bodyLimit, examples: ['email,role\nada@example.com,member\n'] });
const jsonOrCsv = (schema: TSchema) =>
  ({ content: { 'application/json': { schema }, 'text/csv': { schema: csv } } }) as never;

/** Where a body may be of several types, validation looks only at those that name theirs: others would go through. */
const requireBody = async ({ headers }: FastifyRequest) => {
  if (headers['content-type'] === undefined)
    throw new Problem('invalid_request', 'It needs a body, JSON or CSV, and the header Content-Type that says which.');
};

const batchParams = Type.Object({ id: Type.String({ maxLength: 40 }) });
const guarded: ProblemCode[] = ['scope_missing', 'not_allowed'];

/** What can be done with the batch of an answer. */
const further = Object.fromEntries(
  ['getInvitationBatch', 'listInvitationBatchResults', 'cancelInvitationBatch'].map((operationId) => [
    operationId,
    { operationId, parameters: { id: '$response.body#/id' } },
  ]),
);

/** Many invitations at once. */
export function registerBatches(app: App, deps: RouteDeps): void {
  const { db } = deps;
  const progress = createProgress(db);
  app.addHook('preClose', () => progress.close());

  app.addContentTypeParser('text/csv', { parseAs: 'buffer', bodyLimit }, async (request: unknown, body: Buffer) =>
    decoded(body, (request as { headers: Record<string, string> }).headers['content-type']!),
  );

  const findVisibleOrganization = async (slug: string): Promise<Organization> => {
    const organization = await findOrganization(db, slug);
    if (!organization) throw new Problem('not_found');
    return organization;
  };

  /** The batch and the caller's standing in its organization. */
  const found = async (caller: Caller, id: string, permission: 'readInvitations' | 'cancelBatch') => {
    if (!isId('bat', id)) throw new Problem('batch_not_found');
    const batch = await requireBatch(db, id);
    return { batch, standing: await standingIn(db, caller, batch.organization_id, permission, 'batch_not_found') };
  };

  app.post(
    '/v1/organizations/:organization/invitation-batches',
    {
      bodyLimit,
      preValidation: requireBody,
      handlerTimeout: Math.max(patienceMs, deps.patienceMs ?? 0),
      schema: {
        operationId: 'createInvitationBatch',
        summary: `Invite up to ${mostRows} addresses, with a result for each`,
        description: csvDescription,
        tags: ['batches'],
        params: organizationParams,
        querystring: BatchQuery,
        headers: idempotencyHeader,
        body: jsonOrCsv(createBatchSchema(mostRows)),
        response: answers(202, BatchWithResults, [
          ...changeProblems,
          ...guarded,
          'not_found',
          'invalid_csv',
          'batch_refused',
          'organization_suspended',
          'too_slow',
        ]),
      },
      links: { 202: further },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const organization = await findVisibleOrganization(request.params.organization);
      const standing = await standingIn(db, caller, organization.id, 'invite');
      const body = request.body as CreateBatch | string;
      const { mode } = request.query;
      if (typeof body !== 'string' && mode) throw new Problem('invalid_request', 'Of JSON, mode belongs in the body.');
      if (typeof body === 'string' && !mode)
        throw new Problem('invalid_request', 'Of CSV, mode belongs in the query: ?mode=all or ?mode=valid.');
      const asked =
        typeof body === 'string'
          ? { mode: mode!, rows: rowsOfCsv(request, body) }
          : { mode: body.mode, rows: body.invitations.map((input) => ({ input })) };
      return once({ db, request, reply, caller }, 202, async (key) => {
        const { batch, results } = await createBatch(deps, organization, standing, asked, key);
        const [now] = await batchBodies(db, [batch]);
        return { ...now!, results };
      });
    },
  );

  app.post(
    '/v1/organizations/:organization/invitation-batches/preview',
    {
      bodyLimit,
      preValidation: requireBody,
      handlerTimeout: Math.max(patienceMs, deps.patienceMs ?? 0),
      schema: {
        operationId: 'previewInvitationBatch',
        summary: 'What would become of each row of a batch, if it were sent now; nobody is invited',
        description: `${csvDescription} Limits on how often are looked at only when it is sent.`,
        tags: ['batches'],
        params: organizationParams,
        body: jsonOrCsv(previewBatchSchema(mostRows)),
        response: answers(200, BatchPreview, [
          ...guarded,
          'not_found',
          'invalid_csv',
          'organization_suspended',
          'too_slow',
        ]),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const organization = await findVisibleOrganization(request.params.organization);
      const standing = await standingIn(db, caller, organization.id, 'invite');
      const body = request.body as PreviewBatch | string;
      const rows = typeof body === 'string' ? rowsOfCsv(request, body) : body.invitations.map((input) => ({ input }));
      return previewBatch(deps, organization, standing, rows);
    },
  );

  /** The same act on many invitations. */
  const actOnMany = <TBody extends { reason?: string } & Selection>(
    kind: ActKind,
    permission: 'steerInvitation' | 'amendInvitation',
    summary: string,
    schema: TSchema,
    codes: readonly ProblemCode[],
    wantedOf: (body: TBody) => WantedAct,
  ) =>
    app.post(
      `/v1/organizations/:organization/invitation-batches/${kind}`,
      {
        bodyLimit,
        handlerTimeout: Math.max(patienceMs, deps.patienceMs ?? 0),
        schema: {
          operationId: `${kind}ManyInvitations`,
          summary,
          description:
            'Carried out one by one, by a workflow: the answer says how many are refused already. What became of each: `GET /v1/invitation-batches/{id}/results`.',
          tags: ['batches'],
          params: organizationParams,
          headers: idempotencyHeader,
          body: schema,
          response: answers(202, Batch, [
            ...changeProblems,
            ...guarded,
            'not_found',
            'reason_missing',
            'invalid_email',
            'unknown_license',
            'too_slow',
            ...codes,
          ]),
        },
        links: { 202: further },
      },
      async (request, reply) => {
        const caller = await authenticate(request, deps);
        const organization = await findVisibleOrganization(request.params.organization);
        const standing = await standingIn(db, caller, organization.id, permission);
        const body = request.body as TBody;
        requireReason(standing, body.reason);
        return once({ db, request, reply, caller }, 202, async (key) => {
          const reasoned = { request: key, ...(await keepReason(db, body.reason)) };
          const batch = await createActs(deps, organization, standing, wantedOf(body), body, reasoned);
          return batchNow(db, batch.id);
        });
      },
    );

  actOnMany<ResendMany>(
    'resend',
    'steerInvitation',
    `Resend up to ${mostRows} invitations`,
    resendMany(mostRows),
    ['organization_suspended'],
    ({ expiresIn, replaceLink }) => ({
      kind: 'resend',
      ...(expiresIn === undefined ? {} : { expiresIn }),
      ...(replaceLink ? { replaceLink } : {}),
    }),
  );
  actOnMany<RevokeMany>(
    'revoke',
    'steerInvitation',
    `Revoke up to ${mostRows} invitations`,
    revokeMany(mostRows),
    [],
    () => ({ kind: 'revoke' }),
  );
  actOnMany<AmendMany>(
    'amend',
    'amendInvitation',
    `Give up to ${mostRows} pending invitations another role, teams, licences or language`,
    amendMany(mostRows),
    ['organization_suspended', 'role_too_high', 'unsafe_text', 'language_not_allowed'],
    ({ invitations: _, filter: __, reason: ___, ...changes }) => {
      if (Object.keys(changes).length === 0) throw new Problem('invalid_request', 'Say what to change.');
      return { kind: 'amend', changes };
    },
  );

  app.get(
    '/v1/invitation-batches/:id/results',
    {
      schema: {
        operationId: 'listInvitationBatchResults',
        summary: 'What became of each row of an act on many invitations',
        description: 'In their order. Of a batch that invites, they are in the answer that made it.',
        tags: ['batches'],
        params: batchParams,
        querystring: BatchResultsQuery,
        response: answers(200, listOf(BatchRow), [...guarded, 'batch_not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { batch } = await found(caller, request.params.id, 'readInvitations');
      const { cursor, limit = 50, refused = false } = request.query;
      if (cursor !== undefined && !/^\d{1,9}$/.test(cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      return actResults(db, batch, { refused }, { after: Number(cursor ?? 0), limit });
    },
  );

  app.get(
    '/v1/organizations/:organization/invitation-batches',
    {
      schema: {
        operationId: 'listInvitationBatches',
        summary: 'List batches, newest first',
        tags: ['batches'],
        params: organizationParams,
        querystring: Type.Object(Page, { additionalProperties: false }),
        response: answers(200, listOf(Batch), [...guarded, 'not_found']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const organization = await findVisibleOrganization(request.params.organization);
      await standingIn(db, caller, organization.id, 'readInvitations');
      const { cursor, limit = 50 } = request.query;
      if (cursor !== undefined && !isId('bat', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      const before = cursor as BatchId | undefined;
      const { rows, next } = await listBatches(db, organization.id, { ...(before ? { before } : {}), limit });
      return { items: await batchBodies(db, rows), cursor: next };
    },
  );

  app.get(
    '/v1/invitation-batches/:id',
    {
      schema: {
        operationId: 'getInvitationBatch',
        summary: 'How a batch comes along; live as server-sent events',
        description:
          'With Accept: text/event-stream, an event `progress` with the same whenever it has changed, until the batch is finished.',
        tags: ['batches'],
        params: batchParams,
        response: answers(200, Batch, [...guarded, 'batch_not_found']),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { batch } = await found(caller, request.params.id, 'readInvitations');
      const body = await batchNow(db, batch.id);
      reply.header('vary', 'accept');
      if (!wantsEvents(request)) return body;
      // Browsers stay away when told that there is no content.
      if (hasHeardAll(request, body)) return reply.status(204 as 200).send();
      progress.follow(batch.id, caller.id, request, reply);
      return reply as never;
    },
  );

  app.post(
    '/v1/invitation-batches/:id/cancel',
    {
      schema: {
        operationId: 'cancelInvitationBatch',
        summary: 'Revoke what is still open of a batch; an act is carried out on no more invitations',
        tags: ['batches'],
        params: batchParams,
        headers: idempotencyHeader,
        body: Type.Optional(Nothing),
        response: answers(202, Batch, [...changeProblems, ...guarded, 'batch_not_found']),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { batch, standing } = await found(caller, request.params.id, 'cancelBatch');
      return once({ db, request, reply, caller }, 202, (key) =>
        cancelBatch(deps, batch, { by: standing.by, request: key }),
      );
    },
  );
}

/** @throws Problem `unsupported_media_type`, `invalid_csv` */
function decoded(body: Buffer, contentType: string): string {
  const charset = /;\s*charset="?([\w-]+)"?/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Problem('unsupported_media_type', 'The charset of the CSV is not known; send UTF-8.');
    throw new Problem('invalid_csv', `It is not ${charset.toUpperCase()}: save it as CSV in UTF-8.`);
  }
}
