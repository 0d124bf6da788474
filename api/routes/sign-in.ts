import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { beginSession, endSession, endSessions, upsertAccount } from '../../db/accounts.ts';
import { type InvitationId, isId } from '../../db/ids.ts';
import { findInvitation } from '../../db/invitations.ts';
import { SignInRefused, SignInUnavailable } from '../../identity/oidc.ts';
import type { App, RouteDeps } from '../deps.ts';
import { closeOvertaken } from '../invitations.ts';
import { frameOf, leave, sendPage } from '../page.ts';
import { invitationPath } from '../pages/post-form.ts';
import { signInUnavailablePage } from '../pages/sign-in-unavailable-page.ts';
import { welcomePage } from '../pages/welcome-page.ts';

/** Where the identity provider sends people back to; register it there. */
export const callbackPath = '/sign-in/callback';

/** Sends the browser to the identity provider; back, it lands on the invitation, `returnTo` or the home page. */
export async function startSignIn(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: { invitation?: InvitationId; returnTo?: string; switchAccount?: boolean } = {},
): Promise<FastifyReply> {
  const { signIn, cookies, links, limits, db } = deps;
  await limits.use({ sign_in: request.ip });
  // The invited address is suggested to whoever holds its live link, and to nobody else.
  const token = wish.invitation && cookies.link(request, wish.invitation);
  const link = token ? links.read(token) : undefined;
  const row = link && (await findInvitation(db, link.invitation));
  const hint = row && row.id === wish.invitation && row.generation === link?.generation && row.state === 'pending';
  // Whoever holds a link of it sees what else it leads to in its language.
  const locale = row && row.id === wish.invitation ? row.locale : undefined;
  try {
    const { url, ...checks } = await signIn.begin({
      ...(hint ? { loginHint: row.email } : {}),
      ...(wish.switchAccount ? { prompt: 'login' as const } : {}),
    });
    cookies.setLogin(request, reply, {
      ...checks,
      ...(wish.invitation ? { invitation: wish.invitation } : {}),
      ...(wish.returnTo ? { returnTo: wish.returnTo } : {}),
    });
    return leave(request, reply, { url, purpose: 'sign_in' }, locale);
  } catch (error) {
    if (!(error instanceof SignInUnavailable)) throw error;
    request.log.error({ issuer: deps.issuer }, 'the identity provider cannot be reached');
    return sendPage(
      reply.status(503),
      signInUnavailablePage({
        ...frameOf(reply, undefined, locale),
        invitation: wish.invitation,
        switchAccount: wish.switchAccount,
      }),
    );
  }
}

export function registerSignIn(app: App, deps: RouteDeps): void {
  const { db, signIn, cookies, publicUrl } = deps;

  app.post(
    '/sign-in',
    {
      schema: {
        hide: true,
        body: Type.Object({
          _csrf: Type.Optional(Type.String()),
          invitation: Type.Optional(Type.String({ maxLength: 40 })),
          prompt: Type.Optional(Type.Literal('login')),
        }),
      },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const { invitation, prompt } = request.body;
      return startSignIn(deps, request, reply, {
        ...(invitation && isId('inv', invitation) ? { invitation } : {}),
        ...(prompt ? { switchAccount: true } : {}),
      });
    },
  );

  // Waits longer than others do: the provider takes a code but once, so that giving up loses the sign-in.
  app.get(callbackPath, { schema: { hide: true }, handlerTimeout: 7_000 }, async (request, reply) => {
    const { state } = request.query as { state?: string };
    const login = typeof state === 'string' ? cookies.login(request, state) : undefined;
    try {
      if (!login) throw new SignInRefused('wrong_state');
      cookies.clearLogin(reply, login.state);
      const { identity, idToken } = await signIn.complete(new URL(request.url, publicUrl), login);
      const account = await upsertAccount(db, identity);
      // Always a new session id: one planted before the sign-in is worth nothing after it.
      const old = cookies.session(request);
      if (old) await endSession(db, old);
      const session = await beginSession(db, { account: account.id, idToken });
      cookies.setSession(reply, session.id, session.expiresAt);
      // The provider may know them under another address than the last time.
      void closeOvertaken(deps, account.id);
      return reply.redirect(login.invitation ? invitationPath(login.invitation) : (login.returnTo ?? '/'), 303);
    } catch (error) {
      if (error instanceof SignInUnavailable) {
        return sendPage(reply.status(503), signInUnavailablePage({ ...frameOf(reply), invitation: login?.invitation }));
      }
      if (!(error instanceof SignInRefused)) throw error;
      request.log.info({ code: error.code }, 'sign-in refused');
      const frame = frameOf(reply);
      const text = frame.words.text(
        error.code === 'cancelled'
          ? login?.invitation
            ? 'welcome.cancelledInvited'
            : 'welcome.cancelled'
          : error.code === 'no_email'
            ? 'welcome.noEmail'
            : 'welcome.unfinished',
      );
      return sendPage(
        reply.status(error.code === 'cancelled' ? 200 : 400),
        welcomePage({ ...frame, notice: { kind: 'warning', text }, invitation: login?.invitation }),
      );
    }
  });

  for (const path of ['/sign-out', '/sign-out-everywhere']) {
    app.post(
      path,
      {
        schema: { hide: true, body: Type.Object({ _csrf: Type.Optional(Type.String()) }) },
        preHandler: [
          // Signed out in another tab: what was wanted is so already.
          async (request, reply) => (request.account ? undefined : reply.redirect('/', 303)),
          app.csrfProtection,
        ],
      },
      async (request, reply) => {
        const session = cookies.session(request);
        const idToken = session && (await endSession(db, session));
        if (path === '/sign-out-everywhere') {
          const { id } = request.account!;
          await endSessions(db, id, { kind: 'account', id }, request.id);
        }
        cookies.clearSession(reply);
        const url = idToken && (await signIn.endSessionUrl({ idToken, returnTo: `${publicUrl}/` }));
        return url ? leave(request, reply, { url, purpose: 'sign_out' }) : reply.redirect('/', 303);
      },
    );
  }
}
