import { listMemberships } from '../../../db/members.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { frameOf, sendPage } from '../../page.ts';
import { supportPath } from '../../pages/console/frame.ts';
import { organizationsPage } from '../../pages/console/organizations-page.ts';
import { roleMay, whoMay } from '../../permissions.ts';
import { Problem } from '../../problem.ts';
import { startSignIn } from '../sign-in.ts';
import { registerApiKeyPages } from './api-keys.ts';
import { registerBatchPages } from './batches.ts';
import { registerEmailPages } from './emails.ts';
import { registerEventsPage } from './events.ts';
import { registerInvitationPages } from './invitations.ts';
import { registerInvitePages } from './invite.ts';
import { registerInviterPages } from './inviter.ts';
import { registerLicensePages } from './licenses.ts';
import { registerMemberPages } from './members.ts';
import { registerOverview } from './overview.ts';
import { registerSelection } from './selection.ts';
import { registerSettingsPages } from './settings.ts';
import { registerSupport } from './support.ts';
import { firstSection } from './visit.ts';
import { registerWebhookPages } from './webhooks.ts';

/**
 * The console. How a page of it is made:
 *
 * - Each noun has one file here (`invitations.ts`) that registers its routes, and is called below; what its pages look like is in
 *   `api/pages/console/` (`invitations-page.ts`). What can be done is in `api/invitations.ts` and the like, for the HTTP API as
 *   well: a route here reads its form, calls that, and shows what came of it.
 * - A route begins with `enter`, which signs people in, finds the organization, asks the permission, and gives the page its frame.
 *   Each route has a row in `api/permissions.ts`; a place in the navigation, one in `sections` (`visit.ts`).
 * - Forms post with `consoleForm` to routes with `preHandler: app.csrfProtection`; their body is `formBody` and more. A form is
 *   known by what is hidden in it (`formTurn`): pressed twice it acts once. Input has the schemas of the HTTP API (`inputOf`).
 *   What that refuses comes back into the form by `formErrorOf`, beside its fields. What is done leads elsewhere, with a notice
 *   (`cookies.setNotice`, then a redirect by 303). What cannot be undone has a page between, `confirmPage`.
 * - A list has a caption, a filter by GET (`filterForm`), pages by cursor (`pager`), and, where nothing is found, words that say
 *   what to do next (`emptyState`). `dataTable` makes cards of its rows where the window is narrow.
 * - Pages are shown in `test/pages/views.ts`, which also sees to it that every class has a style; their routes are listed in
 *   `test/pages/routes.test.ts`; what they do is tested in `test/pages/console.test.ts`.
 */
export function registerConsole(app: App, deps: RouteDeps): void {
  app.get('/console', { schema: { hide: true } }, async (request, reply) => {
    const { account } = request;
    if (!account) return startSignIn(deps, request, reply, { returnTo: '/console' });
    const memberships = await listMemberships(deps.db, account.id, request.countsIn);
    const managed = memberships.filter((m) => roleMay(m.role, 'openConsole'));
    // Whom they help they find first.
    if (managed.length === 0 && account.staff_role) return reply.redirect(supportPath, 303);
    if (managed.length === 0) throw new Problem('not_allowed', `${whoMay('openConsole')} may.`);
    const organizations = managed.map(({ name, logo, slug, role }) => ({
      name,
      logo,
      role,
      path: firstSection(slug, (permission) => roleMay(role, permission)),
    }));
    if (organizations.length === 1) return reply.redirect(organizations[0]!.path, 303);
    return sendPage(reply, organizationsPage({ ...frameOf(reply, account), organizations }));
  });

  registerOverview(app, deps);
  registerInvitationPages(app, deps);
  registerSelection(app, deps);
  registerInvitePages(app, deps);
  registerInviterPages(app, deps);
  registerMemberPages(app, deps);
  registerLicensePages(app, deps);
  registerApiKeyPages(app, deps);
  registerWebhookPages(app, deps);
  registerSettingsPages(app, deps);
  registerEmailPages(app, deps);
  registerBatchPages(app, deps);
  registerEventsPage(app, deps);
  registerSupport(app, deps);
}
