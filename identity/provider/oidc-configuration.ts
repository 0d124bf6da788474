import { type Configuration, errors } from 'oidc-provider';
import { findAccount } from './account.ts';
import type { Database, Keys } from './database.ts';
import { interactionPath } from './interaction-pages.ts';
import { type App, expiredPage, failurePage, messagePage } from './pages.ts';
import { postgresAdapter } from './postgres-adapter.ts';
import { promptPolicy } from './prompt-policy.ts';
import { askToSignOut, showSignedOut } from './sign-out.ts';
import type { ProviderOptions } from './start-provider.ts';

/** Seconds. */
const hour = 60 * 60;
const fortnight = 14 * 24 * hour;

/** What oidc-provider is told. Everything that is not needed here is switched off. */
export function oidcConfiguration(o: ProviderOptions, db: Database, keys: Keys, app: App): Configuration {
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
        logoutSource: (ctx, form) => askToSignOut(ctx, form, db),
        postLogoutSuccessSource: (ctx) => showSignedOut(ctx, app),
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
    async renderError(ctx, { error: code, error_description: detail }, error) {
      ctx.type = 'html';
      const refusal = {
        title: 'Something went wrong',
        text: `${app.name} asked for something that this provider does not do${detail ? `: ${detail}.` : '.'}`,
        code,
        app,
      };
      if (error instanceof errors.SessionNotFound) ctx.body = String(await expiredPage(app));
      else ctx.body = String(await (code === 'server_error' ? failurePage(app) : messagePage(refusal)));
    },
  };
}
