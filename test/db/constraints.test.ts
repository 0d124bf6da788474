import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { upsertAccount } from '../../db/accounts.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { insertEvent } from '../../db/events.ts';
import type { AccountId, InvitationId, LicensePoolId } from '../../db/ids.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { findBreaches } from '../setup/consistency.ts';
import { freshDatabase } from '../setup/database.ts';
import { until } from '../setup/until.ts';

/** What the database forbids by itself, whatever a program or a hand at psql may do. */

let db: Kysely<Database>;
let acme: Organization;
let other: Organization;
let named: LicensePoolId;
let floating: LicensePoolId;
let owner: AccountId;
let member: AccountId;
let invitation: InvitationId;

const invite = (email: string, organization: Organization, poolIds: LicensePoolId[] = []) =>
  insertPending(db, {
    organization,
    standing: { role: 'owner', account: owner, by: { kind: 'system', id: null } },
    expiresIn: 3_600_000,
    requestKey: `${organization.slug} ${email}`,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
    poolIds,
  });
const account = async (email: string) =>
  (await upsertAccount(db, { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'A' }))
    .id;
const join = (organization: Organization, who: AccountId) =>
  db
    .transaction()
    .execute((trx) =>
      insertMember(trx, { organization: organization.id, account: who, role: 'member', teams: [], invitation: null }),
    );

beforeAll(async () => {
  db = createDatabase((await freshDatabase()).url, 5);
  acme = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
  other = await ensureOrganization(db, { slug: 'other', name: 'Other' });
  owner = await account('owner@acme.example');
  member = await account('member@acme.example');
  await join(acme, member);
  const pool = { organization: acme.id, name: 'Pool', quantity: 2 };
  named = (await ensureLicensePool(db, { ...pool, product: 'studio', kind: 'named' })).id;
  floating = (await ensureLicensePool(db, { ...pool, product: 'viewer', kind: 'floating', quantity: 0 })).id;
  ({ id: invitation } = await invite('ada@example.com', acme, [named, floating]));
});
afterAll(async () => {
  const breaches = db ? await findBreaches(db) : [];
  await db?.destroy();
  expect(breaches).toEqual([]);
});

/** Runs a statement, which must fail at the constraint of that name. */
async function forbids(constraint: string, statement: (trx: Kysely<Database>) => Promise<unknown>): Promise<void> {
  // Rolled back in any case: what the database lets through shows as no error, and spoils no other test.
  const outcome = db.transaction().execute(async (trx) => {
    await statement(trx);
    throw new Error('it was let through');
  });
  await expect(outcome).rejects.toMatchObject({ constraint });
}
/** Runs a statement, which must succeed, and takes it back. */
async function allows(statement: (trx: Kysely<Database>) => Promise<unknown>): Promise<void> {
  const outcome = db.transaction().execute(async (trx) => {
    await statement(trx);
    throw new Error('it was let through');
  });
  await expect(outcome).rejects.toThrow('it was let through');
}

/** A row that is a copy of another, with some columns changed. */
const copy =
  (table: 'invitations' | 'members' | 'license_pools', id: string, changes: object) => (trx: Kysely<Database>) =>
    sql`
    insert into ${sql.table(table)}
    select (jsonb_populate_record(t, ${JSON.stringify({ id: 'another', ...changes })}::jsonb)).*
    from ${sql.table(table)} t where id = ${id}
  `.execute(trx);

describe('seats', () => {
  const set = (pool: LicensePoolId, changes: Record<string, number>) => (trx: Kysely<Database>) =>
    trx.updateTable('license_pools').set(changes).where('id', '=', pool).execute();

  test('no more of them are reserved and assigned than there are', async () => {
    await allows(set(named, { reserved: 1, assigned: 1 }));
    await forbids('license_pools_not_oversold', set(named, { reserved: 3 }));
    await forbids('license_pools_not_oversold', set(named, { assigned: 3 }));
    await forbids('license_pools_not_oversold', set(named, { reserved: 2, assigned: 1 }));
    await forbids('license_pools_not_oversold', set(named, { quantity: 0 }));
    await forbids('license_pools_quantity_check', set(floating, { quantity: -1 }));
  });

  test('floating ones are assigned without limit', async () => {
    await allows(set(floating, { reserved: 1000, assigned: 1000 }));
  });

  test('fewer than none are neither reserved nor assigned', async () => {
    await forbids('license_pools_reserved_check', set(named, { reserved: -1 }));
    await forbids('license_pools_assigned_check', set(named, { assigned: -1 }));
  });

  test('one invitation and one member have one in a pool', async () => {
    const seat = (columns: object) => (trx: Kysely<Database>) =>
      trx
        .insertInto('seats')
        .values({ pool_id: named, invitation_id: invitation, member_id: null, state: 'reserved', ...columns })
        .execute();
    const { id } = await db
      .selectFrom('members')
      .select('id')
      .where('account_id', '=', member)
      .executeTakeFirstOrThrow();
    await forbids('seats_pool_id_invitation_id_key', seat({}));
    await forbids('seats_pool_id_member_id_key', async (trx) => {
      await seat({ invitation_id: null, member_id: id, state: 'assigned' })(trx);
      await seat({ invitation_id: null, member_id: id, state: 'assigned' })(trx);
    });
    // Assigned to nobody, reserved by nobody, reserved by a member.
    await forbids('seats_check', seat({ invitation_id: null, state: 'assigned' }));
    await forbids('seats_check1', seat({ invitation_id: null }));
    await forbids('seats_check', seat({ invitation_id: null, member_id: id }));
    await forbids('seats_state_check', seat({ state: 'lent' }));
    await forbids('seats_pool_id_fkey', seat({ pool_id: 'lic_none' }));
  });

  test('an organization has one pool a product', async () => {
    await forbids('license_pools_organization_id_product_key', copy('license_pools', named, {}));
    await allows(copy('license_pools', named, { product: 'else' }));
    await allows(copy('license_pools', named, { organization_id: other.id }));
  });
});

describe('invitations', () => {
  test('one is pending for an organization and a mailbox', async () => {
    await forbids('invitations_one_pending', copy('invitations', invitation, {}));
    // By its mailbox, not by how it is written.
    await forbids('invitations_one_pending', copy('invitations', invitation, { email: 'ADA@example.com' }));
    await allows(copy('invitations', invitation, { mailbox: 'bea@example.com' }));
    await allows(copy('invitations', invitation, { organization_id: other.id }));
    for (const state of ['accepted', 'declined', 'expired', 'revoked']) {
      await allows(copy('invitations', invitation, { state }));
    }
  });

  test('one that has ended does not come back beside a pending one', async () => {
    await forbids('invitations_one_pending', async (trx) => {
      await copy('invitations', invitation, { state: 'expired' })(trx);
      await trx
        .updateTable('invitations')
        .set({ state: 'pending' })
        .where('mailbox', '=', 'ada@example.com' as never)
        .execute();
    });
  });

  test('they have the states and roles there are, and belong to somebody', async () => {
    await forbids('invitations_state_check', copy('invitations', invitation, { state: 'lost' }));
    await forbids('invitations_role_check', copy('invitations', invitation, { state: 'expired', role: 'king' }));
    await forbids('invitations_organization_id_fkey', copy('invitations', invitation, { organization_id: 'org_none' }));
    await forbids(
      'invitations_inviter_id_fkey',
      copy('invitations', invitation, { state: 'expired', inviter_id: 'nobody' }),
    );
  });
});

describe('members', () => {
  const first = async () =>
    (await db.selectFrom('members').select('id').where('account_id', '=', member).executeTakeFirstOrThrow()).id;

  test('an account is one active member of an organization', async () => {
    await forbids('members_one_active', copy('members', await first(), {}));
    await allows(copy('members', await first(), { organization_id: other.id }));
    await allows(copy('members', await first(), { account_id: owner }));
  });

  test('one that was removed may come back, once', async () => {
    const id = await first();
    const back = async (trx: Kysely<Database>) => {
      await trx.updateTable('members').set({ removed_at: new Date() }).where('id', '=', id).execute();
      await copy('members', id, { removed_at: null })(trx);
    };
    await allows(back);
    await forbids('members_one_active', async (trx) => {
      await back(trx);
      await trx.updateTable('members').set({ removed_at: null }).where('id', '=', id).execute();
    });
  });
});

describe('the audit log', () => {
  const event = (columns: object) => (trx: Kysely<Database>) =>
    insertEvent(trx, {
      organization: acme.id,
      invitation,
      sequence: null,
      type: 'note',
      by: { kind: 'system', id: null },
      ...columns,
    });

  test('has one row a transition', async () => {
    await forbids('events_one_per_sequence', event({ sequence: 1 }));
    await allows(event({ sequence: 2 }));
    await allows(async (trx) => {
      // Notes are many.
      await event({})(trx);
      await event({})(trx);
    });
  });

  test('is about one thing', async () => {
    const about = (columns: object) => (trx: Kysely<Database>) =>
      trx
        .insertInto('events')
        .values({ type: 'note', actor_kind: 'system', ...columns })
        .execute();
    await forbids('events_one_target', about({}));
    await forbids('events_one_target', about({ target_kind: 'account' }));
    await forbids('events_one_target', about({ target_kind: 'account', target_id: owner, invitation_id: invitation }));
    await allows(about({ target_kind: 'account', target_id: owner }));
    await allows(about({ invitation_id: invitation }));
  });

  test('has one row a request', async () => {
    await allows(async (trx) => {
      // A note that its request has left already is not written again.
      expect(await event({ request: 'acme ada@example.com' })(trx)).toBe(false);
      expect(await event({ request: 'another' })(trx)).toBe(true);
    });
    await forbids('events_one_per_request', event({ sequence: 2, request: 'acme ada@example.com' }));
    await allows(event({ sequence: 2, request: 'another' }));
  });
});

test('a request key is claimed once, an issuer’s subject is one account', async () => {
  await forbids('requests_pkey', async (trx) => {
    const claim = { key: 'k', body_hash: 'h', status: null, body: null };
    await trx.insertInto('requests').values([claim, claim]).execute();
  });
  await forbids('accounts_issuer_subject_key', (trx) =>
    sql`
      insert into accounts (id, issuer, subject, email, mailbox, email_verified, name)
      select 'another', issuer, subject, email, mailbox, email_verified, name from accounts where id = ${owner}
    `.execute(trx),
  );
});

test('no two deliveries of an invitation have one number', async () => {
  await forbids('deliveries_pkey', (trx) =>
    sql`insert into deliveries select * from deliveries where invitation_id = ${invitation}`.execute(trx),
  );
});

test('of two transactions that take the last seat at once, the second one fails', async () => {
  await db.updateTable('license_pools').set({ quantity: 2 }).where('id', '=', named).execute();
  const outcomes = await Promise.allSettled([
    invite('last-1@example.com', acme, [named]),
    invite('last-2@example.com', acme, [named]),
  ]);
  const refused = outcomes.filter((o) => o.status === 'rejected');
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ reason: { code: 'no_seat_left' } });
  expect(await findBreaches(db)).toEqual([]);
});

describe('one statement invites', () => {
  const pool = (id: LicensePoolId) =>
    db.selectFrom('license_pools').select('reserved').where('id', '=', id).executeTakeFirstOrThrow();
  const waiting = async () => {
    const { rows } = await sql`select from pg_stat_activity where wait_event_type = 'Lock'
      and datname = current_database()`.execute(db);
    return rows.length;
  };

  test('and asks who is a member after it has waited for whoever was accepting another invitation', async () => {
    const email = 'joining@example.com';
    const joiner = await account(email);
    const { id } = await invite(email, acme);
    const again: Promise<unknown>[] = [];
    await db.transaction().execute(async (trx) => {
      await trx.updateTable('invitations').set({ state: 'accepted' }).where('id', '=', id).execute();
      again.push(invite('Joining@example.com', acme, [floating]).catch((error) => error));
      await until('the second to wait', async () => (await waiting()) === 1);
      const member = { organization: acme.id, account: joiner, role: 'member', teams: [], invitation: id } as const;
      await insertMember(trx, { ...member, teams: [] });
    });
    expect(await again[0]).toMatchObject({ code: 'already_member' });
    // By no transition of the chart's.
    for (const table of ['members', 'events', 'deliveries'] as const)
      await db.deleteFrom(table).where('invitation_id', '=', id).execute();
    await db.deleteFrom('invitations').where('id', '=', id).execute();
  });

  test('or refuses, and then nothing is left of it', async () => {
    const ended = { product: 'ended', name: 'Ended', kind: 'floating', quantity: 0, organization: acme.id } as const;
    const { id } = await ensureLicensePool(db, ended);
    await db.updateTable('license_pools').set({ expires_at: new Date() }).where('id', '=', id).execute();
    const before = await pool(floating);
    const outcome = invite('late@example.com', acme, [floating, id]);
    await expect(outcome).rejects.toMatchObject({ code: 'license_ended' });
    await expect(invite('member@acme.example', acme)).rejects.toMatchObject({ code: 'already_member' });
    expect(await pool(floating)).toEqual(before);
  });

  test('many at once that name the same pools in other orders do not block each other', async () => {
    const more = { name: 'More', kind: 'floating', quantity: 0, organization: acme.id } as const;
    const { id } = await ensureLicensePool(db, { ...more, product: 'more' });
    const pools = [floating, id];
    const before = await pool(id);
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        invite(`in-order-${i}@example.com`, acme, i % 2 ? pools : pools.toReversed()),
      ),
    );
    expect((await pool(id)).reserved).toBe(before.reserved + 60);
  });
});
