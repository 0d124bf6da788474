import { createHash } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

/** A person of this app. */
export interface Person {
  email: string;
  name: string;
}

/** Names a person for ever, whatever else of them changes. An app with a database has an id for that. */
export const subjectOf = ({ email }: Person): string => createHash('sha256').update(email).digest('hex').slice(0, 32);

/** A new key to sign tokens with. Keep it: tokens of another one are taken only after Usher has asked for the keys again. */
export const newSigningKey = async (): Promise<JWK> =>
  exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);

/** How this app tells Usher who its people are. */
export interface Issuer {
  /** What Usher asks for by GET, by path: where the keys are, and the keys. */
  documents: Record<string, object>;
  /** A token with which a person calls Usher, for some minutes. */
  tokenFor(person: Person): Promise<string>;
}

/**
 * An issuer of bearer tokens: publishes its keys where OpenID Connect says, and signs in the name of people whom the app has
 * signed in.
 *
 * @param o.url this app's own, which is registered as the issuer of its organization
 * @param o.audience Usher's, so that no other program takes the token, and Usher none of another
 */
export async function createIssuer(o: { url: string; audience: string; signingKey: JWK }): Promise<Issuer> {
  const { kty, crv, x, y } = o.signingKey;
  const publicKey = { kty, crv, x, y } as JWK;
  const kid = await calculateJwkThumbprint(publicKey);
  const key = (await importJWK(o.signingKey, 'ES256')) as CryptoKey;
  return {
    documents: {
      '/.well-known/openid-configuration': { issuer: o.url, jwks_uri: `${o.url}/keys` },
      '/keys': { keys: [{ ...publicKey, kid, alg: 'ES256', use: 'sig' }] },
    },
    tokenFor: (person) =>
      // `email_verified` is a promise: Usher lets in whoever has the invited address, and believes this of it.
      new SignJWT({ email: person.email, email_verified: true, name: person.name })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .setIssuer(o.url)
        .setSubject(subjectOf(person))
        .setAudience(o.audience)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(key),
  };
}
