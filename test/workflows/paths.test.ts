import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AnyTransitionDefinition, transition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { insertPending } from '../../api/invitations.ts';
import type { InvitationId } from '../../db/ids.ts';
import { findInvitation, loadInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { createdFacts, type InvitationSnapshot, invitationChart, snapshotOf } from '../../statecharts/invitation.ts';
import { invitationStart, stateQuery } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { asked, decided } from '../setup/until.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * The shortest way to each state of the chart, and over each of its transitions, walked by the real workflow: at its end
 * chart, query, row and audit log agree. Deadlines are absolute times in the row, so a timer is made due by writing them near.
 */

const maxCachedWorkflows = inject('maxCachedWorkflows');
let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({
    seats: 1000,
    worker: maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows },
  });
});
afterAll(() => usher?.close());

const at = Date.UTC(2030, 0, 1);
const facts = createdFacts(at, 7 * 86_400_000);
interface Step {
  type: string;
  output?: { status: string };
  status?: string;
  emailChanged?: boolean;
}
const done = (status: string) => ({ type: 'xstate.done.actor.delivery', output: { ordinal: 1, status }, at });
const amend = (emailChanged: boolean) => ({
  type: 'amend',
  amendment: 'amd_1',
  emailChanged,
  emailVersion: facts.emailVersion,
  at,
});
const events: Step[] = [
  done('sent'),
  done('failed'),
  { type: 'accept', account: 'acc_1', emailVersion: facts.emailVersion, receivedAt: at, at },
  { type: 'decline', at },
  { type: 'revoke', at },
  { type: 'resend', at },
  amend(true),
  amend(false),
  { type: 'delivery', ordinal: 1, status: 'bounced', at },
  { type: 'delivery', ordinal: 1, status: 'delivered', at },
  { type: 'xstate.after.expiry.invitation.pending', at },
  { type: 'xstate.after.reminder.invitation.pending.waiting', at },
] as Step[];

const place = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object)
        .flat()
        .join('.');

interface Path {
  to: string;
  steps: Step[];
  state: InvitationSnapshot;
}
const pathOf = (steps: Step[]): Path => {
  const state = steps.reduce(
    (snapshot, step) => transition(invitationChart, snapshot, step as never)[0],
    snapshotOf(facts, at),
  );
  return { to: place(state.value), steps, state };
};
const selected = (state: InvitationSnapshot, step: Step): AnyTransitionDefinition[] =>
  state.status === 'active' ? invitationChart.getTransitionData(state, step as never) : [];

const toStates = getShortestPaths(invitationChart, {
  input: { facts, at },
  events: events as never,
  serializeState: (snapshot) => place((snapshot as InvitationSnapshot).value),
  limit: 10_000,
}).map((path) => pathOf(path.steps.map((s) => s.event as Step).filter((e) => e.type !== 'xstate.init')));

/** One more step from one of these states, for each transition that leads nowhere new. */
const overTransitions = (() => {
  const walked = new Set(
    toStates.flatMap(({ steps }) => steps.flatMap((s, i) => selected(pathOf(steps.slice(0, i)).state, s))),
  );
  // From where a message has been sent, if it can be: that is where feedback comes from.
  const starts = [...toStates].sort((a, b) => Number(b.to === 'pending.waiting') - Number(a.to === 'pending.waiting'));
  return starts.flatMap(({ steps, state }) =>
    events.flatMap((event) => {
      const fresh = selected(state, event).filter((t) => !walked.has(t));
      for (const t of fresh) walked.add(t);
      return fresh.length > 0 ? [pathOf([...steps, event])] : [];
    }),
  );
})();

/** What the audit log holds at the end of a path. */
const recorded = (steps: Step[]): string[] =>
  steps.flatMap((step, i) => {
    const [, actions] = transition(invitationChart, pathOf(steps.slice(0, i)).state, step as never);
    return actions.flatMap(({ type, params }) => (type === 'record' ? [(params as { event: string }).event] : []));
  });

let count = 0;

/** Walks the steps with a new invitation: as people, operators and the provider would cause them. */
async function walk(steps: Step[]): Promise<InvitationId> {
  const email = `path-${++count}@example.com`;
  const has = (what: string) => steps.some((s) => s.type.includes(what));
  /** Until they are walked, reminders that are due do not leave. */
  let areRemindersHeld = true;
  /** How the provider answers from now on. A send that the coming step does not end must not end: it is told "later". */
  const provider = async (coming: Step | undefined) => {
    const responses = { sent: undefined, failed: 406 } as Record<string, number | undefined>;
    const response = coming?.output ? responses[coming.output.status] : 429;
    const failures = [
      ...(areRemindersHeld ? [{ match: { tag: 'reminder' }, count: 1_000, response: 429 }] : []),
      ...(response ? [{ count: 1_000, response }] : []),
    ];
    await fetch(`${usher.inbox}/sandbox/settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ failures }),
    });
  };
  await provider(steps[0]);
  const { id } = await insertPending(usher.db, {
    organization: usher.organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn: has('expiry') ? 800 : 7 * 86_400_000,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
  if (has('reminder')) {
    await usher.db
      .updateTable('invitations')
      .set({ reminders: [new Date(Date.now() + 800)] })
      .where('id', '=', id)
      .execute();
  }
  const row = (await findInvitation(usher.db, id))!;
  const handle = await usher.temporal.client.workflow.start(
    'invitation',
    invitationStart({ id, organization: row.organization_slug, state: row.state, expiresAt: row.expires_at }),
  );
  // A run that is told of an email just as it ends is unknown to the next caller, who asks again.
  const call = (verb: string, body: unknown = {}) => {
    const idempotencyKey = randomUUID();
    return decided(() => usher.call(`/v1/invitations/${id}/${verb}`, { body, idempotencyKey }));
  };
  const patch = (body: unknown) => usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body });
  const account = { issuer: 'https://idp.example', subject: email, email, emailVerified: true };
  const stored = async () => (await loadInvitation(usher.db, id))!.facts;
  for (const [i, { type, output, status, emailChanged }] of steps.entries()) {
    if (type.includes('reminder')) areRemindersHeld = false;
    await provider(output ? steps[i] : steps[i + 1]);
    if (type === 'accept' || type === 'decline') await call(type, { account });
    else if (type === 'revoke') await call(type);
    else if (type === 'resend') await call(type, { expiresIn: 'P7D' });
    else if (type === 'amend') await patch(emailChanged ? { email: `moved-${email}` } : { teams: ['Blue'] });
    else if (status) {
      const { ordinal } = (await stored()).delivery;
      await usher.db
        .updateTable('deliveries')
        .set({ status: status as 'bounced' })
        .where('invitation_id', '=', id)
        .where('ordinal', '=', ordinal)
        .execute();
      await handle.signal('delivery', { ordinal, status });
    } else if (output) await usher.until(output.status, async () => (await stored()).delivery.status === output.status);
    else if (type.includes('expiry')) await usher.until('expiry', async () => (await stored()).state === 'expired');
    else if (type.includes('reminder'))
      await usher.until('a reminder', async () => (await stored()).delivery.kind === 'reminder');
    else throw new Error(`no way to cause ${type}`);
  }
  return id;
}

test('every state is known', () => {
  const places = ['pending.sending', 'pending.waiting', 'pending.reminding', 'pending.undeliverable'];
  expect(toStates.map((p) => p.to).sort()).toEqual([...places, 'accepted', 'declined', 'expired', 'revoked'].sort());
});

const wordFor = ({ type, output, status, emailChanged }: Step): string =>
  output?.status ?? status ?? (emailChanged ? 'readdress' : type.replace(/^xstate\.after\.(\w+).*/, '$1'));

const named = ({ to, steps }: Path) => ({
  to,
  steps,
  name: [...steps.map(wordFor), to].join(', '),
});

describe('the real workflow goes the way of the chart:', () => {
  test.each([...toStates, ...overTransitions].map(named))('$name', async ({ to, steps }) => {
    const id = await walk(steps);
    const handle = usher.temporal.client.workflow.getHandle(`invitation/${id}`);
    const placeOfRow = async () => place(snapshotOf((await loadInvitation(usher.db, id))!.facts, Date.now()).value);
    const { status, row } = await usher.until(to, async () => {
      // A run that is on its way is left alone.
      if ((await placeOfRow()) !== to) return;
      const heard = await asked(handle, stateQuery);
      if (!heard) return;
      const row = (await loadInvitation(usher.db, id))!;
      // Of what it has handed over a run hears nothing while all is well: it waits, and the row knows.
      const isHandedOver = heard.delivery === 'handed_over' && heard.at === 'pending.waiting';
      const at = place(snapshotOf(row.facts, Date.now()).value);
      const status = isHandedOver ? { ...heard, at, delivery: row.facts.delivery.status } : heard;
      // A send that an ended invitation has left is settled without it.
      const delivery = row.facts.state === 'pending' ? row.facts.delivery.status : status.delivery;
      // The row is read after the run was asked, and may be a transition ahead of it.
      const isOfOneMoment = status.sequence === row.sequence;
      return isOfOneMoment && status.at === to && status.delivery === delivery && { status, row };
    });
    expect(place(snapshotOf(row.facts, Date.now()).value)).toBe(to);
    expect(status.state).toBe(row.facts.state);
    const log = await usher.db
      .selectFrom('events')
      .select('type')
      .where('invitation_id', '=', id)
      .where('sequence', 'is not', null)
      .orderBy('sequence')
      .execute();
    expect(log.map((e) => e.type)).toEqual(['created', ...recorded(steps)]);
    expect(await findBreaches(usher.db)).toEqual([]);
  });
});
