import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { beginSession, endSession, endSessions, upsertAccount } from '../../db/accounts.ts';
import { type InvitationId, isId } from '../../db/ids.ts';
import { findInvitation } from '../../db/invitations.ts';
import { findOrganizationOfIssuer } from '../../db/organizations.ts';
import { type SignInRefusal, SignInRefused, SignInUnavailable } from '../../identity/oidc.ts';
import { mainProvider, type Provider, providerOf, vouchesFor } from '../../identity/providers.ts';
import type { App, RouteDeps } from '../deps.ts';
import { closeOvertaken } from '../invitations.ts';
import { frameOf, leave, sendPage } from '../page.ts';
import { invitationPath } from '../pages/post-form.ts';
import { signInUnavailablePage } from '../pages/sign-in-unavailable-page.ts';
import { welcomePage } from '../pages/welcome-page.ts';

/** Where the main identity provider sends people back to, and each of the others below its id; register it there. */
export const callbackPath = '/sign-in/callback';

/** What somebody signs in for. */
interface Wish {
  invitation?: InvitationId | undefined;
  /** A path of ours, named by our routes. */
  returnTo?: string | undefined;
  switchAccount?: boolean | undefined;
  /** The id of the provider that they have chosen. */
  provider?: string | undefined;
}

/** Where somebody may sign in, with where they did the last time first. */
export function offered({ providers, cookies }: RouteDeps, request: FastifyRequest): Provider[] {
  const last = providers.find(({ id }) => id === cookies.provider(request));
  return withFirst(
    last,
    providers.filter(({ hidden }) => !hidden),
  );
}

/**
 * Sends the browser to an identity provider: the only one there is, that of the organization which invites, or the one they
 * choose on a page, as they do for another account too. Back, it lands on the invitation, `returnTo` or the home page.
 */
export async function startSignIn(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: Wish = {},
): Promise<FastifyReply> {
  const { providers, cookies, links, limits, db } = deps;
  const { invitation, returnTo, switchAccount } = wish;
  // Whoever holds its live link, and nobody else, is told the invited address, and where its organization signs in.
  const token = invitation && cookies.link(request, invitation);
  const link = token ? links.read(token) : undefined;
  const row = link && (await findInvitation(db, link.invitation));
  // Whoever holds a link of it sees what else it leads to in its language.
  const locale = row && row.id === invitation ? row.locale : undefined;
  const isLive = row && row.id === invitation && row.generation === link?.generation && row.state === 'pending';
  const own = isLive && row.organization_issuer ? providerOf(providers, row.organization_issuer) : undefined;
  const choices = withFirst(own, offered(deps, request));
  const chosen = choices.find(({ id }) => id === wish.provider);
  // Whom its provider does not know would be sent back there for ever.
  const isSettled = choices.length === 1 || (own !== undefined && !switchAccount);
  const provider = chosen ?? (isSettled ? choices[0] : undefined);
  if (!provider)
    return sendPage(
      reply,
      welcomePage({
        ...frameOf(reply, request.account, locale),
        ...{ choices, invitation, switchAccount, returnTo: returnTo && reply.signCookie(returnTo) },
      }),
    );
  await limits.use({ sign_in: request.ip });
  try {
    const { url, ...checks } = await provider.signIn.begin({
      ...(isLive ? { loginHint: row.email } : {}),
      ...(switchAccount ? { prompt: 'login' as const } : {}),
    });
    cookies.setLogin(request, reply, {
      ...checks,
      provider: provider.id,
      ...(invitation ? { invitation } : {}),
      ...(returnTo ? { returnTo } : {}),
    });
    return leave(request, reply, { url, purpose: 'sign_in' }, locale);
  } catch (error) {
    if (!(error instanceof SignInUnavailable)) throw error;
    request.log.error({ issuer: provider.issuer }, 'the identity provider cannot be reached');
    return sendPage(
      reply.status(503),
      signInUnavailablePage({
        ...frameOf(reply, request.account, locale),
        ...{ choices: withFirst(provider, choices), invitation, switchAccount },
      }),
    );
  }
}

const withFirst = (first: Provider | undefined, others: readonly Provider[]): Provider[] => [
  ...(first ? [first] : []),
  ...others.filter((provider) => provider !== first),
];

export function registerSignIn(app: App, deps: RouteDeps): void {
  const { db, providers, cookies, publicUrl } = deps;

  app.post(
    '/sign-in',
    {
      schema: {
        hide: true,
        body: Type.Object({
          _csrf: Type.Optional(Type.String()),
          invitation: Type.Optional(Type.String({ maxLength: 40 })),
          prompt: Type.Optional(Type.Literal('login')),
          provider: Type.Optional(Type.String({ maxLength: 40 })),
          return_to: Type.Optional(Type.String({ maxLength: 600 })),
        }),
      },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const { invitation, prompt, provider, return_to } = request.body;
      // Ours, or it is not heeded: other things that we have signed are no paths.
      const { value: path } = request.unsignCookie(return_to ?? '');
      return startSignIn(deps, request, reply, {
        ...(invitation && isId('inv', invitation) ? { invitation } : {}),
        ...(path?.startsWith('/') ? { returnTo: path } : {}),
        switchAccount: prompt === 'login',
        provider,
      });
    },
  );

  const find = (id: string) => providers.find((provider) => provider.id === id);
  /** @param provider the one whose callback this is */
  const callback = async (request: FastifyRequest, reply: FastifyReply, provider: Provider | undefined) => {
    const { state } = request.query as { state?: string };
    const login = typeof state === 'string' ? cookies.login(request, state) : undefined;
    const asked = login && find(login.provider ?? mainProvider);
    const choices = withFirst(asked, offered(deps, request));
    try {
      if (!login) throw new SignInRefused('wrong_state');
      cookies.clearLogin(reply, login.state);
      // What another sends than was asked is redeemed nowhere: its code would go to the wrong one (RFC 9700, section 4.4).
      if (!provider || provider !== asked) throw new SignInRefused('wrong_issuer');
      const { identity, idToken } = await provider.signIn.complete(new URL(request.url, publicUrl), login);
      if (!provider.everywhere && !(await findOrganizationOfIssuer(db, identity.issuer)))
        throw new SignInRefused('no_organization');
      const emailVerified = identity.emailVerified && vouchesFor(provider, identity.email);
      const account = await upsertAccount(db, { ...identity, emailVerified });
      // Always a new session id: one planted before the sign-in is worth nothing after it.
      const old = cookies.session(request);
      if (old) await endSession(db, old);
      const session = await beginSession(db, { account: account.id, idToken });
      cookies.setSession(reply, session.id, session.expiresAt);
      if (providers.length > 1) cookies.setProvider(reply, provider.id);
      // The provider may know them under another address than the last time.
      void closeOvertaken(deps, account.id);
      return reply.redirect(login.invitation ? invitationPath(login.invitation) : (login.returnTo ?? '/'), 303);
    } catch (error) {
      const { invitation } = login ?? {};
      if (error instanceof SignInUnavailable) {
        return sendPage(
          reply.status(503),
          signInUnavailablePage({ ...frameOf(reply, request.account), choices, invitation }),
        );
      }
      if (!(error instanceof SignInRefused)) throw error;
      request.log.info({ code: error.code, provider: provider?.id }, 'sign-in refused');
      const frame = frameOf(reply, request.account);
      const text = frame.words.text(refusalKey(error.code, invitation));
      return sendPage(
        reply.status(error.code === 'cancelled' ? 200 : 400),
        welcomePage({ ...frame, choices, invitation, notice: { kind: 'warning', text } }),
      );
    }
  };
  // Waits longer than others do: the provider takes a code but once, so that giving up loses the sign-in.
  const options = { schema: { hide: true }, handlerTimeout: 7_000 };
  app.get(callbackPath, options, (request, reply) => callback(request, reply, find(mainProvider)));
  app.get(`${callbackPath}/:provider`, options, (request, reply) =>
    callback(request, reply, find((request.params as { provider: string }).provider)),
  );

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
        const { signIn } = providerOf(providers, request.account!.issuer)!;
        const url = idToken && (await signIn.endSessionUrl({ idToken, returnTo: `${publicUrl}/` }));
        return url ? leave(request, reply, { url, purpose: 'sign_out' }) : reply.redirect('/', 303);
      },
    );
  }
}

/** What says why nobody was signed in, and what to do. */
function refusalKey(code: SignInRefusal, invitation: InvitationId | undefined) {
  switch (code) {
    case 'cancelled':
      return invitation ? 'welcome.cancelledInvited' : 'welcome.cancelled';
    case 'no_email':
      return 'welcome.noEmail';
    case 'no_organization':
      return 'welcome.noOrganization';
    default:
      return 'welcome.unfinished';
  }
}
