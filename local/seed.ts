import type { Kysely } from 'kysely';
import { upsertAccount } from '../db/accounts.ts';
import { findApiKey, insertApiKey, scopes } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import { ensureLicensePool } from '../db/licenses.ts';
import { findMembership, insertMember } from '../db/members.ts';
import { ensureOrganization, registerTrust } from '../db/organizations.ts';

export const example = {
  organization: { slug: 'acme', name: 'Acme' },
  /** The identity provider of its own app's people, for whom the API key may vouch. */
  issuer: 'https://login.example.com',
  owner: { email: 'owner@acme.example', name: 'Olivia Owner' },
  pool: { product: 'studio', name: 'Studio', kind: 'named', quantity: 25 },
} as const;

/**
 * Makes the example organization, its owner, its licence pool and an API key that may do everything in it. What is there
 * already stays as people have changed it since.
 *
 * @param owner who they are at the identity provider
 */
export const seed = (db: Kysely<Database>, owner: { issuer: string; subject: string }, apiKey: string): Promise<void> =>
  db.transaction().execute(async (trx) => {
    const { id: organization, slug, issuer } = await ensureOrganization(trx, example.organization);
    if (!issuer) await registerTrust(trx, slug, { issuer: example.issuer }, [owner.issuer]);
    const { id: account } = await upsertAccount(trx, { ...owner, ...example.owner, emailVerified: true });
    if (!(await findMembership(trx, organization, account)))
      await insertMember(trx, { organization, account, role: 'owner', teams: [], invitation: null });
    await ensureLicensePool(trx, { organization, ...example.pool });
    if (!(await findApiKey(trx, apiKey)))
      await insertApiKey(trx, {
        secret: apiKey,
        organization,
        name: 'Local run',
        role: 'owner',
        scopes,
        createdBy: account,
      });
  });
