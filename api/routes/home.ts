import { Type } from 'typebox';
import { listInvitationsOfMailbox } from '../../db/invitations.ts';
import { listMemberships } from '../../db/members.ts';
import type { App, RouteDeps } from '../deps.ts';
import { frameOf, sendPage } from '../page.ts';
import { supportPath } from '../pages/console/frame.ts';
import { homePage } from '../pages/home-page.ts';
import type { Notice } from '../pages/notice.ts';
import { welcomePage } from '../pages/welcome-page.ts';
import { roleMay } from '../permissions.ts';
import { firstSection } from './console/visit.ts';
import { offered } from './sign-in.ts';

/** Where a person is a member, and what they are invited to: the cure for lost mail. */
export function registerHome(app: App, deps: RouteDeps): void {
  const { db } = deps;
  app.get(
    '/',
    { schema: { hide: true, querystring: Type.Object({ joined: Type.Optional(Type.String({ maxLength: 60 })) }) } },
    async (request, reply) => {
      const { account } = request;
      const frame = frameOf(reply, account);
      if (!account) return sendPage(reply, welcomePage({ ...frame, choices: offered(deps, request) }));
      const memberships = await listMemberships(db, account.id, request.countsIn);
      const joined = memberships.find((m) => m.slug === request.query.joined);
      const invitations =
        account.email_verified && account.mailbox !== ''
          ? await listInvitationsOfMailbox(db, account.mailbox, request.countsIn, { limit: 50 })
          : [];
      const notice: Notice | undefined = joined && {
        kind: 'success',
        text: frame.words.text('home.joinedNow', { organization: joined.name }),
      };
      return sendPage(
        reply,
        homePage({
          ...frame,
          account: { name: account.name, email: account.email, emailVerified: account.email_verified },
          memberships: memberships.map((m) => ({
            organization: { name: m.name, logo: m.logo, ...(m.url ? { url: m.url } : {}) },
            role: m.role,
            joinedAt: m.joined_at,
            licenses: m.licenses.map(({ name, kind, ended, since }) => ({ product: name, kind, ended, since })),
            ...(roleMay(m.role, 'openConsole')
              ? { console: firstSection(m.slug, (permission) => roleMay(m.role, permission)) }
              : {}),
          })),
          invitations: invitations.map((row) => ({
            id: row.id,
            organization: { name: row.organization_name, logo: row.organization_logo },
            invitedBy: { name: row.inviter_name, email: row.inviter_email },
            role: row.role,
            expiresAt: row.expires_at,
          })),
          ...(account.staff_role ? { support: supportPath } : {}),
          ...(notice ? { notice } : {}),
        }),
      );
    },
  );
}
