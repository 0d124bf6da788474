import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { isAddress } from './mailbox.ts';

/** What a verified bearer token says. */
export interface Bearer {
  issuer: string;
  subject: string;
  /** What it says of the person; undefined unless it says both the address and whether that is verified. */
  person?: { email: string; emailVerified: boolean; name?: string; saidAt: Date };
}

export interface Bearers {
  /** The issuer a token names, believed of nobody yet; undefined when it is no JWT. */
  issuerOf(token: string): string | undefined;
  /**
   * Verifies a token (RFC 9068, RFC 8725) with the keys that its issuer publishes.
   *
   * @param issuer what `issuerOf` said, and the caller trusts
   * @throws BearerRefused when it is worth nothing here
   * @throws IssuerUnavailable when the issuer's keys cannot be had; after 1.8 s at most
   */
  verify(token: string, issuer: string): Promise<Bearer>;
}

/** The token lets nobody in. The message says why, and holds nothing of it. */
export class BearerRefused extends Error {
  override name = 'BearerRefused';
}

/** The issuer's discovery document or keys cannot be fetched, or are none. Trying again later can help. */
export class IssuerUnavailable extends Error {
  override name = 'IssuerUnavailable';
}

/** Of public keys alone: a shared secret would let whoever can verify sign as well, and `none` anybody. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
];
/** An access token, by RFC 9068 or before it; not a logout token, a security event or whatever else an issuer signs. */
const types = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];
/** Seconds that clocks may differ. */
const skew = 30;
/** ms for both documents together: callers have an answer within 2 s. What comes later serves the next one. */
const patience = 1_800;
/** ms for each of the two documents. */
const fetchTimeout = 2_000;
/** ms that a discovery document is believed. */
const discoveryAge = 3_600_000;
/** ms between looks for a key that is not there: made-up key ids must not make us ask again and again. */
const keyCooldown = 30_000;

/**
 * Bearer tokens of OpenID Connect issuers. Keys are fetched when first needed, and kept.
 *
 * @param o.audience what `aud` must contain: a token that was made for anybody else is refused
 */
export function createBearers(o: { audience: string }): Bearers {
  const known = new Map<string, { keys: Promise<JWTVerifyGetKey>; at: number }>();

  const keysOf = (issuer: string): Promise<JWTVerifyGetKey> => {
    const found = known.get(issuer);
    if (found && Date.now() - found.at < discoveryAge) return found.keys;
    const keys = discover(issuer).catch((cause) => {
      if (known.get(issuer)?.keys === keys) known.delete(issuer);
      throw new IssuerUnavailable('the issuer cannot be discovered', { cause });
    });
    known.set(issuer, { keys, at: Date.now() });
    return keys;
  };

  return {
    issuerOf(token) {
      try {
        // Its type is no more than a claim, either.
        const { iss }: { iss?: unknown } = decodeJwt(token);
        return typeof iss === 'string' && /^[\x21-\x7e]{1,500}$/.test(iss) ? iss : undefined;
      } catch {
        return undefined;
      }
    },

    async verify(token, issuer) {
      // Only a token whose algorithm will do gets as far as its issuer's keys; where they are it has no say in.
      const key: JWTVerifyGetKey = async (header, input) => {
        try {
          return await inTime(keysOf(issuer).then((keys) => keys(header, input)));
        } catch (cause) {
          if (cause instanceof IssuerUnavailable) throw cause;
          const isMissing =
            cause instanceof errors.JWKSNoMatchingKey ||
            cause instanceof errors.JWKSMultipleMatchingKeys ||
            cause instanceof errors.JOSENotSupported;
          if (isMissing) throw cause;
          throw new IssuerUnavailable('the keys of the issuer cannot be had', { cause });
        }
      };
      const { payload, protectedHeader } = await jwtVerify(token, key, {
        issuer,
        audience: o.audience,
        algorithms,
        clockTolerance: skew,
        requiredClaims: ['exp', 'sub'],
      }).catch((error) => {
        throw error instanceof IssuerUnavailable ? error : new BearerRefused(why(error));
      });
      if (!types.includes(protectedHeader.typ?.toLowerCase())) throw new BearerRefused('it is no access token');
      // Bound to a key that its sender would have to prove (RFC 7800): whoever only bears it may have stolen it.
      if (payload.cnf !== undefined) throw new BearerRefused('it is bound to a key, which is not supported');
      // OpenID Connect Core 1.0, section 2.
      if (!/^[\x20-\x7e]{1,255}$/.test(payload.sub ?? '')) throw new BearerRefused('it names nobody');
      const person = personOf(payload);
      return { issuer, subject: payload.sub!, ...(person ? { person } : {}) };
    },
  };
}

/** @throws Error when it takes too long */
function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Finds where an issuer publishes its keys (OpenID Connect Discovery 1.0, section 4). */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeout),
    headers: { accept: 'application/json' },
  });
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null;
  if (!response.ok || document?.issuer !== issuer) throw new Error('no discovery document of this issuer');
  const url = new URL(String(document.jwks_uri));
  // No issuer can have us call what lies open inside our network.
  if (url.protocol !== 'https:' && url.origin !== new URL(issuer).origin) throw new Error('keys over plain http');
  return createRemoteJWKSet(url, { timeoutDuration: fetchTimeout, cooldownDuration: keyCooldown });
}

function personOf({ email, email_verified: verified, name, iat }: JWTPayload): Bearer['person'] {
  if (!isAddress(email) || typeof verified !== 'boolean') return;
  if (iat === undefined || iat > Date.now() / 1000 + skew) return;
  const said = { email, emailVerified: verified, saidAt: new Date(iat * 1000) };
  return typeof name === 'string' && name.trim() ? { ...said, name: name.trim() } : said;
}

/** For the developer at the other end. What is said of claims is said only of tokens whose signature holds. */
function why(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim "${error.claim}" is not as it must be`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is none of its issuer';
  return 'it is not valid';
}
