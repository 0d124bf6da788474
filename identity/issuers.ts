import { isSecureWebUrl } from './origins.ts';

/** Issuers compared as URLs: providers differ about the slash at the end. */
const canonical = (issuer: string): string => (URL.parse(issuer)?.href ?? issuer).replace(/\/+$/, '');

export const sameIssuer = (a: string, b: string): boolean => canonical(a) === canonical(b);

/** Whether an issuer is one of these. */
export const isAmong = (issuer: string, issuers: readonly string[]): boolean =>
  issuers.some((one) => sameIssuer(one, issuer));

/**
 * True for a URL that can be an issuer (OpenID Connect Discovery 1.0, section 3: https, no query, no fragment), written
 * as a URL parser would write it. Plain http is for this machine alone.
 */
export const isIssuer = (text: string): boolean =>
  isSecureWebUrl(text) && !/[?#]/.test(text) && [text, `${text}/`].includes(new URL(text).href);

/**
 * Whether an account counts in an organization. Those of the installation's issuers count everywhere; those of an
 * organization's issuer in that organization alone; all others nowhere.
 *
 * @param installation the issuers of the installation
 */
export const countsIn = (
  organization: { issuer: string | null },
  account: { issuer: string },
  installation: readonly string[],
): boolean => isAmong(account.issuer, installation) || account.issuer === organization.issuer;
