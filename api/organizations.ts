import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { hasTakenEffect, insertEvent } from '../db/events.ts';
import type { OrganizationId } from '../db/ids.ts';
import { noticeKinds } from '../db/notices.ts';
import { findOrganization, lockOrganization, type Organization, updateOrganization } from '../db/organizations.ts';
import { isPlainLine } from '../db/plain-text.ts';
import { mailDomain } from '../identity/mail-domains.ts';
import { isSecureWebUrl } from '../identity/origins.ts';
import type { Standing } from './caller.ts';
import { expiresInMs } from './invitations.ts';
import { logoPath } from './pages/avatar.ts';
import { ChangedMeanwhile, Problem } from './problem.ts';
import type { Reasoned } from './reason.ts';
import type { ChangeOrganization, Organization as OrganizationBody } from './schemas.ts';

/** What callers can do with organizations; routes and pages call these. */

/** An organization as callers see it. */
export const organizationBody = (row: Organization): OrganizationBody => ({
  organization: row.slug,
  name: row.name,
  homeUrl: row.home_url,
  expiresIn: row.expires_in ?? 'P7D',
  reminders: row.reminders,
  allowedDomains: row.allowed_domains,
  blockedDomains: row.blocked_domains,
  languages: row.languages,
  notices: row.notices,
  logo: row.logo && logoPath(row.logo),
  suspendedAt: row.suspended_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});

/** Tells settings from those they were before: what a form was drawn for. */
export const settingsVersion = (row: Organization): string => {
  const { suspendedAt, createdAt, logo, ...settings } = organizationBody(row);
  return createHash('sha256').update(JSON.stringify(settings)).digest('base64url');
};

/** @throws Problem `not_found` */
export async function requireOrganization(db: Kysely<Database>, slug: string): Promise<Organization> {
  const organization = await findOrganization(db, slug);
  if (!organization) throw new Problem('not_found');
  return organization;
}

/** A setting that cannot be as it is asked. */
const refused = (name: string, message: string) =>
  new Problem('invalid_request', `${name}: ${message}`, [{ path: `body/${name}`, message }]);

/** Domains as they are compared. @throws Problem `invalid_request` naming what is none */
function domainsOf(name: string, domains: readonly string[]): string[] {
  const read = domains.map((text) => {
    const domain = mailDomain(text);
    if (domain === undefined) throw refused(name, `"${text}" is no domain, such as example.com or *.example.com.`);
    return domain;
  });
  return [...new Set(read)];
}

/** Settings as they are stored. @throws Problem `invalid_request`, `unsafe_text` */
function columnsOf({
  name,
  homeUrl,
  expiresIn,
  reminders,
  allowedDomains,
  blockedDomains,
  languages,
  notices,
}: ChangeOrganization) {
  // Strangers read it in emails from us.
  if (name !== undefined && (name.trim() === '' || !isPlainLine(name)))
    throw new Problem('unsafe_text', 'Leave links, markup and line breaks out of name.');
  if (homeUrl && !isSecureWebUrl(homeUrl)) throw refused('homeUrl', 'It must be an https URL.');
  expiresInMs(expiresIn);
  return {
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(homeUrl === undefined ? {} : { home_url: homeUrl }),
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(reminders === undefined ? {} : { reminders }),
    ...(allowedDomains ? { allowed_domains: domainsOf('allowedDomains', allowedDomains) } : {}),
    ...(blockedDomains ? { blocked_domains: domainsOf('blockedDomains', blockedDomains) } : {}),
    ...(languages ? { languages } : {}),
    // In one order, so that the same is no change.
    ...(notices ? { notices: noticeKinds.filter((kind) => notices.includes(kind)) } : {}),
  };
}

/**
 * Changes settings, or suspends or no longer; each with an event, unless it is so already. The same request changes nothing
 * again, whatever others have changed since.
 *
 * @param act.drawnFor `settingsVersion` of what was changed; others are not overwritten unseen. @default whatever is there
 * @throws Problem `invalid_request`, `unsafe_text`, `changed_meanwhile`
 */
export async function changeOrganization(
  db: Kysely<Database>,
  id: OrganizationId,
  standing: Standing,
  { suspended, ...settings }: Omit<ChangeOrganization, 'reason'>,
  act: Reasoned & { drawnFor?: string | undefined },
): Promise<Organization> {
  const columns = columnsOf(settings);
  return db.transaction().execute(async (trx) => {
    const before = await lockOrganization(trx, id);
    if (await hasTakenEffect(trx, act.request)) return before;
    if (act.drawnFor !== undefined && act.drawnFor !== settingsVersion(before)) throw new ChangedMeanwhile();
    const event = {
      organization: id,
      target: { kind: 'organization', id },
      by: standing.by,
      reason: act.reason ?? null,
    } as const;
    const isSame = (name: string, value: unknown) =>
      JSON.stringify(before[name as keyof Organization]) === JSON.stringify(value);
    const changed = Object.entries(columns).filter(([name, value]) => !isSame(name, value));
    if (changed.length > 0) {
      const detail = changed.map(([name]) => name).join(' ');
      await insertEvent(trx, { ...event, type: 'organization_changed', detail, request: act.request });
    }
    const suspends = suspended !== undefined && suspended !== (before.suspended_at !== null);
    if (suspends) {
      const type = suspended ? 'organization_suspended' : 'organization_resumed';
      await insertEvent(trx, { ...event, type, request: changed.length > 0 ? `${act.request}/${type}` : act.request });
    }
    if (changed.length === 0 && !suspends) return before;
    return updateOrganization(trx, id, {
      ...Object.fromEntries(changed),
      ...(suspends ? { suspended_at: suspended ? new Date() : null } : {}),
    });
  });
}
