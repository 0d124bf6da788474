import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { insertPending } from '../../api/invitations.ts';
import type { InvitationId } from '../../db/ids.ts';
import { findInvitation, loadInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { createdFacts, invitationChart, snapshotOf } from '../../statecharts/invitation.ts';
import { invitationStart, stateQuery } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * The shortest way to each state of the chart, walked by the real workflow: after each step chart, query and row agree.
 * Deadlines are absolute times in the row, so a timer is made due by writing them near.
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
const done = (status: string) => ({ type: 'xstate.done.actor.delivery', output: { ordinal: 1, status }, at });
const events = [
  { type: 'accept', account: 'acc_1', emailVersion: 1, receivedAt: at, at },
  { type: 'decline', at },
  { type: 'revoke', at },
  { type: 'resend', at },
  { type: 'amend', amendment: 'amd_1', emailChanged: true, emailVersion: 1, at },
  { type: 'delivery', ordinal: 1, status: 'bounced', at },
  { type: 'xstate.after.expiry.invitation.pending', at },
  { type: 'xstate.after.reminder.invitation.pending.waiting', at },
  done('sent'),
  done('failed'),
];

const place = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object)
        .flat()
        .join('.');
const paths = getShortestPaths(invitationChart, {
  input: { facts, at },
  events: events as never,
  serializeState: (snapshot) => place((snapshot as { value: unknown }).value),
  limit: 10_000,
}).map((path) => ({
  to: place((path.state as { value: unknown }).value),
  steps: path.steps
    .map((s) => s.event as { type: string; output?: { status: string } })
    .filter((e) => e.type !== 'xstate.init'),
}));

let count = 0;

/** Walks the steps with a new invitation: as people, operators and the provider would cause them. */
async function walk(steps: { type: string; output?: { status: string } }[]): Promise<InvitationId> {
  const email = `path-${++count}@example.com`;
  const types = steps.map((s) => s.type);
  const fails = steps.some((s) => s.output?.status === 'failed');
  const failure = (response: number, times: number) => ({ match: { recipient: email }, count: times, response });
  // A send that no step ends must not end: the provider says "later" to it.
  const ends = types.some((t) => t.startsWith('xstate.done'));
  const settings = { failures: fails ? [failure(406, 1)] : ends ? [] : [failure(429, 1_000)] };
  await fetch(`${usher.inbox}/sandbox/settings`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  const expires = types.some((t) => t.includes('expiry'));
  const id = await insertPending(usher.db, {
    organization: usher.organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn: expires ? 800 : 7 * 86_400_000,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
  if (types.some((t) => t.includes('reminder'))) {
    await usher.db
      .updateTable('invitations')
      .set({ reminders: [new Date(Date.now() + 800)] })
      .where('id', '=', id)
      .execute();
  }
  const row = (await findInvitation(usher.db, id))!;
  await usher.temporal.client.workflow.start(
    'invitation',
    invitationStart({ id, organization: row.organization_slug, state: row.state, expiresAt: row.expires_at }),
  );
  const call = (verb: string, body: unknown = {}) => usher.call(`/v1/invitations/${id}/${verb}`, { body });
  const account = { issuer: 'https://idp.example', subject: email, email, emailVerified: true };
  const status = async () => (await usher.call(`/v1/invitations/${id}`)).body;
  for (const { type, output } of steps) {
    if (type === 'accept' || type === 'decline') await call(type, { account });
    else if (type === 'revoke' || type === 'resend') await call(type);
    else if (type === 'amend') {
      await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: `moved-${email}` } });
    } else if (type === 'delivery') {
      await usher.db.updateTable('deliveries').set({ status: 'bounced' }).where('invitation_id', '=', id).execute();
      await usher.temporal.client.workflow
        .getHandle(`invitation/${id}`)
        .signal('delivery', { ordinal: 1, status: 'bounced' });
    } else if (output) await usher.until(output.status, async () => (await status()).delivery.status === output.status);
    else if (type.includes('expiry')) await usher.until('expiry', async () => (await status()).state === 'expired');
    else if (type.includes('reminder')) {
      await fetch(`${usher.inbox}/sandbox/settings`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ failures: [failure(429, 1_000)] }),
      });
      await usher.until(
        'a reminder',
        async () => (await loadInvitation(usher.db, id))!.facts.delivery.kind === 'reminder',
      );
    } else throw new Error(`no way to cause ${type}`);
  }
  return id;
}

describe('the shortest way to', () => {
  test('every state is known', () => {
    const places = ['pending.sending', 'pending.waiting', 'pending.reminding', 'pending.undeliverable'];
    expect(paths.map((p) => p.to).sort()).toEqual([...places, 'accepted', 'declined', 'expired', 'revoked'].sort());
  });

  test.each(paths)('$to leads there in the real workflow', async ({ to, steps }) => {
    const id = await walk(steps);
    const handle = usher.temporal.client.workflow.getHandle(`invitation/${id}`);
    const queried = await usher.until(to, async () => {
      const status = await handle.query(stateQuery);
      return status.at === to && status;
    });
    const stored = (await loadInvitation(usher.db, id))!;
    expect(place(snapshotOf(stored.facts, Date.now()).value)).toBe(to);
    expect(queried).toMatchObject({ state: stored.facts.state, sequence: stored.sequence });
    expect(await findBreaches(usher.db)).toEqual([]);
  });
});
