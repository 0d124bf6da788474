import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Account } from '../../db/accounts.ts';
import { isId } from '../../db/ids.ts';
import { findInvitation, type Invitation } from '../../db/invitations.ts';
import { mayLeadTo } from '../../identity/origins.ts';
import { providerOf, vouchesFor } from '../../identity/providers.ts';
import type { Words } from '../../languages/words.ts';
import type { App, RouteDeps } from '../deps.ts';
import {
  acceptInvitation,
  askToResend,
  type Decision,
  declineInvitation,
  isInvitee,
  whyNotInvitee,
} from '../invitations.ts';
import { frameOf, leave, sendPage } from '../page.ts';
import { alreadyAcceptedPage } from '../pages/already-accepted-page.ts';
import { declinePage } from '../pages/decline-page.ts';
import { declinedPage } from '../pages/declined-page.ts';
import { invalidLinkPage } from '../pages/invalid-link-page.ts';
import { invitationPage } from '../pages/invitation-page.ts';
import { invitationPath } from '../pages/post-form.ts';
import { unknownLinkPage } from '../pages/unknown-link-page.ts';
import { unreachablePage } from '../pages/unreachable-page.ts';
import { unverifiedPage } from '../pages/unverified-page.ts';
import { wrongAccountPage } from '../pages/wrong-account-page.ts';
import { Problem } from '../problem.ts';
import { problemWords } from '../problem-words.ts';
import { startSignIn } from './sign-in.ts';

const idParams = Type.Object({ id: Type.String({ maxLength: 40 }) });
const formBody = Type.Object({
  _csrf: Type.Optional(Type.String()),
  invitation: Type.String({ maxLength: 40 }),
  emailVersion: Type.Optional(Type.String({ pattern: '^\\d{1,9}$' })),
});

/** How a browser came to an invitation: by a link of ours, live or dead, or by being signed in as the invitee. */
interface Visit {
  row: Invitation;
  /** The link it holds: `live` while of the present generation. */
  link: 'live' | 'dead' | 'none';
  account: Account | undefined;
  isInvitee: boolean;
}

/** The pages of invitees, the home page, and a first console. GET changes nothing: mail scanners follow links. */
export function registerPages(app: App, deps: RouteDeps): void {
  const { db, links, cookies, limits, issuers, providers } = deps;

  /** @throws Problem `not_found` when the browser has neither a link to it nor the invited account */
  const visit = async (request: FastifyRequest, id: string): Promise<Visit | undefined> => {
    const row = isId('inv', id) ? await findInvitation(db, id) : undefined;
    // Of one that was erased nothing is left to show, but to the member whose it was.
    if (!row || (row.erased_at && row.decided_by !== request.account?.id)) return undefined;
    const token = cookies.link(request, row.id);
    const read = token ? links.read(token) : undefined;
    const link = read?.invitation !== row.id ? 'none' : read.generation === row.generation ? 'live' : 'dead';
    const { account } = request;
    const invitee = account !== undefined && isInvitee(row, account, issuers);
    return link === 'none' && !invitee ? undefined : { row, link, account, isInvitee: invitee };
  };

  const unknown = (reply: FastifyReply, account?: Account) =>
    sendPage(reply.status(404), unknownLinkPage(frameOf(reply, account)));

  const organizationOf = (row: Invitation) => ({
    name: row.organization_name,
    logo: row.organization_logo,
    color: row.organization_color,
  });
  const inviterOf = (row: Invitation) => ({ name: row.inviter_name, email: row.inviter_email });

  const invalid = (
    reply: FastifyReply,
    { row, link, account }: Visit,
    ask: 'possible' | 'asked' | 'already_asked' = 'possible',
  ) =>
    sendPage(
      reply.status(ask === 'possible' ? 410 : 200),
      invalidLinkPage({
        ...frameOf(reply, account, row.locale),
        invitation: row.id,
        organization: organizationOf(row),
        reason:
          row.state === 'pending' ? (link === 'dead' ? 'replaced' : 'expired') : (row.state as 'expired' | 'revoked'),
        ask,
      }),
    );

  /** The page that says how an invitation stands for this browser; undefined when it can be decided here and now. */
  const standing = (request: FastifyRequest, reply: FastifyReply, seen: Visit) => {
    const { row, link, account, isInvitee } = seen;
    const frame = () => frameOf(reply, account, row.locale);
    switch (row.state) {
      case 'accepted':
        if (account && row.decided_by === account.id) return reply.redirect('/', 303);
        return sendPage(reply.status(410), alreadyAcceptedPage({ ...frame(), organization: organizationOf(row) }));
      case 'declined':
        return sendPage(
          reply.status(410),
          declinedPage({
            ...frame(),
            organization: organizationOf(row),
            ...(isInvitee ? { invitedBy: inviterOf(row) } : {}),
            ...(row.decided_at ? { decidedAt: row.decided_at } : {}),
          }),
        );
      case 'expired':
      case 'revoked':
        return invalid(reply, seen);
      case 'pending': {
        // Due, though the engine may not have said so yet.
        if (row.expires_at.getTime() <= Date.now()) return invalid(reply, seen);
        if (link === 'dead' && !isInvitee) return invalid(reply, seen);
        if (!account) return startSignIn(deps, request, reply, { invitation: row.id });
        const refusal = whyNotInvitee(row, account, issuers);
        if (refusal === 'email_unverified') {
          const provider = providerOf(providers, account.issuer)!;
          return sendPage(
            reply.status(403),
            unverifiedPage({
              ...frame(),
              account,
              invitation: { id: row.id, organization: organizationOf(row) },
              provider: vouchesFor(provider, account.email) ? provider.id : undefined,
            }),
          );
        }
        if (refusal) {
          return sendPage(
            reply.status(403),
            wrongAccountPage({
              ...frame(),
              account,
              isElsewheres: refusal === 'issuer_not_allowed',
              invitation: {
                id: row.id,
                email: row.email,
                organization: organizationOf(row),
                expiresAt: row.expires_at,
              },
            }),
          );
        }
        return undefined;
      }
      default:
        return row.state satisfies never;
    }
  };

  const decidable = (row: Invitation) => ({
    id: row.id,
    email: row.email,
    emailVersion: row.email_version,
    organization: organizationOf(row),
    invitedBy: inviterOf(row),
    role: row.role,
    licenses: row.licenses.map(({ name, kind, ended }) => ({ product: name, kind, ended })),
    teams: row.teams,
    ...(row.message ? { message: row.message } : {}),
    expiresAt: row.expires_at,
  });

  app.get(
    '/i/:token',
    { schema: { hide: true, params: Type.Object({ token: Type.String({ maxLength: 200 }) }) } },
    async (request, reply) => {
      reply.header('referrer-policy', 'no-referrer');
      const link = links.read(request.params.token);
      if (!link || !(await findInvitation(db, link.invitation))) {
        await limits.use({ unknown_link: request.ip });
        return unknown(reply, request.account);
      }
      request.invitation = link.invitation;
      // A newer link is not displaced by an older one that still lies about in a mailbox.
      const held = cookies.link(request, link.invitation);
      if (!held || (links.read(held)?.generation ?? 0) <= link.generation) {
        cookies.setLink(request, reply, link.invitation, request.params.token);
      }
      return reply.redirect(invitationPath(link.invitation), 303);
    },
  );

  app.get('/invitations/:id', { schema: { hide: true, params: idParams } }, async (request, reply) => {
    const seen = await visit(request, request.params.id);
    if (!seen) {
      // Perhaps it is theirs, and only the sign-in is missing: the same answer whether it exists or not.
      const { account } = request;
      return account || !isId('inv', request.params.id)
        ? unknown(reply, account)
        : startSignIn(deps, request, reply, { invitation: request.params.id });
    }
    const page = standing(request, reply, seen);
    if (page) return page;
    const frame = frameOf(reply, seen.account, seen.row.locale);
    return sendPage(
      reply,
      invitationPage({
        ...frame,
        account: seen.account!,
        invitation: decidable(seen.row),
        ...(seen.row.organization_suspended_at
          ? { notice: { kind: 'warning', text: frame.words.text('invitation.suspended') } }
          : {}),
      }),
    );
  });

  app.get('/invitations/:id/decline', { schema: { hide: true, params: idParams } }, async (request, reply) => {
    const seen = await visit(request, request.params.id);
    if (!seen) return unknown(reply, request.account);
    const page = standing(request, reply, seen);
    if (page) return page;
    return sendPage(
      reply,
      declinePage({
        ...frameOf(reply, seen.account, seen.row.locale),
        account: seen.account!,
        invitation: decidable(seen.row),
      }),
    );
  });

  for (const [act, decide] of [
    ['accept', acceptInvitation],
    ['decline', declineInvitation],
  ] as const) {
    app.post(
      `/invitations/:id/${act}`,
      { schema: { hide: true, params: idParams, body: formBody }, preHandler: app.csrfProtection },
      async (request, reply) => {
        const receivedAt = Date.now();
        const { id } = request.params;
        // Two tabs never cross: the form names the invitation it was drawn for.
        if (request.body.invitation !== id)
          throw new Problem('form_expired', 'The form is of another invitation. Nothing was done.');
        const seen = await visit(request, id);
        if (!seen) return unknown(reply, request.account);
        // An earlier press, whose answer was lost, may have taken effect: it is greeted as this one would be.
        if (act === 'accept' && seen.row.state === 'accepted' && seen.row.decided_by === seen.account?.id) {
          return joined(request, reply, seen.row);
        }
        const page = standing(request, reply, seen);
        if (page) return page;
        const account = seen.account!;
        const decision: Decision = {
          by: { kind: 'account', id: account.id },
          account,
          receivedAt,
          emailVersion: Number(request.body.emailVersion ?? seen.row.email_version),
          request: request.id,
          turn: 'only',
        };
        try {
          const row = await decide(deps, seen.row, decision);
          if (act === 'decline') return reply.redirect(invitationPath(row.id), 303);
          return joined(request, reply, row);
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          const now = (await findInvitation(db, seen.row.id))!;
          if (error.code === 'engine_unreachable') {
            return sendPage(
              reply.status(503).header('retry-after', '5'),
              unreachablePage({
                ...frameOf(reply, account, now.locale),
                account,
                act,
                invitation: { ...decidable(now), state: now.state },
              }),
            );
          }
          const after = standing(request, reply, { ...seen, row: now });
          if (after) return after;
          // Still open, but not on what the page showed.
          const frame = frameOf(reply, account, now.locale);
          return sendPage(
            reply.status(error.status),
            invitationPage({
              ...frame,
              account,
              invitation: decidable(now),
              notice: { kind: 'error', text: refusedText(frame.words, error) },
            }),
          );
        }
      },
    );
  }

  app.post(
    '/invitations/:id/ask-to-resend',
    { schema: { hide: true, params: idParams, body: formBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      if (request.body.invitation !== request.params.id)
        throw new Problem('form_expired', 'The form is of another invitation. Nothing was done.');
      const seen = await visit(request, request.params.id);
      if (!seen) return unknown(reply, request.account);
      const { row, link } = seen;
      const isDead =
        row.state === 'expired' ||
        row.state === 'revoked' ||
        (row.state === 'pending' && (link === 'dead' || row.expires_at.getTime() <= Date.now()));
      if (!isDead) return standing(request, reply, seen) ?? reply.redirect(invitationPath(row.id), 303);
      const asked = await askToResend(deps, row, { request: request.id, client: request.ip });
      return invalid(reply, seen, asked ? 'asked' : 'already_asked');
    },
  );
}

/** To where the inviter wants new members to go, while that is the organization's; else to the home page with a welcome. */
function joined(request: FastifyRequest, reply: FastifyReply, row: Invitation) {
  const home = { home_url: row.organization_home_url, origins: row.organization_origins };
  return row.redirect_url && mayLeadTo(row.redirect_url, home)
    ? leave(
        request,
        reply,
        { url: new URL(row.redirect_url).href, purpose: { joined: row.organization_name } },
        row.locale,
      )
    : reply.redirect(`/?joined=${row.organization_slug}`, 303);
}

/** Why a decision was refused though the invitation is still open. */
function refusedText(words: Words, problem: Problem): string {
  switch (problem.code) {
    case 'email_changed':
      return words.text('invitation.changed');
    case 'organization_suspended':
      return words.text('invitation.suspended');
    case 'already_member':
      return words.text('invitation.alreadyMember');
    default:
      return words.text('invitation.notDone', { why: problemWords(words, problem).detail || problem.code });
  }
}
