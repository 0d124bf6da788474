import { type TSchema, Type } from 'typebox';
import { isId, type LicensePoolId } from '../../db/ids.ts';
import { findLicensePool, type LicensePool, listLicensePools } from '../../db/licenses.ts';
import { type HeldSeat, type Holder, listSeats } from '../../db/seats.ts';
import { authenticate, type Caller, namedOrganization, type Standing, standingIn } from '../caller.ts';
import { csvAnswer, csvTimeoutMs, pagesOfList, sendCsv } from '../csv.ts';
import type { App, RouteDeps } from '../deps.ts';
import { once } from '../idempotency.ts';
import {
  changeLicense,
  changeSeatsOf,
  createLicense,
  licenseBody,
  requireLicense,
  seatBody,
  seatFilterOf,
} from '../licenses.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import {
  AmendLicense,
  answers,
  CreateLicense,
  changeProblems,
  License,
  LicenseQuery,
  listOf,
  Seat,
  SeatExportQuery,
  SeatMove,
  SeatQuery,
  SeatsOfMembers,
} from '../schemas.ts';
import { idempotencyHeader, organizationParams, page } from './invitations.ts';

const licenseParams = Type.Object({ ...organizationParams.properties, id: Type.String({ maxLength: 40 }) });

const guarded: ProblemCode[] = ['scope_missing', 'not_allowed', 'not_found'];
const changed: ProblemCode[] = [...changeProblems, ...guarded];

/** What can be done with the licence of an answer. */
const further = Object.fromEntries(
  [...['getLicense', 'changeLicense', 'listSeats', 'exportSeats', 'assignSeats', 'unassignSeats', 'moveSeats']].map(
    (operationId) => [
      operationId,
      { operationId, parameters: { organization: '$request.path.organization', id: '$response.body#/id' } },
    ],
  ),
);

/** The licence pools of an organization, and who holds their seats. */
export function registerLicenses(app: App, deps: RouteDeps): void {
  const { db } = deps;

  const standingAt = async (caller: Caller, slug: string, permission: 'readLicenses' | 'manageLicenses') => {
    const organization = await namedOrganization(db, caller, slug);
    return {
      organization,
      standing: await standingIn(db, caller, organization.id, permission),
    };
  };

  app.get(
    '/v1/organizations/:organization/licenses',
    {
      schema: {
        operationId: 'listLicenses',
        summary: 'List licences with their seats, oldest first',
        tags: ['licenses'],
        params: organizationParams,
        querystring: LicenseQuery,
        response: answers(200, listOf(License), guarded),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { organization } = await standingAt(caller, request.params.organization, 'readLicenses');
      const { cursor, limit = 50, ...filter } = request.query;
      if (cursor !== undefined && !isId('lic', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      const rows = await listLicensePools(db, organization.id, filter, {
        ...(cursor === undefined ? {} : { after: cursor }),
        limit: limit + 1,
      });
      return page(rows, limit, licenseBody, (row) => row.id);
    },
  );

  app.post(
    '/v1/organizations/:organization/licenses',
    {
      schema: {
        operationId: 'createLicense',
        summary: 'Add a licence of a product',
        tags: ['licenses'],
        params: organizationParams,
        headers: idempotencyHeader,
        body: CreateLicense,
        response: answers(201, License, [...changed, 'unsafe_text', 'license_exists']),
      },
      links: { 201: further },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { organization, standing } = await standingAt(caller, request.params.organization, 'manageLicenses');
      return once({ db, request, reply, caller }, 201, async (key) =>
        licenseBody(await createLicense(db, organization.id, request.body, { by: standing.by, request: key })),
      );
    },
  );

  app.get(
    '/v1/organizations/:organization/licenses/:id',
    {
      schema: {
        operationId: 'getLicense',
        summary: 'One licence with its seats',
        tags: ['licenses'],
        params: licenseParams,
        response: answers(200, License, guarded),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { organization } = await standingAt(caller, request.params.organization, 'readLicenses');
      return licenseBody(await requireLicense(db, organization.id, request.params.id));
    },
  );

  app.patch(
    '/v1/organizations/:organization/licenses/:id',
    {
      schema: {
        operationId: 'changeLicense',
        summary: 'Rename a licence, change how many seats it has, or when it ends',
        tags: ['licenses'],
        params: licenseParams,
        headers: idempotencyHeader,
        body: AmendLicense,
        response: answers(200, License, [...changed, 'unsafe_text', 'license_in_use']),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { organization, standing } = await standingAt(caller, request.params.organization, 'manageLicenses');
      const pool = await requireLicense(db, organization.id, request.params.id);
      return once({ db, request, reply, caller }, 200, async (key) =>
        licenseBody(await changeLicense(db, pool, request.body, { by: standing.by, request: key })),
      );
    },
  );

  app.get(
    '/v1/organizations/:organization/licenses/:id/seats',
    {
      schema: {
        operationId: 'listSeats',
        summary: 'Who holds the seats of a licence: members, then pending invitations, newest first',
        tags: ['licenses'],
        params: licenseParams,
        querystring: SeatQuery,
        response: answers(200, listOf(Seat), [...guarded, 'invalid_email']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { organization } = await standingAt(caller, request.params.organization, 'readLicenses');
      const pool = await requireLicense(db, organization.id, request.params.id);
      const { cursor, limit = 50, ...filter } = request.query;
      if (cursor !== undefined && !isId('mem', cursor) && !isId('inv', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      const before = cursor === undefined ? {} : { before: cursor };
      const { rows, next } = await listSeats(db, pool.id, seatFilterOf(filter), { ...before, limit });
      return { items: rows.map(seatBody), cursor: next };
    },
  );

  app.get(
    '/v1/organizations/:organization/licenses/:id/seats.csv',
    {
      schema: {
        operationId: 'exportSeats',
        summary: 'The same, all of it, for spreadsheets',
        tags: ['licenses'],
        params: licenseParams,
        querystring: SeatExportQuery,
        response: answers(200, csvAnswer, [...guarded, 'invalid_email']),
      },
      handlerTimeout: csvTimeoutMs,
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { organization } = await standingAt(caller, request.params.organization, 'readLicenses');
      const pool = await requireLicense(db, organization.id, request.params.id);
      const filter = seatFilterOf(request.query);
      return sendCsv<HeldSeat>(
        reply,
        `seats-${pool.product}`,
        ['state', 'name', 'email', 'member', 'invitation', 'since'],
        pagesOfList<HeldSeat, Holder>(({ cursor, limit }) =>
          listSeats(db, pool.id, filter, { ...(cursor ? { before: cursor } : {}), limit }),
        ),
        (row) => {
          const { state, member, invitation, since } = seatBody(row);
          const { name = '', email } = { ...member, ...invitation } as { name?: string; email: string };
          return { state, name, email, member: member?.id ?? null, invitation: invitation?.id ?? null, since };
        },
      );
    },
  );

  /** An act on the seats of members. */
  const act = <TBody extends { members: string[] }>(
    verb: 'assign' | 'unassign' | 'move',
    summary: string,
    body: TSchema,
    response: TSchema,
    codes: ProblemCode[],
    carryOut: (
      pool: LicensePool,
      body: TBody,
      act: { by: Standing['by']; request: string },
    ) => Promise<License | { from: License; to: License }>,
  ) =>
    app.post(
      `/v1/organizations/:organization/licenses/:id/${verb}`,
      {
        schema: {
          operationId: `${verb}Seats`,
          summary,
          tags: ['licenses'],
          params: licenseParams,
          headers: idempotencyHeader,
          body,
          response: answers(200, response, [...changed, 'unknown_member', ...codes]),
        },
      },
      async (request, reply) => {
        const caller = await authenticate(request, deps);
        const { organization, standing } = await standingAt(caller, request.params.organization, 'manageLicenses');
        const pool = await requireLicense(db, organization.id, request.params.id);
        return once({ db, request, reply, caller }, 200, async (key) =>
          carryOut(pool, request.body as TBody, { by: standing.by, request: key }),
        );
      },
    );

  act<SeatsOfMembers>(
    'assign',
    'Give members a seat each, all or none; who has one keeps it',
    SeatsOfMembers,
    License,
    ['no_seat_left', 'license_ended'],
    async ({ organization_id, id }, { members }, act) =>
      licenseBody((await changeSeatsOf(db, organization_id, members, { to: id }, act)).to),
  );
  act<SeatsOfMembers>(
    'unassign',
    'Take their seats from members, which are free at once',
    SeatsOfMembers,
    License,
    [],
    async ({ organization_id, id }, { members }, act) =>
      licenseBody((await changeSeatsOf(db, organization_id, members, { from: id }, act)).from),
  );
  act<SeatMove>(
    'move',
    'Give members a seat of another licence for the one that they hold, all or none',
    SeatMove,
    Type.Object({ from: License, to: License }),
    ['unknown_license', 'no_seat_held', 'no_seat_left', 'license_ended'],
    async ({ organization_id, id }, { members, to }, act) => {
      if (to === id) throw new Problem('invalid_request', 'to is the licence that they hold: name another one.');
      const other = await findLicensePool(db, organization_id, to as LicensePoolId);
      if (!other) throw new Problem('unknown_license', `There is no licence ${to} in the organization.`);
      const pools = { from: id, to: other.id };
      const after = await changeSeatsOf(db, organization_id, members, pools, act);
      return { from: licenseBody(after.from), to: licenseBody(after.to) };
    },
  );
}
