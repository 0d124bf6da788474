import { type Static, Type } from 'typebox';
import { type InvitationId, isId } from '../../../db/ids.ts';
import { findInvitations, type Invitation } from '../../../db/invitations.ts';
import { listLicensePools } from '../../../db/licenses.ts';
import { mayGrant, roles } from '../../../db/members.ts';
import { countSelected, createActs, type Selection, type WantedAct } from '../../batch-acts.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { onEach, resendInvitation, revokeInvitation } from '../../invitations.ts';
import { sendPage } from '../../page.ts';
import type { FormError } from '../../pages/console/form.ts';
import { withQuery } from '../../pages/console/list.ts';
import { amendSelectedPage, type SelectedView, selectedPage } from '../../pages/console/selected-page.ts';
import { Problem, problems } from '../../problem.ts';
import { keepReason, type Reasoned, requireReason } from '../../reason.ts';
import { InvitationFilter, ManyToAmend, RevokeInvitation } from '../../schemas.ts';
import { field, filledIn, formBody, formErrorOf, inputOf, ticked } from './form.ts';
import { asked, filterFields } from './invitation-filter.ts';
import { enter, organizationPath, type Visit } from './visit.ts';

/** As many as a page of the list has. */
const selectedBody = Type.Object({
  ...formBody,
  ids: ticked(40, 50),
  /** Instead: all that match the filter, which is written as the query of the list. */
  all: Type.Optional(Type.Literal('yes')),
  filter: field(2_000),
  act: Type.Union([Type.Literal('resend'), Type.Literal('revoke'), Type.Literal('amend')]),
  confirmed: Type.Optional(Type.Literal('yes')),
  reason: field(500),
  role: field(20),
  /** Whether the licences that are ticked take the place of those that there are. */
  replaces: field(10),
  licenses: ticked(60, 20),
});
type SelectedBody = Static<typeof selectedBody>;

/** What is done with the invitations that are selected in their list, or all that match its filter: asked about first. */
export function registerSelection(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  /** Those that are ticked. */
  const tickedOf = async ({ organization }: Visit, { ids = [] }: SelectedBody): Promise<Invitation[]> => {
    const wanted = [ids].flat().filter((id) => isId('inv', id)) as InvitationId[];
    return (await findInvitations(db, wanted)).filter((row) => row.organization_id === organization.id);
  };

  /** On a page of them at once, each by its own workflow; says what came of it. */
  const onTicked = async (
    rows: readonly Invitation[],
    act: 'resend' | 'revoke',
    { standing }: Visit,
    reasoned: Reasoned,
  ): Promise<{ kind: 'success' | 'warning'; text: string }> => {
    const refused = await onEach(rows, reasoned, (row, one) =>
      act === 'resend'
        ? resendInvitation(deps, row, standing, one)
        : revokeInvitation(deps, row, { by: standing.by, ...one }),
    );
    const done = `${rows.length - refused.length} of ${rows.length} ${act === 'resend' ? 'sent again' : 'revoked'}.`;
    // Each reason once.
    const why = [...new Set(refused.map(({ problem }) => problems[problem.code].title))].slice(0, 3);
    return {
      kind: refused.length > 0 ? 'warning' : 'success',
      text: [done, ...why.map((reason) => `${reason}.`)].join(' '),
    };
  };

  app.post(
    '/console/:organization/invitations/selected',
    {
      handlerTimeout: Math.max(20_000, deps.patienceMs ?? 0),
      schema: { hide: true, params: organizationPath, body: selectedBody },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const { act, all, filter: written = '', confirmed, role, replaces, reason: said } = request.body;
      const licenses = [request.body.licenses ?? []].flat();
      const visit = await enter(deps, request, reply, act === 'amend' ? 'amendInvitation' : 'steerInvitation');
      if (!visit) return reply;
      const { frame, organization, standing, caller } = visit;
      const list = `${frame.organization.path}/invitations`;
      const back = (kind: 'info' | 'warning', text: string, filter = {}) => {
        cookies.setNotice(reply, { kind, text });
        return reply.redirect(withQuery(list, filter), 303);
      };

      const rows = all ? [] : await tickedOf(visit, request.body);
      if (!all && rows.length === 0) return back('info', 'Select some first.');
      const filled = Object.fromEntries(
        [...new URLSearchParams(written)].filter(([name, value]) => name in filterFields && value !== ''),
      );
      const filterOf = () => inputOf(request, InvitationFilter, 'querystring', asked(filled));

      /** Asks, or asks again. */
      const ask = async (error?: FormError) => {
        let selected: SelectedView = rows;
        try {
          if (all) selected = { matching: written, count: await countSelected(db, organization.id, filterOf()) };
        } catch (refusal) {
          return back('warning', formErrorOf(reply, refusal).text, filled);
        }
        if (act !== 'amend') return sendPage(reply, selectedPage({ frame, act, selected, error }));
        const pools = await listLicensePools(db, organization.id, {}, { limit: 1000 });
        return sendPage(
          reply,
          amendSelectedPage({
            frame,
            selected,
            roles: roles.filter((one) => mayGrant(standing.role, one)),
            products: pools.filter(({ ended }) => !ended),
            filled: { role, replaces },
            licenses,
            error,
          }),
        );
      };
      if (!confirmed) return ask();

      try {
        const { reason } = inputOf(request, RevokeInvitation, 'body', filledIn({ reason: said }));
        requireReason(standing, reason);
        const changes = inputOf(request, ManyToAmend, 'body', {
          ...(role ? { role } : {}),
          ...(replaces ? { licenses } : {}),
        });
        if (act === 'amend' && Object.keys(changes).length === 0)
          throw new Problem('invalid_request', 'Say what to change.');
        const { key } = await formTurn({ db, request, caller });
        const reasoned = { request: key, ...(await keepReason(db, reason)) };
        if (!all && act !== 'amend') {
          cookies.setNotice(reply, await onTicked(rows, act, visit, reasoned));
          return reply.redirect(list, 303);
        }
        const wanted: WantedAct = act === 'amend' ? { kind: act, changes } : { kind: act };
        const selection: Selection = all ? { filter: filterOf() } : { invitations: rows.map(({ id }) => id) };
        const batch = await createActs(deps, organization, standing, wanted, selection, reasoned);
        return reply.redirect(`${frame.organization.path}/batches/${batch.id}`, 303);
      } catch (error) {
        return ask(formErrorOf(reply, error));
      }
    },
  );
}
