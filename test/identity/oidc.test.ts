import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { inspect } from 'node:util';
import {
  type AccountClaims,
  type Configuration,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSignIn, type SignIn, type SignInChecks, SignInRefused, SignInUnavailable } from '../../identity/oidc.ts';
import { type Database, type Keys, openDatabase } from '../../identity/provider/database.ts';
import { postgresAdapter } from '../../identity/provider/postgres-adapter.ts';
import { freePort } from '../../local/ports.ts';
import { emptyDatabase } from '../setup/database.ts';
import { Visitor } from './visitor.ts';

const redirectUri = 'http://localhost:9/sign-in/callback';
const clientId = 'usher';
const clientSecret = 'secret';

let db: Database;
let keys: Keys;
const servers: Server[] = [];

beforeAll(async () => {
  ({ db, keys } = await openDatabase((await emptyDatabase()).url, pino({ level: 'error' })));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => db.end());

async function serve(port: number, listener: Parameters<typeof createServer>[1]) {
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return server;
}

/**
 * Another provider than our own: it signs everybody in at once as the same person, and says of them what the test wants.
 *
 * @param o.after changes its answers
 */
async function startOtherProvider(o: {
  claims?: Omit<AccountClaims, 'sub'>;
  configuration?: Configuration;
  port?: number;
  after?: (ctx: KoaContextWithOIDC) => void;
}) {
  const port = o.port ?? (await freePort());
  const issuer = `http://127.0.0.1:${port}`;
  const policy = interactionPolicy.base();
  policy.remove('consent');
  const provider = new Provider(issuer, {
    adapter: postgresAdapter(db),
    jwks: keys.jwks,
    cookies: { keys: keys.cookies },
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    ttl: { AccessToken: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    interactions: { policy },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...o.claims }) }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError(ctx, out) {
      ctx.body = out;
    },
    ...o.configuration,
    features: { devInteractions: { enabled: false }, ...o.configuration?.features },
  });
  provider.use(async (ctx, next) => {
    if (ctx.path.startsWith('/interaction/'))
      return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'someone' } });
    await next();
    o.after?.(ctx as KoaContextWithOIDC);
  });
  await serve(port, provider.callback());
  return { issuer, signIn: createSignIn({ issuer, clientId, clientSecret, redirectUri }) };
}

/** Goes through a provider that asks nothing, up to the callback. */
async function pass(signIn: SignIn): Promise<{ callback: URL; checks: SignInChecks }> {
  const { url, ...checks } = await signIn.begin({});
  const visitor = new Visitor();
  visitor.stopAt = redirectUri;
  return { callback: (await visitor.visit(url)).url, checks };
}

const identityFrom = async (signIn: SignIn) => {
  const { callback, checks } = await pass(signIn);
  return (await signIn.complete(callback, checks)).identity;
};

const refused = (code: string) => expect.objectContaining({ name: 'SignInRefused', code });

describe('beginning a sign-in', () => {
  test('asks for what the design says', async () => {
    const { signIn } = await startOtherProvider({});
    const { url, state, nonce, codeVerifier } = await signIn.begin({ loginHint: 'ada+x@example.com', prompt: 'login' });
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      response_mode: 'query',
      scope: 'openid email profile',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      state,
      nonce,
      login_hint: 'ada+x@example.com',
      prompt: 'login',
    });
    expect(new Set([state, nonce, codeVerifier]).size).toBe(3);
    expect((await signIn.begin({})).state).not.toBe(state);
  });

  test('prompt=create is left out where the provider does not offer it', async () => {
    const { signIn } = await startOtherProvider({});
    expect(new URL((await signIn.begin({ prompt: 'create' })).url).searchParams.has('prompt')).toBe(false);
  });
});

describe('what the provider says of a person', () => {
  const ada = { email: 'Ada@Example.com', email_verified: true, name: 'Ada Lovelace' };

  test('is read from the ID token', async () => {
    const { issuer, signIn } = await startOtherProvider({
      claims: ada,
      configuration: { conformIdTokenClaims: false },
    });
    expect(await identityFrom(signIn)).toEqual({
      issuer,
      subject: 'someone',
      email: 'Ada@Example.com',
      emailVerified: true,
      name: 'Ada Lovelace',
    });
  });

  test('is asked for where the ID token lacks it', async () => {
    const { signIn } = await startOtherProvider({ claims: ada });
    expect(await identityFrom(signIn)).toMatchObject({ email: 'Ada@Example.com', emailVerified: true });
  });

  test('an answer about somebody else is refused', async () => {
    const { signIn } = await startOtherProvider({
      claims: ada,
      after: ({ path, body }) => {
        if (path === '/me') (body as { sub: string }).sub = 'somebody else';
      },
    });
    await expect(identityFrom(signIn)).rejects.toEqual(refused('invalid_response'));
  });

  test.each([
    [true, true],
    ['true', true],
    [false, false],
    ['false', false],
    [1, false],
    [undefined, false],
  ])('email_verified %o counts as %o', async (claim, emailVerified) => {
    const { signIn } = await startOtherProvider({ claims: { email: 'ada@example.com', email_verified: claim } });
    expect(await identityFrom(signIn)).toMatchObject({ emailVerified });
  });

  test('without a name the local part of the address serves', async () => {
    const { signIn } = await startOtherProvider({ claims: { ...ada, name: ' ' } });
    expect((await identityFrom(signIn)).name).toBe('Ada');
  });

  test('without an address nobody is signed in', async () => {
    const { signIn } = await startOtherProvider({ claims: { name: 'Ada' } });
    await expect(identityFrom(signIn)).rejects.toEqual(refused('no_email'));
  });
});

describe('an answer that is not as it should be', () => {
  const claims = { email: 'ada@example.com' };

  test.each<[string, (callback: URL, checks: SignInChecks) => void, string]>([
    [
      'a state of another sign-in',
      (_, checks) => {
        checks.state = 'other';
      },
      'wrong_state',
    ],
    ['no state', ({ searchParams }) => searchParams.delete('state'), 'wrong_state'],
    [
      'a nonce of another sign-in',
      (_, checks) => {
        checks.nonce = 'other';
      },
      'wrong_nonce',
    ],
    [
      'a code verifier of another sign-in',
      (_, checks) => {
        checks.codeVerifier = 'x'.repeat(43);
      },
      'wrong_code',
    ],
    ['a made-up code', ({ searchParams }) => searchParams.set('code', 'made-up'), 'wrong_code'],
    ['no code', ({ searchParams }) => searchParams.delete('code'), 'invalid_response'],
    ['another issuer', ({ searchParams }) => searchParams.set('iss', 'https://evil.example'), 'wrong_issuer'],
    ['no issuer, though the provider promises one', ({ searchParams }) => searchParams.delete('iss'), 'wrong_issuer'],
    [
      'an error of the provider',
      ({ searchParams }) => {
        searchParams.set('error', 'invalid_scope');
      },
      'provider_refused',
    ],
    [
      'a person who turned back',
      ({ searchParams }) => {
        searchParams.set('error', 'access_denied');
      },
      'cancelled',
    ],
  ])('%s is refused', async (_, tamper, code) => {
    const { signIn } = await startOtherProvider({ claims });
    const { callback, checks } = await pass(signIn);
    const secret = callback.searchParams.get('code')!;
    tamper(callback, checks);
    const error = await signIn.complete(callback, checks).catch((e) => e);
    expect(error).toBeInstanceOf(SignInRefused);
    expect(error.code).toBe(code);
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });

  test('a code works once', async () => {
    const { signIn } = await startOtherProvider({ claims });
    const { callback, checks } = await pass(signIn);
    await signIn.complete(callback, checks);
    await expect(signIn.complete(callback, checks)).rejects.toEqual(refused('wrong_code'));
  });

  test('the host of the callback does not count, as a proxy may have changed it', async () => {
    const { signIn } = await startOtherProvider({ claims });
    const { callback, checks } = await pass(signIn);
    const seen = new URL(`/elsewhere${callback.search}`, 'http://usher.internal:8080');
    expect((await signIn.complete(seen, checks)).identity.email).toBe('ada@example.com');
  });

  test('a token that the provider’s published keys did not sign is refused', async () => {
    const { signIn } = await startOtherProvider({
      claims,
      after: ({ path, body }) => {
        if (path === '/jwks')
          for (const key of (body as { keys: { n: string }[] }).keys)
            key.n = key.n.replace(/^./, (first) => (first === 'z' ? 'y' : 'z'));
      },
    });
    await expect(identityFrom(signIn)).rejects.toEqual(refused('invalid_response'));
  });
});

describe('a provider out of reach', () => {
  test('is an error at once where nobody listens, and is found when it is back', async () => {
    const port = await freePort();
    const signIn = createSignIn({ issuer: `http://127.0.0.1:${port}`, clientId, clientSecret, redirectUri });
    await expect(signIn.begin({})).rejects.toThrow(SignInUnavailable);
    await expect(signIn.begin({})).rejects.toThrow(`http://127.0.0.1:${port} cannot be reached: ECONNREFUSED`);
    await startOtherProvider({ port });
    expect((await signIn.begin({})).url).toContain(`:${port}/auth?`);
  });

  test('is noticed when it goes down after it has answered, before anybody is sent there', async () => {
    let down = false;
    const { issuer } = await startOtherProvider({
      after: (ctx) => {
        if (down) ctx.status = 502;
      },
    });
    const signIn = createSignIn({ issuer, clientId, clientSecret, redirectUri, trustMs: 0 });
    expect((await signIn.begin({})).url).toContain(`${issuer}/auth?`);
    down = true;
    await expect(signIn.begin({})).rejects.toThrow(SignInUnavailable);
    down = false;
    expect((await signIn.begin({})).url).toContain(`${issuer}/auth?`);
  });

  test('is an error after two seconds where nobody answers', async () => {
    const port = await freePort();
    await serve(port, () => {});
    const signIn = createSignIn({ issuer: `http://127.0.0.1:${port}`, clientId, clientSecret, redirectUri });
    const began = performance.now();
    const waiting = await Promise.allSettled([signIn.begin({}), signIn.begin({})]);
    expect(performance.now() - began).toBeLessThan(2500);
    for (const result of waiting)
      expect(result).toMatchObject({
        reason: { name: 'SignInUnavailable', message: expect.stringContaining('OAUTH_TIMEOUT') },
      });
  });

  test('is told from a refusal also when it fails at the code', async () => {
    const { signIn } = await startOtherProvider({
      claims: { email: 'ada@example.com' },
      after: (ctx) => {
        if (ctx.path !== '/token') return;
        ctx.status = 502;
        ctx.body = 'bad gateway';
      },
    });
    await expect(identityFrom(signIn)).rejects.toThrow(SignInUnavailable);
  });

  test('a server that is no provider is an error', async () => {
    const port = await freePort();
    await serve(port, (_, response) => response.end('<h1>Welcome</h1>'));
    const signIn = createSignIn({ issuer: `http://127.0.0.1:${port}`, clientId, clientSecret, redirectUri });
    await expect(signIn.begin({})).rejects.toThrow(SignInUnavailable);
  });

  test('an issuer that calls itself otherwise is an error', async () => {
    const { issuer } = await startOtherProvider({});
    const signIn = createSignIn({
      issuer: issuer.replace('127.0.0.1', 'localhost'),
      clientId,
      clientSecret,
      redirectUri,
    });
    await expect(signIn.begin({})).rejects.toThrow(SignInUnavailable);
  });
});

describe('the client', () => {
  const claims = { email: 'ada@example.com' };

  test('a wrong secret is an error that names the variable', async () => {
    const { issuer } = await startOtherProvider({ claims });
    const signIn = createSignIn({ issuer, clientId, clientSecret: 'wrong', redirectUri });
    await expect(identityFrom(signIn)).rejects.toThrow('USHER_CLIENT_SECRET');
  });

  test('sends its secret in the way the provider knows', async () => {
    const { signIn } = await startOtherProvider({
      claims,
      configuration: {
        clientAuthMethods: ['client_secret_post'],
        clients: [
          {
            client_id: clientId,
            client_secret: clientSecret,
            redirect_uris: [redirectUri],
            token_endpoint_auth_method: 'client_secret_post',
          },
        ],
      },
    });
    expect(await identityFrom(signIn)).toMatchObject(claims);
  });
});

describe('signing out at the provider', () => {
  test('names the account by its ID token, and where to return', async () => {
    const { signIn } = await startOtherProvider({});
    const url = new URL((await signIn.endSessionUrl({ idToken: 'token', returnTo: 'http://localhost:9/' }))!);
    expect(url.pathname).toBe('/session/end');
    expect(url.searchParams.get('id_token_hint')).toBe('token');
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe('http://localhost:9/');
  });

  test('is left out where the provider has no such page, or is away', async () => {
    const { signIn } = await startOtherProvider({
      configuration: { features: { rpInitiatedLogout: { enabled: false } } },
    });
    expect(await signIn.endSessionUrl({ idToken: 'token', returnTo: 'http://localhost:9/' })).toBeUndefined();
    const away = createSignIn({ issuer: `http://127.0.0.1:${await freePort()}`, clientId, clientSecret, redirectUri });
    expect(await away.endSessionUrl({ idToken: 'token', returnTo: 'http://localhost:9/' })).toBeUndefined();
  });
});
