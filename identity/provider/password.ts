import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP's parameters for scrypt (Password Storage Cheat Sheet): 32 MiB and some 0.2 s a password. */
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 } satisfies ScryptOptions;
const keyLength = 32;

const derive = (password: string, salt: Buffer) =>
  new Promise<Buffer>((resolve, reject) =>
    // NFKC: one password whatever keyboard typed it (NIST SP 800-63B, section 3.1.1.2).
    scrypt(password.normalize('NFKC'), salt, keyLength, cost, (error, key) => (error ? reject(error) : resolve(key))),
  );

/** @returns salt and key, to be given to `isPassword` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString('base64url')}$${(await derive(password, salt)).toString('base64url')}`;
}

/** @param hash of `hashPassword`; without one the work is done all the same, so that time does not tell who has an account */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, salt, key] = hash?.split('$') ?? [];
  const derived = await derive(password, Buffer.from(salt ?? '', 'base64url'));
  return key !== undefined && timingSafeEqual(derived, Buffer.from(key, 'base64url'));
}
