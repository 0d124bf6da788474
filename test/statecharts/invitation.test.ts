import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AnyStateNode,
  type AnyTransitionDefinition,
  getInitialMicrosteps,
  initialTransition,
  transition,
} from 'xstate';
import { upsertAccount } from '../../db/accounts.ts';
import { createDatabase } from '../../db/database.ts';
import { newId } from '../../db/ids.ts';
import { insertInvitation, loadInvitation } from '../../db/invitations.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import {
  allowedEvents,
  createdFacts,
  deliveryStatuses,
  type InvitationFacts,
  invitationChart,
  invitationStates,
  refusalOf,
  reminderTimes,
  snapshotOf,
  takes,
} from '../../statecharts/invitation.ts';
import { chartVersion } from '../../statecharts/versions.ts';
import { freshDatabase } from '../setup/database.ts';

const hour = 3_600_000;
const day = 24 * hour;
const at = Date.UTC(2026, 10, 24);
const created = createdFacts(at, 7 * day);
const facts = (more: Partial<InvitationFacts>): InvitationFacts => ({ ...created, ...more });
const delivered = (status: InvitationFacts['delivery']['status'], kind: 'invitation' | 'reminder' = 'invitation') =>
  facts({ delivery: { ordinal: 1, kind, status } });

const place = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object)
        .flat()
        .join('.');

/** The transitions that these tests have seen made, as the chart defines them. */
const made = new Set<AnyTransitionDefinition>();

/** Where a run resumes, by way of the chart's routing states. */
const where = (f: InvitationFacts) => {
  const places = getInitialMicrosteps(invitationChart, { facts: f, at }).map(([{ value }]) => place(value));
  for (const [i, from] of places.entries()) {
    const node = invitationChart.getStateNodeById(`invitation.${from}`) as AnyStateNode;
    const route = node.always?.find((t) => places[i + 1]?.startsWith(t.target![0]!.path.join('.')));
    if (route) made.add(route);
  }
  return places.at(-1);
};

describe('a run resumes where its row says', () => {
  test.each([
    ['pending.sending', delivered('queued')],
    ['pending.reminding', delivered('queued', 'reminder')],
    ['pending.waiting', delivered('sent')],
    ['pending.waiting', delivered('delivered')],
    ['pending.waiting', delivered('opened')],
    ['pending.undeliverable', delivered('bounced')],
    ['pending.undeliverable', delivered('complained')],
    ['pending.undeliverable', delivered('failed')],
    ['accepted', facts({ state: 'accepted' })],
    ['declined', facts({ state: 'declined' })],
    ['expired', facts({ state: 'expired' })],
    ['revoked', facts({ state: 'revoked' })],
  ])('%s', (place, f) => {
    expect(where(f)).toBe(place);
  });

  test('and arms exactly the timers of that place, by absolute deadlines', () => {
    const [, actions] = initialTransition(invitationChart, { facts: delivered('sent'), at: at + day });
    const delays = (actions as { type: string; params: { id: string; delay: number } }[])
      .filter((a) => a.type === 'xstate.raise')
      .map((a) => [a.params.id.split('.')[2], a.params.delay]);
    expect(delays).toEqual([
      ['expiry', 6 * day],
      ['reminder', 2.5 * day],
    ]);
  });

  test('and names no effect, since all of it has been recorded', () => {
    for (const state of invitationStates) {
      for (const status of deliveryStatuses) {
        const f = facts({ state, delivery: { ordinal: 1, kind: 'invitation', status } });
        const [, actions] = initialTransition(invitationChart, { facts: f, at });
        expect((actions as { type: string }[]).filter((a) => !a.type.startsWith('xstate.'))).toEqual([]);
      }
    }
  });
});

test.each([
  ['pending', ['accept', 'decline', 'resend', 'amend', 'revoke']],
  ['accepted', []],
  ['declined', []],
  ['expired', ['resend']],
  ['revoked', ['resend']],
] as const)('%s takes %j', (state, allowed) => {
  expect(allowedEvents(facts({ state }), at)).toEqual(allowed);
});

test('a pending invitation past its expiry takes no decision, though its timer has not fired', () => {
  expect(allowedEvents(created, created.expiresAt)).toEqual(['resend', 'amend', 'revoke']);
});

describe('a refusal says why', () => {
  const accept = { type: 'accept', account: 'acc_1', emailVersion: 1, receivedAt: at, at } as const;
  test.each([
    ['invitation_accepted', facts({ state: 'accepted' }), accept],
    ['invitation_declined', facts({ state: 'declined' }), accept],
    ['invitation_expired', facts({ state: 'expired' }), accept],
    ['invitation_revoked', facts({ state: 'revoked' }), accept],
    ['invitation_expired', created, { ...accept, receivedAt: created.expiresAt }],
    ['email_changed', facts({ emailVersion: 2 }), accept],
    [
      'email_changed',
      facts({ emailVersion: 2 }),
      { type: 'amend', amendment: 'a', emailChanged: false, emailVersion: 1, at },
    ],
    ['event_unknown', created, { type: 'nonsense', at }],
  ] as const)('%s', (code, f, event) => {
    const snapshot = snapshotOf(f, at);
    expect(takes(snapshot, event as typeof accept)).toBe(false);
    expect(refusalOf(snapshot, event)).toBe(code);
  });
});

test('an accept received in time is taken after the deadline too', () => {
  const snapshot = snapshotOf(created, created.expiresAt + hour);
  const late = {
    type: 'accept',
    account: 'a',
    emailVersion: 1,
    receivedAt: created.expiresAt - 1,
    at: created.expiresAt + hour,
  };
  expect(takes(snapshot, late as never)).toBe(true);
});

/** Facts and effects after one event. */
const after = (f: InvitationFacts, event: object, time = at + hour) => {
  const before = snapshotOf(f, time);
  const stamped = { ...event, at: time } as never;
  for (const t of invitationChart.getTransitionData(before, stamped)) made.add(t);
  const [next, actions] = transition(invitationChart, before, stamped);
  return {
    facts: next.context,
    at: where(next.context),
    effects: (actions as { type: string }[]).map((a) => a.type).filter((type) => !type.startsWith('xstate.')),
  };
};

describe('every transition, and what it records', () => {
  const accept = { type: 'accept', account: 'acc_1', emailVersion: 1, receivedAt: at };
  const amend = { type: 'amend', amendment: 'amd_1', emailVersion: 1 };
  const done = (status: string) => ({ type: 'xstate.done.actor.delivery', output: { ordinal: 1, status } });
  const expiry = { type: 'xstate.after.expiry.invitation.pending' };
  const reminder = { type: 'xstate.after.reminder.invitation.pending.waiting' };
  const renew = ['record', 'reserveSeats', 'queueDelivery'];
  test.each([
    ['accepting', created, accept, 'accepted', ['record', 'grantMembership', 'assignSeats']],
    [
      'accepting an undeliverable one',
      delivered('bounced'),
      accept,
      'accepted',
      ['record', 'grantMembership', 'assignSeats'],
    ],
    ['declining', delivered('sent'), { type: 'decline' }, 'declined', ['record', 'releaseSeats']],
    ['revoking', created, { type: 'revoke' }, 'revoked', ['record', 'releaseSeats']],
    ['expiring', delivered('sent'), expiry, 'expired', ['record', 'releaseSeats']],
    [
      'resending while pending',
      delivered('bounced'),
      { type: 'resend' },
      'pending.sending',
      ['record', 'queueDelivery'],
    ],
    ['resending after expiry', facts({ state: 'expired' }), { type: 'resend' }, 'pending.sending', renew],
    ['resending after a revoke', facts({ state: 'revoked' }), { type: 'resend' }, 'pending.sending', renew],
    [
      'a new address',
      delivered('sent'),
      { ...amend, emailChanged: true },
      'pending.sending',
      ['record', 'applyAmendment', 'queueDelivery'],
    ],
    [
      'another change',
      delivered('sent'),
      { ...amend, emailChanged: false },
      'pending.waiting',
      ['record', 'applyAmendment'],
    ],
    ['the email was sent', created, done('sent'), 'pending.waiting', []],
    ['the email was refused', created, done('failed'), 'pending.undeliverable', []],
    ['a reminder is due', delivered('sent'), reminder, 'pending.reminding', ['record', 'queueDelivery']],
    ['the reminder was sent', delivered('queued', 'reminder'), done('sent'), 'pending.waiting', []],
    ['the reminder was refused', delivered('queued', 'reminder'), done('failed'), 'pending.undeliverable', []],
    [
      'the email bounced',
      delivered('sent'),
      { type: 'delivery', ordinal: 1, status: 'bounced' },
      'pending.undeliverable',
      [],
    ],
    [
      'the email arrived',
      delivered('sent'),
      { type: 'delivery', ordinal: 1, status: 'delivered' },
      'pending.waiting',
      [],
    ],
    [
      'a former email bounced',
      delivered('sent'),
      { type: 'delivery', ordinal: 9, status: 'bounced' },
      'pending.waiting',
      [],
    ],
  ])('%s', (_, f, event, place, effects) => {
    expect(after(f, event)).toMatchObject({ at: place, effects });
  });

  test('a resend renews the expiry, by the original duration or a given one, and keeps older links alive', () => {
    const resent = after(delivered('sent'), { type: 'resend' }).facts;
    expect(resent).toMatchObject({
      expiresAt: at + hour + 7 * day,
      generation: 1,
      delivery: { ordinal: 2, status: 'queued' },
    });
    const shorter = after(delivered('sent'), { type: 'resend', expiresIn: day, replaceLink: true }).facts;
    expect(shorter).toMatchObject({ expiresAt: at + hour + day, expiresIn: day, generation: 2 });
  });

  test('a changed address and a revoke kill the links; other changes do not, and none moves the expiry', () => {
    const moved = after(created, { ...amend, emailChanged: true }).facts;
    expect(moved).toMatchObject({ generation: 2, emailVersion: 2, expiresAt: created.expiresAt });
    expect(after(created, { ...amend, emailChanged: false }).facts).toMatchObject({ generation: 1, emailVersion: 1 });
    expect(after(created, { type: 'revoke' }).facts.generation).toBe(2);
  });

  test('of several reminders due after an outage one is sent', () => {
    const reminded = after(delivered('sent'), reminder, created.reminders.at(-1)!).facts;
    expect(reminded).toMatchObject({ reminders: [], delivery: { ordinal: 2, kind: 'reminder' } });
  });

  test('a corrected address is not reminded of what its predecessor missed, only of what is to come', () => {
    const [halfway, dayBefore] = created.reminders;
    const moved = after(delivered('bounced'), { ...amend, emailChanged: true }, halfway! + hour).facts;
    expect(moved.reminders).toEqual([dayBefore]);
  });
});

test('reminders come halfway and a day before the end, none crowded', () => {
  const in_ = (ms: number) => reminderTimes(0, ms).map((t) => t / hour);
  expect(in_(7 * day)).toEqual([84, 144]);
  expect(in_(2 * day)).toEqual([24]);
  expect(in_(day)).toEqual([12]);
  expect(in_(hour)).toEqual([]);
});

describe('row and facts', () => {
  let db: ReturnType<typeof createDatabase>;
  beforeAll(async () => {
    db = createDatabase((await freshDatabase()).runUrl, 4);
  });
  afterAll(() => db?.destroy());

  test('what the chart knows survives the row unchanged', async () => {
    const organization = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
    const inviter = await upsertAccount(db, {
      issuer: 'i',
      subject: 's',
      email: 'o@acme.example',
      emailVerified: true,
      name: 'O',
    });
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    const anyFacts: fc.Arbitrary<InvitationFacts> = fc.record({
      state: fc.constantFrom(...invitationStates),
      generation: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      emailVersion: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      expiresIn: fc.integer({ min: 1, max: 90 * day }),
      expiresAt: time,
      reminders: fc.array(time, { maxLength: 4 }),
      delivery: fc.record({
        ordinal: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        kind: fc.constantFrom('invitation' as const, 'reminder' as const),
        status: fc.constantFrom(...deliveryStatuses),
      }),
    });
    await fc.assert(
      fc.asyncProperty(anyFacts, async (f) => {
        const id = newId('inv');
        const email = `${id}@example.com`;
        await db.transaction().execute(async (trx) => {
          const invitation = {
            id,
            organization_id: organization.id,
            email,
            mailbox: mailboxOf(email)!,
            role: 'member' as const,
            teams: [],
            pool_ids: [],
            message: null,
            locale: 'en',
            redirect_url: null,
            metadata: {},
            inviter_id: inviter.id,
            created_by_kind: 'system' as const,
            created_by_id: null,
            facts: f,
            createdAt: new Date(),
          };
          await insertInvitation(trx, invitation, id);
          await trx
            .updateTable('deliveries')
            .set({ status: f.delivery.status })
            .where('invitation_id', '=', id)
            .execute();
        });
        const stored = await loadInvitation(db, id);
        expect(stored).toEqual({ sequence: 1, chartVersion, facts: f, isAttempted: false });
        // And on to the snapshot, which holds nothing else.
        expect(snapshotOf(stored!.facts, at).context).toEqual(f);
      }),
      { numRuns: 100 },
    );
  });
});

test('no transition of the chart is without a line in this file', () => {
  const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
    ...[...node.transitions.values()].flat(),
    ...(node.always ?? []),
    ...Object.values(node.states).flatMap(transitionsOf),
  ];
  const missing = transitionsOf(invitationChart.root as AnyStateNode).filter((t) => !made.has(t));
  expect(missing.map((t) => `${t.source.id} on ${t.eventType || 'always'} to ${t.target?.[0]?.id}`)).toEqual([]);
});
