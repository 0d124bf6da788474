import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/database.ts';

/** What must be true of any database of Usher, whatever happened to it. Returns the breaches. */
export async function findBreaches(db: Kysely<Database>): Promise<string[]> {
  const rules: [string, string][] = [
    [
      'a counter differs from its seats',
      `select p.id from license_pools p left join seats s on s.pool_id = p.id group by p.id
       having p.reserved <> count(*) filter (where s.state = 'reserved') or p.assigned <> count(*) filter (where s.state = 'assigned')`,
    ],
    ['a pool is oversold', `select id from license_pools where kind = 'named' and reserved + assigned > quantity`],
    [
      'a seat is reserved by an invitation that is not pending',
      `select i.id from seats s join invitations i on i.id = s.invitation_id where s.state = 'reserved' and i.state <> 'pending'`,
    ],
    [
      'a pending invitation lacks a seat',
      `select i.id from invitations i where state = 'pending'
       and cardinality(pool_ids) <> (select count(*) from seats s where s.invitation_id = i.id and s.state = 'reserved')`,
    ],
    [
      'a member has a seat that nobody gave, or lacks one that nobody took',
      // The last word on a member's seat of a pool, of joining, being assigned and unassigned, says whether they hold it.
      `with words as (
         select m.id as member, unnest(i.pool_ids) as pool, 0 as at, true as given
         from members m join invitations i on i.id = m.invitation_id
         union all
         select target_id, detail, id, type = 'seat_assigned' from events
         where target_kind = 'member' and type in ('seat_assigned', 'seat_unassigned')
       ), last as (select distinct on (member, pool) member, pool, given from words order by member, pool, at desc),
       held as (select member_id as member, pool_id as pool from seats where state = 'assigned')
       select member || ' in ' || pool from last full join held using (member, pool) join members m on m.id = member
       where (coalesce(last.given, false) and m.removed_at is null) <> (held.member is not null)`,
    ],
    [
      'a seat is held in a pool of another organization',
      `select p.id from seats s join license_pools p on p.id = s.pool_id
       left join members m on m.id = s.member_id left join invitations i on i.id = s.invitation_id
       where m.organization_id <> p.organization_id or i.organization_id <> p.organization_id`,
    ],
    [
      'a transition has no audit row, or two',
      `select i.id from invitations i left join events e on e.invitation_id = i.id and e.sequence is not null
       group by i.id having count(distinct e.sequence) <> max(i.sequence) or count(e.sequence) <> max(i.sequence)
         or min(e.sequence) <> 1 or max(e.sequence) <> max(i.sequence)`,
    ],
    [
      'the last transition led elsewhere than the invitation is',
      `select i.id from invitations i join events e on e.invitation_id = i.id and e.sequence = i.sequence
       where i.state <> case when e.type in ('created', 'resent', 'amended', 'reminded') then 'pending' else e.type end`,
    ],
    [
      'a request made two transitions',
      `select request_key from events where request_key is not null group by request_key having count(*) > 1`,
    ],
    [
      'an accepted invitation has no member, or another has one',
      `select i.id from invitations i left join members m on m.invitation_id = i.id
       where (i.state = 'accepted') <> (m.id is not null)`,
    ],
    [
      'a member owns another mailbox than the invited one',
      `select m.id from members m join invitations i on i.id = m.invitation_id join accounts a on a.id = m.account_id
       where i.erased_at is null and a.erased_at is null
         and (a.mailbox <> i.mailbox or not a.email_verified or i.decided_by <> a.id)`,
    ],
    [
      'an account is a member twice',
      `select account_id from members where removed_at is null group by organization_id, account_id having count(*) > 1`,
    ],
    [
      'the current delivery of an invitation is missing',
      `select i.id from invitations i left join deliveries d on d.invitation_id = i.id and d.ordinal = i.delivery_ordinal
       where d.ordinal is null`,
    ],
  ];
  const breaches: string[] = [];
  for (const [rule, query] of rules) {
    const { rows } = await sql.raw<Record<string, string>>(query).execute(db);
    for (const row of rows) breaches.push(`${rule}: ${Object.values(row)[0]}`);
  }
  return breaches;
}

/**
 * All that a refused request must leave as it was, byte for byte.
 *
 * @param invitation leaves out the deliveries and events of others, which go on meanwhile
 */
export async function stateOf(db: Kysely<Database>, invitation?: string): Promise<string> {
  const parts = [];
  for (const table of ['invitations', 'license_pools', 'seats', 'members', 'deliveries', 'events', 'organizations']) {
    const those = invitation && /deliveries|events/.test(table) ? sql`where invitation_id = ${invitation}` : sql``;
    const { rows } = await sql`
      select to_jsonb(t) as row from ${sql.table(table)} t ${those} order by to_jsonb(t)::text
    `.execute(db);
    parts.push([table, rows]);
  }
  return JSON.stringify(parts);
}
