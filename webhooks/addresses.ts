import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Networks, as CIDR, that webhooks may reach although they are private, and without TLS. */
export type Networks = readonly string[];

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** An address as it is compared: one that IPv6 maps is the IPv4 address it stands for. */
const read = (address: string) => (ipaddr.isValid(address) ? ipaddr.process(address) : undefined);

/**
 * Whether an address belongs to one of these networks.
 *
 * @param address of IPv4 or IPv6; whatever is none belongs to no network
 */
export function isWithin(address: string, networks: Networks): boolean {
  const ip = read(address);
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return ip?.kind() === base.kind() && ip.match(base as never, bits);
  });
}

/**
 * Whether an address is of the public internet: neither private, loopback, link-local, shared, multicast nor reserved, nor one
 * by which IPv6 reaches any of them (mapped, translated, 6to4, Teredo).
 */
export function isPublic(address: string): boolean {
  const ip = read(address);
  if (!ip || ip.range() !== 'unicast') return false;
  return ip.kind() === 'ipv4' || (ip as ipaddr.IPv6).match(globalUnicast);
}

/** Whether webhooks may go to an address. @param secure by TLS */
export const isAllowed = (address: string, secure: boolean, networks: Networks): boolean =>
  isWithin(address, networks) || (secure && isPublic(address));

/** A host as names are resolved: an address of IPv6 without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** What is wrong with the URL of an endpoint, as far as it can be told without asking anybody; undefined: nothing. */
export function faultOf(text: string, networks: Networks): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === 'https:';
  if (!url || (!secure && !(url.protocol === 'http:' && networks.length > 0)))
    return 'It must be an https URL, such as https://app.example.com/webhooks.';
  if (url.username || url.password) return 'Leave the user name and password out: messages are signed instead.';
  if (url.hash) return 'Leave out what follows the #: it is not sent.';
  const host = hostOf(url);
  const isName = isIP(host) === 0;
  const isOwn = isName && /(^|\.)localhost\.?$/.test(host) && !isWithin('127.0.0.1', networks);
  if (isOwn || (!isName && !isAllowed(host, secure, networks)))
    return 'Its address is private: messages go to the public internet, unless those who run Usher allow others.';
  return undefined;
}
