import type { Account } from '../../db/accounts.ts';
import type { MemberId } from '../../db/ids.ts';
import { insertMember, type Role } from '../../db/members.ts';
import type { Organization } from '../../db/organizations.ts';
import { Visitor } from '../identity/visitor.ts';
import type { Usher } from '../setup/usher.ts';

export type SignedIn = Visitor & { account: Account; session: string; member: MemberId | undefined };

/** Somebody with a browser who is signed in; with a role, a member. @param more.of @default the organization of that Usher */
export async function signedIn(
  usher: Usher,
  email: string,
  { role, of = usher.organization }: { role?: Role; of?: Organization } = {},
): Promise<SignedIn> {
  const { account, session } = await usher.person(email);
  const member =
    role &&
    (await usher.db
      .transaction()
      .execute((trx) =>
        insertMember(trx, { organization: of.id, account: account.id, role, teams: [], invitation: null }),
      ));
  const visitor = new Visitor();
  visitor.plant(`usher_${new URL(usher.url).port}_session`, session);
  await visitor.visit(`${usher.url}/docs/errors/not_found`);
  return Object.assign(visitor, { account, session, member });
}
