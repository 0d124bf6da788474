import { type Generated, type Kysely, type RawBuilder, sql } from 'kysely';
import { troubles } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import type { DeliveryKey } from './deliveries.ts';
import { type AccountId, type InvitationId, type NoticeEmailId, newId, type OrganizationId } from './ids.ts';

/** What inviters are told of by email, unless their organization wants it otherwise. */
export const noticeKinds = ['accepted', 'declined', 'expired', 'undeliverable'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** What inviters are to be told, and what they were, for 30 days. */
export interface NoticesTable {
  id: Generated<number>;
  organization_id: OrganizationId;
  /** The inviter. */
  account_id: AccountId;
  invitation_id: InvitationId;
  /** Of the delivery that was the invitation's then: of each of them an inviter is told once. */
  ordinal: number;
  kind: NoticeKind;
  /** `dropped`: when it was to be sent it was no news, or there was nobody to tell. */
  status: Generated<'queued' | 'sent' | 'failed' | 'dropped'>;
  created_at: Generated<Date>;
  /** The email in which it is gathered with others; null: it waits for that. */
  email_id: NoticeEmailId | null;
  /** Set before the provider is called: from then on it may have been sent. */
  attempted_at: Date | null;
}

/**
 * A part of a statement that has inviters told. Those who invited by a program are not, nor is anybody twice of the same: what
 * was dropped untold is news when it comes again.
 *
 * @param of rows of an invitation and the ordinal of its delivery
 */
export const noticesOf = (kind: NoticeKind, of: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  insert into notices (organization_id, account_id, invitation_id, ordinal, kind)
  select i.organization_id, i.inviter_id, i.id, told.ordinal, ${kind}::text
  from (${of}) as told (invitation, ordinal)
  join invitations i on i.id = told.invitation
  join organizations o on o.id = i.organization_id
  where i.created_by_kind <> 'api_key' and ${kind}::text = any(o.notices)
  on conflict (invitation_id, ordinal, kind) do update
    set id = default, status = 'queued', email_id = null, created_at = now()
    where notices.status = 'dropped' and notices.attempted_at is null
`;

/** Has the inviter told by the statement that follows, and so in its transaction, without another round trip. */
export const withNotice = (
  db: Kysely<Database>,
  { invitation, ordinal, kind }: DeliveryKey & { kind: NoticeKind },
): Kysely<Database> =>
  db.with(
    'noticed',
    sql`(${noticesOf(kind, sql`values (${invitation}::text, ${ordinal}::integer)`)})` as never,
  ) as never;

/** What has waited for longer is no news, days. */
const newsForDays = 3;
/** For so long it is kept what inviters were told, days. */
const keptDays = 30;

/**
 * How many rows a statement changes at most, and so how many are gathered in an email: it must be done in time, however many there
 * are, and takes a second where the machine has too much to do. They are updated by their ids: with the condition of an index on
 * what waits, which may hold far more than was known of it, they would be looked for in all of that one by one.
 */
const mostAtOnce = 5_000;

/** Drops some of what has waited for so long that it is no news. Returns how many; the rest is for the next time. */
export async function dropOldNotices(db: Kysely<Database>): Promise<number> {
  const { numAffectedRows } = await sql`
    update notices set status = 'dropped' where status not in ('sent', 'failed') and id in (
      select id from notices where status = 'queued' and created_at < now() - make_interval(days => ${newsForDays})
      limit ${mostAtOnce}
    )
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** Forgets some of what inviters were told long ago, the oldest first. Returns how many; the rest is for the next time. */
export async function forgetNotices(db: Kysely<Database>): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from notices using (select id from notices order by id limit ${mostAtOnce}) as oldest
    where notices.id = oldest.id and status <> 'queued' and created_at < now() - make_interval(days => ${keptDays})
  `.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/**
 * Gathers what waits for an inviter into one email: of each organization, and only when their last one is sent, and was not
 * just now.
 *
 * @param gapMs between two emails to the same inviter
 * @param limit how many emails
 * @returns how many inviters it gathered for; some of what waits may be left for another time
 */
export async function gatherNotices(db: Kysely<Database>, gapMs: number, limit: number): Promise<number> {
  const { rows: waiting } = await sql<Pick<NoticesTable, 'organization_id' | 'account_id'>>`
    select * from (
      select distinct organization_id, account_id from notices where status = 'queued' and email_id is null
    ) w
    where not exists (
      select from notices e
      where e.account_id = w.account_id and e.organization_id = w.organization_id and e.status = 'queued'
        and e.email_id is not null
    ) and not exists (
      select from notices e
      where e.account_id = w.account_id and e.organization_id = w.organization_id
        and e.attempted_at > now() - make_interval(secs => ${gapMs / 1_000})
    )
    limit ${limit}
  `.execute(db);
  if (waiting.length === 0) return 0;
  await sql`
    update notices n set email_id = g.email
    from (
      select of_inviter.id, w.email
      from unnest(
        ${waiting.map((w) => w.organization_id)}::text[], ${waiting.map((w) => w.account_id)}::text[],
        ${waiting.map(() => newId('ntc'))}::text[]
      ) w (organization, account, email)
      cross join lateral (
        select id from notices
        where organization_id = w.organization and account_id = w.account and status = 'queued' and email_id is null
        limit ${mostAtOnce}
      ) of_inviter
      limit ${mostAtOnce}
    ) g
    where n.id = g.id and n.email_id is null
  `.execute(db);
  return waiting.length;
}

/** Emails that are to be sent, oldest first. @param after the last of the page before */
export const listNoticeEmails = async (
  db: Kysely<Database>,
  after: NoticeEmailId | undefined,
  limit: number,
): Promise<NoticeEmailId[]> =>
  (
    await db
      .selectFrom('notices')
      .select('email_id')
      .distinct()
      .where('status', '=', 'queued')
      .where('email_id', 'is not', null)
      .$narrowType<{ email_id: NoticeEmailId }>()
      .$if(after !== undefined, (q) => q.where('email_id', '>', after!))
      .orderBy('email_id')
      .limit(limit)
      .execute()
  ).map((row) => row.email_id);

/** What is gathered in an email, oldest first, with what it says of each, and whether it still is news. */
export const findNoticeEmail = (db: Kysely<Database>, email: NoticeEmailId) =>
  db
    .selectFrom('notices')
    .innerJoin('accounts', 'accounts.id', 'notices.account_id')
    .innerJoin('organizations', 'organizations.id', 'notices.organization_id')
    .innerJoin('invitations', 'invitations.id', 'notices.invitation_id')
    .innerJoin('deliveries', (j) =>
      j
        .onRef('deliveries.invitation_id', '=', 'notices.invitation_id')
        .onRef('deliveries.ordinal', '=', 'notices.ordinal'),
    )
    .select(['notices.id', 'notices.kind', 'notices.invitation_id', 'notices.attempted_at'])
    .select(['invitations.email', 'deliveries.status as delivery_status', 'deliveries.detail as delivery_detail'])
    .select(['accounts.name as inviter_name', 'accounts.email as inviter_email'])
    .select([
      'organizations.slug',
      'organizations.name as organization_name',
      'organizations.suspended_at',
      'languages',
    ])
    .select((e) =>
      e
        .exists(
          e
            .selectFrom('members')
            .select('members.id')
            .whereRef('members.organization_id', '=', 'notices.organization_id')
            .whereRef('members.account_id', '=', 'notices.account_id')
            .where('removed_at', 'is', null),
        )
        .as('is_member'),
    )
    // Not when it was erased since, or revived; or healed, corrected or decided.
    .select((e) =>
      e
        .and([
          e('invitations.erased_at', 'is', null),
          e.or([
            sql<boolean>`state = notices.kind`,
            e.and([
              e('notices.kind', '=', 'undeliverable'),
              e('state', '=', 'pending'),
              e('delivery_ordinal', '=', e.ref('notices.ordinal')),
              e('deliveries.status', 'in', troubles),
            ]),
          ]),
        ])
        .as('is_news'),
    )
    .where('email_id', '=', email)
    .where('notices.status', '=', 'queued')
    .orderBy('notices.id')
    .execute();
export type NoticeRow = Awaited<ReturnType<typeof findNoticeEmail>>[number];

/**
 * Marks an attempt before the provider is called, unless another has been marked since the rows were read.
 *
 * @param before `attempted_at` as read
 * @returns the mark; undefined when another attempt came first
 */
export async function markNoticeEmail(
  db: Kysely<Database>,
  email: NoticeEmailId,
  before: Date | null,
): Promise<Date | undefined> {
  // To the millisecond, as it will be read back and compared.
  const mark = new Date();
  const { numUpdatedRows } = await db
    .updateTable('notices')
    .set({ attempted_at: mark })
    .where('email_id', '=', email)
    .where('status', '=', 'queued')
    .where(sql<boolean>`attempted_at is not distinct from ${before}`)
    .executeTakeFirst();
  return numUpdatedRows > 0n ? mark : undefined;
}

/** Takes the mark back: the provider surely did not take the email. */
export async function unmarkNoticeEmail(db: Kysely<Database>, email: NoticeEmailId, mark: Date): Promise<void> {
  await db
    .updateTable('notices')
    .set({ attempted_at: null })
    .where('email_id', '=', email)
    .where('status', '=', 'queued')
    .where('attempted_at', '=', mark)
    .execute();
}

/** Records what became of some of the notices of an email, or of all that are left. */
export async function settleNotices(
  db: Kysely<Database>,
  email: NoticeEmailId,
  status: 'sent' | 'failed' | 'dropped',
  ids?: readonly number[],
): Promise<void> {
  await db
    .updateTable('notices')
    .set({ status })
    .where('email_id', '=', email)
    .where('status', '=', 'queued')
    .$if(ids !== undefined, (q) => q.where('id', '=', sql<number>`any(${ids})`))
    .execute();
}
