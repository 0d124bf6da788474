import type { FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import { type Account, accountOfSession } from '../db/accounts.ts';
import { findApiKey, isApiKey, type Scope } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import type { AccountId, ApiKeyId, OrganizationId } from '../db/ids.ts';
import { findMembership, type Role } from '../db/members.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { Cookies } from './cookies.ts';
import type { Limits } from './limits.ts';
import { Problem } from './problem.ts';

/** Who makes a request: a program with an API key, or a person with a session; and from which network address. */
export type Caller =
  | {
      kind: 'api_key';
      id: ApiKeyId;
      organization: OrganizationId;
      role: Role;
      scopes: Scope[];
      account: AccountId;
      client: string;
    }
  | { kind: 'account'; id: AccountId; account: Account; client: string };

/** What a caller is in one organization. */
export interface Standing {
  role: Role;
  /** The account on whose behalf it happens: the person's own, or that of the key's maker. */
  account: AccountId;
  by: Actor;
  /** The network address it happens from. */
  client: string;
}

/**
 * Finds out who calls.
 *
 * @throws Problem `not_authenticated`, and `rate_limited` after many of them; `form_expired` for a change by session that comes from another site
 */
export async function authenticate(
  request: FastifyRequest,
  { db, cookies, limits, publicUrl }: { db: Kysely<Database>; cookies: Cookies; limits: Limits; publicUrl: string },
): Promise<Caller> {
  const client = request.ip;
  const [scheme, credential] = (request.headers.authorization ?? '').split(' ');
  if (scheme) {
    const key =
      scheme.toLowerCase() === 'bearer' && credential && isApiKey(credential) && (await findApiKey(db, credential));
    if (!key) {
      await limits.use({ unknown_key: client });
      throw new Problem('not_authenticated', 'The API key is unknown or revoked.');
    }
    const { id, organization_id: organization, role, scopes, created_by: account } = key;
    return { kind: 'api_key', id, organization, role, scopes, account, client };
  }
  const session = cookies.session(request);
  const account = session && (await accountOfSession(db, session));
  if (!account) {
    await limits.use({ visit: client });
    throw new Problem('not_authenticated', 'Send an API key: Authorization: Bearer usher_sk_…');
  }
  // Browsers name the origin of every POST and PATCH that another site could make with the person's cookie.
  if (request.method !== 'GET' && request.headers.origin !== new URL(publicUrl).origin) {
    throw new Problem('form_expired', 'A change by session cookie must come from a page of Usher.');
  }
  return { kind: 'account', id: account.id, account, client };
}

/**
 * What the caller is in an organization, if that allows the scope.
 *
 * @param hidden how to answer whoever may not know that it exists: exactly as if it did not
 * @throws Problem `hidden`; `scope_missing`; `not_allowed`
 */
export async function standingIn(
  db: Kysely<Database>,
  caller: Caller,
  organization: OrganizationId,
  scope: Exclude<Scope, 'act'>,
  hidden: 'not_found' | 'invitation_not_found' = 'not_found',
): Promise<Standing> {
  if (caller.kind === 'api_key') {
    if (caller.organization !== organization) throw new Problem(hidden);
    requireScope(caller, scope);
    return {
      role: caller.role,
      account: caller.account,
      by: { kind: 'api_key', id: caller.id },
      client: caller.client,
    };
  }
  const member = await findMembership(db, organization, caller.id);
  if (!member) throw new Problem(hidden);
  if (member.role !== 'owner' && member.role !== 'admin') {
    throw new Problem('not_allowed', 'Owners and admins of the organization may.');
  }
  return { role: member.role, account: caller.id, by: { kind: 'member', id: member.id }, client: caller.client };
}

/** @throws Problem `scope_missing` */
export function requireScope(caller: Extract<Caller, { kind: 'api_key' }>, scope: Scope): void {
  if (!caller.scopes.includes(scope)) throw new Problem('scope_missing', `The key needs the scope "${scope}".`);
}
