import {
  type ExpressionBuilder,
  type Kysely,
  type Selectable,
  sql,
  type Transaction,
  type WhereInterface,
} from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { Mailbox } from '../identity/mailbox.ts';
import type { Actor, InvitationFacts, InvitationState } from '../statecharts/invitation.ts';
import { chartVersion, presentFacts } from '../statecharts/versions.ts';
import type { StoredInvitation } from '../workflows/contract.ts';
import type { Database } from './database.ts';
import { type AnyDeliveryKind, queuedRow } from './deliveries.ts';
import { eventRow } from './events.ts';
import {
  type AccountId,
  type AmendmentId,
  type BatchId,
  type InvitationId,
  idAt,
  type LicensePoolId,
  type OrganizationId,
} from './ids.ts';
import { hasEnded } from './licenses.ts';
import { logoPath } from './logos.ts';
import { insertMany, pagesOf } from './many.ts';
import type { Role } from './members.ts';
import { mostLookedAt, type Page, pageOf } from './paging.ts';
import { Refused } from './refusal.ts';

export interface InvitationsTable {
  id: InvitationId;
  organization_id: OrganizationId;
  /** The address as the inviter wrote it; it is mailed to. */
  email: string;
  mailbox: Mailbox;
  role: Role;
  teams: string[];
  pool_ids: LicensePoolId[];
  message: string | null;
  /** BCP 47; null: nothing is said of it. */
  locale: string | null;
  redirect_url: string | null;
  metadata: Metadata;
  inviter_id: AccountId;
  created_by_kind: Actor['kind'];
  created_by_id: string | null;
  sequence: number;
  /** Which version of the chart stored the facts that follow. */
  chart_version: number;
  state: InvitationState;
  generation: number;
  email_version: number;
  expires_in_ms: number;
  expires_at: Date;
  reminders: Date[];
  delivery_ordinal: number;
  created_at: Date;
  decided_at: Date | null;
  /** The account that accepted or declined. */
  decided_by: AccountId | null;
  /** When everything that names people was taken out of this row. */
  erased_at: Date | null;
  batch_id: BatchId | null;
}

/** All of them, by name: see `prepareRepeated`. */
const columns = [
  'invitations.id',
  'invitations.organization_id',
  'invitations.email',
  'invitations.mailbox',
  'invitations.role',
  'invitations.teams',
  'invitations.pool_ids',
  'invitations.message',
  'invitations.locale',
  'invitations.redirect_url',
  'invitations.metadata',
  'invitations.inviter_id',
  'invitations.created_by_kind',
  'invitations.created_by_id',
  'invitations.sequence',
  'invitations.chart_version',
  'invitations.state',
  'invitations.generation',
  'invitations.email_version',
  'invitations.expires_in_ms',
  'invitations.expires_at',
  'invitations.reminders',
  'invitations.delivery_ordinal',
  'invitations.created_at',
  'invitations.decided_at',
  'invitations.decided_by',
  'invitations.erased_at',
  'invitations.batch_id',
] as const;

/** The caller's own notes on an invitation, kept and returned as they are. */
export type Metadata = Record<string, string>;

export interface AmendmentsTable {
  id: AmendmentId;
  invitation_id: InvitationId;
  changes: Amendment;
  created_at: Date;
}

/** What an amend changes; absent: stays. */
export interface Amendment {
  email?: string;
  mailbox?: Mailbox;
  role?: Role;
  teams?: string[];
  poolIds?: LicensePoolId[];
  message?: string | null;
  locale?: string | null;
  redirectUrl?: string | null;
  metadata?: Metadata;
}

/** The columns that hold the chart's facts; the delivery's kind and status are in its own row. */
const factColumns = (facts: InvitationFacts) => ({
  state: facts.state,
  generation: facts.generation,
  email_version: facts.emailVersion,
  expires_in_ms: facts.expiresIn,
  expires_at: new Date(facts.expiresAt),
  reminders: facts.reminders.map((time) => new Date(time)),
  delivery_ordinal: facts.delivery.ordinal,
});

type FactsRow = Pick<
  Selectable<InvitationsTable>,
  | 'state'
  | 'generation'
  | 'email_version'
  | 'expires_in_ms'
  | 'expires_at'
  | 'reminders'
  | 'delivery_ordinal'
  | 'erased_at'
> & { delivery_kind: AnyDeliveryKind; delivery_status: InvitationFacts['delivery']['status'] };

/** The facts of a row as they were stored: {@link factColumns} read back. */
const storedFacts = (row: FactsRow): InvitationFacts => ({
  state: row.state,
  generation: row.generation,
  emailVersion: row.email_version,
  expiresIn: row.expires_in_ms,
  expiresAt: row.expires_at.getTime(),
  reminders: row.reminders.map((time) => time.getTime()),
  delivery: {
    ordinal: row.delivery_ordinal,
    kind: row.delivery_kind as InvitationFacts['delivery']['kind'],
    status: row.delivery_status,
  },
  ...(row.erased_at ? { erased: true } : {}),
});

/** The chart's facts of a row. @throws VersionMismatch when a newer version stored them */
export const factsOf = (row: FactsRow & { chart_version: number }): InvitationFacts =>
  presentFacts({ chartVersion: row.chart_version, facts: storedFacts(row) });

export type NewInvitation = Omit<
  InvitationsTable,
  | keyof ReturnType<typeof factColumns>
  | 'sequence'
  | 'chart_version'
  | 'created_at'
  | 'decided_at'
  | 'decided_by'
  | 'erased_at'
  | 'batch_id'
> & { facts: InvitationFacts; createdAt: Date; batch?: BatchId };

/** The row of an invitation at sequence 1. */
const newRow = ({ facts, createdAt, batch, ...columns }: NewInvitation) => ({
  ...columns,
  ...factColumns(facts),
  sequence: 1,
  chart_version: chartVersion,
  created_at: createdAt,
  decided_at: null,
  decided_by: null,
  erased_at: null,
  batch_id: batch ?? null,
});

/**
 * Inserts many invitations at sequence 1, but for those whose mailbox has a pending one in their organization.
 *
 * @returns the ids of those inserted
 */
export async function insertInvitations(
  trx: Transaction<Database>,
  invitations: readonly NewInvitation[],
): Promise<Set<InvitationId>> {
  // In the order of their mailboxes: of two batches at once none waits for a mailbox of the other's that waits for its own.
  const rows = invitations.map(newRow).sort((a, b) => (a.mailbox < b.mailbox ? -1 : 1));
  const inserted = new Set<InvitationId>();
  for (const page of pagesOf(rows)) {
    const made = await sql<{ id: InvitationId }>`${insertMany('invitations', page)}
      on conflict (organization_id, mailbox) where state = 'pending' do nothing returning id`.execute(trx);
    for (const { id } of made.rows) inserted.add(id);
  }
  return inserted;
}

/** Takes back invitations that this transaction has inserted. */
export async function uninsertInvitations(trx: Transaction<Database>, ids: readonly InvitationId[]): Promise<void> {
  if (ids.length > 0) await trx.deleteFrom('invitations').where('id', '=', sql<InvitationId>`any(${ids})`).execute();
}

/** Those of these mailboxes that have a pending invitation in the organization. */
export async function pendingMailboxes(
  db: Kysely<Database>,
  organization: OrganizationId,
  mailboxes: readonly Mailbox[],
): Promise<Set<Mailbox>> {
  const rows = await db
    .selectFrom('invitations')
    .select('mailbox')
    .where('organization_id', '=', organization)
    .where('mailbox', '=', sql<Mailbox>`any(${mailboxes})`)
    .where('state', '=', 'pending')
    .execute();
  return new Set(rows.map((row) => row.mailbox));
}

/** What the chart needs of an invitation, as it was stored; and whether its delivery may have been sent. */
export async function loadInvitation(
  db: Kysely<Database>,
  id: InvitationId,
): Promise<(StoredInvitation & { isAttempted: boolean }) | null> {
  const row = await db
    .selectFrom('invitations')
    .innerJoin('deliveries', (j) =>
      j.onRef('invitation_id', '=', 'invitations.id').onRef('ordinal', '=', 'delivery_ordinal'),
    )
    .select([
      'sequence',
      'chart_version',
      'state',
      'invitations.generation',
      'email_version',
      'expires_in_ms',
      'expires_at',
      'reminders',
      'delivery_ordinal',
      'erased_at',
      'deliveries.kind as delivery_kind',
      'deliveries.status as delivery_status',
      'attempted_at',
    ])
    .where('invitations.id', '=', id)
    .executeTakeFirst();
  if (!row) return null;
  const { sequence, chart_version: chartVersion, attempted_at } = row;
  return { sequence, chartVersion, facts: storedFacts(row), isAttempted: attempted_at !== null };
}

/** What a transition needs of an invitation besides its facts. */
export type LockedInvitation = Pick<
  Selectable<InvitationsTable>,
  'id' | 'organization_id' | 'mailbox' | 'role' | 'teams' | 'pool_ids' | 'created_at'
>;

/**
 * Moves an invitation to its next sequence, if it still is at the one before (compare-and-set).
 *
 * @returns undefined when another transition came first
 */
export const advanceInvitation = (
  trx: Transaction<Database>,
  id: InvitationId,
  sequence: number,
  stored: { chartVersion: number; facts: InvitationFacts },
  decidedBy: AccountId | null,
): Promise<LockedInvitation | undefined> =>
  trx
    .updateTable('invitations')
    .set({
      ...factColumns(stored.facts),
      sequence,
      chart_version: stored.chartVersion,
      decided_at: stored.facts.state === 'pending' ? null : sql`now()`,
      decided_by: decidedBy,
    })
    .where('id', '=', id)
    .where('sequence', '=', sequence - 1)
    .returning(['id', 'organization_id', 'mailbox', 'role', 'teams', 'pool_ids', 'created_at'])
    .executeTakeFirst();

export async function insertAmendment(
  db: Kysely<Database>,
  amendment: { id: AmendmentId; invitation: InvitationId; changes: Amendment },
): Promise<void> {
  await db
    .insertInto('amendments')
    .values({
      id: amendment.id,
      invitation_id: amendment.invitation,
      changes: JSON.stringify(amendment.changes) as never,
      created_at: new Date(),
    })
    .execute();
}

/**
 * Carries out what an amendment says, and deletes it: what it said is in the invitation now. Returns it.
 *
 * @throws Refused `event_unknown` when it has been forgotten: it came too late, or names somebody who was erased
 */
export async function applyAmendment(
  trx: Transaction<Database>,
  invitation: InvitationId,
  id: AmendmentId,
): Promise<Amendment> {
  const amendment = await trx
    .deleteFrom('amendments')
    .where('id', '=', id)
    .where('invitation_id', '=', invitation)
    .returning('changes')
    .executeTakeFirst();
  if (!amendment) throw new Refused('event_unknown');
  const { changes } = amendment;
  const { poolIds, redirectUrl, metadata, ...same } = changes;
  await trx
    .updateTable('invitations')
    .set({
      ...same,
      ...(poolIds ? { pool_ids: poolIds } : {}),
      ...(redirectUrl !== undefined ? { redirect_url: redirectUrl } : {}),
      ...(metadata ? { metadata: JSON.stringify(metadata) as never } : {}),
      // An amendment may be empty of columns; the row itself is touched in any case.
      id: invitation,
    })
    .where('id', '=', invitation)
    .execute();
  return changes;
}

const licensesOf = (e: ExpressionBuilder<Database, 'invitations'>) =>
  jsonArrayFrom(
    e
      .selectFrom('license_pools')
      .select(['license_pools.product', 'license_pools.name', 'license_pools.kind', hasEnded.as('ended')])
      .whereRef('license_pools.id', '=', sql<LicensePoolId>`any(invitations.pool_ids)`)
      .orderBy('license_pools.id'),
  ).as('licenses');

/** Invitations with what callers and pages show of them. */
const selectInvitations = (db: Kysely<Database>) =>
  db
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .innerJoin('accounts as inviter', 'inviter.id', 'invitations.inviter_id')
    .innerJoin('deliveries', (j) =>
      j.onRef('deliveries.invitation_id', '=', 'invitations.id').onRef('ordinal', '=', 'delivery_ordinal'),
    )
    .select(columns)
    .select([
      'organizations.slug as organization_slug',
      'organizations.name as organization_name',
      'organizations.logo as organization_logo',
      'organizations.home_url as organization_home_url',
      'organizations.created_at as organization_created_at',
      'organizations.suspended_at as organization_suspended_at',
      'organizations.limit_factor as organization_limit_factor',
      'organizations.issuer as organization_issuer',
      'organizations.origins as organization_origins',
      'organizations.languages as organization_languages',
      'organizations.color as organization_color',
      'organizations.sender_name as organization_sender_name',
      'organizations.reply_to as organization_reply_to',
      'organizations.time_zone as organization_time_zone',
      sql<boolean>`organizations.wording is not null`.as('organization_has_wording'),
      'inviter.name as inviter_name',
      'inviter.email as inviter_email',
      'inviter.erased_at as inviter_erased_at',
      'deliveries.kind as delivery_kind',
      'deliveries.status as delivery_status',
      'deliveries.detail as delivery_detail',
      'deliveries.generation as delivery_generation',
      'deliveries.attempted_at as delivery_attempted_at',
      sql<Date>`coalesce(deliveries.settled_at, deliveries.queued_at)`.as('delivery_at'),
    ])
    // What the inviter is now. Null when they never were a member, as those who run Usher may not be.
    .select((e) =>
      e
        .selectFrom('members')
        .select(sql<Role | 'removed'>`case when removed_at is null then role else 'removed' end`.as('role'))
        .whereRef('members.organization_id', '=', 'invitations.organization_id')
        .whereRef('members.account_id', '=', 'invitations.inviter_id')
        .orderBy('members.id', 'desc')
        .limit(1)
        .as('inviter_role'),
    )
    .select(licensesOf);

export type Invitation = Awaited<ReturnType<ReturnType<typeof selectInvitations>['executeTakeFirstOrThrow']>>;

/** What its emails say of it, besides the link. @param page the URL of one of our paths */
export const emailFacts = (invitation: Invitation, page: (path: string) => string) => ({
  organization: invitation.organization_name,
  inviter: { name: invitation.inviter_name, email: invitation.inviter_email },
  role: invitation.role,
  licenses: invitation.licenses.map(({ name, ended }) => ({ name, ended })),
  ...(invitation.message === null ? {} : { message: invitation.message }),
  expiresAt: invitation.expires_at,
  email: invitation.email,
  locale: invitation.locale,
  replyTo: invitation.organization_reply_to ?? undefined,
  looks: {
    color: invitation.organization_color ?? undefined,
    logo: invitation.organization_logo
      ? { url: page(logoPath(invitation.organization_logo)), alt: invitation.organization_name }
      : undefined,
  },
});

export const findInvitation = (db: Kysely<Database>, id: InvitationId): Promise<Invitation | undefined> =>
  selectInvitations(db).where('invitations.id', '=', id).executeTakeFirst();

/**
 * Invites, in one statement: the invitation at sequence 1, its event, its first delivery, a seat of each of its pools.
 * Pools are what invitations of an organization wait for; so no pool is held while a program is asked, or the network.
 *
 * @param request key of the request
 * @throws Postgres' violation of a constraint that `refusalOf` knows
 */
export async function insertInvitation(
  db: Kysely<Database>,
  invitation: NewInvitation,
  request: string,
): Promise<Invitation> {
  const { id, facts } = invitation;
  const { metadata, ...row } = newRow(invitation);
  // The later parts read the rows that the earlier ones have made under the names of their tables.
  const made = db
    .with('inserted', (q) =>
      q
        .insertInto('invitations')
        .values({ ...row, metadata: JSON.stringify(metadata) as never })
        .returning(columns),
    )
    .with('invitations', (q) =>
      q
        .selectFrom('inserted')
        .select(columns.map((column) => column.replace('invitations.', 'inserted.') as 'inserted.id'))
        // Asked after the insert, which waits for whoever is accepting another invitation of this mailbox just now.
        .where(
          sql<boolean>`case when is_member_mailbox(organization_id, mailbox) then refuse('already_member') else true end`,
        ),
    )
    .with('events', (q) =>
      q.insertInto('events').values(
        eventRow({
          organization: invitation.organization_id,
          invitation: id,
          sequence: 1,
          type: 'created',
          by: { kind: invitation.created_by_kind, id: invitation.created_by_id } as Actor,
          request,
        }),
      ),
    )
    .with('deliveries', (q) =>
      q
        .insertInto('deliveries')
        .values(queuedRow({ invitation: id, generation: facts.generation, ...facts.delivery }))
        .returning(['invitation_id', 'ordinal', 'generation', 'kind', 'status', 'detail'])
        .returning(['queued_at', 'attempted_at', 'settled_at']),
    )
    .with('pools', (q) =>
      q
        .selectFrom('license_pools')
        .innerJoin('invitations', (j) => j.on(sql<boolean>`license_pools.id = any(invitations.pool_ids)`))
        .select('license_pools.id as pool')
        .where((e) =>
          e.or([e('license_pools.expires_at', 'is', null), e('license_pools.expires_at', '>', sql<Date>`now()`)]),
        )
        // In one order for everybody: no deadlocks.
        .orderBy('license_pools.id')
        .forUpdate('license_pools'),
    )
    .with('taken', (q) =>
      q
        .updateTable('license_pools')
        .from('pools')
        .set({ reserved: sql`reserved + 1` })
        .whereRef('license_pools.id', '=', 'pools.pool')
        .returning('license_pools.id as pool'),
    )
    .with('seats', (q) =>
      q
        .insertInto('seats')
        .columns(['pool_id', 'invitation_id', 'state'])
        .expression((e) =>
          e
            .selectFrom('taken')
            .select(['taken.pool', e.val(id).as('invitation'), e.val('reserved' as const).as('state')]),
        ),
    );
  return selectInvitations(made as unknown as Kysely<Database>)
    .where(
      sql<boolean>`case when (select count(*) from taken) < cardinality(invitations.pool_ids) then refuse('license_ended') else true end`,
    )
    .executeTakeFirstOrThrow();
}

/** In no order; those missing do not exist. */
export const findInvitations = (db: Kysely<Database>, ids: readonly InvitationId[]): Promise<Invitation[]> =>
  ids.length === 0 ? Promise.resolve([]) : selectInvitations(db).where('invitations.id', 'in', ids).execute();

export interface InvitationFilter {
  state?: InvitationState;
  delivery?: InvitationFacts['delivery']['status'];
  mailbox?: Mailbox;
  /** A part of the address. */
  search?: string;
  role?: Role;
  team?: string;
  license?: LicensePoolId;
  inviter?: AccountId;
  batch?: BatchId;
  createdAfter?: Date;
}

/** How much earlier than its `created_at` an invitation can have got its id, by whose time it is found; ms. */
const idToRowMs = 3_600_000;

/** An organization's invitations, newest first, before a cursor (an invitation id). */
export async function listInvitations(
  db: Kysely<Database>,
  organization: OrganizationId,
  filter: InvitationFilter,
  page: { before?: InvitationId; limit: number },
): Promise<Page<Invitation, InvitationId>> {
  const { state, mailbox, search, batch, createdAfter, delivery, role, team, license, inviter } = filter;
  const like = search && `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  const earliest = createdAfter && idAt('inv', createdAfter.getTime() - idToRowMs);
  // Those that wait have an index by who invited.
  const isOfInviter = inviter !== undefined && state === 'pending';
  /** What an index serves. */
  const narrowed = <TQuery extends WhereInterface<Database, 'invitations'>>(q: TQuery) => {
    let narrower: WhereInterface<Database, 'invitations'> = q.where('invitations.organization_id', '=', organization);
    if (state !== undefined) narrower = narrower.where('invitations.state', '=', state);
    if (mailbox !== undefined) narrower = narrower.where('invitations.mailbox', '=', mailbox);
    if (batch !== undefined) narrower = narrower.where('invitations.batch_id', '=', batch);
    if (page.before !== undefined) narrower = narrower.where('invitations.id', '<', page.before);
    if (earliest !== undefined) narrower = narrower.where('invitations.id', '>', earliest);
    if (isOfInviter) narrower = narrower.where('invitations.inviter_id', '=', inviter!);
    return narrower as TQuery;
  };
  const isServed =
    [search, delivery, role, team, license].every((asked) => asked === undefined) &&
    (inviter === undefined || isOfInviter);
  const end = isServed
    ? undefined
    : await narrowed(db.selectFrom('invitations'))
        .select('id')
        .orderBy('id', 'desc')
        .offset(mostLookedAt - 1)
        .limit(1)
        .executeTakeFirst();
  const rows = await narrowed(selectInvitations(db))
    // The same range of deliveries: Postgres would read those of all newer invitations to join them.
    .$if(page.before !== undefined, (q) => q.where('deliveries.invitation_id', '<', page.before!))
    .$if(earliest !== undefined, (q) => q.where('deliveries.invitation_id', '>', earliest!))
    .$if(end !== undefined, (q) =>
      q.where('invitations.id', '>=', end!.id).where('deliveries.invitation_id', '>=', end!.id),
    )
    .$if(createdAfter !== undefined, (q) => q.where('invitations.created_at', '>', createdAfter!))
    .$if(delivery !== undefined, (q) => q.where('deliveries.status', '=', delivery!))
    .$if(like !== undefined, (q) => q.where('invitations.email', 'ilike', like!))
    .$if(role !== undefined, (q) => q.where('invitations.role', '=', role!))
    .$if(team !== undefined, (q) => q.where(sql<boolean>`${team!} = any(invitations.teams)`))
    .$if(license !== undefined, (q) => q.where(sql<boolean>`${license!} = any(invitations.pool_ids)`))
    .$if(inviter !== undefined, (q) => q.where('invitations.inviter_id', '=', inviter!))
    .orderBy('invitations.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.id, end?.id);
}

/**
 * Pending invitations of a verified mailbox, newest first.
 *
 * @param organization only of this one
 */
export const listInvitationsOfMailbox = (
  db: Kysely<Database>,
  mailbox: Mailbox,
  organization: OrganizationId | undefined,
  page: { before?: InvitationId; limit: number },
): Promise<Invitation[]> =>
  selectInvitations(db)
    .where('invitations.mailbox', '=', mailbox)
    .$if(organization !== undefined, (q) => q.where('invitations.organization_id', '=', organization!))
    .where('invitations.state', '=', 'pending')
    .where('invitations.expires_at', '>', sql<Date>`now()`)
    .$if(page.before !== undefined, (q) => q.where('invitations.id', '<', page.before!))
    .orderBy('invitations.id', 'desc')
    .limit(page.limit)
    .execute();

/** Invitations to a mailbox in every organization, whatever became of them, newest first. */
export async function listInvitationsAnywhere(
  db: Kysely<Database>,
  mailbox: Mailbox,
  page: { before?: InvitationId; limit: number },
): Promise<Page<Invitation, InvitationId>> {
  const rows = await selectInvitations(db)
    .where('invitations.mailbox', '=', mailbox)
    .$if(page.before !== undefined, (q) => q.where('invitations.id', '<', page.before!))
    .orderBy('invitations.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return pageOf(rows, page.limit, (row) => row.id, undefined);
}

/** Pending invitations to the verified mailbox of an account that is a member already: it came in another way. */
export const listOvertaken = (db: Kysely<Database>, account: AccountId): Promise<Invitation[]> =>
  selectInvitations(db)
    .innerJoin('accounts as invitee', 'invitee.mailbox', 'invitations.mailbox')
    .where('invitee.id', '=', account)
    .where('invitee.email_verified', '=', true)
    .where('invitations.state', '=', 'pending')
    .where((e) =>
      e.exists(
        e
          .selectFrom('members')
          .select('members.id')
          .whereRef('members.organization_id', '=', 'invitations.organization_id')
          .where('members.account_id', '=', account)
          .where('members.removed_at', 'is', null),
      ),
    )
    .orderBy('invitations.id')
    .limit(100)
    .execute() as Promise<Invitation[]>;

/** A span of time: after one, until another, which belongs to it. */
export interface Span {
  after: Date;
  until: Date;
}

/** What it takes to start the run of an invitation, and to tell whether a run is behind its row. */
export type Resumable = Pick<
  Selectable<InvitationsTable>,
  'id' | 'organization_id' | 'sequence' | 'state' | 'expires_at'
> & {
  slug: string;
};
export const resumable = [
  'invitations.id',
  'invitations.organization_id',
  'invitations.sequence',
  'invitations.state',
  'invitations.expires_at',
  'organizations.slug',
] as const;

const selectPending = (db: Kysely<Database>) =>
  db
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select(resumable)
    .where('state', '=', 'pending');

/**
 * Invitations that are pending and were to expire within a span of time, the earliest first.
 *
 * @param after the last of the page before
 */
export const listOverdue = (
  db: Kysely<Database>,
  span: Span,
  after: { place: string; id: InvitationId } | undefined,
  limit: number,
): Promise<(Resumable & { place: string })[]> =>
  selectPending(db)
    // As text, since a Date would drop the microseconds by which pages are told apart.
    .select(sql<string>`expires_at::text`.as('place'))
    .where('expires_at', '>', span.after)
    .where('expires_at', '<=', span.until)
    .$if(after !== undefined, (q) =>
      q.where(sql<boolean>`(expires_at, invitations.id) > (${after?.place}::timestamptz, ${after?.id})`),
    )
    .orderBy('expires_at')
    .orderBy('invitations.id')
    .limit(limit)
    .execute();

/** Those of these invitations that are pending, in no order. */
export const findPending = (db: Kysely<Database>, ids: readonly InvitationId[]): Promise<Resumable[]> =>
  ids.length === 0 ? Promise.resolve([]) : selectPending(db).where('invitations.id', 'in', ids).execute();

/** These invitations, by id. */
export const findResumables = (db: Kysely<Database>, ids: readonly InvitationId[]): Promise<Resumable[]> =>
  db
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .select(resumable)
    .where('invitations.id', '=', sql<InvitationId>`any(${ids})`)
    .orderBy('invitations.id')
    .execute();

/** All pending invitations by id, after a cursor (an invitation id). */
export const listPending = (
  db: Kysely<Database>,
  after: InvitationId | undefined,
  limit: number,
): Promise<Resumable[]> =>
  selectPending(db)
    .$if(after !== undefined, (q) => q.where('invitations.id', '>', after!))
    .orderBy('invitations.id')
    .limit(limit)
    .execute();
