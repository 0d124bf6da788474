import { type Static, Type } from 'typebox';
import { nameActors } from '../../../db/actors.ts';
import { listEvents } from '../../../db/events.ts';
import { isId, type MemberId } from '../../../db/ids.ts';
import { listInvitations } from '../../../db/invitations.ts';
import { listLicensePools } from '../../../db/licenses.ts';
import { findMembers, hasAnotherOwner, listMembers, type Member, mayGrant, roles } from '../../../db/members.ts';
import { mailboxOf } from '../../../identity/mailbox.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { invitationBody, listPage } from '../../invitations.ts';
import { changeHeldSeats, changeSeatsOf } from '../../licenses.ts';
import {
  changeMembers,
  lastOwnerStays,
  type MemberChange,
  memberFilterOf,
  memberVersion,
  whyNotChange,
  whyNotRole,
} from '../../members.ts';
import { sendPage } from '../../page.ts';
import { type Filled, type FormError, lineOf } from '../../pages/console/form.ts';
import { withQuery } from '../../pages/console/list.ts';
import { memberPage, memberPath } from '../../pages/console/member-page.ts';
import {
  changeMembersPage,
  type MemberRowView,
  type MembersTab,
  memberSeatsPage,
  membersPage,
  membersPath,
  removeMembersPage,
} from '../../pages/console/members-page.ts';
import { roleNames } from '../../pages/role.ts';
import { Problem } from '../../problem.ts';
import { ChangeMember, InvitationQuery, MemberQuery } from '../../schemas.ts';
import { besideNow, doneBefore, field, filledIn, formBody, formErrorOf, inputOf, listed, ticked } from './form.ts';
import { lookThrough, pageRows } from './look-through.ts';
import { enter, organizationPath, type Visit } from './visit.ts';

const memberPathParams = Type.Object({
  ...organizationPath.properties,
  member: Type.String({ maxLength: 40 }),
});
const filterFields = {
  search: field(254),
  role: field(20),
  team: field(60),
  license: field(60),
  joinedAfter: field(40),
  joinedBefore: field(40),
  lastAccessAfter: field(40),
  lastAccessBefore: field(40),
};
const listQuery = Type.Object({ ...filterFields, state: field(20), cursor: field(40) });
const eventsQuery = Type.Object({ after: Type.Optional(Type.String({ pattern: '^\\d{1,15}$' })) });

/** As many as a page of the list has. */
const ids = ticked(40, pageRows);
const confirmed = Type.Optional(Type.Literal('yes'));
const selectedBody = Type.Object({
  ...formBody,
  ids,
  act: Type.Union([Type.Literal('change'), Type.Literal('remove')]),
  confirmed,
  role: field(20),
  teams: field(1300),
  without: Type.Optional(Type.Literal('teams')),
});
const seatsBody = Type.Object({ ...formBody, ids, confirmed, from: field(40), to: field(40), pool: field(40) });
const changeBody = Type.Object({ ...formBody, was: field(3000), role: field(20), teams: field(1300) });
const licensesBody = Type.Object({ ...formBody, held: field(31 * 1000), licenses: ticked(40, 1000) });

/** Why the last owner stays one. */
const lastOwner = `The last owner can neither leave nor be demoted. ${lastOwnerStays}`;

/** Events of a member that a page shows, and pending invitations that are counted for it. */
const shown = 100;

/** The members of an organization, and each one's own page. */
export function registerMemberPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  /** A member of the organization's, of now or before. @throws Problem `not_found` */
  const named = async ({ organization }: Visit, id: string): Promise<Member> => {
    const [row] = isId('mem', id) ? await findMembers(db, organization.id, [id]) : [];
    if (!row) throw new Problem('not_found', 'There is no such member.');
    return row;
  };

  /** The members of the organization's that are selected. */
  const selected = async ({ organization }: Visit, boxes: string | string[] = []) => {
    const wanted = [boxes].flat().filter((id) => isId('mem', id)) as MemberId[];
    return findMembers(db, organization.id, wanted);
  };

  const poolsOf = ({ organization }: Visit) => listLicensePools(db, organization.id, {}, { limit: 1000 });

  const rowView = (row: Member, nameOf: (product: string) => string): MemberRowView => ({
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role,
    teams: row.teams,
    licenses: row.licenses.map(({ product }) => nameOf(product)),
    joinedAt: row.joined_at,
    lastAccessAt: row.seen_at,
    removedAt: row.removed_at,
  });

  const isSelf = (visit: Visit, row: Member) => row.account_id === visit.account.id;

  /** The page of a member as they are now. */
  const pageOf = async (
    visit: Visit,
    row: Member,
    { after = 0, ...again }: { after?: number; filled?: Filled; error?: FormError } = {},
  ) => {
    const { organization, standing, frame, may } = visit;
    const pools = await poolsOf(visit);
    const maySteer = may('steerInvitation');
    const [events, invited, hasOther] = await Promise.all([
      may('readAuditLog')
        ? listEvents(db, { organization: organization.id, target: row.id }, { after, limit: shown })
        : undefined,
      maySteer
        ? listInvitations(db, organization.id, { state: 'pending', inviter: row.account_id }, { limit: shown })
        : undefined,
      row.role === 'owner' && !row.removed_at ? hasAnotherOwner(db, organization.id, row.id) : true,
    ]);
    const names = await nameActors(
      db,
      (events?.rows ?? []).map((event) => ({ kind: event.actor_kind, id: event.actor_id })),
    );
    const refusal = whyNotChange(standing, row)?.detail;
    const grantable = roles.filter((role) => mayGrant(standing.role, role));
    const mayChange = may('changeMembers') && !row.removed_at;
    const invitations = `${frame.organization.path}/invitations`;
    const held = pools.filter(({ product }) => row.licenses.some((license) => license.product === product));
    return memberPage({
      frame,
      member: {
        ...rowView(row, (product) => product),
        holds: held,
        invitation: may('readInvitations') ? row.invitation_id : null,
      },
      isSelf: isSelf(visit, row),
      version: memberVersion(row),
      change: mayChange
        ? (refusal ?? { roles: whyNotRole(standing, row)?.detail ?? (hasOther ? grantable : lastOwner) })
        : undefined,
      remove: mayChange ? (hasOther ? (refusal ? undefined : true) : lastOwner) : undefined,
      // Of one that has ended nobody gets a seat, but it can be taken back.
      pools:
        may('manageLicenses') && !row.removed_at
          ? pools.filter((pool) => !pool.ended || held.includes(pool))
          : undefined,
      inviteAgain:
        row.removed_at && may('invite') ? { role: grantable.includes(row.role) ? row.role : 'member' } : undefined,
      invitations: invited && {
        count: invited.rows.length,
        isMore: invited.next !== null,
        flagged: invited.rows.filter((one) =>
          invitationBody(one).warnings.some(({ code }) => code === 'inviter_removed' || code === 'inviter_demoted'),
        ).length,
        href: withQuery(invitations, { state: 'pending', invitedBy: row.account_id }),
        revoke: withQuery(`${invitations}/revoke`, { invitedBy: row.account_id }),
      },
      events: events?.rows.map((event) => ({
        type: event.type,
        // Of a licence it is the id.
        detail: pools.find(({ id }) => id === event.detail)?.name ?? event.detail,
        actor: { kind: event.actor_kind, ...(event.actor_id ? names.get(event.actor_id) : undefined) },
        reason: event.reason,
        at: event.at,
      })),
      laterEvents: events?.next ? `${memberPath(frame, row.id)}?after=${events.next}` : undefined,
      ...again,
    });
  };

  app.get(
    '/console/:organization/members',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readMembers');
      if (!visit) return reply;
      const { organization, frame, may } = visit;
      const { cursor, state = 'active', ...filter } = filledIn(request.query) as Static<typeof listQuery>;
      const tabs = (['active', 'pending', 'removed'] as const).filter(
        (tab) => tab !== 'pending' || may('readInvitations'),
      );
      const tab: MembersTab = tabs.find((one) => one === state) ?? 'active';
      const pools = await poolsOf(visit);
      const days = Object.fromEntries(
        Object.entries(filter).map(([name, value]) =>
          // A day of the form is one of UTC.
          /(After|Before)$/.test(name) ? [name, `${value}T00:00:00Z`] : [name, value],
        ),
      );
      const { joinedAfter, search, ...others } = days;
      const asked =
        tab === 'pending'
          ? {
              ...others,
              ...(joinedAfter && { createdAfter: joinedAfter }),
              // A whole address is found by index, a part of one by looking.
              ...(search && (mailboxOf(search) ? { email: search } : { search })),
            }
          : days;
      const api = `/v1/organizations/${organization.slug}/${tab === 'pending' ? 'invitations' : 'members'}.csv`;
      const view = {
        frame,
        tab,
        tabs,
        members: [],
        pending: [],
        filter,
        products: pools,
        cursor,
        csv: withQuery(api, { ...asked, state: tab }),
        mayInvite: may('invite'),
        mayChange: may('changeMembers'),
        mayAssign: may('manageLicenses'),
      };
      const nameOf = (product: string) => pools.find((pool) => pool.product === product)?.name ?? product;
      try {
        if (tab === 'pending') {
          const query = inputOf(request, InvitationQuery, 'querystring', {
            ...asked,
            state: tab,
            ...(cursor && { cursor }),
          });
          const { rows, next } = await lookThrough(query.cursor, (page) =>
            listPage(db, organization.id, { ...query, ...page }),
          );
          const pending = rows.map((row) => ({
            id: row.id,
            email: row.email,
            role: row.role,
            teams: row.teams,
            licenses: row.licenses.map(({ name }) => name),
            delivery: { status: row.delivery_status, detail: row.delivery_detail },
            createdAt: row.created_at,
            expiresAt: row.expires_at,
          }));
          return sendPage(reply, membersPage({ ...view, pending, next }));
        }
        const query = inputOf(request, MemberQuery, 'querystring', { ...asked, state: tab, ...(cursor && { cursor }) });
        const { cursor: from, limit: _, ...wanted } = query;
        const { rows, next } = await lookThrough(from, async ({ cursor: before, limit }) => {
          if (before !== undefined && !isId('mem', before))
            throw new Problem('invalid_request', 'cursor is not one of ours.');
          const found = await memberFilterOf(db, organization.id, wanted);
          return listMembers(db, organization.id, found, { ...(before ? { before } : {}), limit });
        });
        return sendPage(reply, membersPage({ ...view, members: rows.map((row) => rowView(row, nameOf)), next }));
      } catch (error) {
        const names = { createdAfter: 'joinedAfter', email: 'search' };
        return sendPage(reply, membersPage({ ...view, error: formErrorOf(reply, error, names) }));
      }
    },
  );

  app.post(
    '/console/:organization/members/selected',
    { schema: { hide: true, params: organizationPath, body: selectedBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeMembers');
      if (!visit) return reply;
      const { frame, standing, organization } = visit;
      const { _csrf, _form, ids: boxes, act, confirmed: isSure, ...filled } = request.body;
      const members = await selected(visit, boxes);
      if (members.length === 0) {
        cookies.setNotice(reply, { kind: 'info', text: 'Select some first.' });
        return reply.redirect(membersPath(frame), 303);
      }
      const isLeaving = members.some((row) => isSelf(visit, row));
      const back = members.length === 1 ? memberPath(frame, members[0]!.id) : membersPath(frame);
      const asked = (error?: FormError) =>
        act === 'remove'
          ? removeMembersPage({
              frame,
              members,
              isLeaving,
              back,
              error,
            })
          : changeMembersPage({
              frame,
              members,
              roles: roles.filter((role) => mayGrant(standing.role, role)),
              filled,
              error,
            });
      if (!isSure) return sendPage(reply, asked());
      try {
        const change = act === 'remove' ? { removed: true as const } : changeOf(request, filled);
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, back);
        const several = members.length > 1;
        const wanted = members.map(({ id }) => id);
        await changeMembers(db, organization.id, standing, wanted, change, { request: key, several });
      } catch (error) {
        const refused = formErrorOf(reply, whose(members, error));
        // Where nothing is filled in, nothing stands beside a field.
        return sendPage(reply, asked(act === 'remove' ? { ...refused, fields: {} } : refused));
      }
      // They have no access any more.
      if (act === 'remove' && isLeaving) return reply.redirect('/', 303);
      const who = members.length === 1 ? members[0]!.email : `${members.length} members`;
      const is = members.length === 1 ? 'is' : 'are';
      cookies.setNotice(reply, { kind: 'success', text: `${who} ${is} ${act === 'remove' ? 'removed' : 'changed'}.` });
      return reply.redirect(back, 303);
    },
  );

  app.post(
    '/console/:organization/members/seats',
    { schema: { hide: true, params: organizationPath, body: seatsBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      const { frame, standing, organization } = visit;
      const { ids: boxes, confirmed: isSure, from: fromId, to: toId, pool: poolId } = request.body;
      const [members, pools] = await Promise.all([selected(visit, boxes), poolsOf(visit)]);
      const named = (id: string | undefined) => pools.find((pool) => pool.id === id);
      const [from, to, pool] = [named(fromId), named(toId), named(poolId)];
      const back = pool ? `${frame.organization.path}/licenses/${pool.id}` : membersPath(frame);
      if (members.length === 0) {
        cookies.setNotice(reply, { kind: 'info', text: 'Select some members first.' });
        return reply.redirect(back, 303);
      }
      const filled = { from: from?.id, to: to?.id };
      const asked = (error?: FormError) => memberSeatsPage({ frame, members, pools, filled, pool: pool?.id, error });
      if (!isSure) return sendPage(reply, asked());
      try {
        if (!from && !to) throw new Problem('invalid_request', 'Choose a licence.');
        if (from && from.id === to?.id) throw new Problem('invalid_request', 'Choose two different licences.');
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, back);
        const change = { ...(from ? { from: from.id } : {}), ...(to ? { to: to.id } : {}) };
        const wanted = members.map(({ id }) => id);
        await changeSeatsOf(db, organization.id, wanted, change, { by: standing.by, request: key });
      } catch (error) {
        return sendPage(reply, asked(formErrorOf(reply, whose(members, error), { licenses: to ? 'to' : 'from' })));
      }
      const who = members.length === 1 ? members[0]!.email : `${members.length} members`;
      const done = to
        ? from
          ? `moved to ${to.name}`
          : `given a seat of ${to.name}`
        : `without a seat of ${from!.name}`;
      const is = members.length === 1 ? 'is' : 'are';
      cookies.setNotice(reply, { kind: 'success', text: `${who} ${is} ${done}${to && !from ? '' : ' now'}.` });
      return reply.redirect(back, 303);
    },
  );

  app.get(
    '/console/:organization/members/:member',
    { schema: { hide: true, params: memberPathParams, querystring: eventsQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readMembers');
      if (!visit) return reply;
      const row = await named(visit, request.params.member);
      return sendPage(reply, await pageOf(visit, row, { after: Number(request.query.after ?? 0) }));
    },
  );

  app.post(
    '/console/:organization/members/:member/change',
    { schema: { hide: true, params: memberPathParams, body: changeBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeMembers');
      if (!visit) return reply;
      const { standing, organization, frame } = visit;
      const row = await named(visit, request.params.member);
      const { _csrf, _form, was, ...filled } = request.body;
      try {
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, memberPath(frame, row.id));
        const role = filled.role || row.role;
        // What is as it was drawn is no change. What the form says of one who cannot be in a team is of before.
        const isSame = filled.teams === undefined || filled.teams === lineOf(row.teams);
        const { reason: _, ...change } = inputOf(request, ChangeMember, 'body', {
          role,
          ...(isSame || role === 'billing_manager' ? {} : { teams: listed(filled.teams ?? '') }),
        });
        await changeMembers(db, organization.id, standing, [row.id], change, { request: key, drawnFor: was });
      } catch (error) {
        const now = await named(visit, row.id);
        const is = { role: now.role, teams: lineOf(now.teams) };
        const told = besideNow(error, filled, is, { role: roleNames[now.role] });
        return sendPage(reply, await pageOf(visit, now, { filled, error: formErrorOf(reply, told) }));
      }
      cookies.setNotice(reply, { kind: 'success', text: `${row.email} is changed.` });
      return reply.redirect(memberPath(frame, row.id), 303);
    },
  );

  app.post(
    '/console/:organization/members/:member/licenses',
    {
      // A thousand ids, twice.
      bodyLimit: 128 * 1024,
      schema: { hide: true, params: memberPathParams, body: licensesBody },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'manageLicenses');
      if (!visit) return reply;
      const { standing, organization, frame } = visit;
      const row = await named(visit, request.params.member);
      const licenses = [request.body.licenses ?? []].flat();
      const held = (request.body.held ?? '').split(' ');
      try {
        const pools = (await poolsOf(visit)).map(({ id }) => id);
        // What the form has changed, and nothing else: somebody may have given another one meanwhile.
        const change = {
          give: pools.filter((id) => licenses.includes(id) && !held.includes(id)),
          take: pools.filter((id) => held.includes(id) && !licenses.includes(id)),
        };
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, memberPath(frame, row.id));
        await changeHeldSeats(db, organization.id, row.id, change, { by: standing.by, request: key });
      } catch (error) {
        const filled = { licenses: licenses.join(' ') };
        const again = { filled, error: formErrorOf(reply, whose([row], error)) };
        return sendPage(reply, await pageOf(visit, await named(visit, row.id), again));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'The licences are changed.' });
      return reply.redirect(memberPath(frame, row.id), 303);
    },
  );

  app.get(
    '/console/:organization/members/:member/remove',
    { schema: { hide: true, params: memberPathParams } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeMembers');
      if (!visit) return reply;
      const row = await named(visit, request.params.member);
      const { frame } = visit;
      const back = memberPath(frame, row.id);
      return sendPage(reply, removeMembersPage({ frame, members: [row], isLeaving: isSelf(visit, row), back }));
    },
  );
}

/** What the form changes of all that are selected. @throws Problem `invalid_request` */
function changeOf(
  request: Parameters<typeof inputOf>[0],
  { role, teams = '', without }: { role?: string; teams?: string; without?: string },
): MemberChange {
  const names = listed(teams);
  if (without && names.length > 0)
    throw new Problem('invalid_request', 'Name teams, or take them out of all: not both.');
  if (!role && !without && names.length === 0) throw new Problem('invalid_request', 'Nothing is changed yet.');
  const { reason: _, ...change } = inputOf(request, ChangeMember, 'body', {
    ...(role ? { role } : {}),
    ...(without || names.length > 0 ? { teams: names } : {}),
  });
  return change;
}

/** A refusal that names members as programs do, in words for people: by their addresses. */
function whose(members: readonly Member[], error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  const [about] = error.errors ?? [];
  const place = /^body\/members\/(\d+)$/.exec(about?.path ?? '')?.[1];
  const text = place ? `${members[Number(place)]?.email}: ${error.detail}` : error.detail;
  const detail = text?.replace(/mem_\w{26}/g, (id) => members.find((member) => member.id === id)?.email ?? id);
  return new Problem(error.code, detail, place ? [{ path: 'body/members', message: detail ?? '' }] : error.errors);
}
