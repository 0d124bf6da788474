import * as oidc from 'openid-client';
import { isAddress } from './mailbox.ts';

/** A person as their identity provider knows them. `issuer` and `subject` together name the account; the rest may change. */
export interface Identity {
  issuer: string;
  subject: string;
  email: string;
  /** True only if the provider says so; a missing claim counts as false. */
  emailVerified: boolean;
  /** The provider's `name`, else the local part of the address. */
  name: string;
}

/** What a sign-in must bring back unchanged. Keep it in the browser's login state, keyed by `state`, until the callback. */
export interface SignInChecks {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface SignIn {
  /**
   * Starts a sign-in.
   *
   * @param o.loginHint the address that the provider's form should be filled with
   * @param o.prompt `login`: ask for credentials even of someone who is signed in; `create`: open the sign-up form,
   *   where the provider has one (else it is left out, and the provider's sign-in page is shown)
   * @returns the provider's URL to send the browser to, and what `complete` wants back
   * @throws SignInUnavailable after 1.5 s at most
   */
  begin(o: { loginHint?: string; prompt?: 'login' | 'create' }): Promise<SignInChecks & { url: string }>;
  /**
   * Finishes a sign-in: checks the provider's answer, redeems its code, validates the ID token.
   *
   * @param callbackUrl the URL the provider sent the browser to; only its query counts, so a proxy may have changed the rest
   * @param checks what `begin` returned for the `state` in that URL
   * @returns who signed in, and the ID token, which `endSessionUrl` needs later; it holds personal data, so log it nowhere
   * @throws SignInRefused if nobody may be signed in with this answer; a new sign-in can succeed
   * @throws SignInUnavailable if the provider cannot be asked
   */
  complete(callbackUrl: URL, checks: SignInChecks): Promise<{ identity: Identity; idToken: string }>;
  /**
   * Where to send the browser so that the provider ends its session too (OpenID Connect RP-Initiated Logout 1.0).
   * The URL carries the ID token: redirect to it, but do not log it.
   *
   * @param o.returnTo a URL registered with the provider as a post-logout redirect URI
   * @returns undefined if the provider has no such page or cannot be reached: signing out of Usher must not depend on it
   */
  endSessionUrl(o: { idToken: string; returnTo: string }): Promise<string | undefined>;
}

/** The provider cannot be reached, or does not answer as a provider of OpenID Connect does. Trying again later can help. */
export class SignInUnavailable extends Error {
  override name = 'SignInUnavailable';
}

export type SignInRefusal =
  /** The person turned back at the provider. */
  | 'cancelled'
  /** The answer belongs to another sign-in, or to none. */
  | 'wrong_state'
  | 'wrong_nonce'
  /** The answer comes from another provider than the one asked (RFC 9207: the mix-up attack). */
  | 'wrong_issuer'
  /** The code was redeemed before, has expired, or is made up. */
  | 'wrong_code'
  /** The answer or its token is malformed, expired, or not signed by the provider. */
  | 'invalid_response'
  /** The provider tells no email address, without which there is no mailbox to match. */
  | 'no_email'
  /** The provider answered with an error of its own. */
  | 'provider_refused'
  /** No organization has registered the provider, whose accounts count nowhere else. */
  | 'no_organization';

/** Nobody is signed in. Carries a code and nothing of the answer: that holds tokens and personal data. */
export class SignInRefused extends Error {
  override name = 'SignInRefused';
  readonly code: SignInRefusal;
  constructor(code: SignInRefusal) {
    super(`The sign-in was refused: ${code}`);
    this.code = code;
  }
}

/** Seconds. A page that offers a sign-in must answer within two while the provider is down. */
const discoveryTimeout = 1.5;
/** Seconds a request. More patient than discovery: a code can be redeemed only once. */
const requestTimeout = 5;

/**
 * Usher as a relying party of one OpenID Connect provider: code flow with PKCE (S256), state and nonce.
 *
 * The provider is discovered at the first use, not here, again at the next use after a failure, and at a sign-in when it
 * has not been for a while.
 * Plain http is accepted only where the issuer itself is an http URL, which is for local use.
 *
 * @param o.issuer the provider's issuer URL, exactly as the provider writes it
 * @param o.redirectUri the callback, as registered with the provider
 * @param o.trustMs how long a provider that has answered is taken to be there. @default 10 s
 */
export function createSignIn(o: {
  issuer: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
  trustMs?: number;
}): SignIn {
  const issuer = new URL(o.issuer);
  let discovered: { config: Promise<oidc.Configuration>; at: number } | undefined;

  const discover = async () => {
    const config = await oidc.discovery(issuer, o.clientId, {}, clientAuthentication(o.clientSecret), {
      timeout: discoveryTimeout,
      // The signature is checked even though the token comes straight from the provider: over http no TLS vouches for it.
      execute: [oidc.enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [])],
    });
    config.timeout = requestTimeout;
    return config;
  };

  /** @param trustMs how old its last answer may be */
  const provider = (trustMs = Number.POSITIVE_INFINITY) => {
    if (!discovered || Date.now() - discovered.at > trustMs) {
      const config = discover().catch((error) => {
        if (discovered?.config === config) discovered = undefined;
        throw new SignInUnavailable(`The identity provider ${issuer.origin} cannot be reached: ${reason(error)}`);
      });
      discovered = { config, at: Date.now() };
    }
    return discovered.config;
  };

  return {
    async begin({ loginHint, prompt }) {
      // A browser that is sent to a provider that is down shows an error of its own, from which nothing leads back.
      const config = await provider(o.trustMs ?? 10_000);
      const checks = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        codeVerifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: o.redirectUri,
        scope: 'openid email profile',
        response_mode: 'query',
        code_challenge: await oidc.calculatePKCECodeChallenge(checks.codeVerifier),
        code_challenge_method: 'S256',
        state: checks.state,
        nonce: checks.nonce,
        ...(loginHint && { login_hint: loginHint }),
        ...(prompt && (prompt !== 'create' || hasSignUp(config)) && { prompt }),
      });
      return { ...checks, url: url.href };
    },

    async complete(callbackUrl, checks) {
      const config = await provider();
      const answer = new URL(o.redirectUri);
      answer.search = callbackUrl.search;
      checkOrigin(answer.searchParams, config.serverMetadata(), checks.state);
      try {
        const tokens = await oidc.authorizationCodeGrant(config, answer, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims()!;
        // Address and `email_verified` are taken from one place: together they are one statement.
        const profile =
          claims.email === undefined && config.serverMetadata().userinfo_endpoint
            ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
            : claims;
        return { identity: identityOf(claims.iss, claims.sub, profile), idToken: tokens.id_token! };
      } catch (error) {
        throw translated(error, issuer.origin);
      }
    },

    async endSessionUrl({ idToken, returnTo }) {
      const config = await provider().catch(() => undefined);
      if (!config?.serverMetadata().end_session_endpoint) return undefined;
      return oidc.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: returnTo }).href;
    },
  };
}

/** `client_secret_basic` unless the provider lists only the other one (OpenID Connect Discovery 1.0, section 3: basic is the default). */
function clientAuthentication(secret: string): oidc.ClientAuth {
  const basic = oidc.ClientSecretBasic(secret);
  const post = oidc.ClientSecretPost(secret);
  return (server, ...request) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (methods.includes('client_secret_basic') ? basic : post)(server, ...request);
  };
}

/** Initiating User Registration via OpenID Connect 1.0: who does not list `create` may answer it with an error. */
function hasSignUp(config: oidc.Configuration) {
  const prompts = config.serverMetadata().prompt_values_supported;
  return Array.isArray(prompts) && prompts.includes('create');
}

/** openid-client checks state and issuer too, but under one error code for both. */
function checkOrigin(answer: URLSearchParams, server: oidc.ServerMetadata, state: string) {
  if (answer.get('state') !== state) throw new SignInRefused('wrong_state');
  const sender = answer.get('iss');
  const expected = sender !== null || server.authorization_response_iss_parameter_supported;
  if (expected && sender !== server.issuer) throw new SignInRefused('wrong_issuer');
}

function identityOf(issuer: string, subject: string, profile: Record<string, unknown>): Identity {
  const { email, email_verified: verified, name } = profile;
  if (!isAddress(email)) throw new SignInRefused('no_email');
  return {
    issuer,
    subject,
    email,
    emailVerified: verified === true || verified === 'true',
    name: (typeof name === 'string' && name.trim()) || email.slice(0, email.lastIndexOf('@')),
  };
}

/** Codes of openid-client that tell of the provider's state, not of this sign-in. */
const outages = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

/** Turns what openid-client throws into one of our two errors, and leaves its causes behind: they quote tokens and claims. */
function translated(error: unknown, origin: string): SignInRefused | SignInUnavailable {
  if (error instanceof SignInRefused) return error;
  const unavailable = () => new SignInUnavailable(`The identity provider ${origin} did not answer: ${reason(error)}`);

  if (error instanceof oidc.AuthorizationResponseError) {
    if (error.error === 'access_denied') return new SignInRefused('cancelled');
    return /^(server_error|temporarily_unavailable)$/.test(error.error)
      ? unavailable()
      : new SignInRefused('provider_refused');
  }
  if (error instanceof oidc.ResponseBodyError || error instanceof oidc.WWWAuthenticateChallengeError) {
    if (error.status >= 500) return unavailable();
    const code = error instanceof oidc.ResponseBodyError ? error.error : 'invalid_client';
    if (code === 'invalid_grant') return new SignInRefused('wrong_code');
    if (code === 'invalid_client' || code === 'unauthorized_client')
      return new SignInUnavailable(
        `The identity provider ${origin} does not accept Usher as its client: check USHER_CLIENT_ID and USHER_CLIENT_SECRET, or its entry in USHER_PROVIDERS.`,
      );
    return new SignInRefused('provider_refused');
  }
  if (error instanceof oidc.ClientError && error.code && !outages.has(error.code))
    return new SignInRefused(comparedClaim(error) === 'nonce' ? 'wrong_nonce' : 'invalid_response');
  return unavailable();
}

/** The claim of the ID token that was not as expected, if that is what happened. */
function comparedClaim(error: Error): unknown {
  const { cause } = error;
  return cause instanceof Error ? (cause.cause as { claim?: unknown } | undefined)?.claim : undefined;
}

/** A short cause for operators: a code such as ECONNREFUSED or OAUTH_TIMEOUT, never a message, which may quote the answer. */
function reason(error: unknown): string {
  for (let e = error; e instanceof Error; e = e.cause) if ('code' in e && typeof e.code === 'string') return e.code;
  return error instanceof Error ? error.name : 'unknown';
}
