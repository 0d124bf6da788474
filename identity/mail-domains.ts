import { domainToASCII } from 'node:url';
import type { Mailbox } from './mailbox.ts';

/** Whom an organization invites, by the domains of their addresses. */
export interface MailDomains {
  /** None: all that are not blocked. */
  allowed_domains: readonly string[];
  blocked_domains: readonly string[];
}

/**
 * A domain as it is compared with that of a mailbox, brought to ASCII by UTS 46; `*.` before it stands for all below it.
 *
 * @returns undefined when it is none
 */
export function mailDomain(text: string): string | undefined {
  // What follows a host in a URL would be dropped without a word.
  const [, wildcard = '', name] = /^(\*\.)?([^*\s/\\?#@:%[\]]+)$/.exec(text.trim()) ?? [];
  const domain = name && domainToASCII(name);
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (!domain || domain.length > 253 || !new RegExp(`^${label}(\\.${label})+$`).test(domain)) return undefined;
  return /^[0-9.]+$/.test(domain) ? undefined : `${wildcard}${domain}`;
}

const covers = (pattern: string, domain: string) =>
  pattern.startsWith('*.') ? domain.endsWith(pattern.slice(1)) : domain === pattern;

/** Whether a mailbox is in one of the domains. */
export function isInDomains(mailbox: Mailbox, domains: readonly string[]): boolean {
  const own = mailbox.slice(mailbox.lastIndexOf('@') + 1);
  return domains.some((domain) => covers(domain, own));
}

/** Whether an organization invites addresses of this domain. */
export const invitesMailbox = (mailbox: Mailbox, { allowed_domains, blocked_domains }: MailDomains): boolean =>
  !isInDomains(mailbox, blocked_domains) && (allowed_domains.length === 0 || isInDomains(mailbox, allowed_domains));
