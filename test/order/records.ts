import { type Kysely, sql } from 'kysely';
import { insertPending } from '../../api/invitations.ts';
import { Problem } from '../../api/problem.ts';
import { upsertAccount } from '../../db/accounts.ts';
import type { Database } from '../../db/database.ts';
import { findEventByRequest } from '../../db/events.ts';
import {
  type AccountId,
  type AmendmentId,
  type InvitationId,
  type LicensePoolId,
  newId,
  type OrganizationId,
} from '../../db/ids.ts';
import { insertAmendment } from '../../db/invitations.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { type Mailbox as Address, mailboxOf } from '../../identity/mailbox.ts';
import type { Trust } from '../../identity/providers.ts';
import { type Act, type Answer, type Mailbox, type Modelled, type Person, seatsHeld, type World } from './model.ts';

/** The model's organization in the database: what it does there, and what it finds there, in the model's words. */

/** An organization of one sequence, so that many are tried side by side. */
export interface Organization {
  db: Kysely<Database>;
  id: OrganizationId;
  slug: string;
  pool: LicensePoolId;
  inviter: AccountId;
  accounts: Record<Person, AccountId>;
  /** In the order of the model's. */
  invitations: InvitationId[];
}

/** Whose accounts they all are. */
export const providers: Trust[] = [{ issuer: 'order', everywhere: true, domains: [] }];

const addressOf = (mailbox: Mailbox) => `${mailbox}@example.com`;
let organizations = 0;

export async function newOrganization(db: Kysely<Database>, seats: number): Promise<Organization> {
  const slug = `org-${++organizations}`;
  const { id } = await ensureOrganization(db, { slug, name: slug });
  const pool = await ensureLicensePool(db, {
    organization: id,
    product: 'studio',
    name: 'Studio',
    kind: 'named',
    quantity: seats,
  });
  const account = async (subject: string, email: string, emailVerified: boolean) =>
    (await upsertAccount(db, { issuer: providers[0]!.issuer, subject, email, emailVerified, name: subject })).id;
  return {
    db,
    id,
    slug,
    pool: pool.id,
    inviter: await account('inviter', 'inviter@example.com', true),
    accounts: {
      ann: await account('ann', addressOf('ann'), true),
      bob: await account('bob', addressOf('bob'), true),
      cleo: await account('cleo', addressOf('cleo'), true),
      unverified: await account('unverified', addressOf('ann'), false),
    },
    invitations: [],
  };
}

/** Invites, as the API does; its times count from `now` (epoch ms). */
export async function invite(
  organization: Organization,
  { mailbox, licensed, lifetime }: Extract<Act, { do: 'invite' }>,
  requestKey: string,
  now: number,
): Promise<Answer> {
  const { db } = organization;
  if (await findEventByRequest(db, requestKey)) return { status: 'taken', sequence: 1 };
  const email = addressOf(mailbox);
  const before = Date.now();
  try {
    const { id } = await insertPending(db, {
      organization,
      standing: { role: 'owner', account: organization.inviter, by: { kind: 'system', id: null } },
      expiresIn: lifetime,
      requestKey,
      email,
      mailbox: mailboxOf(email)!,
      role: 'member',
      poolIds: licensed ? [organization.pool] : [],
    });
    if (organization.invitations.includes(id)) return { status: 'taken', sequence: 1 };
    organization.invitations.push(id);
    const { expires_at, reminders } = await db
      .selectFrom('invitations')
      .select(['expires_at', 'reminders'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const shift = now - (expires_at.getTime() - lifetime);
    if (now !== before)
      await db
        .updateTable('invitations')
        .set({
          expires_at: new Date(expires_at.getTime() + shift),
          reminders: reminders.map((time) => new Date(time.getTime() + shift)),
        })
        .where('id', '=', id)
        .execute();
    return { status: 'taken', sequence: 1 };
  } catch (error) {
    if (error instanceof Problem) return { status: 'refused', code: error.code as never };
    throw error;
  }
}

/** Writes what an amend changes, as the API does before it offers the event. */
export async function amendment(
  { db, invitations, pool }: Organization,
  { to, mailbox, licensed }: Extract<Act, { do: 'amend' }>,
): Promise<AmendmentId> {
  const id = newId('amd');
  await insertAmendment(db, {
    id,
    invitation: invitations[to]!,
    changes: {
      ...(mailbox === undefined
        ? {}
        : { email: addressOf(mailbox), mailbox: mailboxOf(addressOf(mailbox)) as Address }),
      ...(licensed === undefined ? {} : { poolIds: licensed ? [pool] : [] }),
    },
  });
  return id;
}

/** Writes what the provider tells of a mail, as whoever hears of it does. */
export const note = ({ db, invitations }: Organization, { to, ordinal, status }: Extract<Act, { do: 'feedback' }>) =>
  db
    .updateTable('deliveries')
    .set({ status })
    .where('invitation_id', '=', invitations[to]!)
    .where('ordinal', '=', ordinal)
    .execute();

/** All that must agree between the model and the database. */
export interface Records {
  invitations: (Omit<Modelled, 'delivery'> & { delivery: Modelled['delivery'] | 'over' })[];
  members: [Person, number][];
  seats: { reserved: number; assigned: number };
}

export const recordsOf = (world: World): Records => ({
  // Once it has ended, what became of its last mail is no matter of the chart's.
  invitations: world.invitations.map((i) => ({ ...i, delivery: i.state === 'pending' ? i.delivery : 'over' })),
  members: [...world.members].sort(),
  seats: { reserved: seatsHeld(world, 'pending'), assigned: seatsHeld(world, 'accepted') },
});

/** Reads an organization's rows as the model would have them. @throws where the rows do not agree among themselves */
export async function readRecords({ db, id, pool, accounts, invitations }: Organization): Promise<Records> {
  const rows = await db
    .selectFrom('invitations')
    .selectAll()
    .select((e) => [
      sql<
        string[]
      >`array(select type || ' ' || sequence from events where invitation_id = invitations.id and sequence is not null order by sequence)`.as(
        'log',
      ),
      sql<
        Modelled['mails']
      >`(select jsonb_agg(jsonb_build_object('kind', kind, 'generation', generation) order by ordinal) from deliveries where invitation_id = invitations.id)`.as(
        'mails',
      ),
      e
        .selectFrom('deliveries')
        .select('status')
        .whereRef('invitation_id', '=', 'invitations.id')
        .whereRef('ordinal', '=', 'invitations.delivery_ordinal')
        .as('delivery'),
      sql<string[]>`array(select state from seats where invitation_id = invitations.id)`.as('seats'),
    ])
    .where('organization_id', '=', id)
    .execute();
  const personOf = (account: AccountId) => Object.entries(accounts).find(([, a]) => a === account)![0] as Person;
  const counted = await db
    .selectFrom('license_pools')
    .select(['reserved', 'assigned'])
    .where('id', '=', pool)
    .executeTakeFirstOrThrow();
  const members = await db.selectFrom('members').selectAll().where('organization_id', '=', id).execute();
  return {
    invitations: invitations.map((invitation) => {
      const i = rows.find((row) => row.id === invitation)!;
      const seat = i.seats.join();
      const licensed = i.pool_ids.length === 1;
      const wanted = licensed ? { pending: 'reserved', accepted: 'assigned' }[i.state as string] : undefined;
      if (seat !== (wanted ?? '')) throw new Error(`${i.state}, licensed: ${licensed}, yet its seats are: ${seat}`);
      if (i.delivery_ordinal !== i.mails.length) throw new Error('the current mail is not the last');
      if (i.sequence !== i.log.length) throw new Error(`sequence ${i.sequence}, log ${i.log}`);
      return {
        mailbox: i.mailbox.split('@')[0] as Mailbox,
        licensed,
        state: i.state,
        generation: i.generation,
        emailVersion: i.email_version,
        lifetime: i.expires_in_ms,
        deadline: i.expires_at.getTime(),
        reminders: i.reminders.map((time) => time.getTime()),
        mails: i.mails,
        delivery: i.state === 'pending' ? i.delivery! : 'over',
        // Without a gap, from 1.
        log: i.log.map((entry, n) => {
          const [type, sequence] = entry.split(' ');
          if (Number(sequence) !== n + 1) throw new Error(`the log has a gap: ${i.log}`);
          return type!;
        }),
        decidedBy: i.decided_by && personOf(i.decided_by),
      };
    }),
    members: members
      .map((m): [Person, number] => [personOf(m.account_id), invitations.indexOf(m.invitation_id!)])
      .sort(),
    seats: { reserved: counted.reserved, assigned: counted.assigned },
  };
}
