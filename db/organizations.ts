import type { Generated, Kysely, Selectable } from 'kysely';
import type { Database } from './database.ts';
import { newId, type OrganizationId } from './ids.ts';
import { isPlainText } from './plain-text.ts';

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
  created_at: Generated<Date>;
}
export type Organization = Selectable<OrganizationsTable>;

export const findOrganization = (db: Kysely<Database>, slug: string): Promise<Organization | undefined> =>
  db.selectFrom('organizations').selectAll().where('slug', '=', slug).executeTakeFirst();

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
  if (organization.name.trim() === '' || organization.name.length > 100 || !isPlainText(organization.name)) {
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
    })
    .onConflict((c) => c.column('slug').doNothing())
    .execute();
  return db.selectFrom('organizations').selectAll().where('slug', '=', organization.slug).executeTakeFirstOrThrow();
}
