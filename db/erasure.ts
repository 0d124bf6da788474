import { type Generated, type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import type { Actor } from '../statecharts/invitation.ts';
import type { Database } from './database.ts';
import { insertEvent, insertNotes, insertReason } from './events.ts';
import { type AccountId, type ErasureId, type InvitationId, newId, type ReasonId } from './ids.ts';
import { releaseSeatsOfMembers } from './licenses.ts';

/**
 * Where personal data is, and how it goes. A new column that may hold some belongs here: in `eraseInvitations`,
 * `eraseAccount` or `mentions`, and in `personalData`, which tells people what is held. A test plants an address in every
 * column and looks for it afterwards.
 */

/** Whose data is to disappear. */
export interface ErasuresTable {
  id: ErasureId;
  /** Null once it has been done; empty when only the account is meant. */
  mailbox: Mailbox | '' | null;
  /** Its address as people have written it. */
  addresses: string[];
  /** An account besides those of the mailbox; null once it has been done. */
  account_id: AccountId | null;
  reason_id: ReasonId | null;
  created_at: Generated<Date>;
  finished_at: Date | null;
}

/** A person, by what is known of them. */
export interface Subject {
  /** Every account and invitation of this address; empty: none. */
  mailbox: Mailbox | '';
  /** This account, whatever its address. */
  account: AccountId | null;
}

/** What stands where personal data was. Neither is an address, so neither is sent to nor matched. */
export const erased = { email: 'erased', name: 'A former member' } as const;

/** Notes whose data is to disappear, unless that has begun already. Returns the erasure's id. */
export async function requestErasure(db: Kysely<Database>, subject: Subject, reason: string): Promise<ErasureId> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('erasures'))`.execute(trx);
    const begun = await unfinishedErasureOf(trx, subject);
    if (begun) return begun;
    const id = newId('era');
    await trx
      .insertInto('erasures')
      .values({
        id,
        mailbox: subject.mailbox,
        addresses: await addressesOf(trx, subject),
        account_id: subject.account,
        reason_id: await insertReason(trx, reason),
        finished_at: null,
      })
      .execute();
    return id;
  });
}

/** The erasure of a person that has begun and is not finished. */
export const unfinishedErasureOf = async (
  db: Kysely<Database>,
  { mailbox, account }: Subject,
): Promise<ErasureId | undefined> =>
  (
    await db
      .selectFrom('erasures')
      .select('id')
      .where('finished_at', 'is', null)
      .where('mailbox', '=', mailbox)
      .where(sql<boolean>`account_id is not distinct from ${account}`)
      .executeTakeFirst()
  )?.id;

/** An erasure that is not finished, and whom it means. */
export async function findErasure(
  db: Kysely<Database>,
  id: ErasureId,
): Promise<{ subject: Subject; addresses: string[]; reason: ReasonId | null } | undefined> {
  const row = await db
    .selectFrom('erasures')
    .selectAll()
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  if (!row) return undefined;
  const { addresses, reason_id: reason } = row;
  return { subject: { mailbox: row.mailbox ?? '', account: row.account_id }, addresses, reason };
}

/** Erasures that are not finished, oldest first. */
export const unfinishedErasures = async (db: Kysely<Database>, limit: number): Promise<ErasureId[]> =>
  (
    await db
      .selectFrom('erasures')
      .select('id')
      .where('finished_at', 'is', null)
      .orderBy('created_at')
      .limit(limit)
      .execute()
  ).map((row) => row.id);

/** The accounts of a person. */
export const accountsOf = (db: Kysely<Database>, { mailbox, account }: Subject) =>
  db
    .selectFrom('accounts')
    .selectAll()
    .where('erased_at', 'is', null)
    .where((e) => e.or([e('id', '=', account), e.and([e('mailbox', '=', mailbox), e.val(mailbox !== '')])]))
    .orderBy('id')
    .execute();

/** Ids of a person's invitations: those to their address, and those that they decided under a former one. */
export async function invitationsOf(
  db: Kysely<Database>,
  subject: Subject,
  o: { pending?: boolean; limit?: number } = {},
): Promise<InvitationId[]> {
  const accounts = await accountsOf(db, subject);
  const rows = await db
    .selectFrom('invitations')
    .select('id')
    .where('erased_at', 'is', null)
    .where((e) =>
      e.or([
        e.and([e('mailbox', '=', subject.mailbox as Mailbox), e.val(subject.mailbox !== '')]),
        e('decided_by', 'in', accounts.length > 0 ? accounts.map((a) => a.id) : ['acc_']),
      ]),
    )
    .$if(o.pending !== undefined, (q) => q.where('state', o.pending ? '=' : '<>', 'pending'))
    .orderBy('id')
    .$if(o.limit !== undefined, (q) => q.limit(o.limit!))
    .execute();
  return rows.map((row) => row.id);
}

/** A person's addresses as they have been written. */
export async function addressesOf(db: Kysely<Database>, subject: Subject): Promise<string[]> {
  const accounts = await accountsOf(db, subject);
  const invitations = await db
    .selectFrom('invitations')
    .select('email')
    .distinct()
    .where('mailbox', '=', subject.mailbox as Mailbox)
    .where('erased_at', 'is', null)
    .execute();
  return [
    ...new Set([...(subject.mailbox ? [subject.mailbox] : []), ...[...accounts, ...invitations].map((r) => r.email)]),
  ];
}

/** Who erases, and why; `request` begins the request keys of the events. */
export interface Eraser {
  by: Actor;
  request: string;
  reason?: ReasonId | null;
  detail?: string;
}

/**
 * Takes everything that names people out of ended invitations; pending ones stay.
 *
 * @param o.keepRedirect where members of accepted ones go: their home page still leads there
 */
export async function eraseInvitations(
  trx: Transaction<Database>,
  ids: InvitationId[],
  eraser: Eraser,
  o: { keepRedirect: boolean },
): Promise<number> {
  if (ids.length === 0) return 0;
  const gone = await trx
    .updateTable('invitations')
    .set({
      email: erased.email,
      mailbox: sql`'erased:' || id`,
      message: null,
      metadata: '{}' as never,
      redirect_url: o.keepRedirect ? sql`case when state = 'accepted' then redirect_url end` : null,
      erased_at: sql`now()`,
    })
    .where('id', 'in', ids)
    .where('state', '<>', 'pending')
    .where('erased_at', 'is', null)
    .returning(['id', 'organization_id'])
    .execute();
  const those = gone.map((row) => row.id);
  if (those.length === 0) return 0;
  // The provider's own copy has the address; nobody shall find it from here.
  await trx
    .updateTable('deliveries')
    .set({ provider_message_id: null })
    .where('invitation_id', 'in', those)
    .where('provider_message_id', 'is not', null)
    .execute();
  await trx.deleteFrom('amendments').where('invitation_id', 'in', those).execute();
  await insertNotes(
    trx,
    gone.map(({ id, organization_id }) => ({
      organization: organization_id,
      invitation: id,
      type: 'invitation_erased',
      detail: eraser.detail ?? null,
      by: eraser.by,
      request: `${eraser.request}/${id}`,
      reason: eraser.reason ?? null,
    })),
  );
  return gone.length;
}

/** Organizations that would have no owner without these accounts. */
export async function ownedAlone(db: Kysely<Database>, accounts: AccountId[]): Promise<string[]> {
  if (accounts.length === 0) return [];
  const rows = await db
    .selectFrom('members')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .select('slug')
    .where('role', '=', 'owner')
    .where('removed_at', 'is', null)
    .groupBy('slug')
    .having((e) => e.fn('bool_and', [e('account_id', 'in', accounts)]), '=', true as never)
    .orderBy('slug')
    .execute();
  return rows.map((row) => row.slug);
}

/** Somebody must first make another owner. */
export class LastOwner extends Error {
  override name = 'LastOwner';
}

/**
 * Ends an account's memberships, frees its seats, signs it out, and takes out of it everything that names the person.
 *
 * @throws LastOwner
 */
async function eraseAccount(trx: Transaction<Database>, account: AccountId, eraser: Eraser): Promise<void> {
  // Two owners who leave at once must not both believe that the other stays.
  await trx
    .selectFrom('members')
    .select('id')
    .where('role', '=', 'owner')
    .where('removed_at', 'is', null)
    .where('organization_id', 'in', (q) =>
      q.selectFrom('members as own').select('own.organization_id').where('own.account_id', '=', account),
    )
    .orderBy('id')
    .forUpdate()
    .execute();
  if ((await ownedAlone(trx, [account])).length > 0) throw new LastOwner('an organization would have no owner');
  const memberships = await trx
    .updateTable('members')
    .set({ removed_at: sql`now()` })
    .where('account_id', '=', account)
    .where('removed_at', 'is', null)
    .returning(['id', 'organization_id'])
    .execute();
  for (const { id, organization_id } of memberships) {
    // First, since webhooks tell which seats are about to be free.
    await insertEvent(trx, {
      organization: organization_id,
      target: { kind: 'member', id },
      type: 'member_removed',
      detail: 'erased',
      by: eraser.by,
      request: `${eraser.request}/${id}`,
      reason: eraser.reason ?? null,
    });
    await releaseSeatsOfMembers(trx, [id]);
  }
  await trx.deleteFrom('sessions').where('account_id', '=', account).execute();
  await trx.deleteFrom('notices').where('account_id', '=', account).execute();
  // Their own words to others. What a program wrote with a key they made is the program's.
  await trx
    .updateTable('invitations')
    .set({ message: null })
    .where('inviter_id', '=', account)
    .where('created_by_kind', '<>', 'api_key')
    .where('message', 'is not', null)
    .execute();
  await trx
    .updateTable('accounts')
    .set({
      // Whoever signs in again is somebody new.
      issuer: erased.email,
      subject: account,
      email: erased.email,
      mailbox: '',
      email_verified: false,
      name: erased.name,
      staff_role: null,
      seen_at: null,
      erased_at: sql`now()`,
    })
    .where('id', '=', account)
    .execute();
  await insertEvent(trx, {
    organization: null,
    target: { kind: 'account', id: account },
    type: 'account_erased',
    by: eraser.by,
    request: `${eraser.request}/${account}`,
    reason: eraser.reason ?? null,
  });
}

type Text = 'text' | 'text[]' | 'jsonb';

/** Texts of others in which an address may be mentioned, with their types; they are searched as text, in the order of a key. */
const mentions: Partial<Record<keyof Database, { key: string; columns: Record<string, Text> }>> = {
  amendments: { key: 'id', columns: { changes: 'jsonb' } },
  api_keys: { key: 'id', columns: { name: 'text' } },
  batches: { key: 'id', columns: { act: 'jsonb', results: 'jsonb' } },
  deliveries: { key: 'invitation_id', columns: { detail: 'text' } },
  invitations: {
    key: 'id',
    columns: { message: 'text', metadata: 'jsonb', redirect_url: 'text', teams: 'text[]' },
  },
  license_pools: { key: 'id', columns: { name: 'text' } },
  members: { key: 'id', columns: { teams: 'text[]' } },
  reasons: { key: 'id', columns: { text: 'text' } },
};
/** Rows searched by one statement: a second or less. */
const searched = 20_000;

/** A regular expression that finds addresses as whole addresses, in URLs too: `ada@…` is not in `bada@…`. */
const patternOf = (addresses: string[]) => {
  const each = addresses.map((a) => a.replace(/[^\w@\u0080-\u{10ffff}]/gu, '\\$&').replaceAll('@', '(?:@|%40)'));
  return `(?<![\\w.+-])(?:${each.join('|')})(?![\\w-]|\\.\\w)`;
};

/**
 * Erases a person's accounts.
 *
 * @returns false when there are invitations left, which must be erased first
 * @throws LastOwner
 */
export async function eraseAccounts(db: Kysely<Database>, id: ErasureId, eraser: Eraser): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const found = await findErasure(trx, id);
    if (!found) return true;
    const accounts = await accountsOf(trx, found.subject);
    // From here on nobody joins with them: a commit that lets somebody in reads the account and waits.
    for (const account of accounts)
      await trx.selectFrom('accounts').select('id').where('id', '=', account.id).forUpdate().execute();
    if ((await invitationsOf(trx, found.subject, { limit: 1 })).length > 0) return false;
    for (const account of accounts) await eraseAccount(trx, account.id, eraser);
    return true;
  });
}

/**
 * The last step: every mention of a person's addresses, and then the erasure's own knowledge of them. Tables are searched
 * from end to end, some rows at a time, so that no statement takes long.
 */
export async function eraseMentions(db: Kysely<Database>, id: ErasureId): Promise<void> {
  const found = await findErasure(db, id);
  if (!found) return;
  if (found.addresses.length > 0) {
    const pattern = patternOf(found.addresses);
    for (const [table, { key, columns }] of Object.entries(mentions)) {
      const texts = Object.keys(columns).map((c) => sql`${sql.ref(c)}::text`);
      const changes = Object.entries(columns).map(([c, type]) => {
        const text = sql`regexp_replace(${sql.ref(c)}::text, ${pattern}, ${erased.email}, 'gi')`;
        return sql`${sql.ref(c)} = ${text}::${sql.raw(type)}`;
      });
      await throughout(db, table, key, (rows) =>
        sql`
          update ${sql.table(table)} set ${sql.join(changes)}
          where ${rows} and concat_ws(' ', ${sql.join(texts)}) ~* ${pattern}
        `.execute(db),
      );
    }
    // An answer is forgotten; when its request is repeated it is made anew from what is left, and nothing is done again.
    await throughout(db, 'requests', 'key', (rows) =>
      sql`update requests set status = null, body = null where ${rows} and body::text ~* ${pattern}`.execute(db),
    );
  }
  await db
    .updateTable('erasures')
    .set({ mailbox: null, addresses: [], account_id: null, finished_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

/** Does something to all rows of a table, some at a time. @param work gets a condition for those rows */
async function throughout(
  db: Kysely<Database>,
  table: string,
  key: string,
  work: (rows: RawBuilder<boolean>) => Promise<unknown>,
): Promise<void> {
  const k = sql.ref(key);
  for (let after = ''; ; ) {
    const { rows } = await sql<{ last: string | null }>`
      select max(k) as last
      from (select ${k} as k from ${sql.table(table)} where ${k} > ${after} order by ${k} limit ${searched}) as page
    `.execute(db);
    const { last } = rows[0]!;
    if (last === null) return;
    await work(sql<boolean>`${k} > ${after} and ${k} <= ${last}`);
    after = last;
  }
}

/** Those of these erasures that are done. */
export async function finishedErasures(db: Kysely<Database>, ids: readonly ErasureId[]): Promise<Set<ErasureId>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('erasures')
    .select('id')
    .where('id', 'in', ids)
    .where('finished_at', 'is not', null)
    .execute();
  return new Set(rows.map((row) => row.id));
}
