import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { isId } from '../../../db/ids.ts';
import { type LicensePool, listLicensePools } from '../../../db/licenses.ts';
import { listSeats } from '../../../db/seats.ts';
import { mailboxOf } from '../../../identity/mailbox.ts';
import { addressesIn } from '../../addresses.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import {
  changeLicense,
  changeSeatsOf,
  createLicense,
  LicenseInUse,
  licenseVersion,
  requireLicense,
  seatBody,
  seatFilterOf,
} from '../../licenses.ts';
import { membersOfAddresses } from '../../members.ts';
import { sendPage } from '../../page.ts';
import type { Filled, FormError } from '../../pages/console/form.ts';
import type { HolderView } from '../../pages/console/holders.ts';
import { kindWords, type LicenseFormView, licenseFormPage } from '../../pages/console/license-form-page.ts';
import { licensePage, licensePath, licensesPath } from '../../pages/console/license-page.ts';
import type { LicensePoolView } from '../../pages/console/license-pool.ts';
import { licensesPage } from '../../pages/console/licenses-page.ts';
import { withQuery } from '../../pages/console/list.ts';
import { Problem } from '../../problem.ts';
import { AmendLicense, CreateLicense, mostMembers, type Seat, SeatQuery } from '../../schemas.ts';
import { besideNow, doneBefore, field, filledIn, formBody, formErrorOf, inputOf } from './form.ts';
import { lookThrough, pageRows } from './look-through.ts';
import { enter, organizationPath, thingPath, type Visit } from './visit.ts';

const listQuery = Type.Object({ cursor: field(40) });
const holdersQuery = Type.Object({ search: field(254), state: field(20), cursor: field(40) });
const fields = { name: field(100), kind: field(20), quantity: field(20), lastDay: field(20) };
const createBody = Type.Object({ ...formBody, ...fields, product: field(60) });
const changeBody = Type.Object({ ...formBody, ...fields, was: field(500) });
const assignBody = Type.Object({ ...formBody, addresses: field(30_000) });

const day = 86_400_000;

/** A pool as its card shows it. */
export const poolView = ({ frame, may }: Visit, pool: LicensePool): LicensePoolView => ({
  product: pool.name,
  kind: pool.kind,
  ended: pool.ended,
  quantity: pool.kind === 'named' ? pool.quantity : null,
  reserved: pool.reserved,
  assigned: pool.assigned,
  available: pool.kind === 'named' ? pool.quantity - pool.reserved - pool.assigned : null,
  href: may('readLicenses') ? licensePath(frame, pool.id) : undefined,
});

/** The last day, of UTC, on which a licence gives seats. */
const lastDayOf = ({ expires_at }: LicensePool): Date | null => expires_at && new Date(expires_at.getTime() - 1);

/** A licence as its form is filled in when it is drawn. */
const filledOf = (pool: LicensePool) => ({
  name: pool.name,
  kind: pool.kind,
  quantity: String(pool.quantity),
  lastDay: lastDayOf(pool)?.toISOString().slice(0, 10) ?? '',
});

/** What is filled in, as the HTTP API has it; a field that does not have it is left out. */
const inputOfForm = ({
  quantity,
  lastDay,
  ...same
}: {
  quantity?: string;
  lastDay?: string;
  name?: string;
  kind?: string;
}) => ({
  ...filledIn(same),
  // What is no number is refused as what it is.
  ...(quantity === undefined ? {} : { quantity: /^\d{1,9}$/.test(quantity.trim()) ? Number(quantity) : quantity }),
  ...(lastDay === undefined ? {} : { expiresAt: lastDay === '' ? null : dayAfter(lastDay) }),
});

/** The end of a day, of UTC; of what is no day that itself, to be refused. */
function dayAfter(text: string): string {
  const from = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(from) ? text : new Date(from + day).toISOString();
}

/** The form's own names of what the HTTP API calls otherwise. */
const names = { expiresAt: 'lastDay' };

/** The licences of an organization, and who holds their seats. */
export function registerLicensePages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  const holderView = ({ may }: Visit, seat: Seat): HolderView =>
    seat.member
      ? {
          ...seat.member,
          kind: 'member',
          since: new Date(seat.since),
          isOpen: may('readMembers'),
        }
      : {
          ...seat.invitation!,
          kind: 'invitation',
          name: '',
          since: new Date(seat.since),
          isOpen: may('readInvitations'),
        };

  app.get(
    '/console/:organization/licenses',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readLicenses');
      if (!visit) return reply;
      const { cursor } = filledIn(request.query) as Static<typeof listQuery>;
      if (cursor !== undefined && !isId('lic', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      const pools = await listLicensePools(
        db,
        visit.organization.id,
        {},
        { ...(cursor ? { after: cursor } : {}), limit: pageRows + 1 },
      );
      return sendPage(
        reply,
        licensesPage({
          frame: visit.frame,
          pools: pools.slice(0, pageRows).map((pool) => poolView(visit, pool)),
          cursor,
          next: pools.length > pageRows ? pools[pageRows - 1]!.id : undefined,
          mayManage: visit.may('manageLicenses'),
        }),
      );
    },
  );

  app.get(
    '/console/:organization/licenses/new',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      return sendPage(reply, licenseFormPage({ frame: visit.frame, filled: { kind: 'named' } }));
    },
  );

  app.post(
    '/console/:organization/licenses',
    { schema: { hide: true, params: organizationPath, body: createBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      const { frame, organization, standing } = visit;
      const { _csrf, _form, ...filled } = request.body;
      try {
        const input = inputOf(request, CreateLicense, 'body', {
          ...inputOfForm(filled),
          product: filled.product?.trim() ?? '',
        });
        const { key } = await formTurn({ db, request, caller: visit.caller });
        const { id, name } = await createLicense(db, organization.id, input, { by: standing.by, request: key });
        cookies.setNotice(reply, { kind: 'success', text: `${name} is added.` });
        return reply.redirect(licensePath(frame, id), 303);
      } catch (error) {
        return sendPage(reply, licenseFormPage({ frame, filled, error: formErrorOf(reply, error, names) }));
      }
    },
  );

  /** A page of those who hold the seats of a licence. @throws Problem `invalid_request`, `invalid_email` */
  const holdersOf = async (
    visit: Visit,
    pool: LicensePool,
    request: FastifyRequest,
    query: Static<typeof holdersQuery>,
  ) => {
    const { search, ...others } = query;
    const {
      cursor,
      limit: _,
      ...filter
    } = inputOf(request, SeatQuery, 'querystring', {
      ...others,
      // A whole address is found by index, a part of one by looking.
      ...(search && (mailboxOf(search) ? { email: search } : { search })),
    });
    const { rows, next } = await lookThrough(cursor, (page) => {
      const { cursor: before, limit } = page;
      if (before !== undefined && !isId('mem', before) && !isId('inv', before))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      return listSeats(db, pool.id, seatFilterOf(filter), { ...(before ? { before } : {}), limit });
    });
    return { holders: rows.map((seat) => holderView(visit, seatBody(seat))), next };
  };

  const viewOf = (visit: Visit, pool: LicensePool, filter: Filled = {}) => ({
    frame: visit.frame,
    license: { ...poolView(visit, pool), id: pool.id, code: pool.product, lastDay: lastDayOf(pool) },
    filter,
    csv: withQuery(`/v1/organizations/${visit.organization.slug}/licenses/${pool.id}/seats.csv`, filter),
    mayManage: visit.may('manageLicenses'),
    most: mostMembers,
    holders: [],
  });

  app.get(
    '/console/:organization/licenses/:id',
    { schema: { hide: true, params: thingPath, querystring: holdersQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readLicenses');
      if (!visit) return reply;
      const pool = await requireLicense(db, visit.organization.id, request.params.id);
      const query = filledIn(request.query) as Static<typeof holdersQuery>;
      const { cursor, ...filter } = query;
      const view = { ...viewOf(visit, pool, filter), cursor };
      try {
        return sendPage(reply, licensePage({ ...view, ...(await holdersOf(visit, pool, request, query)) }));
      } catch (error) {
        return sendPage(reply, licensePage({ ...view, error: formErrorOf(reply, error, { email: 'search' }) }));
      }
    },
  );

  app.post(
    '/console/:organization/licenses/:id/assign',
    { schema: { hide: true, params: thingPath, body: assignBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      const { organization, standing, frame } = visit;
      const pool = await requireLicense(db, organization.id, request.params.id);
      const { addresses } = request.body;
      try {
        const wanted = addressesIn(addresses ?? '');
        if (wanted.length === 0) throw refused('Write at least one address.');
        if (wanted.length > mostMembers) throw refused(`These are ${wanted.length}; at most ${mostMembers} at once.`);
        const members = await membersOfAddresses(db, organization.id, wanted);
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, licensePath(frame, pool.id));
        await changeSeatsOf(db, organization.id, members, { to: pool.id }, { by: standing.by, request: key });
        const have = members.length === 1 ? '1 member has' : `${members.length} members have`;
        cookies.setNotice(reply, { kind: 'success', text: `${have} a seat of ${pool.name}.` });
        return reply.redirect(licensePath(frame, pool.id), 303);
      } catch (error) {
        const refusal = formErrorOf(reply, error, { licenses: 'addresses', members: 'addresses' });
        const view = { ...viewOf(visit, pool), ...(await holdersOf(visit, pool, request, {})) };
        return sendPage(reply, licensePage({ ...view, filled: { addresses }, error: refusal }));
      }
    },
  );

  app.get(
    '/console/:organization/licenses/:id/change',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      const pool = await requireLicense(db, visit.organization.id, request.params.id);
      return sendPage(reply, changeForm(visit, pool, { filled: filledOf(pool) }));
    },
  );

  app.post(
    '/console/:organization/licenses/:id/change',
    { schema: { hide: true, params: thingPath, body: changeBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      const { organization, standing, frame } = visit;
      const pool = await requireLicense(db, organization.id, request.params.id);
      const { _csrf, _form, was, ...filled } = request.body;
      try {
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, licensePath(frame, pool.id));
        // The hour at which it ends stays, while the day does.
        const { lastDay, ...others } = filled;
        const input = inputOfForm(lastDay === filledOf(pool).lastDay ? others : filled);
        // It is not taken for one that stays as it is.
        if (filled.name?.trim() === '')
          throw new Problem('invalid_request', empty, [{ path: 'body/name', message: empty }]);
        await changeLicense(db, pool, inputOf(request, AmendLicense, 'body', input), {
          by: standing.by,
          request: key,
          drawnFor: was,
        });
      } catch (error) {
        const seats = error instanceof LicenseInUse ? error.seats : undefined;
        const now = await requireLicense(db, organization.id, pool.id);
        const again = {
          filled,
          error: formErrorOf(reply, besideNow(error, filled, filledOf(now), { kind: kindWords(now.kind) }), names),
          inUse: seats && {
            holders: seats.map((seat) => holderView(visit, seat)),
            count: now.reserved + now.assigned,
          },
        };
        return sendPage(reply, changeForm(visit, now, again));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is changed.' });
      return reply.redirect(licensePath(frame, pool.id), 303);
    },
  );
}

const changeForm = ({ frame }: Visit, pool: LicensePool, form: Pick<LicenseFormView, 'filled' | 'inUse' | 'error'>) =>
  licenseFormPage({ frame, license: { id: pool.id, name: pool.name, was: licenseVersion(pool) }, ...form });

const empty = 'Give it a name: people who are invited read it.';

/** What is wrong with the addresses of the form. */
const refused = (message: string) => new Problem('invalid_request', message, [{ path: 'body/addresses', message }]);
