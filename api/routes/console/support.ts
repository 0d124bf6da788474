import { Type } from 'typebox';
import { callerOnPage, requireStaff } from '../../caller.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { frameOf, sendPage } from '../../page.ts';
import { supportPath } from '../../pages/console/frame.ts';
import { type FoundView, supportPage } from '../../pages/console/support-page.ts';
import { Problem, problems } from '../../problem.ts';
import { type Found, find } from '../../support.ts';
import { startSignIn } from '../sign-in.ts';
import { field, filledIn, formErrorOf } from './form.ts';

const findQuery = Type.Object({ find: field(254), cursor: field(40) });

/** What was found as its page shows it; a single thing has a page of its own. */
const viewOf = (found: Extract<Found, { is: 'address' | 'name' }>, cursor?: string): FoundView =>
  found.is === 'name'
    ? {
        is: 'name',
        isCut: found.isCut,
        organizations: found.organizations.map(({ name, slug, suspended_at, created_at }) => ({
          ...{ name, slug, isSuspended: suspended_at !== null, createdAt: created_at },
        })),
      }
    : {
        is: 'address',
        isCut: found.isCut,
        invitations: found.invitations.rows.map((row) => ({
          id: row.id,
          email: row.email,
          organization: { name: row.organization_name, slug: row.organization_slug },
          state: row.state,
          delivery: { status: row.delivery_status, detail: row.delivery_detail },
          createdAt: row.created_at,
        })),
        members: found.members.map(({ id, name, email, role, joined_at, slug, organization_name }) => ({
          ...{ id, name, email, role, joinedAt: joined_at, organization: { name: organization_name, slug } },
        })),
        cursor,
        next: found.invitations.next,
      };

/** Where those who run Usher find whom they are asked to help. From there on it is the console of each organization. */
export function registerSupport(app: App, deps: RouteDeps): void {
  app.get(supportPath, { schema: { hide: true, querystring: findQuery } }, async (request, reply) => {
    const { account } = request;
    // What was looked for is left out: it may be an address, and the way to the sign-in is kept in a cookie.
    if (!account) return startSignIn(deps, request, reply, { returnTo: supportPath });
    requireStaff(callerOnPage(request, account), 'findAnywhere');
    const { find: asked, cursor } = filledIn(request.query);
    const text = asked?.trim();
    const view = { ...frameOf(reply, account), account: { name: account.name, email: account.email }, find: text };
    if (!text) return sendPage(reply, supportPage(view));
    try {
      const found = await find(deps.db, text, cursor);
      if (found.is === 'organization') return reply.redirect(`/console/${found.organization.slug}`, 303);
      if (found.is === 'invitation') {
        const { id, organization_slug } = found.invitation;
        return reply.redirect(`/console/${organization_slug}/invitations/${id}`, 303);
      }
      return sendPage(reply, supportPage({ ...view, found: viewOf(found, cursor) }));
    } catch (error) {
      if (error instanceof Problem && error.status === 404) {
        reply.status(404);
        const text = `${problems[error.code].title}.`;
        return sendPage(reply, supportPage({ ...view, error: { text, fields: { find: text } } }));
      }
      return sendPage(reply, supportPage({ ...view, error: formErrorOf(reply, error, { email: 'find' }) }));
    }
  });
}
