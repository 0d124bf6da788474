import { Type } from 'typebox';
import { findLicensePools, listLicensePools } from '../../../db/licenses.ts';
import { mayGrant, roles } from '../../../db/members.ts';
import { addressesIn } from '../../addresses.ts';
import { createBatch, mostRows, previewBatch, type RequestedRow, rowsOfCsv } from '../../batches.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { expiresInMs, written } from '../../invitations.ts';
import { sendPage } from '../../page.ts';
import type { Filled, FormError } from '../../pages/console/form.ts';
import { csvPage, invitePage } from '../../pages/console/invite-page.ts';
import { type PreviewPageView, previewPage } from '../../pages/console/preview-page.ts';
import { Problem } from '../../problem.ts';
import { BatchRow, type BatchRowBody } from '../../schemas.ts';
import { field, filledIn, formBody, formErrorOf, inputOf, listed, refused, ticked } from './form.ts';
import { enter, organizationPath, type Visit } from './visit.ts';

/** The most characters of addresses, and of CSV: 10,000 rows of 100, which are sent percent-encoded. */
const mostText = 1_000_000;
const bodyLimit = 3 * mostText + 64 * 1024;
/** It is the work of thousands of other requests, and takes longer than one of them may, ms. */
const patienceMs = 10_000;
/** Rows that a page names. */
const mostShown = 1_000;

/** What is done with what was looked at: those are invited who can be, or it is filled in again. */
const mode = Type.Optional(Type.Union([Type.Literal('valid'), Type.Literal('change')]));
const inviteBody = Type.Object({
  ...formBody,
  mode,
  addresses: field(mostText),
  role: field(20),
  licenses: ticked(60, 20),
  teams: field(1300),
  message: field(1100),
  locale: field(40),
  expiresIn: field(40),
});
const csvBody = Type.Object({ ...formBody, mode, csv: field(mostText) });

/** Inviting people: by their addresses, or by CSV. */
export function registerInvitePages(app: App, deps: RouteDeps): void {
  const { db } = deps;
  const many = { bodyLimit, handlerTimeout: Math.max(patienceMs, deps.patienceMs ?? 0) };

  const inviteForm = async (
    { organization, standing, frame }: Visit,
    again?: { filled: Filled; licenses: readonly string[]; error?: FormError },
  ) =>
    invitePage({
      frame,
      most: mostRows,
      mostText,
      terms: {
        licenses: again?.licenses ?? [],
        products: (await listLicensePools(db, organization.id, {}, { limit: 1000 })).filter(({ ended }) => !ended),
        roles: roles.filter((role) => mayGrant(standing.role, role)),
        languages: organization.languages,
      },
      filled: again?.filled ?? { role: 'member', locale: organization.languages[0] ?? '' },
      ...(again?.error ? { error: again.error } : {}),
    });

  /** Invites all of them, or those that can be; undefined when some cannot, which is to be looked at first. */
  const invite = async (visit: Visit, rows: RequestedRow[], mode: 'all' | 'valid', key: string) => {
    try {
      return (await createBatch(deps, visit.organization, visit.standing, { mode, rows }, key)).batch;
    } catch (error) {
      if (error instanceof Problem && error.code === 'batch_refused') return undefined;
      throw error;
    }
  };

  /** What would become of them, as its page shows it. */
  const looked = async (
    visit: Visit,
    rows: RequestedRow[],
    again: Pick<PreviewPageView, 'action' | 'fields' | 'repeated'>,
  ) => {
    const { counts, results } = await previewBatch(deps, visit.organization, visit.standing, rows);
    const bad = results.filter(({ result }) => result !== 'valid');
    return previewPage({
      frame: visit.frame,
      valid: counts.valid,
      refused: counts.refused,
      bad: bad.slice(0, mostShown).map((result) => ({
        place: placeOf(result),
        email: result.email,
        detail: result.detail ?? result.result,
      })),
      ...again,
    });
  };

  const pathOf = (visit: Visit, below: string) => `${visit.frame.organization.path}${below}`;

  app.get(
    '/console/:organization/invite',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'invite');
      if (!visit) return reply;
      return sendPage(reply, await inviteForm(visit));
    },
  );

  app.post(
    '/console/:organization/invite',
    { ...many, schema: { hide: true, params: organizationPath, body: inviteBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'invite');
      if (!visit) return reply;
      const { _csrf, _form, mode = 'all', licenses: boxes, ...filled } = request.body;
      const licenses = [boxes ?? []].flat();
      if (mode === 'change') return sendPage(reply, await inviteForm(visit, { filled, licenses }));
      try {
        const addresses = addressesIn(filled.addresses ?? '');
        if (addresses.length === 0) throw refused('addresses', 'Write at least one address.');
        if (addresses.length > mostRows)
          throw refused('addresses', `These are ${addresses.length}; at most ${mostRows} at once.`);
        const { role, locale, expiresIn, message } = filledIn(filled);
        const teams = listed(filled.teams ?? '');
        const { email: _, ...terms } = inputOf(request, BatchRow, 'body', {
          email: '',
          ...(role ? { role } : {}),
          ...(locale ? { locale } : {}),
          ...(expiresIn ? { expiresIn } : {}),
          // Browsers end the lines of a text with two characters.
          ...(message?.trim() ? { message: message.replaceAll('\r\n', '\n') } : {}),
          ...(teams.length > 0 ? { teams } : {}),
          ...(licenses.length > 0 ? { licenses } : {}),
        });
        // What is wrong with the terms is wrong with every row: the form says so, once.
        expiresInMs(terms.expiresIn);
        const { expiresIn: __, ...said } = terms;
        written(visit.organization, visit.standing, said, await findLicensePools(db, visit.organization.id, licenses));
        const rows = addresses.map((email): RequestedRow => ({ input: { email, ...terms } }));
        const { key } = await formTurn({ db, request, caller: visit.caller });
        const batch = await invite(visit, rows, mode, key);
        if (batch) return reply.redirect(pathOf(visit, `/batches/${batch.id}`), 303);
        const again = {
          action: pathOf(visit, '/invite'),
          fields: filled,
          repeated: { name: 'licenses', values: licenses },
        };
        return sendPage(reply, await looked(visit, rows, again));
      } catch (error) {
        return sendPage(reply, await inviteForm(visit, { filled, licenses, error: formErrorOf(reply, error) }));
      }
    },
  );

  app.get(
    '/console/:organization/invite/csv',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'invite');
      if (!visit) return reply;
      return sendPage(reply, csvPage({ frame: visit.frame, csv: '', most: mostRows, mostText }));
    },
  );

  app.post(
    '/console/:organization/invite/csv',
    { ...many, schema: { hide: true, params: organizationPath, body: csvBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'invite');
      if (!visit) return reply;
      const { csv = '', mode } = request.body;
      if (mode === 'change') return sendPage(reply, csvPage({ frame: visit.frame, csv, most: mostRows, mostText }));
      try {
        const rows = rowsOfCsv(request, csv);
        if (mode) {
          const { key } = await formTurn({ db, request, caller: visit.caller });
          const batch = await invite(visit, rows, mode, key);
          return reply.redirect(pathOf(visit, `/batches/${batch!.id}`), 303);
        }
        return sendPage(reply, await looked(visit, rows, { action: pathOf(visit, '/invite/csv'), fields: { csv } }));
      } catch (error) {
        const refused = formErrorOf(reply, error);
        return sendPage(reply, csvPage({ frame: visit.frame, csv, most: mostRows, mostText, error: refused }));
      }
    },
  );
}

const placeOf = ({ row, line }: Pick<BatchRowBody, 'row' | 'line'>) =>
  line === undefined ? `Row ${row}` : `Line ${line}`;
