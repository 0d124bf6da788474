import { upsertAccount } from '../../db/accounts.ts';
import { findApiKey, insertApiKey, newApiKey } from '../../db/api-keys.ts';
import { createDatabase } from '../../db/database.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { findMembership, insertMember } from '../../db/members.ts';
import { ensureOrganization, registerTrust } from '../../db/organizations.ts';
import { type Person, subjectOf } from './issuer.ts';

/**
 * What an operator does before an app can use Usher (docs/operations.md, "The first organization"): its organization, with an
 * owner and a licence; its issuer, and where it is at home; an API key. What is there already stays.
 *
 * @param o.url the app's own
 * @param o.installation the issuer of the local Usher
 */
export async function setUp(o: {
  database: string;
  installation: string;
  url: string;
  organization: { slug: string; name: string };
  owner: Person;
  /** The key of an earlier run. */
  apiKey?: string | undefined;
}): Promise<string> {
  const db = createDatabase(o.database, 1);
  try {
    return await db.transaction().execute(async (trx) => {
      const { id: organization, slug } = await ensureOrganization(trx, { ...o.organization, homeUrl: `${o.url}/` });
      await registerTrust(trx, slug, { issuer: o.url, origins: [o.url] }, [o.installation]);
      const { id: account } = await upsertAccount(trx, {
        ...{ issuer: o.url, subject: subjectOf(o.owner) },
        ...{ ...o.owner, emailVerified: true },
      });
      if (!(await findMembership(trx, organization, account)))
        await insertMember(trx, { organization, account, role: 'owner', teams: [], invitation: null });
      await ensureLicensePool(trx, { organization, product: 'studio', name: 'Studio', kind: 'named', quantity: 5 });
      if (o.apiKey && (await findApiKey(trx, o.apiKey))) return o.apiKey;
      const secret = newApiKey();
      const scopes = ['read', 'manage'] as const;
      await insertApiKey(trx, { secret, organization, name: 'Workshop', role: 'owner', scopes, createdBy: account });
      return secret;
    });
  } finally {
    await db.destroy();
  }
}
