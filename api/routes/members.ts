import { Type } from 'typebox';
import { isId, type MemberId, type OrganizationId } from '../../db/ids.ts';
import { findMembers, listMembers, type Member as MemberRow } from '../../db/members.ts';
import { authenticate, type Caller, ownStanding, type Standing, standingIn } from '../caller.ts';
import { csvAnswer, csvTimeoutMs, pagesOfList, sendCsv } from '../csv.ts';
import type { App, RouteDeps } from '../deps.ts';
import { once } from '../idempotency.ts';
import { changeMembers, memberBody, memberFilterOf } from '../members.ts';
import { requireOrganization } from '../organizations.ts';
import type { OrganizationPermission } from '../permissions.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import { keepReason, requireReason } from '../reason.ts';
import {
  answers,
  ChangeMember,
  ChangeMembers,
  changeProblems,
  listOf,
  Member,
  type Member as MemberBody,
  MemberFilter,
  MemberQuery,
} from '../schemas.ts';
import { idempotencyHeader, organizationParams } from './invitations.ts';

const memberParams = Type.Object({
  ...organizationParams.properties,
  member: Type.String({ maxLength: 40, description: 'A member’s id; `me` for one’s own membership' }),
});

const guarded: ProblemCode[] = ['scope_missing', 'not_allowed', 'not_found'];
const changed: ProblemCode[] = [
  ...changeProblems,
  ...guarded,
  'reason_missing',
  'role_too_high',
  'own_role',
  'member_removed',
  'last_owner',
];

/** The members of an organization, and what can be done with them. */
export function registerMembers(app: App, deps: RouteDeps): void {
  const { db } = deps;

  /** The member that a path names, and the caller's standing, where it is about others or about themselves. */
  const named = async (
    caller: Caller,
    params: { organization: string; member: string },
    permission: OrganizationPermission,
    self: boolean,
  ): Promise<{ organization: OrganizationId; id: MemberId; standing: Standing }> => {
    const { id: organization } = await requireOrganization(db, params.organization);
    const own = self ? await ownStanding(db, caller, organization) : undefined;
    if (own && (params.member === 'me' || params.member === own.by.id))
      return { organization, id: own.by.id, standing: own };
    const standing = await standingIn(db, caller, organization, permission);
    if (!isId('mem', params.member)) throw new Problem('not_found', 'There is no such member.');
    return { organization, id: params.member, standing };
  };

  app.get(
    '/v1/organizations/:organization/members',
    {
      schema: {
        operationId: 'listMembers',
        summary: 'List members, the newest first',
        tags: ['members'],
        params: organizationParams,
        querystring: MemberQuery,
        response: answers(200, listOf(Member), [...guarded, 'invalid_email', 'unknown_license']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { id } = await requireOrganization(db, request.params.organization);
      await standingIn(db, caller, id, 'readMembers');
      const { cursor, limit = 50, ...query } = request.query;
      if (cursor !== undefined && !isId('mem', cursor))
        throw new Problem('invalid_request', 'cursor is not one of ours.');
      const filter = await memberFilterOf(db, id, query);
      const before = cursor && isId('mem', cursor) ? { before: cursor } : {};
      const { rows, next } = await listMembers(db, id, filter, { ...before, limit });
      return { items: rows.map(memberBody), cursor: next };
    },
  );

  // However many they are: it is written as fast as it is read.
  app.get(
    '/v1/organizations/:organization/members.csv',
    {
      handlerTimeout: csvTimeoutMs,
      schema: {
        operationId: 'exportMembers',
        summary: 'All members as CSV, filtered like the list; what a spreadsheet would take for a formula is made text',
        tags: ['members'],
        params: organizationParams,
        querystring: MemberFilter,
        response: answers(200, csvAnswer, [...guarded, 'invalid_email', 'unknown_license']),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { id, slug } = await requireOrganization(db, request.params.organization);
      await standingIn(db, caller, id, 'readMembers');
      const filter = await memberFilterOf(db, id, request.query);
      const next = pagesOfList<MemberRow, MemberId>(({ cursor, limit }) =>
        listMembers(db, id, filter, { ...(cursor === undefined ? {} : { before: cursor }), limit }),
      );
      return sendCsv(reply, `members-${slug}`, csvColumns, next, (row) => csvRow(memberBody(row)));
    },
  );

  app.get(
    '/v1/organizations/:organization/members/:member',
    {
      schema: {
        operationId: 'getMember',
        summary: 'One member',
        tags: ['members'],
        params: memberParams,
        response: answers(200, Member, guarded),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const { organization, id } = await named(caller, request.params, 'readMembers', true);
      const [row] = await findMembers(db, organization, [id]);
      if (!row) throw new Problem('not_found', 'There is no such member.');
      return memberBody(row);
    },
  );

  app.patch(
    '/v1/organizations/:organization/members',
    {
      schema: {
        operationId: 'changeMembers',
        summary: 'Change the role or teams of several members, or remove them: all of them or none',
        tags: ['members'],
        params: organizationParams,
        headers: idempotencyHeader,
        body: ChangeMembers,
        response: answers(200, Type.Object({ items: Type.Array(Member) }), [
          ...changed,
          'unknown_member',
          'unsafe_text',
        ]),
      },
    },
    async (request, reply) => {
      const { members, state, role, teams, reason } = request.body;
      const caller = await authenticate(request, deps);
      const { id: organization } = await requireOrganization(db, request.params.organization);
      const standing = await standingIn(db, caller, organization, 'changeMembers');
      requireReason(standing, reason);
      if (state && (role || teams)) throw new Problem('invalid_request', 'Remove them, or change them: not both.');
      if (!state && !role && !teams) throw new Problem('invalid_request', 'Say what to change.');
      const change = {
        ...(role ? { role } : {}),
        ...(teams ? { teams } : {}),
        ...(state ? { removed: true as const } : {}),
      };
      return once({ db, request, reply, caller }, 200, async (key) => {
        const reasoned = { several: true, request: key, ...(await keepReason(db, reason)) };
        const rows = await changeMembers(db, organization, standing, members as MemberId[], change, reasoned);
        return { items: rows.map(memberBody) };
      });
    },
  );

  app.patch(
    '/v1/organizations/:organization/members/:member',
    {
      schema: {
        operationId: 'changeMember',
        summary: 'Change the role or teams of a member',
        tags: ['members'],
        params: memberParams,
        headers: idempotencyHeader,
        body: ChangeMember,
        response: answers(200, Member, [...changed, 'unsafe_text']),
      },
    },
    async (request, reply) => {
      const { role, teams, reason } = request.body;
      const caller = await authenticate(request, deps);
      const { organization, id, standing } = await named(caller, request.params, 'changeMembers', false);
      requireReason(standing, reason);
      if (!role && !teams) throw new Problem('invalid_request', 'Say what to change.');
      const change = { ...(role ? { role } : {}), ...(teams ? { teams } : {}) };
      return once({ db, request, reply, caller }, 200, async (key) => {
        const reasoned = { request: key, ...(await keepReason(db, reason)) };
        const [row] = await changeMembers(db, organization, standing, [id], change, reasoned);
        return memberBody(row!);
      });
    },
  );

  app.delete(
    '/v1/organizations/:organization/members/:member',
    {
      schema: {
        operationId: 'removeMember',
        summary: 'Remove a member, or leave: access ends at once, seats are free, an invitation brings them back',
        tags: ['members'],
        params: memberParams,
        headers: idempotencyHeader,
        response: answers(200, Member, changed),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { organization, id, standing } = await named(caller, request.params, 'removeMember', true);
      return once({ db, request, reply, caller }, 200, async (key) => {
        const [row] = await changeMembers(db, organization, standing, [id], { removed: true }, { request: key });
        return memberBody(row!);
      });
    },
  );
}

const csvColumns = [
  ...['id', 'name', 'email', 'role', 'teams', 'licenses', 'state', 'joinedAt', 'lastAccessAt', 'removedAt'],
  ...['account', 'invitation'],
];
const csvRow = (member: MemberBody) => ({
  ...member,
  teams: member.teams.join(', '),
  licenses: member.licenses.join(', '),
});
