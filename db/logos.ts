import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from './database.ts';
import type { OrganizationId } from './ids.ts';

/** Pictures of organizations, each known by its hash, which `organizations.logo` repeats. */
export interface LogosTable {
  organization_id: OrganizationId;
  /** SHA-256 of the picture, base64url: another picture has another address. */
  hash: string;
  png: Buffer;
}

export const logoHash = (png: Buffer): string => createHash('sha256').update(png).digest('base64url');

/** Where a logo is served. @param hash of the picture: another one is elsewhere */
export const logoPath = (hash: string): string => `/logos/${hash}.png`;

/** The picture with this hash. */
export const findLogo = async (db: Kysely<Database>, hash: string): Promise<Buffer | undefined> =>
  (await db.selectFrom('logos').select('png').where('hash', '=', hash).limit(1).executeTakeFirst())?.png;

/** Gives an organization a picture, or takes it away. @param png null: none */
export async function storeLogo(
  trx: Transaction<Database>,
  organization: OrganizationId,
  png: Buffer | null,
): Promise<void> {
  if (png) {
    const logo = { hash: logoHash(png), png };
    await trx
      .insertInto('logos')
      .values({ organization_id: organization, ...logo })
      .onConflict((c) => c.column('organization_id').doUpdateSet(logo))
      .execute();
  } else await trx.deleteFrom('logos').where('organization_id', '=', organization).execute();
}
