import type { Generated, Kysely, Selectable } from 'kysely';
import type { Database } from './database.ts';
import { newId, type OrganizationId } from './ids.ts';

export interface OrganizationsTable {
  id: OrganizationId;
  /** How callers name it; never changes. */
  slug: string;
  name: string;
  home_url: string | null;
  created_at: Generated<Date>;
}
export type Organization = Selectable<OrganizationsTable>;

export const findOrganization = (db: Kysely<Database>, slug: string): Promise<Organization | undefined> =>
  db.selectFrom('organizations').selectAll().where('slug', '=', slug).executeTakeFirst();

/** Creates an organization, or returns the one that has the slug. */
export async function ensureOrganization(
  db: Kysely<Database>,
  organization: { slug: string; name: string; homeUrl?: string },
): Promise<Organization> {
  await db
    .insertInto('organizations')
    .values({
      id: newId('org'),
      slug: organization.slug,
      name: organization.name,
      home_url: organization.homeUrl ?? null,
    })
    .onConflict((c) => c.column('slug').doNothing())
    .execute();
  return db.selectFrom('organizations').selectAll().where('slug', '=', organization.slug).executeTakeFirstOrThrow();
}
