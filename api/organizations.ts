import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { hasTakenEffect, insertEvent } from '../db/events.ts';
import type { OrganizationId } from '../db/ids.ts';
import { logoPath } from '../db/logos.ts';
import { noticeKinds } from '../db/notices.ts';
import { findOrganization, lockOrganization, type Organization, updateOrganization } from '../db/organizations.ts';
import { isPlainLine, isPlainText, isSenderName } from '../db/plain-text.ts';
import { timeZoneNamed } from '../db/reminders.ts';
import { mailDomain } from '../identity/mail-domains.ts';
import { envelopeAddress, mailboxOf } from '../identity/mailbox.ts';
import { isSecureWebUrl } from '../identity/origins.ts';
import { placeholders, unknownIn, type Wording, type Wordings } from '../languages/wording.ts';
import { languages as languageTags } from '../languages/words.ts';
import type { Standing } from './caller.ts';
import { expiresInMs } from './invitations.ts';
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
  timeZone: row.time_zone,
  color: row.color,
  senderName: row.sender_name,
  replyTo: row.reply_to,
  wording: inOrder(row.wording ?? {}),
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

/** A setting that cannot be as it is asked. @param detail the same for those who do not see what it is about */
const refused = (name: string, message: string, detail = `${name}: ${message}`) =>
  new Problem('invalid_request', detail, [{ path: `body/${name}`, message }]);

/** A text that strangers would read, and may not. */
const unsafe = (name: string, message: string) =>
  new Problem('unsafe_text', message, [{ path: `body/${name}`, message }]);

/** Domains as they are compared. @throws Problem `invalid_request` naming what is none */
function domainsOf(name: string, domains: readonly string[]): string[] {
  const read = domains.map((text) => {
    const domain = mailDomain(text);
    if (domain === undefined) throw refused(name, `"${text}" is no domain, such as example.com or *.example.com.`);
    return domain;
  });
  return [...new Set(read)];
}

/** The order in which Usher lists them, whatever the database's. */
const inOrder = (wording: Wordings): Wordings =>
  Object.fromEntries(languageTags.flatMap((language) => (wording[language] ? [[language, wording[language]]] : [])));

/** How much of white and of a colour must differ: what text needs (WCAG 2.2, 1.4.3). */
const leastContrast = 4.5;

/** Between white and a colour (WCAG 2.2, contrast ratio). @param color `#rrggbb` */
function contrastWithWhite(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

/** A colour as it is stored. @throws Problem `invalid_request` when white text on it could not be read */
function colorOf(color: string): string {
  const contrast = contrastWithWhite(color);
  if (contrast >= leastContrast) return color.toLowerCase();
  const ratio = Math.floor(contrast * 10) / 10;
  throw refused(
    'color',
    `White text on ${color} has a contrast of ${ratio} : 1 only; choose a darker one, of ${leastContrast} : 1.`,
  );
}

/** Where answers go, as it is stored. @throws Problem `invalid_request` for what mail providers do not take */
function replyToOf(text: string): string {
  const address = text.trim();
  if (!mailboxOf(address)) throw refused('replyTo', `"${text}" is no address that mail can be sent to.`);
  if (/[^\x20-\x7e]/.test(address.slice(0, address.lastIndexOf('@'))))
    throw refused(
      'replyTo',
      'Before the @ can stand plain letters alone, without accents: mail providers take no others.',
    );
  return envelopeAddress(address);
}

/** One text of an organization's own wording, as it is stored. @throws Problem `invalid_request`, `unsafe_text` */
function wordingText(language: string, name: string, text: string): string {
  const path = `wording/${language}/${name}`;
  const unknown = unknownIn(text);
  if (unknown) {
    const known = placeholders.map((one) => `{${one}}`).join(', ');
    const message = `There is no ${unknown}: in braces can stand ${known}.`;
    throw refused(path, message, message);
  }
  if (name === 'body' ? !isPlainText(text) : !isPlainLine(text))
    throw unsafe(
      path,
      `Leave links${name === 'body' ? ' and markup' : ', markup and line breaks'} out of the ${name}.`,
    );
  return text.replaceAll('\r\n', '\n').trim();
}

/** An organization's own wording, as it is stored: what is empty is as usual, null is nothing. @throws Problem `invalid_request`, `unsafe_text` */
function wordingsOf(wordings: Wordings): Wordings | null {
  const read = Object.entries(wordings).map(([language, wording]: [string, Wording]) => {
    const texts = Object.entries(wording).map(([name, text]: [string, string]) => [
      name,
      wordingText(language, name, text),
    ]);
    return [language, Object.fromEntries(texts.filter(([, text]) => text !== ''))] as const;
  });
  const own = read.filter(([, wording]) => Object.keys(wording).length > 0);
  return own.length > 0 ? Object.fromEntries(own) : null;
}

/** Settings as they are stored. @throws Problem `invalid_request`, `unsafe_text` */
export function columnsOf({
  name,
  homeUrl,
  expiresIn,
  reminders,
  allowedDomains,
  blockedDomains,
  languages,
  notices,
  timeZone,
  color,
  senderName,
  replyTo,
  wording,
}: ChangeOrganization) {
  // Strangers read it in emails from us.
  if (name?.trim() === '') throw unsafe('name', 'Write a name: it is empty.');
  if (name && !isPlainLine(name)) throw unsafe('name', 'Leave links, markup and line breaks out of name.');
  if (homeUrl && !isSecureWebUrl(homeUrl)) throw refused('homeUrl', 'It must be an https URL.');
  expiresInMs(expiresIn);
  const zone = timeZone === undefined ? undefined : timeZoneNamed(timeZone);
  if (timeZone !== undefined && !zone)
    throw refused('timeZone', `"${timeZone}" is no time zone, such as Europe/Berlin or UTC.`);
  if (senderName && !/[\p{L}\p{N}]/u.test(senderName))
    throw unsafe('senderName', 'Write a name that can be read, or none (null): then emails come by that of Usher.');
  if (senderName && !isSenderName(senderName))
    throw unsafe('senderName', 'Leave links, addresses, markup and line breaks out of senderName.');
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
    ...(zone ? { time_zone: zone } : {}),
    ...(color === undefined ? {} : { color: color && colorOf(color) }),
    ...(senderName === undefined ? {} : { sender_name: senderName && senderName.trim() }),
    ...(replyTo === undefined ? {} : { reply_to: replyTo && replyToOf(replyTo) }),
    ...(wording ? { wording: wordingsOf(wording) } : {}),
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
    const isSame = (name: string, value: unknown) => isDeepStrictEqual(before[name as keyof Organization], value);
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
