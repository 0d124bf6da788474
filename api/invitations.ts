import type { FastifyBaseLogger } from 'fastify';
import type { Kysely } from 'kysely';
import type { Account } from '../db/accounts.ts';
import type { Database } from '../db/database.ts';
import { queueDelivery } from '../db/deliveries.ts';
import { findEventByRequest, insertEvent } from '../db/events.ts';
import { type AccountId, type InvitationId, isId, newId, type OrganizationId } from '../db/ids.ts';
import {
  type Amendment,
  factsOf,
  findInvitation,
  type Invitation,
  type InvitationFilter,
  insertAmendment,
  insertInvitation,
  listInvitations,
  listOvertaken,
} from '../db/invitations.ts';
import { findLicensePools, type LicensePool } from '../db/licenses.ts';
import { isMemberMailbox, mayGrant, type Role } from '../db/members.ts';
import { findOrganizationById, type Organization } from '../db/organizations.ts';
import type { Page } from '../db/paging.ts';
import { isPlainLine, isPlainText } from '../db/plain-text.ts';
import { refusalOf } from '../db/refusal.ts';
import { remindersByDay } from '../db/reminders.ts';
import { refusalOfInvitee } from '../identity/invitee.ts';
import { countsIn } from '../identity/issuers.ts';
import type { Links } from '../identity/links.ts';
import { canLookAlike, spellings } from '../identity/look-alike.ts';
import { invitesMailbox } from '../identity/mail-domains.ts';
import { type Mailbox, mailboxOf } from '../identity/mailbox.ts';
import { mayLeadTo } from '../identity/origins.ts';
import { type Actor, allowedEvents, createdFacts, type PeoplesEvent } from '../statecharts/invitation.ts';
import { isNewer } from '../statecharts/versions.ts';
import { errorForLog } from '../telemetry/log.ts';
import { invitationEvents } from '../telemetry/metrics.ts';
import {
  acceptUpdate,
  amendUpdate,
  declineUpdate,
  invitationWorkflowId,
  type Outcome,
  resendUpdate,
  revokeUpdate,
} from '../workflows/contract.ts';
import type { Standing } from './caller.ts';
import type { Engine } from './engine.ts';
import type { Turn } from './idempotency.ts';
import type { Limits } from './limits.ts';
import { Problem } from './problem.ts';
import { keepReason, type Reasoned } from './reason.ts';
import {
  type AmendInvitation,
  type CreateInvitation,
  durationMs,
  type Invitation as InvitationBody,
  type InvitationQuery,
  type InvitationFilter as InvitationQueryFilter,
  timeOf,
} from './schemas.ts';

/** What callers can do with invitations; routes and pages call these. */

export interface InvitationDeps {
  db: Kysely<Database>;
  engine: Engine;
  limits: Limits;
  /** The installation's. */
  issuers: readonly string[];
}

const hour = 3_600_000;
const expiry = { shortest: hour, longest: 90 * 24 * hour };
/** How long an invitation lives of which nothing is said, unless its organization wants it otherwise. */
export const usualExpiryMs = 7 * 24 * hour;

/** What an inviter should look at twice. */
function warningsOf({ email, state, licenses, role, inviter_role }: Invitation): InvitationBody['warnings'] {
  const warnings: InvitationBody['warnings'] = [];
  if (canLookAlike(email)) {
    const both = spellings(email);
    const domain = both ? ` Its domain ${both.readable} is spelled ${both.plain} in plain letters.` : '';
    warnings.push({ code: 'look_alike', detail: `The address has letters that can look like others.${domain}` });
  }
  const ended = state === 'pending' ? licenses.filter((license) => license.ended) : [];
  if (ended.length > 0) {
    const products = ended.map((license) => license.product).join(', ');
    warnings.push({
      code: 'license_ended',
      detail: `Whoever joins gets a seat that is of no use until the licence is renewed: ${products}.`,
    });
  }
  if (state === 'pending' && inviter_role === 'removed') {
    warnings.push({
      code: 'inviter_removed',
      detail: 'Whoever invited is no member any more. Revoke it unless you want it.',
    });
  } else if (state === 'pending' && inviter_role && !mayGrant(inviter_role as Role, role)) {
    warnings.push({
      code: 'inviter_demoted',
      detail: `Whoever invited is ${inviter_role} now, and could not grant the role ${role} any more. Revoke it unless you want it.`,
    });
  }
  return warnings;
}

/** What nobody may do while the organization is suspended. */
const needsActive: ReadonlySet<PeoplesEvent> = new Set(['accept', 'resend', 'amend']);

/** An invitation as callers see it. */
export const invitationBody = (row: Invitation): InvitationBody => ({
  id: row.id,
  organization: row.organization_slug,
  email: row.email,
  role: row.role,
  teams: row.teams,
  licenses: row.licenses.map((l) => l.product),
  state: row.state,
  delivery: { status: row.delivery_status, detail: row.delivery_detail, at: row.delivery_at.toISOString() },
  generation: row.generation,
  expiresAt: row.expires_at.toISOString(),
  createdAt: row.created_at.toISOString(),
  invitedBy: { id: row.inviter_id, name: row.inviter_name, email: row.inviter_email },
  decidedAt: row.decided_at?.toISOString() ?? null,
  locale: row.locale ?? 'en',
  message: row.message,
  redirectUrl: row.redirect_url,
  // What a newer version has taken on can be shown, but not judged.
  allowed: isNewer({ chartVersion: row.chart_version })
    ? []
    : allowedEvents(factsOf(row), Date.now()).filter(
        (event) => !row.organization_suspended_at || !needsActive.has(event),
      ),
  workflowId: invitationWorkflowId(row.id),
  metadata: row.metadata,
  warnings: warningsOf(row),
  batch: row.batch_id,
});

/** @throws Problem `invitation_not_found` */
export async function requireInvitation(db: Kysely<Database>, id: InvitationId): Promise<Invitation> {
  const row = await findInvitation(db, id);
  if (!row) throw new Problem('invitation_not_found');
  return row;
}

/**
 * What is asked of invitations, as the database finds them.
 *
 * @throws Problem `invalid_email`, `unknown_license`, `invalid_request`
 */
export async function filterOf(
  db: Kysely<Database>,
  organization: OrganizationId,
  { email, license, createdAfter, invitedBy, ...same }: InvitationQueryFilter,
): Promise<InvitationFilter> {
  const mailbox = email === undefined ? undefined : mailboxOf(email);
  if (email !== undefined && !mailbox) throw new Problem('invalid_email');
  const [pool] = license === undefined ? [] : await findLicensePools(db, organization, [license]);
  if (license !== undefined && !pool) throw new Problem('unknown_license');
  return {
    ...same,
    ...(mailbox ? { mailbox } : {}),
    ...(pool ? { license: pool.id } : {}),
    ...(invitedBy ? { inviter: invitedBy as AccountId } : {}),
    ...(createdAfter ? { createdAfter: timeOf('createdAfter', createdAfter) } : {}),
  };
}

/**
 * A page of an organization's invitations, the newest first.
 *
 * @throws Problem `invalid_email`, `unknown_license`, `invalid_request` for what is asked in the query
 */
export async function listPage(
  db: Kysely<Database>,
  organization: OrganizationId,
  { cursor, limit = 50, ...filter }: InvitationQuery,
): Promise<Page<Invitation, InvitationId>> {
  if (cursor !== undefined && !isId('inv', cursor)) throw new Problem('invalid_request', 'cursor is not one of ours.');
  return listInvitations(db, organization, await filterOf(db, organization, filter), {
    ...(cursor && isId('inv', cursor) ? { before: cursor } : {}),
    limit,
  });
}

/**
 * Reads a wanted lifetime.
 *
 * @param duration ISO 8601
 * @returns ms
 * @throws Problem `invalid_request` out of range
 */
export function expiresInMs(duration: string | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = durationMs(duration);
  if (ms < expiry.shortest || ms > expiry.longest) {
    const message = 'expiresIn must be from PT1H (an hour) to P90D (90 days).';
    throw new Problem('invalid_request', message, [{ path: 'body/expiresIn', message }]);
  }
  return ms;
}

/** While an organization is suspended nothing is sent for it. @throws Problem `organization_suspended` */
export function requireActive(organization: Pick<Organization, 'suspended_at'>): void {
  if (organization.suspended_at)
    throw new Problem('organization_suspended', 'Nothing can be sent or accepted until it is no longer.');
}

/** As {@link written}, with the pools looked up. */
const checked = async (
  db: Kysely<Database>,
  organization: Organization,
  standing: Standing,
  input: Omit<AmendInvitation, 'reason'>,
): Promise<Amendment> =>
  written(organization, standing, input, await findLicensePools(db, organization.id, input.licenses ?? []));

/**
 * What an inviter may write, checked.
 *
 * @param pools of the organization's, those that the input names
 * @throws Problem for what they may not
 */
export function written(
  organization: Organization,
  standing: Pick<Standing, 'role'>,
  input: Omit<AmendInvitation, 'reason'>,
  pools: readonly LicensePool[],
): Amendment {
  const { email, role, teams, licenses, message, locale, redirectUrl, metadata } = input;
  const mailbox = email === undefined ? undefined : mailboxOf(email);
  if (email !== undefined && !mailbox) {
    throw new Problem(
      'invalid_email',
      'Write it as name@example.com; quoted names and addresses by number are not sent to.',
    );
  }
  if (mailbox && !invitesMailbox(mailbox, organization)) {
    throw new Problem('domain_not_allowed', 'Its owners and admins say in its settings which domains it invites.');
  }
  if (locale !== undefined && organization.languages.length > 0 && !organization.languages.includes(locale ?? '')) {
    throw new Problem('language_not_allowed', `Choose one of ${organization.languages.join(', ')}.`);
  }
  if (role === 'billing_manager' && teams && teams.length > 0) {
    throw new Problem('invalid_request', 'A billing manager belongs to no team: leave teams out.');
  }
  if (role && !mayGrant(standing.role, role)) {
    throw new Problem('role_too_high', `Your role is ${standing.role}; choose that or a lower one.`);
  }
  if (message && !isPlainText(message)) throw new Problem('unsafe_text', 'Leave links and markup out of message.');
  if (teams?.some((team) => !isPlainLine(team)))
    throw new Problem('unsafe_text', 'Leave links and markup out of teams.');
  if (redirectUrl && !mayLeadTo(redirectUrl, organization)) {
    throw new Problem(
      'redirect_not_allowed',
      "redirectUrl must be https, with the origin of the organization's home URL or one registered for it.",
    );
  }
  const wanted = licenses && pools.filter((pool) => licenses.includes(pool.product));
  const unknown = licenses?.filter((product) => !pools.some((pool) => pool.product === product));
  if (unknown && unknown.length > 0)
    throw new Problem('unknown_license', `There is no licence pool for: ${unknown.join(', ')}.`);
  return {
    ...(email === undefined ? {} : { email, mailbox: mailbox! }),
    ...(role ? { role } : {}),
    ...(teams ? { teams } : {}),
    ...(wanted ? { poolIds: wanted.map((pool) => pool.id) } : {}),
    ...(message === undefined ? {} : { message }),
    ...(locale === undefined ? {} : { locale }),
    ...(redirectUrl === undefined ? {} : { redirectUrl }),
    ...(metadata ? { metadata } : {}),
  };
}

/**
 * Invites: the invitation, its reserved seats and its first delivery are made at once; then its workflow is started
 * without waiting. A request key that has made an invitation before finds it again.

 * @throws Problem for what is wrong with the input, or why the database refuses it
 */
export async function createInvitation(
  { db, engine, limits }: InvitationDeps,
  organization: Organization,
  standing: Standing,
  input: CreateInvitation,
  { key: requestKey, turn }: { key: string; turn: Turn },
): Promise<Invitation> {
  const known = turn === 'again' ? await findEventByRequest(db, requestKey) : undefined;
  if (known?.invitation_id) return requireInvitation(db, known.invitation_id);
  requireActive(organization);
  const usual = usualsOf(organization);
  const expiresIn = expiresInMs(input.expiresIn) ?? usual.expiresIn;
  const { role = 'member', locale = usual.locale } = input;
  const { expiresIn: _, ...wanted } = { ...input, ...(locale ? { locale } : {}) };
  const {
    email,
    mailbox,
    poolIds = [],
    teams = [],
    ...rest
  } = await checked(db, organization, standing, { ...wanted, role });
  await limits.email({
    mailbox: mailbox!,
    organization,
    inviter: standing.account,
    client: standing.client,
    ...(turn === 'only' ? {} : { request: requestKey }),
  });
  const row = await insertPending(db, {
    organization,
    standing,
    expiresIn,
    reminders: remindersFromNow(organization, expiresIn),
    requestKey,
    email: email!,
    mailbox: mailbox!,
    role,
    teams,
    poolIds,
    ...rest,
  });
  engine.start(row);
  return row;
}

/** What is so of an organization's invitations unless they say otherwise. */
export const usualsOf = (organization: Organization): { expiresIn: number; locale?: string } => ({
  expiresIn: expiresInMs(organization.expires_in ?? undefined) ?? usualExpiryMs,
  ...(organization.languages[0] ? { locale: organization.languages[0] } : {}),
});

/** When an organization wants to remind, whatever the hour, ms after the sending; undefined for the usual times. */
export const wantedReminders = ({ reminders }: Pick<Organization, 'reminders'>): number[] | undefined =>
  reminders?.map(durationMs);

/** When an organization reminds of what is sent now, ms from now. @param expiresIn ms */
export const remindersFromNow = (
  organization: Pick<Organization, 'reminders' | 'time_zone'>,
  expiresIn: number,
): number[] =>
  remindersByDay({
    from: Date.now(),
    expiresIn,
    timeZone: organization.time_zone,
    after: wantedReminders(organization),
  });

/** Makes a pending invitation: its sequence 1. @param wanted.expiresIn ms @param wanted.reminders ms after the sending */
export async function insertPending(
  db: Kysely<Database>,
  wanted: Amendment & {
    organization: Pick<Organization, 'id'>;
    standing: Omit<Standing, 'client'>;
    expiresIn: number;
    reminders?: readonly number[];
    requestKey: string;
    email: string;
    mailbox: Mailbox;
    role: Role;
  },
): Promise<Invitation> {
  const { organization, standing, email, mailbox, role, requestKey } = wanted;
  const createdAt = new Date();
  try {
    const row = await insertInvitation(
      db,
      {
        id: newId('inv'),
        organization_id: organization.id,
        email,
        mailbox,
        role,
        teams: wanted.teams ?? [],
        pool_ids: [...new Set(wanted.poolIds)],
        message: wanted.message ?? null,
        locale: wanted.locale ?? null,
        redirect_url: wanted.redirectUrl ?? null,
        metadata: wanted.metadata ?? {},
        inviter_id: standing.account,
        created_by_kind: standing.by.kind,
        created_by_id: standing.by.id,
        facts: createdFacts(createdAt.getTime(), wanted.expiresIn, wanted.reminders),
        createdAt,
      },
      requestKey,
    );
    invitationEvents.inc({ event: 'created' });
    return row;
  } catch (error) {
    // The same request at the same time: the other one made it.
    const twin = await findEventByRequest(db, requestKey).catch(() => undefined);
    if (twin?.invitation_id) return requireInvitation(db, twin.invitation_id);
    const refusal = refusalOf(error);
    if (refusal) throw new Problem(refusal);
    throw error;
  }
}

/** @throws Problem with the refusal's code */
async function taken(db: Kysely<Database>, id: InvitationId, outcome: Outcome): Promise<Invitation> {
  if (outcome.status === 'refused') throw new Problem(outcome.code);
  return requireInvitation(db, id);
}

/** A person's decision: by whom it is said, for which account, and when it was received (epoch ms). */
export interface Decision {
  by: Actor;
  account: Account;
  receivedAt: number;
  /** The address version the person saw. @default the present one */
  emailVersion?: number;
  request: string;
  turn: Turn;
}

const facts = (row: Invitation, decision: Decision) => ({
  account: decision.account.id,
  emailVersion: decision.emailVersion ?? row.email_version,
  receivedAt: decision.receivedAt,
  by: decision.by,
  request: decision.request,
});

/** Why the invitation is not for this account; undefined when it is. @param issuers the installation's */
export const whyNotInvitee = (row: Invitation, account: Account, issuers: readonly string[]) =>
  refusalOfInvitee({ mailbox: row.mailbox, organization: { issuer: row.organization_issuer } }, account, issuers);

/** Whether the invitation is, or was, for this account to decide. @param issuers the installation's */
export const isInvitee = (row: Invitation, account: Account, issuers: readonly string[]): boolean =>
  whyNotInvitee(row, account, issuers) === undefined ||
  (row.decided_by === account.id && countsIn({ issuer: row.organization_issuer }, account, issuers));

const remedies = {
  issuer_not_allowed: 'The account is of an issuer that is not the organization’s.',
  wrong_account: 'Sign in with the account of the invited address.',
  email_unverified: 'Verify the address at the identity provider, then sign in again.',
};

/** @throws Problem `issuer_not_allowed`, `wrong_account`, `email_unverified` */
function requireInvitee(row: Invitation, account: Account, issuers: readonly string[]): void {
  const refusal = whyNotInvitee(row, account, issuers);
  if (refusal) throw new Problem(refusal, remedies[refusal]);
}

/** Joins. Repeated by the same account it answers the same; by another it is refused. */
export async function acceptInvitation(
  deps: InvitationDeps & { logger: FastifyBaseLogger },
  row: Invitation,
  decision: Decision,
): Promise<Invitation> {
  const { db, engine, issuers } = deps;
  const mine = (r: Invitation) => r.state === 'accepted' && r.decided_by === decision.account.id;
  if (mine(row)) {
    engine.catchUp(row);
    return row;
  }
  if (row.state === 'accepted') throw new Problem('invitation_accepted');
  requireInvitee(row, decision.account, issuers);
  const outcome = await engine.offer(row, acceptUpdate, { type: 'accept', ...facts(row, decision) }, decision.turn);
  if (outcome.status === 'refused' && outcome.code === 'already_member') void closeOvertaken(deps, decision.account.id);
  const after = await requireInvitation(db, row.id);
  return mine(after) ? after : taken(db, row.id, outcome);
}

/** Declines; repeated by the same account it answers the same. */
export async function declineInvitation(
  { db, engine, issuers }: InvitationDeps,
  row: Invitation,
  decision: Decision,
): Promise<Invitation> {
  const mine = (r: Invitation) => r.state === 'declined' && r.decided_by === decision.account.id;
  if (mine(row)) {
    engine.catchUp(row);
    return row;
  }
  requireInvitee(row, decision.account, issuers);
  const outcome = await engine.offer(row, declineUpdate, { type: 'decline', ...facts(row, decision) }, decision.turn);
  const after = await requireInvitation(db, row.id);
  return mine(after) ? after : taken(db, row.id, outcome);
}

/** The email that an act on an invitation sends, as limits count it. */
const emailOf = (row: Invitation, mailbox: Mailbox, standing: Standing, request: string) => ({
  mailbox,
  organization: {
    id: row.organization_id,
    created_at: row.organization_created_at,
    limit_factor: row.organization_limit_factor,
  },
  inviter: standing.account,
  client: standing.client,
  request,
});

/** Sends it again and renews its expiry; revives one that expired or was revoked if a seat is left. @param wanted.expiresIn ms */
export async function resendInvitation(
  { db, engine, limits }: InvitationDeps,
  row: Invitation,
  standing: Standing,
  act: Reasoned & { expiresIn?: number; replaceLink?: boolean },
): Promise<Invitation> {
  const { by } = standing;
  if (!mayGrant(standing.role, row.role)) throw new Problem('role_too_high', 'It grants more than your own role.');
  const organization = (await findOrganizationById(db, row.organization_id))!;
  requireActive(organization);
  await limits.email(emailOf(row, row.mailbox as Mailbox, standing, act.request));
  return taken(
    db,
    row.id,
    await engine.offer(row, resendUpdate, {
      type: 'resend',
      by,
      reminders: remindersFromNow(organization, act.expiresIn ?? row.expires_in_ms),
      ...act,
    }),
  );
}

export async function revokeInvitation(
  { db, engine }: InvitationDeps,
  row: Invitation,
  act: Reasoned & { by: Actor },
): Promise<Invitation> {
  return taken(db, row.id, await engine.offer(row, revokeUpdate, { type: 'revoke', ...act }));
}

/**
 * The link in the email, to be copied. It is stored nowhere, so a repeat derives it anew; it is noted once.
 *
 * @returns noted: whether it was this time
 * @throws Problem `invitation_…` when it has ended
 */
export async function copyLink(
  { db, links }: { db: Kysely<Database>; links: Links },
  row: Invitation,
  { by, request }: { by: Actor; request: string },
): Promise<{ url: string; generation: number; noted: boolean }> {
  if (row.state !== 'pending') throw new Problem(`invitation_${row.state}`, 'Its link is dead; resend it first.');
  const noted = await insertEvent(db, {
    organization: row.organization_id,
    invitation: row.id,
    sequence: null,
    type: 'link_copied',
    by,
    request,
  });
  const { id: invitation, generation } = row;
  return { url: links.url({ invitation, generation }), generation, noted };
}

/** How many are revoked by one call. */
const mostRevoked = 100;
/** How many are acted on at a time. */
const atATime = 10;

/**
 * Carries out an act on several, some at a time. Each act has a request key of its own, so that repeating it goes on.
 *
 * @returns those for which it was refused, each with why
 */
export async function onEach(
  rows: readonly Invitation[],
  { request, ...act }: Reasoned,
  carryOut: (row: Invitation, act: Reasoned) => Promise<unknown>,
): Promise<{ row: Invitation; problem: Problem }[]> {
  const refused: { row: Invitation; problem: Problem }[] = [];
  for (let i = 0; i < rows.length; i += atATime)
    await Promise.all(
      rows.slice(i, i + atATime).map((row) =>
        carryOut(row, { ...act, request: `${request}/${row.id}` }).catch((problem) => {
          if (!(problem instanceof Problem)) throw problem;
          refused.push({ row, problem });
        }),
      ),
    );
  return refused;
}

/**
 * Revokes the pending invitations of somebody who invited, the newest first, some at a time; those that end meanwhile stay as
 * they ended.
 *
 * @returns how many are revoked, and whether there are more
 * @throws Problem `engine_unreachable` when some may be revoked, and some not: repeating it goes on
 */
export async function revokeInvitationsOf(
  deps: InvitationDeps,
  organization: OrganizationId,
  inviter: AccountId,
  act: Reasoned & { by: Actor },
): Promise<{ revoked: number; more: boolean }> {
  const filter = { state: 'pending', inviter } as const;
  const { rows: those, next } = await listInvitations(deps.db, organization, filter, { limit: mostRevoked });
  const { by, ...reasoned } = act;
  const refused = await onEach(those, reasoned, (row, one) => revokeInvitation(deps, row, { by, ...one }));
  for (const { problem } of refused) if (!problem.code.startsWith('invitation_')) throw problem;
  return { revoked: those.length - refused.length, more: next !== null };
}

/**
 * Closes the pending invitations of somebody who has become a member another way: their seats are free. What fails here is
 * done at their next sign-in. Nobody waits for it.
 */
export async function closeOvertaken(
  deps: InvitationDeps & { logger: FastifyBaseLogger },
  account: AccountId,
): Promise<void> {
  try {
    for (const row of await listOvertaken(deps.db, account)) {
      const { reason } = await keepReason(deps.db, 'The person is a member already.');
      const by = { kind: 'system', id: null } as const;
      // Of those who come at the same time one does it.
      await revokeInvitation(deps, row, {
        by,
        request: `overtaken/${row.id}/${row.sequence}`,
        ...(reason ? { reason } : {}),
      });
    }
  } catch (error) {
    deps.logger.warn({ error: errorForLog(error) }, 'invitations of a member are not closed yet');
  }
}

/** What it takes to make these changes of an invitation: whoever may not write one may still correct its address. */
export const amendPermission = (changes: object): 'correctAddress' | 'amendInvitation' =>
  Object.keys(changes).every((name) => name === 'email') ? 'correctAddress' : 'amendInvitation';

/** Changes a pending invitation; another address gets a new link, and the old one dies. */
export async function amendInvitation(
  { db, engine, limits }: InvitationDeps,
  row: Invitation,
  standing: Standing,
  input: Omit<AmendInvitation, 'reason'>,
  act: Reasoned,
): Promise<Invitation> {
  if (!mayGrant(standing.role, row.role)) throw new Problem('role_too_high', 'It grants more than your own role.');
  const organization = (await findOrganizationById(db, row.organization_id))!;
  requireActive(organization);
  const changes = await checked(db, organization, standing, input);
  const emailChanged = changes.mailbox !== undefined && changes.mailbox !== row.mailbox;
  if (emailChanged) await limits.email(emailOf(row, changes.mailbox!, standing, act.request));
  const amendment = newId('amd');
  await insertAmendment(db, { id: amendment, invitation: row.id, changes });
  return taken(
    db,
    row.id,
    await engine.offer(row, amendUpdate, {
      type: 'amend',
      amendment,
      emailChanged,
      emailVersion: row.email_version,
      by: standing.by,
      ...act,
    }),
  );
}

/**
 * A former invitee asks the inviter for a new link: one email an hour at most.
 *
 * @param client the network address that it comes from
 * @returns false when it has been asked within the hour
 * @throws Problem `rate_limited`
 */
export async function askToResend(
  { db, engine, limits }: InvitationDeps,
  row: Invitation,
  { request, client }: { request: string; client: string },
): Promise<boolean> {
  await limits.use({ request: client, requested: row.inviter_id });
  const ordinal = await db.transaction().execute(async (trx) => {
    // Locks the invitation, so that two presses at once ask once, and no transition takes the same ordinal.
    await trx.selectFrom('invitations').select('id').where('id', '=', row.id).forUpdate().executeTakeFirstOrThrow();
    const { last, asked } = await trx
      .selectFrom('deliveries')
      .select((e) => [
        e.fn.min<number>('ordinal').as('last'),
        e.fn.max('queued_at').filterWhere('kind', '=', 'resend_request').as('asked'),
      ])
      .where('invitation_id', '=', row.id)
      .executeTakeFirstOrThrow();
    if (asked && Date.now() - asked.getTime() < hour) return undefined;
    // Beside the chart's own, which count up from 1: these count down from -1.
    const next = Math.min(Number(last), 0) - 1;
    await queueDelivery(trx, { invitation: row.id, ordinal: next, generation: row.generation, kind: 'resend_request' });
    await insertEvent(trx, {
      organization: row.organization_id,
      invitation: row.id,
      sequence: null,
      type: 'resend_requested',
      by: { kind: 'account', id: null },
      request,
    });
    return next;
  });
  if (ordinal === undefined) return false;
  engine.deliver({ invitation: row.id, ordinal });
  return true;
}
