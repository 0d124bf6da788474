import type { FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import { type Account, accountOfBearer, accountOfSession } from '../db/accounts.ts';
import { type AnyScope, findApiKey, isApiKey, type Scope, staffScopes } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import type { AccountId, ApiKeyId, MemberId, OrganizationId } from '../db/ids.ts';
import { findMembership, type Role } from '../db/members.ts';
import { findOrganization, findOrganizationOfIssuer, type Organization } from '../db/organizations.ts';
import { BearerRefused, type Bearers, IssuerUnavailable } from '../identity/bearers.ts';
import { isAmong } from '../identity/issuers.ts';
import { asBelieved, type Provider, providerOf, vouchesFor } from '../identity/providers.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { Cookies } from './cookies.ts';
import type { Limits } from './limits.ts';
import {
  type OrganizationPermission,
  type Permission,
  permissions,
  roleMay,
  staffMay,
  staffRoleOf,
  whoMay,
} from './permissions.ts';
import { Problem } from './problem.ts';

/** Who makes a request: a program with an API key, or a person with a session or a bearer token; and from which network address. */
export type Caller =
  | {
      kind: 'api_key';
      id: ApiKeyId;
      /** Null for a key of the installation's staff, which counts in every organization. */
      organization: OrganizationId | null;
      /** That organization, which is read with the key: most of what a key asks is about it. */
      own: Organization | null;
      role: Role;
      scopes: AnyScope[];
      /** When it ends by itself; null: never. */
      ends: Date | null;
      account: AccountId;
      client: string;
    }
  | {
      kind: 'account';
      id: AccountId;
      account: Account;
      /** The only organization in which it counts; undefined: all. */
      organization: OrganizationId | undefined;
      client: string;
    };

/** What it takes to find out who calls. */
interface CallerDeps {
  db: Kysely<Database>;
  cookies: Cookies;
  bearers: Bearers;
  limits: Limits;
  providers: readonly Provider[];
  /** The installation's. */
  issuers: readonly string[];
  publicUrl: string;
}

/** What a caller is in one organization. */
export interface Standing {
  role: Role;
  /** The account on whose behalf it happens: the person's own, or that of the key's maker. */
  account: AccountId;
  by: Actor;
  /** The network address it happens from. */
  client: string;
  /** One of those who run Usher, not of the organization: what they change needs a reason. */
  staff?: true;
}

type MemberStanding = Standing & { by: { kind: 'member'; id: MemberId } };

/**
 * Who is signed in by the session cookie, and the only organization in which they count; undefined: all. Accounts of a
 * provider that the installation has left behind are not, nor those whose provider no organization has registered any more.
 */
export async function personOfCookie(
  request: FastifyRequest,
  { db, cookies, providers }: Pick<CallerDeps, 'db' | 'cookies' | 'providers'>,
): Promise<{ account: Account; organization: OrganizationId | undefined } | undefined> {
  const session = cookies.session(request);
  const known = session && (await accountOfSession(db, session));
  const provider = known && providerOf(providers, known.issuer);
  if (!provider) return undefined;
  const account = asBelieved(known, providers);
  if (provider.everywhere) return { account, organization: undefined };
  const organization = await findOrganizationOfIssuer(db, account.issuer);
  // Such a provider makes nobody staff.
  return organization && { account: { ...account, staff_role: null }, organization: organization.id };
}

/**
 * Finds out who calls.
 *
 * @throws Problem `not_authenticated`, and `rate_limited` after many of them; `issuer_unreachable`; `form_expired` for a
 *   change by session that comes from another site
 */
export async function authenticate(request: FastifyRequest, deps: CallerDeps): Promise<Caller> {
  const client = request.ip;
  const [scheme, credential] = (request.headers.authorization ?? '').split(' ');
  if (scheme) {
    const isBearer = scheme.toLowerCase() === 'bearer' && credential;
    if (isBearer && !isApiKey(credential)) return callerOfBearer(request, credential, deps);
    const key = isBearer && (await findApiKey(deps.db, credential));
    // As those who run Usher, their keys are not when their provider has been left behind.
    if (!key || (key.staff_issuer !== null && !isAmong(key.staff_issuer, deps.issuers))) {
      await deps.limits.use({ unknown_key: client });
      throw new Problem('not_authenticated', 'The API key is unknown or revoked.');
    }
    const { id, organization: own, role, scopes, expires_at: ends, created_by: account } = key;
    return { kind: 'api_key', id, organization: own?.id ?? null, own, role, scopes, ends, account, client };
  }
  const person = await personOfCookie(request, deps);
  if (!person) {
    await deps.limits.use({ visit: client });
    throw new Problem('not_authenticated', 'Send an API key: Authorization: Bearer usher_sk_…');
  }
  // Browsers name the origin of every POST and PATCH that another site could make with the person's cookie.
  if (request.method !== 'GET' && request.headers.origin !== new URL(deps.publicUrl).origin) {
    throw new Problem('form_expired', 'A change by session cookie must come from a page of Usher.');
  }
  return { kind: 'account', id: person.account.id, ...person, client };
}

/** Who calls on a page: the signed-in person. */
export const callerOnPage = (request: FastifyRequest, account: Account): Caller => ({
  kind: 'account',
  id: account.id,
  account,
  organization: request.countsIn,
  client: request.ip,
});

/** A person by a token of an issuer of the installation, or of an organization's, which counts in that organization alone. */
async function callerOfBearer(
  request: FastifyRequest,
  token: string,
  { db, bearers, limits, issuers, providers }: CallerDeps,
): Promise<Caller> {
  const client = request.ip;
  const named = bearers.issuerOf(token);
  const isOwn = named !== undefined && isAmong(named, issuers);
  try {
    if (named === undefined) throw new BearerRefused('it is neither an API key nor a JWT');
    const organization = isOwn ? undefined : await findOrganizationOfIssuer(db, named);
    // Nobody is asked on the word of a token alone.
    if (!isOwn && !organization) throw new BearerRefused('nobody here trusts its issuer');
    const bearer = await bearers.verify(token, named);
    const provider = providerOf(providers, named);
    if (bearer.person && provider) bearer.person.emailVerified &&= vouchesFor(provider, bearer.person.email);
    const known = await accountOfBearer(db, bearer);
    if (!known) throw new BearerRefused('its account has never signed in, and it says no email and email_verified');
    const account = asBelieved(known, providers);
    return { kind: 'account', id: account.id, account, organization: organization?.id, client };
  } catch (error) {
    if (error instanceof IssuerUnavailable) {
      request.log.error({ issuer: named }, error.message);
      throw new Problem('issuer_unreachable', 'Repeat the request in a while.');
    }
    if (!(error instanceof BearerRefused)) throw error;
    await limits.use({ unknown_key: client });
    throw new Problem('not_authenticated', `The bearer token is refused: ${error.message}.`);
  }
}

/** The organization that a path names. @throws Problem `not_found` */
export async function namedOrganization(db: Kysely<Database>, caller: Caller, slug: string): Promise<Organization> {
  const own = caller.kind === 'api_key' ? caller.own : null;
  const organization = own?.slug === slug ? own : await findOrganization(db, slug);
  if (!organization) throw new Problem('not_found');
  return organization;
}

/** How whoever may not know of something is answered: as if it did not exist. */
type HiddenAs = 'not_found' | 'invitation_not_found' | 'batch_not_found';

/**
 * What the caller is in an organization, if that allows what is asked.
 *
 * @param hidden how to answer whoever may not know that it exists: exactly as if it did not
 * @throws Problem `hidden`; `scope_missing`; `not_allowed`
 */
export async function standingIn(
  db: Kysely<Database>,
  caller: Caller,
  organization: OrganizationId,
  permission: OrganizationPermission,
  hidden: HiddenAs = 'not_found',
): Promise<Standing> {
  if (caller.kind === 'api_key') return standingOfKey(caller, organization, permission, hidden);
  const { client, account } = caller;
  const member = await ownStanding(db, caller, organization);
  if (member && roleMay(member.role, permission)) return member;
  // An organization's own identity provider can make nobody staff.
  const staff = caller.organization === undefined ? account.staff_role : null;
  if (staff && staffMay(staff, permission))
    return { role: 'owner', account: caller.id, by: { kind: 'support', id: caller.id }, client, staff: true };
  if (staff && !member) throw new Problem('not_allowed', `${whoMay(permission)} may; staff may not.`);
  if (!member) throw new Problem(hidden);
  throw new Problem('not_allowed', `${whoMay(permission)} may.`);
}

type Key = Extract<Caller, { kind: 'api_key' }>;

/** Whether a key of those who run Usher may, wherever it is. */
const staffKeyMay = ({ organization, scopes }: Key, permission: OrganizationPermission): boolean =>
  organization === null && staffScopes.some((s) => scopes.includes(s) && staffMay(staffRoleOf[s], permission));

/** That the caller is one of those who run Usher, who may this wherever it is. @throws Problem `not_allowed` */
export function requireStaff(caller: Caller, permission: OrganizationPermission): void {
  const may =
    caller.kind === 'api_key'
      ? staffKeyMay(caller, permission)
      : caller.organization === undefined &&
        caller.account.staff_role !== null &&
        staffMay(caller.account.staff_role, permission);
  if (!may) throw new Problem('not_allowed', `${whoMay(permission)} may.`);
}

/** What a person is in an organization as its member, whatever that allows; undefined when they are none. */
export async function ownStanding(
  db: Kysely<Database>,
  caller: Caller,
  organization: OrganizationId,
): Promise<MemberStanding | undefined> {
  if (caller.kind !== 'account') return undefined;
  const counts = caller.organization === undefined || caller.organization === organization;
  const member = counts && (await findMembership(db, organization, caller.id));
  if (!member) return undefined;
  return { role: member.role, account: caller.id, by: { kind: 'member', id: member.id }, client: caller.client };
}

function standingOfKey(
  caller: Extract<Caller, { kind: 'api_key' }>,
  organization: OrganizationId,
  permission: OrganizationPermission,
  hidden: HiddenAs,
): Standing {
  const { role, account, client } = caller;
  const by = { kind: 'api_key', id: caller.id } as const;
  const { scope, keyNeedsRole }: Permission = permissions[permission];
  if (caller.organization === null) {
    if (!staffKeyMay(caller, permission)) throw new Problem('not_allowed', `${whoMay(permission)} may; staff may not.`);
    return { role: 'owner', account, by, client, staff: true };
  }
  if (caller.organization !== organization) throw new Problem(hidden);
  if (!scope) throw new Problem('not_allowed', `This is for people. ${whoMay(permission)} may.`);
  requireScope(caller, scope);
  if (keyNeedsRole && !roleMay(role, permission))
    throw new Problem('not_allowed', `${whoMay(permission)} may, and keys that have such a role.`);
  return { role, account, by, client };
}

/** @throws Problem `scope_missing` */
export function requireScope(caller: Extract<Caller, { kind: 'api_key' }>, scope: Scope): void {
  if (!caller.scopes.includes(scope)) throw new Problem('scope_missing', `The key needs the scope "${scope}".`);
}
