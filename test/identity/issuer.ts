import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** What a sign-in or a token says of a person. */
export type Claims = JWTPayload & { email?: string; email_verified?: unknown; name?: string };

/**
 * The smallest OpenID Connect provider: signs everybody in at once as `person`, with whatever claims, and signs tokens of
 * any kind, sound or not.
 */
export interface Issuer {
  url: string;
  /** Who signs in next. */
  person: Claims & { sub: string };
  /** Merged over the ID token's own claims. */
  idToken: Claims;
  /** What it publishes. */
  keys: JWK[];
  key: { id: string; public: JWK; private: CryptoKey };
  /** Its discovery document. */
  document: Record<string, unknown>;
  /** `down`: every answer is 503; `silent`: there is none. */
  state: 'up' | 'down' | 'silent';
  /** Paths that were asked for. */
  asked: string[];
  /** A token of its own that will do, but for what is changed; undefined removes a claim. */
  token(claims: Claims, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export async function startIssuer(): Promise<Issuer> {
  let url = '';
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { id: 'k1', public: await exportJWK(publicKey), private: privateKey };
  const sessions = new Map<string, { nonce: string; client: string; person: Issuer['person'] }>();

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, url);
    issuer.asked.push(pathname);
    if (issuer.state === 'silent') return;
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (issuer.state === 'down') return json(503, {});
    if (pathname === '/.well-known/openid-configuration') return json(200, issuer.document);
    if (pathname === '/keys') return json(200, { keys: issuer.keys });
    if (pathname === '/auth') {
      const code = crypto.randomUUID();
      const { person } = issuer;
      sessions.set(code, { nonce: searchParams.get('nonce')!, client: searchParams.get('client_id')!, person });
      const back = new URL(searchParams.get('redirect_uri')!);
      back.searchParams.set('state', searchParams.get('state')!);
      back.searchParams.set('code', code);
      return response.writeHead(303, { location: back.href }).end();
    }
    if (pathname === '/token') {
      const code = new URLSearchParams(await text(request)).get('code')!;
      const { nonce, client, person } = sessions.get(code)!;
      sessions.delete(code);
      const idToken = await issuer.token({ aud: client, nonce, ...person, ...issuer.idToken });
      return json(200, { access_token: 'opaque', token_type: 'Bearer', id_token: idToken });
    }
    return json(404, {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const issuer: Issuer = {
    url,
    person: { sub: 'nobody' },
    idToken: {},
    keys: [{ ...key.public, kid: key.id, use: 'sig', alg: 'RS256' }],
    key,
    document: {
      issuer: url,
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
    state: 'up',
    asked: [],
    token(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: url, iat: now, exp: now + 300, ...claims };
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: issuer.key.id, ...header })
        .sign(issuer.key.private);
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return issuer;
}
