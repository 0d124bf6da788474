import { type Static, Type } from 'typebox';
import { nameActors } from '../../../db/actors.ts';
import { listEvents } from '../../../db/events.ts';
import { type InvitationId, isId } from '../../../db/ids.ts';
import { emailFacts, factsOf, findInvitation, type Invitation } from '../../../db/invitations.ts';
import { listLicensePools } from '../../../db/licenses.ts';
import { mayGrant, roles } from '../../../db/members.ts';
import { invitationEmail } from '../../../mail/templates/invitation-email.ts';
import { invitationChart, snapshotOf } from '../../../statecharts/invitation.ts';
import { outlineOf } from '../../../statecharts/outline.ts';
import { isNewer } from '../../../statecharts/versions.ts';
import { invitationWorkflowId } from '../../../workflows/contract.ts';
import { standingIn } from '../../caller.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import {
  amendInvitation,
  amendPermission,
  copyLink,
  expiresInMs,
  invitationBody,
  listPage,
  resendInvitation,
  revokeInvitation,
} from '../../invitations.ts';
import { sendEmail, sendPage } from '../../page.ts';
import { amendPage } from '../../pages/console/amend-page.ts';
import { type Filled, type FormError, lineOf } from '../../pages/console/form.ts';
import { type InvitationView, invitationPage, linkPage, revokePage } from '../../pages/console/invitation-page.ts';
import { invitationsPage } from '../../pages/console/invitations-page.ts';
import { roleNames } from '../../pages/role.ts';
import { ChangedMeanwhile, Problem } from '../../problem.ts';
import { keepReason, requireReason } from '../../reason.ts';
import {
  AmendInvitation,
  InvitationFilter,
  InvitationQuery,
  ResendInvitation,
  RevokeInvitation,
} from '../../schemas.ts';
import { besideNow, doneBefore, field, filledIn, formBody, formErrorOf, inputOf, listed, ticked } from './form.ts';
import { asked, filterFields } from './invitation-filter.ts';
import { lookThrough } from './look-through.ts';
import { enter, organizationPath, thingPath, type Visit } from './visit.ts';

const listQuery = Type.Object({ ...filterFields, cursor: field(40) });
const eventsQuery = Type.Object({ after: Type.Optional(Type.String({ pattern: '^\\d{1,15}$' })) });
const reason = field(500);
const resendBody = Type.Object({ ...formBody, expiresIn: field(40), reason });
const revokeBody = Type.Object({ ...formBody, reason });
const linkBody = Type.Object(formBody);
const amendBody = Type.Object({
  ...formBody,
  sequence: field(10),
  email: field(254),
  role: field(20),
  licenses: ticked(60, 20),
  teams: field(1300),
  message: field(1100),
  locale: field(40),
  reason,
});

/** Events of an invitation that a page shows. */
const shownEvents = 100;

/** The invitations of an organization, and each one's own page. */
export function registerInvitationPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  /** An invitation of the organization's. @throws Problem `invitation_not_found` */
  const named = async (visit: Visit, id: string): Promise<Invitation> => {
    const row = isId('inv', id) ? await findInvitation(db, id) : undefined;
    if (row?.organization_id !== visit.organization.id) throw new Problem('invitation_not_found');
    return row;
  };

  const viewOf = (visit: Visit, row: Invitation): InvitationView => {
    const { allowed, warnings } = invitationBody(row);
    const mayDo = {
      resend: visit.may('steerInvitation'),
      revoke: visit.may('steerInvitation'),
      amend: visit.may('correctAddress'),
      // Those who decide do so on a page of their own.
      accept: false,
      decline: false,
    };
    return {
      id: row.id,
      email: row.email,
      role: row.role,
      licenses: row.licenses.map((license) => license.name),
      teams: row.teams,
      message: row.message,
      state: row.state,
      delivery: { status: row.delivery_status, detail: row.delivery_detail },
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      invitedBy: { name: row.inviter_name, email: row.inviter_email },
      allowed: [
        ...allowed.filter((event) => mayDo[event]),
        ...(row.state === 'pending' && visit.may('copyLink') ? (['copyLink'] as const) : []),
      ],
      warnings: warnings.map(({ detail }) => detail),
    };
  };

  /** The page of an invitation as it is now. */
  const pageOf = async (
    visit: Visit,
    row: Invitation,
    { after = 0, ...again }: { after?: number; filled?: Filled; error?: FormError } = {},
  ) => {
    const { rows, next } = await listEvents(db, { invitation: row.id }, { after, limit: shownEvents });
    const names = await nameActors(
      db,
      rows.map((event) => ({ kind: event.actor_kind, id: event.actor_id })),
    );
    const snapshot = isNewer({ chartVersion: row.chart_version }) ? undefined : snapshotOf(factsOf(row), Date.now());
    const { frame } = visit;
    const workflow = invitationWorkflowId(row.id);
    return invitationPage({
      frame,
      invitation: viewOf(visit, row),
      outline: outlineOf(invitationChart, snapshot),
      events: rows.map((event) => ({
        type: event.type,
        detail: event.detail,
        actor: { kind: event.actor_kind, ...(event.actor_id ? names.get(event.actor_id) : undefined) },
        reason: event.reason,
        at: event.at,
      })),
      laterEvents: next === null ? undefined : `${frame.organization.path}/invitations/${row.id}?after=${next}`,
      workflow:
        visit.account.staff_role === 'operator'
          ? {
              id: workflow,
              url:
                deps.temporalUi &&
                `${deps.temporalUi}/namespaces/${deps.temporal.options.namespace}/workflows/${encodeURIComponent(workflow)}`,
            }
          : undefined,
      ...again,
    });
  };

  const pathOf = (visit: Visit, row: Pick<Invitation, 'id'>) =>
    `${visit.frame.organization.path}/invitations/${row.id}`;

  app.get(
    '/console/:organization/invitations',
    { schema: { hide: true, params: organizationPath, querystring: listQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const { organization, frame } = visit;
      const { cursor, ...filter } = filledIn(request.query) as Static<typeof listQuery>;
      const pools = await listLicensePools(db, organization.id, {}, { limit: 1000 });
      const view = {
        frame,
        filter,
        products: pools,
        cursor,
        mayInvite: visit.may('invite'),
        maySteer: visit.may('steerInvitation'),
        mayAmend: visit.may('amendInvitation'),
      };
      try {
        const query = inputOf(request, InvitationQuery, 'querystring', { ...asked(filter), ...(cursor && { cursor }) });
        const { rows, next } = await lookThrough(query.cursor, (page) =>
          listPage(db, organization.id, { ...query, ...page }),
        );
        return sendPage(
          reply,
          invitationsPage({
            ...view,
            next,
            invitations: rows.map((row) => ({ ...viewOf(visit, row), invitedBy: row.inviter_name })),
          }),
        );
      } catch (error) {
        return sendPage(reply, invitationsPage({ ...view, invitations: [], error: formErrorOf(reply, error) }));
      }
    },
  );

  app.get(
    '/console/:organization/invitations/:id',
    { schema: { hide: true, params: thingPath, querystring: eventsQuery } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      return sendPage(reply, await pageOf(visit, row, { after: Number(request.query.after ?? 0) }));
    },
  );

  // Framed by the page of the invitation, without rights of any kind.
  app.get(
    '/console/:organization/invitations/:id/email',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readInvitations');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      const { html } = invitationEmail({
        kind: 'invitation',
        ...emailFacts(row, deps.links.page),
        wording: visit.organization.wording ?? undefined,
        url: '#',
      });
      return sendEmail(reply, html, deps.publicUrl);
    },
  );

  app.post(
    '/console/:organization/invitations/:id/link',
    { schema: { hide: true, params: thingPath, body: linkBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'copyLink');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      try {
        const { key } = await formTurn({ db, request, caller: visit.caller });
        const { url } = await copyLink(deps, row, { by: visit.standing.by, request: key });
        return sendPage(reply, linkPage({ frame: visit.frame, invitation: row, url }));
      } catch (error) {
        return sendPage(reply, await pageOf(visit, row, { error: formErrorOf(reply, error) }));
      }
    },
  );

  app.post(
    '/console/:organization/invitations/:id/resend',
    { schema: { hide: true, params: thingPath, body: resendBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      const { _csrf, _form, ...filled } = request.body;
      try {
        const { expiresIn, reason } = inputOf(request, ResendInvitation, 'body', filledIn(filled));
        requireReason(visit.standing, reason);
        const ms = expiresInMs(expiresIn);
        const { key } = await formTurn({ db, request, caller: visit.caller });
        await resendInvitation(deps, row, visit.standing, {
          request: key,
          ...(ms === undefined ? {} : { expiresIn: ms }),
          ...(await keepReason(db, reason)),
        });
      } catch (error) {
        const refused = formErrorOf(reply, error);
        return sendPage(reply, await pageOf(visit, await named(visit, row.id), { filled, error: refused }));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is sent again, and lives anew from now.' });
      return reply.redirect(pathOf(visit, row), 303);
    },
  );

  app.get(
    '/console/:organization/invitations/:id/revoke',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      return sendPage(reply, revokePage({ frame: visit.frame, invitation: row }));
    },
  );

  app.post(
    '/console/:organization/invitations/:id/revoke',
    { schema: { hide: true, params: thingPath, body: revokeBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'steerInvitation');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      const { _csrf, _form, ...filled } = request.body;
      try {
        const { reason } = inputOf(request, RevokeInvitation, 'body', filledIn(filled));
        requireReason(visit.standing, reason);
        const { key } = await formTurn({ db, request, caller: visit.caller });
        await revokeInvitation(deps, row, {
          by: visit.standing.by,
          request: key,
          ...(await keepReason(db, reason)),
        });
      } catch (error) {
        return sendPage(reply, revokePage({ frame: visit.frame, invitation: row, error: formErrorOf(reply, error) }));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is revoked: its links are dead, and its seats are free.' });
      return reply.redirect(pathOf(visit, row), 303);
    },
  );

  /** The form that changes an invitation, as the invitation is, or as it was filled in. */
  const amendForm = async (
    visit: Visit,
    row: Invitation,
    again?: { filled: Filled; licenses: readonly string[]; error: FormError },
  ) => {
    const { organization, standing, frame } = visit;
    const products = await listLicensePools(db, organization.id, {}, { limit: 1000 });
    return amendPage({
      frame,
      invitation: row,
      terms: visit.may('amendInvitation')
        ? {
            licenses: again?.licenses ?? row.licenses.map(({ product }) => product),
            products,
            roles: roles.filter((role) => mayGrant(standing.role, role)),
            languages: organization.languages,
            locale: row.locale,
          }
        : undefined,
      filled: again?.filled ?? amendFilled(row),
      ...(again ? { error: again.error } : {}),
    });
  };

  app.get(
    '/console/:organization/invitations/:id/amend',
    { schema: { hide: true, params: thingPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'correctAddress');
      if (!visit) return reply;
      return sendPage(reply, await amendForm(visit, await named(visit, request.params.id)));
    },
  );

  app.post(
    '/console/:organization/invitations/:id/amend',
    { schema: { hide: true, params: thingPath, body: amendBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'correctAddress');
      if (!visit) return reply;
      const row = await named(visit, request.params.id);
      const { _csrf, _form, sequence, licenses: tickedOnes, ...filled } = request.body;
      const licenses = [tickedOnes ?? []].flat();
      try {
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, pathOf(visit, row));
        if (sequence !== undefined && sequence !== String(row.sequence)) throw new ChangedMeanwhile();
        const changes = changesOf(row, { ...filled, licenses });
        if (Object.keys(changes).length === 0) throw new Problem('invalid_request', 'Nothing is changed yet.');
        const { reason, ...input } = inputOf(request, AmendInvitation, 'body', {
          ...changes,
          ...(filled.reason ? { reason: filled.reason } : {}),
        });
        const standing = await standingIn(db, visit.caller, visit.organization.id, amendPermission(input));
        requireReason(standing, reason);
        await amendInvitation(deps, row, standing, input, { request: key, ...(await keepReason(db, reason)) });
      } catch (error) {
        const now = await named(visit, row.id);
        // Who may change the address alone is shown no more.
        const ticks = filled.role === undefined ? {} : { licenses: licenses.toSorted().join(', ') };
        const is = {
          ...amendFilled(now),
          licenses: now.licenses
            .map(({ product }) => product)
            .toSorted()
            .join(', '),
        };
        const told = besideNow(error, { ...filled, ...ticks }, is, { role: roleNames[now.role] });
        return sendPage(reply, await amendForm(visit, now, { filled, licenses, error: formErrorOf(reply, told) }));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is changed.' });
      return reply.redirect(pathOf(visit, row), 303);
    },
  );
}

/** An invitation as the form that changes it is filled in when it is drawn. */
const amendFilled = (row: Invitation) => ({
  email: row.email,
  role: row.role,
  teams: lineOf(row.teams),
  message: row.message ?? '',
  locale: row.locale ?? '',
});

/** What a form changes of an invitation: fields that it does not have, or that say what is so already, are left out. */
function changesOf(
  row: Invitation,
  filled: { email?: string; role?: string; teams?: string; message?: string; locale?: string; licenses: string[] },
) {
  const held = row.licenses.map(({ product }) => product);
  const isSame = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((x) => b.includes(x));
  const teams = filled.teams === undefined ? row.teams : listed(filled.teams);
  // Browsers end the lines of a text with two characters.
  const message = filled.message?.replaceAll('\r\n', '\n') ?? row.message ?? '';
  const locale = filled.locale === undefined ? row.locale : filled.locale.trim() || null;
  return {
    ...(filled.email !== undefined && filled.email.trim() !== row.email ? { email: filled.email.trim() } : {}),
    ...(filled.role && filled.role !== row.role ? { role: filled.role } : {}),
    ...(filled.role !== undefined && !isSame(filled.licenses, held) ? { licenses: filled.licenses } : {}),
    ...(isSame(teams, row.teams) ? {} : { teams }),
    ...(message === (row.message ?? '') ? {} : { message: message.trim() === '' ? null : message }),
    ...(locale === row.locale ? {} : { locale }),
  };
}
