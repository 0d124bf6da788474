import { setImmediate as letOthers } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import {
  type ActKind,
  type Batch,
  type BatchAct,
  findBatchByRequest,
  insertActs,
  listActResults,
} from '../db/batches.ts';
import type { Database } from '../db/database.ts';
import { type InvitationId, newId, type OrganizationId } from '../db/ids.ts';
import { factsOf, findInvitations, type Invitation, listInvitations } from '../db/invitations.ts';
import { findLicensePools } from '../db/licenses.ts';
import { mayGrant } from '../db/members.ts';
import type { Organization } from '../db/organizations.ts';
import type { Page } from '../db/paging.ts';
import type { Mailbox } from '../identity/mailbox.ts';
import { refusalNow } from '../statecharts/invitation.ts';
import { mostRows, requireBatch } from './batches.ts';
import type { Standing } from './caller.ts';
import { expiresInMs, filterOf, type InvitationDeps, requireActive, wantedReminders, written } from './invitations.ts';
import { Problem, type ProblemCode, problems } from './problem.ts';
import type { Reasoned } from './reason.ts';
import type { BatchRowBody, InvitationFilter, ManyToAmend } from './schemas.ts';

/** The same act on many invitations by one request: a batch whose rows are theirs. Routes and pages call this. */

/** Which invitations: these, or all that match. */
export interface Selection {
  invitations?: readonly InvitationId[];
  filter?: InvitationFilter;
}

/** What is to be done with each of them. */
export type WantedAct =
  | { kind: 'resend'; expiresIn?: string; replaceLink?: boolean }
  | { kind: 'revoke' }
  | { kind: 'amend'; changes: ManyToAmend };

/** Rows read at a time. */
const atOnce = 1_000;

/**
 * Carries out an act on many invitations, as they are selected now: those of which it is refused already have their result at
 * once, the others get theirs from a workflow. A request key that has made a batch before finds it again.
 *
 * @throws Problem `invalid_request` for a selection that is empty or too large; `rate_limited`; what the act itself is refused with
 */
export async function createActs(
  { db, engine, limits }: InvitationDeps,
  organization: Organization,
  standing: Standing,
  wanted: WantedAct,
  selection: Selection,
  { request, reason }: Reasoned,
): Promise<Batch> {
  const known = await findBatchByRequest(db, request);
  if (known) return known;
  const { kind } = wanted;
  if (kind !== 'revoke') requireActive(organization);
  const act: BatchAct = { ...(await actOf(db, organization, standing, wanted)), ...(reason ? { reason } : {}) };
  const rows = await selected(db, organization.id, selection);

  const results: (string | null)[] = [];
  for (const [i, { row }] of rows.entries()) {
    if (i % atOnce === atOnce - 1) await letOthers();
    results.push(row ? refusalOf(row, standing, kind) : 'invitation_not_found');
  }
  if (kind === 'resend') await countEmails(rows, results);

  const id = newId('bat');
  const batch = {
    ...{ id, organization: organization.id, kind, act, mode: 'valid' as const, size: rows.length },
    ...{ by: standing.by, createdAt: new Date() },
  };
  try {
    await db.transaction().execute((trx) =>
      insertActs(
        trx,
        batch,
        rows.map(({ id: invitation }, i) => ({ invitation, result: results[i]! })),
        request,
      ),
    );
  } catch (error) {
    // The same request at the same time: the other one made it.
    const twin = await findBatchByRequest(db, request).catch(() => undefined);
    if (twin) return twin;
    throw error;
  }
  const made = await requireBatch(db, id);
  if (!made.finished_at) engine.startBatch(made);
  return made;

  /** Each is one email more; whoever has had too many gets none. */
  async function countEmails(those: readonly Selected[], refused: (string | null)[]): Promise<void> {
    const mailboxOf = ({ row }: Selected) => row!.mailbox as Mailbox;
    const open = () => those.filter((_, i) => refused[i] === null);
    const tired = await limits.recipients(open().map(mailboxOf), organization);
    for (const [i, one] of those.entries())
      if (refused[i] === null && tired.has(mailboxOf(one))) refused[i] = 'rate_limited';
    const times = open().length;
    const { account: inviter, client } = standing;
    if (times > 0) await limits.emails({ organization, inviter, client, request, times });
  }
}

/** How the act is carried out on each. @throws Problem for what the caller may not ask for */
async function actOf(
  db: Kysely<Database>,
  organization: Organization,
  standing: Standing,
  wanted: WantedAct,
): Promise<BatchAct> {
  switch (wanted.kind) {
    case 'resend': {
      const expiresIn = expiresInMs(wanted.expiresIn);
      const reminders = wantedReminders(organization);
      return {
        ...(reminders ? { reminders } : {}),
        ...(expiresIn === undefined ? {} : { expiresIn }),
        ...(wanted.replaceLink ? { replaceLink: true } : {}),
      };
    }
    case 'revoke':
      return {};
    case 'amend': {
      const { changes } = wanted;
      const pools = await findLicensePools(db, organization.id, changes.licenses ?? []);
      return { changes: written(organization, standing, changes, pools) };
    }
    default:
      return wanted satisfies never;
  }
}

/**
 * How many a filter selects now.
 *
 * @throws Problem `invalid_request` when they are too many, or none
 */
export const countSelected = async (
  db: Kysely<Database>,
  organization: OrganizationId,
  filter: InvitationFilter,
): Promise<number> => (await selected(db, organization, { filter })).length;

interface Selected {
  id: InvitationId;
  /** Undefined when there is no such invitation in the organization. */
  row: Invitation | undefined;
}

/** The selected invitations, in their order: as they were named, or the newest first. */
async function selected(
  db: Kysely<Database>,
  organization: OrganizationId,
  { invitations, filter }: Selection,
): Promise<Selected[]> {
  if ((invitations === undefined) === (filter === undefined))
    throw new Problem('invalid_request', 'Say which: invitations, or a filter; not both.');
  if (invitations) {
    const found = new Map<InvitationId, Invitation>();
    for (let i = 0; i < invitations.length; i += atOnce)
      for (const row of await findInvitations(db, invitations.slice(i, i + atOnce)))
        if (row.organization_id === organization) found.set(row.id, row);
    return invitations.map((id) => ({ id, row: found.get(id) }));
  }
  const rows: Selected[] = [];
  const wanted = await filterOf(db, organization, filter!);
  for (let before: { before?: InvitationId } | undefined = {}; before; ) {
    const page: Page<Invitation, InvitationId> = await listInvitations(db, organization, wanted, {
      ...before,
      limit: atOnce,
    });
    rows.push(...page.rows.map((row) => ({ id: row.id, row })));
    if (rows.length > mostRows)
      throw new Problem('invalid_request', `More than ${mostRows} invitations match: narrow the filter.`);
    before = page.next === null ? undefined : { before: page.next };
  }
  if (rows.length === 0) throw new Problem('invalid_request', 'No invitation matches the filter.');
  return rows;
}

/** Why the act will not be carried out on it, as far as can be seen; the rest its workflow decides. */
function refusalOf(row: Invitation, standing: Standing, kind: ActKind): ProblemCode | null {
  if (kind !== 'revoke' && !mayGrant(standing.role, row.role)) return 'role_too_high';
  const facts = factsOf(row);
  const event =
    kind === 'amend'
      ? { type: kind, amendment: '', emailChanged: false, emailVersion: row.email_version }
      : { type: kind };
  return refusalNow(facts, event, Date.now()) ?? null;
}

/** What became of the rows of a batch that carries out an act, as callers see them. @param page.after a row */
export async function actResults(
  db: Kysely<Database>,
  batch: Batch,
  filter: { refused?: boolean },
  page: { after: number; limit: number },
): Promise<{ items: BatchRowBody[]; cursor: string | null }> {
  const { rows, next } = await listActResults(db, batch.id, filter, page);
  return {
    items: rows.map(({ position, invitation_id: invitation, email, result }) => ({
      row: position,
      ...(email === null ? {} : { email }),
      invitation,
      result: (result ?? 'waiting') as BatchRowBody['result'],
      ...(result === null || result === 'done' ? {} : { detail: detailOf(result) }),
    })),
    cursor: next === null ? null : String(next),
  };
}

/** Why it was not carried out, and what to do about it. */
const detailOf = (result: string): string =>
  result === 'cancelled' ? 'The batch was cancelled before.' : `${problems[result as ProblemCode].title}.`;
