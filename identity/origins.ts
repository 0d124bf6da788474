/** Names that only ever mean this machine (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  /^127(\.\d+){3}$/.test(hostname) ||
  hostname === '[::1]';

/** True for an https URL without a name and password in it, or an http one of this machine. */
export const isSecureWebUrl = (text: string): boolean => {
  const url = URL.parse(text);
  if (!url || url.username || url.password) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
};

/** True for an origin exactly as browsers write it: scheme, host and port, and no more; none is a pattern. */
export const isOrigin = (text: string): boolean =>
  isSecureWebUrl(text) && new URL(text).origin === text && !text.includes('*');

/** Where an organization is at home: what a redirect URL is held against. */
export interface Home {
  home_url: string | null;
  origins: readonly string[];
}

/** Whether members may be led to a URL: it has the very origin of the organization's home URL, or one registered for it. */
export const mayLeadTo = (url: string, { home_url, origins }: Home): boolean =>
  isSecureWebUrl(url) && [home_url && URL.parse(home_url)?.origin, ...origins].includes(new URL(url).origin);
