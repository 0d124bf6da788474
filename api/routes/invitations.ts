import { type TSchema, Type } from 'typebox';
import { type Account, upsertAccount } from '../../db/accounts.ts';
import { listEvents } from '../../db/events.ts';
import { type AccountId, isId } from '../../db/ids.ts';
import { findInvitation, type Invitation as InvitationRow } from '../../db/invitations.ts';
import { isAmong } from '../../identity/issuers.ts';
import { providerOf, vouchesFor } from '../../identity/providers.ts';
import type { Actor } from '../../statecharts/invitation.ts';
import {
  authenticate,
  type Caller,
  namedOrganization,
  requireScope,
  requireStaff,
  type Standing,
  standingIn,
} from '../caller.ts';
import { csvAnswer, csvTimeoutMs, pagesOfList, sendCsv } from '../csv.ts';
import type { App, RouteDeps } from '../deps.ts';
import { eventBody } from '../events.ts';
import { once, requestKeyOf } from '../idempotency.ts';
import {
  acceptInvitation,
  amendInvitation,
  amendPermission,
  copyLink,
  createInvitation,
  declineInvitation,
  expiresInMs,
  invitationBody,
  isInvitee,
  listPage,
  resendInvitation,
  revokeInvitation,
  revokeInvitationsOf,
} from '../invitations.ts';
import type { OrganizationPermission } from '../permissions.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import { keepReason, type Reasoned, requireReason } from '../reason.ts';
import {
  ActingAccount,
  AmendInvitation,
  AnywhereQuery,
  answers,
  CreateInvitation,
  changeProblems,
  Event,
  Invitation,
  type Invitation as InvitationBody,
  InvitationFilter,
  InvitationQuery,
  listOf,
  Nothing,
  Page,
  ResendInvitation,
  Revoked,
  RevokeInvitation,
  RevokeInvitations,
} from '../schemas.ts';
import { invitationsAnywhere } from '../support.ts';

export const organizationParams = Type.Object({ organization: Type.String({ maxLength: 60, examples: ['acme'] }) });
const invitationParams = Type.Object({ id: Type.String({ maxLength: 40 }) });
export const idempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[!-~]+$',
      description: 'The same key and body replay the first answer for 24 hours',
    }),
  ),
});

/** The problems of whoever may not, or not know. */
const guarded: ProblemCode[] = ['scope_missing', 'not_allowed'];
const ended: ProblemCode[] = [
  'invitation_accepted',
  'invitation_declined',
  'invitation_expired',
  'invitation_revoked',
  'event_unknown',
];
const written: ProblemCode[] = [
  'domain_not_allowed',
  'language_not_allowed',
  'invalid_email',
  'unknown_license',
  'unsafe_text',
  'redirect_not_allowed',
  'role_too_high',
];
const places: ProblemCode[] = [
  'organization_suspended',
  'already_invited',
  'already_member',
  'no_seat_left',
  'license_ended',
];
const decided: ProblemCode[] = [
  ...changeProblems,
  ...guarded,
  'invitation_not_found',
  'wrong_account',
  'email_unverified',
  'issuer_not_allowed',
  'email_changed',
  'organization_suspended',
  'already_member',
  'no_seat_left',
  'license_ended',
  'engine_unreachable',
  ...ended,
];

/** What can be done with the invitation of an answer. */
const further = Object.fromEntries(
  [
    ...['getInvitation', 'listInvitationEvents', 'copyInvitationLink', 'acceptInvitation', 'declineInvitation'],
    ...['resendInvitation', 'revokeInvitation', 'amendInvitation'],
  ].map((operationId) => [operationId, { operationId, parameters: { id: '$response.body#/id' } }]),
);

/** The invitations of an organization, and what can be done with one. */
export function registerInvitations(app: App, deps: RouteDeps): void {
  const { db, issuers, providers } = deps;

  const findRow = async (id: string): Promise<InvitationRow> => {
    const row = isId('inv', id) ? await findInvitation(db, id) : undefined;
    if (!row) throw new Problem('invitation_not_found');
    return row;
  };

  /** The invitation and the caller's standing in its organization. */
  const managed = async (caller: Caller, id: string, permission: OrganizationPermission) => {
    const row = await findRow(id);
    const standing = await standingIn(db, caller, row.organization_id, permission, 'invitation_not_found');
    return { row, standing };
  };

  /** An invitation the caller may see: its organization's admins and keys, and the invitee. */
  const visible = async (caller: Caller, id: string): Promise<InvitationRow> => {
    const row = await findRow(id);
    if (caller.kind === 'account' && isInvitee(row, caller.account, issuers)) return row;
    await standingIn(db, caller, row.organization_id, 'readInvitation', 'invitation_not_found');
    return row;
  };

  /** For whom a decision is made: the signed-in person, or the account that a key with `act` has authenticated. */
  const decider = async (
    caller: Caller,
    row: InvitationRow,
    body: ActingAccount | undefined,
  ): Promise<{ by: Actor; account: Account }> => {
    if (caller.kind === 'account') {
      if (body?.account) throw new Problem('invalid_request', 'Leave account out: the signed-in account decides.');
      // Whoever is not invited may not know that it exists, unless they hold it from its organization.
      if (!isInvitee(row, caller.account, issuers))
        await standingIn(db, caller, row.organization_id, 'readInvitation', 'invitation_not_found');
      return { by: { kind: 'account', id: caller.id }, account: caller.account };
    }
    if (caller.organization !== null && caller.organization !== row.organization_id)
      throw new Problem('invitation_not_found');
    requireScope(caller, 'act');
    if (!body?.account) throw new Problem('invalid_request', 'account is missing: say whom you have authenticated.');
    return { by: { kind: 'api_key', id: caller.id }, account: await vouchedAccount(row, body.account) };
  };

  /**
   * Records an account a key vouches for, as a sign-in would. It is of its organization's own issuer, so that no key can
   * say anything of the accounts of others.
   */
  const vouchedAccount = (row: InvitationRow, said: NonNullable<ActingAccount['account']>): Promise<Account> => {
    if (said.issuer !== row.organization_issuer || isAmong(said.issuer, issuers)) {
      throw new Problem(
        'issuer_not_allowed',
        'The key may vouch only for accounts of the issuer that is registered for its organization.',
      );
    }
    const provider = providerOf(providers, said.issuer);
    const emailVerified = said.emailVerified && (!provider || vouchesFor(provider, said.email));
    return upsertAccount(db, { ...said, emailVerified, name: said.name ?? said.email.split('@')[0]! });
  };

  app.post(
    '/v1/organizations/:organization/invitations',
    {
      schema: {
        operationId: 'createInvitation',
        summary: 'Invite an address',
        tags: ['invitations'],
        params: organizationParams,
        headers: idempotencyHeader,
        body: CreateInvitation,
        response: answers(201, Invitation, [...changeProblems, ...guarded, 'not_found', ...written, ...places]),
      },
      links: { 201: further },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const organization = await namedOrganization(db, caller, request.params.organization);
      const standing = await standingIn(db, caller, organization.id, 'invite');
      return once({ db, request, reply, caller }, 201, async (key, _receivedAt, turn) => {
        const row = await createInvitation(deps, organization, standing, request.body, { key, turn });
        request.invitation = row.id;
        return invitationBody(row);
      });
    },
  );

  app.get(
    '/v1/organizations/:organization/invitations',
    {
      schema: {
        operationId: 'listInvitations',
        summary: 'List invitations, newest first',
        tags: ['invitations'],
        params: organizationParams,
        querystring: InvitationQuery,
        response: answers(200, listOf(Invitation), [...guarded, 'not_found', 'invalid_email', 'unknown_license']),
      },
    },
    async (request) => {
      const caller = await authenticate(request, deps);
      const organization = await namedOrganization(db, caller, request.params.organization);
      await standingIn(db, caller, organization.id, 'readInvitations');
      const { rows, next } = await listPage(db, organization.id, request.query);
      return { items: rows.map(invitationBody), cursor: next };
    },
  );

  // However many they are: it is written as fast as it is read.
  app.get(
    '/v1/organizations/:organization/invitations.csv',
    {
      handlerTimeout: csvTimeoutMs,
      schema: {
        operationId: 'exportInvitations',
        summary:
          'All invitations as CSV, filtered like the list; what a spreadsheet would take for a formula is made text',
        tags: ['invitations'],
        params: organizationParams,
        querystring: InvitationFilter,
        response: answers(200, csvAnswer, [...guarded, 'not_found', 'invalid_email', 'unknown_license']),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { id, slug } = await namedOrganization(db, caller, request.params.organization);
      await standingIn(db, caller, id, 'readInvitations');
      const next = pagesOfList((page) => listPage(db, id, { ...request.query, ...page }));
      return sendCsv(reply, `invitations-${slug}`, csvColumns, next, (row) => csvRow(invitationBody(row)));
    },
  );

  app.post(
    '/v1/organizations/:organization/invitations/revoke',
    {
      // Up to 100 of them, each by its own workflow.
      handlerTimeout: 20_000,
      schema: {
        operationId: 'revokeInvitations',
        summary: 'Revoke the pending invitations of somebody who invited, 100 at a time',
        tags: ['invitations'],
        params: organizationParams,
        headers: idempotencyHeader,
        body: RevokeInvitations,
        response: answers(200, Revoked, [
          ...changeProblems,
          ...guarded,
          'not_found',
          'reason_missing',
          'engine_unreachable',
        ]),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const organization = await namedOrganization(db, caller, request.params.organization);
      const { by, ...standing } = await standingIn(db, caller, organization.id, 'steerInvitation');
      const { invitedBy, reason } = request.body;
      requireReason({ by, ...standing }, reason);
      return once({ db, request, reply, caller }, 200, async (key) =>
        revokeInvitationsOf(deps, organization.id, invitedBy as AccountId, {
          by,
          request: key,
          ...(await keepReason(db, reason)),
        }),
      );
    },
  );

  app.get(
    '/v1/invitations',
    {
      schema: {
        operationId: 'findInvitations',
        summary: 'For staff: invitations to an address in every organization, newest first',
        tags: ['invitations'],
        querystring: AnywhereQuery,
        response: answers(200, listOf(Invitation), ['not_allowed', 'invalid_email']),
      },
    },
    async (request) => {
      requireStaff(await authenticate(request, deps), 'findAnywhere');
      const { rows, next } = await invitationsAnywhere(db, request.query);
      return { items: rows.map(invitationBody), cursor: next };
    },
  );

  app.get(
    '/v1/invitations/:id',
    {
      schema: {
        operationId: 'getInvitation',
        summary: 'One invitation',
        tags: ['invitations'],
        params: invitationParams,
        response: answers(200, Invitation, [...guarded, 'invitation_not_found']),
      },
    },
    async (request) => invitationBody(await visible(await authenticate(request, deps), request.params.id)),
  );

  app.get(
    '/v1/invitations/:id/events',
    {
      schema: {
        operationId: 'listInvitationEvents',
        summary: 'What happened to an invitation, oldest first',
        tags: ['invitations'],
        params: invitationParams,
        querystring: Type.Object(Page, { additionalProperties: false }),
        response: answers(200, listOf(Event), [...guarded, 'invitation_not_found']),
      },
    },
    async (request) => {
      const { row } = await managed(await authenticate(request, deps), request.params.id, 'readInvitations');
      const { cursor = '0', limit = 50 } = request.query;
      if (!/^\d{1,15}$/.test(cursor)) throw new Problem('invalid_request', 'cursor is not one of ours.');
      const { rows, next } = await listEvents(db, { invitation: row.id }, { after: Number(cursor), limit });
      return { items: rows.map(eventBody), cursor: next === null ? null : String(next) };
    },
  );

  app.post(
    '/v1/invitations/:id/link',
    {
      schema: {
        operationId: 'copyInvitationLink',
        summary: 'The link in the email, to be copied; noted in the audit log',
        tags: ['invitations'],
        params: invitationParams,
        headers: idempotencyHeader,
        body: Type.Optional(Nothing),
        response: answers(200, Type.Object({ url: Type.String(), generation: Type.Integer() }), [
          ...changeProblems,
          ...guarded,
          'invitation_not_found',
          ...ended,
        ]),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { row, standing } = await managed(caller, request.params.id, 'copyLink');
      const { noted, ...link } = await copyLink(deps, row, {
        by: standing.by,
        request: await requestKeyOf({ db, request, caller }),
      });
      if (!noted) reply.header('idempotency-replayed', 'true');
      return link;
    },
  );

  for (const [verb, decide] of [
    ['accept', acceptInvitation],
    ['decline', declineInvitation],
  ] as const) {
    app.post(
      `/v1/invitations/:id/${verb}`,
      {
        schema: {
          operationId: `${verb}Invitation`,
          summary: verb === 'accept' ? 'Join, as the invited person' : 'Decline, as the invited person',
          tags: ['invitations'],
          params: invitationParams,
          headers: idempotencyHeader,
          body: Type.Optional(ActingAccount),
          response: answers(200, Invitation, decided),
        },
      },
      async (request, reply) => {
        const receivedAt = Date.now();
        const caller = await authenticate(request, deps);
        const row = await findRow(request.params.id);
        const { by, account } = await decider(caller, row, request.body);
        return once({ db, request, reply, caller, receivedAt }, 200, async (key, first, turn) =>
          invitationBody(await decide(deps, row, { by, account, receivedAt: first, request: key, turn })),
        );
      },
    );
  }

  /** An act of the organization's, or of the staff, on one invitation. */
  const act = <TBody extends { reason?: string }>(
    verb: 'resend' | 'revoke',
    summary: string,
    body: TSchema,
    carryOut: (row: InvitationRow, standing: Standing, body: TBody, act: Reasoned) => Promise<InvitationRow>,
  ) =>
    app.post(
      `/v1/invitations/:id/${verb}`,
      {
        schema: {
          operationId: `${verb}Invitation`,
          summary,
          tags: ['invitations'],
          params: invitationParams,
          headers: idempotencyHeader,
          body: Type.Optional(body),
          response: answers(200, Invitation, [
            ...changeProblems,
            ...guarded,
            'invitation_not_found',
            'reason_missing',
            'role_too_high',
            ...places,
            'engine_unreachable',
            ...ended,
          ]),
        },
      },
      async (request, reply) => {
        const caller = await authenticate(request, deps);
        const { row, standing } = await managed(caller, request.params.id, 'steerInvitation');
        const said = (request.body ?? {}) as TBody;
        requireReason(standing, said.reason);
        return once({ db, request, reply, caller }, 200, async (key) =>
          invitationBody(await carryOut(row, standing, said, { request: key, ...(await keepReason(db, said.reason)) })),
        );
      },
    );

  act<ResendInvitation>(
    'resend',
    'Send it again and renew its expiry; revives one that expired or was revoked if a seat is left',
    ResendInvitation,
    (row, standing, { expiresIn, replaceLink }, reasoned) => {
      const ms = expiresInMs(expiresIn);
      return resendInvitation(deps, row, standing, {
        ...reasoned,
        ...(ms === undefined ? {} : { expiresIn: ms }),
        ...(replaceLink === undefined ? {} : { replaceLink }),
      });
    },
  );
  act(
    'revoke',
    'Take it back: its links die and its seats are free',
    RevokeInvitation,
    (row, { by }, _body, reasoned) => revokeInvitation(deps, row, { by, ...reasoned }),
  );

  app.patch(
    '/v1/invitations/:id',
    {
      schema: {
        operationId: 'amendInvitation',
        summary: 'Change a pending invitation; another address gets a new link, and the old one dies',
        tags: ['invitations'],
        params: invitationParams,
        headers: idempotencyHeader,
        body: AmendInvitation,
        response: answers(200, Invitation, [
          ...changeProblems,
          ...guarded,
          'invitation_not_found',
          'reason_missing',
          ...written,
          ...places,
          'email_changed',
          'engine_unreachable',
          ...ended,
        ]),
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request, deps);
      const { reason, ...changes } = request.body;
      const { row, standing } = await managed(caller, request.params.id, amendPermission(changes));
      requireReason(standing, reason);
      if (Object.keys(changes).length === 0) throw new Problem('invalid_request', 'Say what to change.');
      return once({ db, request, reply, caller }, 200, async (key) => {
        const reasoned = { request: key, ...(await keepReason(db, reason)) };
        return invitationBody(await amendInvitation(deps, row, standing, changes, reasoned));
      });
    },
  );
}

/** One page of a list that was read one row further than its limit. */
export function page<TRow, TItem>(
  rows: TRow[],
  limit: number,
  item: (row: TRow) => TItem,
  cursor: (row: TRow) => string,
) {
  const shown = rows.slice(0, limit);
  return { items: shown.map(item), cursor: rows.length > limit ? cursor(shown.at(-1)!) : null };
}

const csvColumns = [
  ...['id', 'email', 'role', 'teams', 'licenses', 'state', 'delivery', 'invitedBy', 'createdAt', 'expiresAt'],
  ...['decidedAt', 'batch'],
];
const csvRow = ({ generation, warnings, allowed, metadata, ...invitation }: InvitationBody) => ({
  ...invitation,
  teams: invitation.teams.join(', '),
  licenses: invitation.licenses.join(', '),
  delivery: invitation.delivery.status,
  invitedBy: invitation.invitedBy.email,
});
