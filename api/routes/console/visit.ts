import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Account } from '../../../db/accounts.ts';
import { findOrganization, type Organization } from '../../../db/organizations.ts';
import { type Caller, callerOnPage, type Standing, standingIn } from '../../caller.ts';
import type { RouteDeps } from '../../deps.ts';
import { frameOf, policy } from '../../page.ts';
import type { ConsoleFrame } from '../../pages/console/frame.ts';
import { type OrganizationPermission, roleMay, staffMay } from '../../permissions.ts';
import { Problem } from '../../problem.ts';
import { startSignIn } from '../sign-in.ts';

/** The navigation, in this order: below `/console/{organization}`, for those with the permission. */
const sections: readonly {
  name: string;
  path: string;
  /** What else belongs to it. */
  also?: readonly string[];
  permission: OrganizationPermission;
}[] = [
  { name: 'Overview', path: '', permission: 'readInvitations' },
  { name: 'Invitations', path: '/invitations', also: ['/invite', '/batches'], permission: 'readInvitations' },
  { name: 'Members', path: '/members', permission: 'readMembers' },
  { name: 'Licences', path: '/licenses', permission: 'readLicenses' },
  { name: 'API keys', path: '/api-keys', permission: 'readApiKeys' },
  { name: 'Webhooks', path: '/webhooks', permission: 'readWebhooks' },
  { name: 'Settings', path: '/settings', permission: 'readSettings' },
  { name: 'Audit log', path: '/events', permission: 'readAuditLog' },
];

/** Where people begin: with the overview, or where their work is. */
const beginnings = ['', '/licenses'];

/** Where somebody begins in an organization's console. @param may what they may there */
export const firstSection = (slug: string, may: (permission: OrganizationPermission) => boolean): string =>
  `/console/${slug}${sections.find(({ path, permission }) => beginnings.includes(path) && may(permission))?.path ?? ''}`;

export const organizationPath = Type.Object({ organization: Type.String({ maxLength: 60 }) });
export const thingPath = Type.Object({ ...organizationPath.properties, id: Type.String({ maxLength: 40 }) });

/** Somebody at a page of an organization's console. */
export interface Visit {
  account: Account;
  caller: Caller;
  organization: Organization;
  /** By the permission that was asked. */
  standing: Standing;
  /** Whether they may do that there, too: for buttons and links. */
  may(permission: OrganizationPermission): boolean;
  /** What the page shows around its content. */
  frame: ConsoleFrame;
}

/** How long a path may be to come back to after a sign-in: it travels in a cookie. */
const longestReturn = 500;

/**
 * Lets somebody in.
 *
 * @returns undefined when nobody is signed in: they are on their way to do so, and the route returns its reply
 * @throws Problem `not_found` for an organization that they may not know, `not_allowed`
 */
export async function enter(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  permission: OrganizationPermission,
): Promise<Visit | undefined> {
  const { account } = request;
  const { organization: slug } = request.params as Static<typeof organizationPath>;
  if (!account) {
    const isPage = request.method === 'GET' && request.url.length <= longestReturn;
    await startSignIn(deps, request, reply, {
      returnTo: isPage ? request.url : `/console/${encodeURIComponent(slug)}`,
    });
    return undefined;
  }
  const organization = await findOrganization(deps.db, slug);
  if (!organization) throw new Problem('not_found');
  const caller = callerOnPage(request, account);
  const standing = await standingIn(deps.db, caller, organization.id, permission);
  const may = (asked: OrganizationPermission) =>
    (!standing.staff && roleMay(standing.role, asked)) ||
    (account.staff_role !== null && staffMay(account.staff_role, asked));
  const path = `/console/${organization.slug}`;
  const [, below = ''] = (request.routeOptions.url ?? '').split('/:organization');
  const [, section] = below.split('/');
  // Its script, which asks for the page again, and what a page frames of its own.
  reply.helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { ...policy, scriptSrc: ["'self'"], connectSrc: ["'self'"], frameSrc: ["'self'"] },
    },
  });
  const notice = request.method === 'GET' ? deps.cookies.notice(request, reply) : undefined;
  const { csrf } = frameOf(reply, account);
  return {
    account,
    caller,
    organization,
    standing,
    may,
    frame: {
      account: { name: account.name, email: account.email },
      csrf,
      organization: {
        name: organization.name,
        logo: organization.logo,
        path,
        isSuspended: organization.suspended_at !== null,
      },
      asksReason: standing.staff === true,
      sections: sections
        .filter((s) => may(s.permission))
        .map((s) => ({
          name: s.name,
          href: path + s.path,
          ...([s.path, ...(s.also ?? [])].includes(section ? `/${section}` : '')
            ? { current: below === s.path ? ('page' as const) : ('true' as const) }
            : {}),
        })),
      ...(notice ? { notice } : {}),
    },
  };
}
