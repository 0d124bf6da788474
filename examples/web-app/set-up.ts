import { upsertAccount } from '../../db/accounts.ts';
import { createDatabase } from '../../db/database.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { findMembership, insertMember } from '../../db/members.ts';
import { ensureOrganization, registerTrust } from '../../db/organizations.ts';
import { type Person, subjectOf } from './issuer.ts';

/**
 * What an operator does before an app can use Usher (docs/operations.md, "The first organization"): its organization, with an
 * owner and a licence; its issuer, and where it is at home. What is there already stays.
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
}): Promise<void> {
  const db = createDatabase(o.database, 1);
  try {
    await db.transaction().execute(async (trx) => {
      const { id: organization, slug } = await ensureOrganization(trx, { ...o.organization, homeUrl: `${o.url}/` });
      await registerTrust(trx, slug, { issuer: o.url, origins: [o.url] }, [o.installation]);
      const { id: account } = await upsertAccount(trx, {
        ...{ issuer: o.url, subject: subjectOf(o.owner) },
        ...{ ...o.owner, emailVerified: true },
      });
      if (!(await findMembership(trx, organization, account)))
        await insertMember(trx, { organization, account, role: 'owner', teams: [], invitation: null });
      await ensureLicensePool(trx, { organization, product: 'studio', name: 'Studio', kind: 'named', quantity: 5 });
    });
  } finally {
    await db.destroy();
  }
}
