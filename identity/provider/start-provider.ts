import type { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import Fastify from 'fastify';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { type BaseLogger, pino } from 'pino';
import { emailAddress, ensureAccount, findAccount } from './account.ts';
import { type Database, type Keys, openDatabase, sweep } from './database.ts';
import { interactionPages, interactionPath, isPage } from './interaction.ts';
import { postmarkMailer } from './mailer.ts';
import { type App, messagePage, signOutPage } from './pages.ts';
import { promptPolicy } from './policy.ts';
import { postgresAdapter } from './postgres-adapter.ts';

export interface ProviderOptions {
  /** The provider's own URL as browsers and Usher see it. An https issuer means that a proxy ends TLS in front of it. */
  issuer: string;
  host: string;
  port: number;
  /** A database of its own, which exists already; tables and keys are made on the first start. */
  databaseUrl: string;
  /** The one relying party, which is trusted: nobody is asked for consent. */
  client: { id: string; secret: string; redirectUris: string[]; postLogoutRedirectUris: string[] };
  /** Where verification codes are sent through: the base URL of Postmark's API, or of the sandbox that speaks it. */
  mail: { url: string; token: string; from: string };
  logger?: BaseLogger;
}

export interface RunningProvider {
  /** The issuer. */
  url: string;
  close(): Promise<void>;
  /** Makes sure that this person can sign in with this password; who exists already keeps their subject. */
  ensureUser(user: {
    email: string;
    name: string;
    password: string;
    emailVerified: boolean;
  }): Promise<{ subject: string }>;
}

/** Seconds. */
const hour = 60 * 60;
const fortnight = 14 * 24 * hour;
/** ms */
const sweepInterval = 10 * 60 * 1000;

/**
 * Starts the embedded identity provider: certified OpenID Connect (oidc-provider) with pages for sign-in, sign-up and
 * verifying an address. It is for local use, and a stand-in for whatever provider Usher meets elsewhere, so nothing of
 * Usher may depend on more than OpenID Connect says.
 *
 * @throws if the database cannot be reached or the port is taken
 */
export async function startProvider(o: ProviderOptions): Promise<RunningProvider> {
  const logger = o.logger ?? pino({ name: 'identity-provider' });
  const { db, keys } = await openDatabase(o.databaseUrl);
  db.on('error', (err) => logger.warn({ err }, 'lost an idle connection to the database of the identity provider'));

  const app: App = { name: 'Usher', url: new URL(o.client.redirectUris[0]!).origin };
  const headers = pageHeaders([...o.client.redirectUris, ...o.client.postLogoutRedirectUris]);
  const provider = new Provider(o.issuer, configuration(o, db, keys, app));
  provider.proxy = o.issuer.startsWith('https:');
  provider.use(async (ctx, next) => {
    ctx.set(headers);
    await next();
    if ('oidc' in ctx) skipEmptyLogout(ctx as KoaContextWithOIDC);
  });
  provider.on('server_error', (_, err) => logger.error({ err }, 'the identity provider failed'));
  // Koa's own event, which oidc-provider's types leave out.
  (provider as EventEmitter).on('error', (err) => logger.error({ err }, 'the identity provider failed'));

  const oidc = provider.callback();
  const fastify = Fastify({
    serverFactory: (pages) =>
      createServer((request, response) => (isPage(request.url ?? '') ? pages : oidc)(request, response)),
    // Unknown form fields are refused rather than dropped.
    ajv: { customOptions: { removeAdditional: false } },
  });
  interactionPages(fastify, { provider, db, mailer: postmarkMailer(o.mail, logger), app, headers, logger });

  const sweeper = setInterval(
    () => sweep(db).catch((err) => logger.warn({ err }, 'expired sign-ins were not swept')),
    sweepInterval,
  );
  sweeper.unref();

  const close = async () => {
    clearInterval(sweeper);
    await fastify.close();
    await db.end();
  };
  await fastify.listen({ host: o.host, port: o.port }).catch(async (error) => {
    await close();
    throw error;
  });

  return {
    url: o.issuer,
    close,
    async ensureUser(user) {
      const email = emailAddress(user.email);
      if (!email) throw new TypeError('ensureUser: not an email address');
      return { subject: (await ensureAccount(db, { ...user, email })).subject };
    },
  };
}

function configuration(o: ProviderOptions, db: Database, keys: Keys, app: App): Configuration {
  // Browsers send cookies to every port of a host: without the port in their names, providers side by side would clash.
  const cookie = (name: string) => `idp_${new URL(o.issuer).port || 'default'}_${name}`;
  const scope = 'openid email profile';

  return {
    adapter: postgresAdapter(db),
    jwks: keys.jwks,
    cookies: {
      keys: keys.cookies,
      names: { session: cookie('session'), interaction: cookie('interaction'), resume: cookie('resume') },
      long: { httpOnly: true, sameSite: 'lax' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    clients: [
      {
        client_id: o.client.id,
        client_secret: o.client.secret,
        client_name: app.name,
        redirect_uris: o.client.redirectUris,
        post_logout_redirect_uris: o.client.postLogoutRedirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code'],
        scope,
      },
    ],
    responseTypes: ['code'],
    scopes: ['openid'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // The ID token carries the claims of the scopes, as with most providers, so that Usher need not ask again.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    discovery: { prompt_values_supported: ['none', 'login', 'create'] },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => signOut(ctx, form, db),
        postLogoutSuccessSource: (ctx) => signedOut(ctx, app),
      },
    },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      Grant: fortnight,
      IdToken: hour,
      Interaction: hour,
      Session: fortnight,
    },
    interactions: { policy: promptPolicy(), url: (_, interaction) => interactionPath(interaction.uid) },
    async findAccount(_, subject) {
      const account = await findAccount(db, subject);
      return (
        account && {
          accountId: subject,
          emailVerified: account.emailVerified,
          claims: () => ({
            sub: subject,
            email: account.email,
            email_verified: account.emailVerified,
            name: account.name,
          }),
        }
      );
    },
    async loadExistingGrant({ oidc }) {
      const { client, session, provider } = oidc;
      const stored = await provider.Grant.find(session!.grantIdFor(client!.clientId) ?? '');
      if (stored?.accountId === session!.accountId) return stored;
      const grant = new provider.Grant({ clientId: client!.clientId, accountId: session!.accountId! });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
    async renderError(ctx, { error, error_description: detail }) {
      ctx.type = 'html';
      const expired = error === 'invalid_request' && ctx.oidc?.route === 'resume';
      ctx.body = String(
        await messagePage({
          title: expired ? 'This page has expired' : 'Something went wrong',
          text: expired
            ? `Go to ${app.name} and sign in again.`
            : `${app.name} asked for something that this provider cannot do${detail ? `: ${detail}.` : '.'}`,
          code: error,
          app,
        }),
      );
    },
  };
}

/**
 * Headers of every page.
 *
 * @param targets URLs that a form may lead to: Chromium holds `form-action` against the redirects after a post as well
 */
function pageHeaders(targets: string[]): Record<string, string> {
  const origins = [...new Set(targets.map((url) => new URL(url).origin))].join(' ');
  return {
    'content-security-policy': [
      `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' ${origins}; base-uri 'none'`,
      // Empty, thus none; oidc-provider adds the hash of its own script where `response_mode=form_post` needs one.
      `frame-ancestors 'none'; script-src`,
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

/**
 * RP-initiated logout. No question is asked if the ID token in the request is of the account that is signed in: then the
 * request comes from an app that this person signed in to.
 */
async function signOut(ctx: KoaContextWithOIDC, form: string, db: Database) {
  const { session, entities } = ctx.oidc;
  if (entities.IdTokenHint?.payload.sub === session?.accountId) {
    await session!.destroy();
    ctx.cookies.set(ctx.oidc.provider.cookieName('session'), null);
    ctx.redirect(afterLogout(ctx));
    return;
  }
  const account = await findAccount(db, session!.accountId!);
  ctx.body = String(await signOutPage({ email: account?.email, form, formId: 'op.logoutForm' }));
}

/** Where nobody is signed in there is nothing to end; oidc-provider would answer with a page that submits itself by a script. */
function skipEmptyLogout(ctx: KoaContextWithOIDC) {
  if (ctx.oidc.route === 'end_session' && ctx.status === 200 && !ctx.oidc.session?.accountId)
    ctx.redirect(afterLogout(ctx));
}

/** The return address, which oidc-provider has checked against the registered ones, with the app's `state`. */
function afterLogout({ oidc }: KoaContextWithOIDC): string {
  const { post_logout_redirect_uri: target, state } = oidc.params as Record<string, string | undefined>;
  if (!target) return oidc.urlFor('end_session_success');
  const url = new URL(target);
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
}

async function signedOut(ctx: KoaContextWithOIDC, app: App) {
  ctx.body = String(await messagePage({ title: 'You are signed out', text: 'You can close this page.', app }));
}
