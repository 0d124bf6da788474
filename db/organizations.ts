import { type Generated, type Kysely, type Selectable, sql, type Transaction, type Updateable } from 'kysely';
import { isAmong, isIssuer } from '../identity/issuers.ts';
import { isOrigin } from '../identity/origins.ts';
import type { Wordings } from '../languages/wording.ts';
import type { Database } from './database.ts';
import { newId, type OrganizationId } from './ids.ts';
import type { NoticeKind } from './notices.ts';
import { isPlainLine } from './plain-text.ts';

export interface OrganizationsTable {
  id: OrganizationId;
  /** How callers name it; never changes. */
  slug: string;
  name: string;
  home_url: string | null;
  /** Days for which ended invitations are kept as they are; null: as the installation says, 0: for ever. */
  retention_days: number | null;
  /** Multiplies its limits; null for the usual ones. */
  limit_factor: number | null;
  /** The identity provider of its own people, whose accounts count here alone; never the installation's. */
  issuer: string | null;
  /** Where invitations may lead members, besides the origin of `home_url`. */
  origins: Generated<string[]>;
  created_at: Generated<Date>;
  /** How long its invitations live unless they say otherwise, ISO 8601; null: 7 days. */
  expires_in: string | null;
  /** When to remind, as ISO 8601 durations after the sending; null: halfway and a day before the end. */
  reminders: string[] | null;
  /** Whose addresses it invites: domains in ASCII, `*.` before one stands for all below it. None: all that are not blocked. */
  allowed_domains: Generated<string[]>;
  blocked_domains: Generated<string[]>;
  /** Of its invitations: the first unless one says otherwise. None: any. */
  languages: Generated<string[]>;
  /** What its inviters are told of by email. */
  notices: Generated<NoticeKind[]>;
  /** While it is set, nothing is sent for it, and nobody joins. */
  suspended_at: Date | null;
  /** Hash of its logo. */
  logo: string | null;
  /** Of buttons in its emails and on pages about its invitations: `#rrggbb`; null: Usher's. */
  color: string | null;
  /** By what name its invitations are sent; null: the installation's. */
  sender_name: string | null;
  /** Where answers to its invitations go; null: to whoever invited. */
  reply_to: string | null;
  /** What it says itself in its invitations; null: nothing. */
  wording: Wordings | null;
  /** IANA name: reminders come in the daytime there. */
  time_zone: Generated<string>;
}
export type Organization = Selectable<OrganizationsTable>;
/** All of them, by name: see `prepareRepeated`. */
const columns = [
  'id',
  'slug',
  'name',
  'home_url',
  'retention_days',
  'limit_factor',
  'issuer',
  'origins',
  'created_at',
  'expires_in',
  'reminders',
  'allowed_domains',
  'blocked_domains',
  'languages',
  'notices',
  'suspended_at',
  'logo',
  'color',
  'sender_name',
  'reply_to',
  'wording',
  'time_zone',
] as const satisfies (keyof Organization)[];

export const findOrganization = (db: Kysely<Database>, slug: string): Promise<Organization | undefined> =>
  db.selectFrom('organizations').select(columns).where('slug', '=', slug).executeTakeFirst();

/** An organization as `to_jsonb` writes its row: all times of the schema end in `_at`. */
export const organizationOfJson = (row: Record<string, unknown>): Organization =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      column.endsWith('_at') && value !== null ? new Date(value as string) : value,
    ]),
  ) as Organization;

export const findOrganizationById = (db: Kysely<Database>, id: OrganizationId): Promise<Organization | undefined> =>
  db.selectFrom('organizations').select(columns).where('id', '=', id).executeTakeFirst();

/** Organizations by a part of their name or of how callers name them: the first, by the latter. */
export const searchOrganizations = (db: Kysely<Database>, text: string, limit: number): Promise<Organization[]> => {
  const like = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return db
    .selectFrom('organizations')
    .select(columns)
    .where((e) => e.or([e('slug', 'ilike', like), e('name', 'ilike', like)]))
    .orderBy('slug')
    .limit(limit)
    .execute();
};

export const lockOrganization = (trx: Transaction<Database>, id: OrganizationId): Promise<Organization> =>
  trx.selectFrom('organizations').select(columns).where('id', '=', id).forNoKeyUpdate().executeTakeFirstOrThrow();

/** What organizations say themselves in their invitations; of those that say nothing there is nothing. */
export async function findWordings(
  db: Kysely<Database>,
  ids: readonly OrganizationId[],
): Promise<Map<OrganizationId, Wordings>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('organizations')
    .select(['id', 'wording'])
    .where('id', '=', sql<OrganizationId>`any(${ids})`)
    .execute();
  return new Map(rows.flatMap(({ id, wording }) => (wording ? [[id, wording]] : [])));
}

/** Changes what an organization decides for itself, or whether it is suspended. */
export const updateOrganization = (
  trx: Transaction<Database>,
  id: OrganizationId,
  changes: Updateable<OrganizationsTable>,
): Promise<Organization> =>
  trx.updateTable('organizations').set(changes).where('id', '=', id).returning(columns).executeTakeFirstOrThrow();

/** The organization whose own identity provider this is. */
export const findOrganizationOfIssuer = (db: Kysely<Database>, issuer: string): Promise<Organization | undefined> =>
  db.selectFrom('organizations').select(columns).where('issuer', '=', issuer).executeTakeFirst();

/**
 * Registers an organization's identity provider and origins; what is left out stays.
 *
 * @param changes.issuer null: none
 * @param installation the issuers of the installation, which can be no organization's own
 * @throws RangeError in a sentence what is wrong with them
 */
export async function registerTrust(
  db: Kysely<Database>,
  slug: string,
  changes: { issuer?: string | null; origins?: readonly string[] },
  installation: readonly string[],
): Promise<Organization> {
  const { issuer, origins } = changes;
  if (issuer && !isIssuer(issuer)) {
    throw new RangeError('An issuer is an https URL without query or fragment, exactly as its tokens name it.');
  }
  if (issuer && isAmong(issuer, installation)) {
    throw new RangeError(
      "An issuer of the installation's own counts everywhere already, and can be no organization's.",
    );
  }
  const bad = origins?.find((origin) => !isOrigin(origin));
  if (bad !== undefined)
    throw new RangeError(`${bad} is no origin: write https://name or https://name:port, and no more.`);
  if (origins && origins.length > 20) throw new RangeError('An organization has 20 origins at most.');
  try {
    const organization = await db
      .updateTable('organizations')
      // The slug itself, so that there is always something to set.
      .set({ slug, ...(issuer === undefined ? {} : { issuer }), ...(origins ? { origins: [...origins] } : {}) })
      .where('slug', '=', slug)
      .returningAll()
      .executeTakeFirst();
    if (!organization) throw new RangeError(`There is no organization ${slug}.`);
    return organization;
  } catch (cause) {
    if ((cause as { constraint?: string }).constraint !== 'organizations_one_issuer') throw cause;
    throw new RangeError('The issuer is that of another organization.', { cause });
  }
}

/**
 * Creates an organization, or returns the one that has the slug.
 *
 * @throws Error when the slug is no slug, or the name is not plain text: strangers read it in emails from us
 */
export async function ensureOrganization(
  db: Kysely<Database>,
  organization: { slug: string; name: string; homeUrl?: string },
): Promise<Organization> {
  if (!/^[a-z0-9](-?[a-z0-9]){0,59}$/.test(organization.slug)) {
    throw new Error('An organization slug has 1 to 60 letters a-z, digits and single hyphens.');
  }
  if (organization.name.trim() === '' || organization.name.length > 100 || !isPlainLine(organization.name)) {
    throw new Error('An organization name has 1 to 100 characters, without links, markup or control characters.');
  }
  await db
    .insertInto('organizations')
    .values({
      id: newId('org'),
      slug: organization.slug,
      name: organization.name,
      home_url: organization.homeUrl ?? null,
      retention_days: null,
      limit_factor: null,
      issuer: null,
    })
    .onConflict((c) => c.column('slug').doNothing())
    .execute();
  return db.selectFrom('organizations').select(columns).where('slug', '=', organization.slug).executeTakeFirstOrThrow();
}
