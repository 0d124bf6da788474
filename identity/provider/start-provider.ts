import type { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import Fastify from 'fastify';
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { type BaseLogger, pino } from 'pino';
import { mailboxOf } from '../mailbox.ts';
import { ensureAccount } from './account.ts';
import { openDatabase, sweep } from './database.ts';
import { interactionPages, isPage } from './interaction-pages.ts';
import { postmarkMailer } from './mailer.ts';
import { oidcConfiguration } from './oidc-configuration.ts';
import type { App } from './pages.ts';
import { skipEmptySignOut } from './sign-out.ts';

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
  const { db, keys } = await openDatabase(o.databaseUrl, logger);

  const app: App = { name: 'Usher', url: new URL(o.client.redirectUris[0]!).origin };
  const headers = pageHeaders([...o.client.redirectUris, ...o.client.postLogoutRedirectUris]);
  const provider = new Provider(o.issuer, oidcConfiguration(o, db, keys, app));
  provider.proxy = o.issuer.startsWith('https:');
  provider.use(async (ctx, next) => {
    ctx.set(headers);
    await next();
    if ('oidc' in ctx) skipEmptySignOut(ctx as KoaContextWithOIDC);
  });
  provider.on('server_error', (_, err) => logger.error({ err }, 'the identity provider failed'));
  // Koa's own event, which oidc-provider's types leave out.
  (provider as EventEmitter).on('error', (err) => logger.error({ err }, 'the identity provider failed'));

  const oidc = provider.callback();
  const fastify = Fastify({
    serverFactory: (pages) =>
      createServer((request, response) => (isPage(request.url ?? '') ? pages : oidc)(request, response)),
    // Browsers have connections at hand on which they ask nothing.
    forceCloseConnections: true,
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
      const mailbox = mailboxOf(user.email);
      if (!mailbox) throw new TypeError('ensureUser: not an email address');
      return { subject: (await ensureAccount(db, { ...user, mailbox })).subject };
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
