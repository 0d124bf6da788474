import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { type Answer, startUsher, type Usher } from '../setup/usher.ts';

/** Every pair of a state and an act, over HTTP. Pairs not listed as allowed answer a refusal and change nothing. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ seats: 1000 });
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

let count = 0;
const post = (id: string, verb: string, body: unknown = {}) => usher.call(`/v1/invitations/${id}/${verb}`, { body });
const personOf = (email: string, emailVerified = true) => ({
  account: {
    issuer: 'https://idp.example',
    subject: `${email} ${emailVerified}`,
    email,
    emailVerified,
    name: 'Somebody',
  },
});

/** Brings a new invitation into a state; each answers its id and address. */
const states = {
  async waiting() {
    const email = `pairs-${++count}@example.com`;
    const { id } = await usher.invite(email, { licenses: ['studio'] });
    await usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');
    return { id: id as string, email };
  },
  async sending() {
    const email = `pairs-${++count}@example.com`;
    // The provider takes its time with this one.
    await fetch(`${usher.inbox}/sandbox/settings`, {
      method: 'PUT',
      body: JSON.stringify({ failures: [{ match: { recipient: email }, count: 1000, response: 429 }] }),
      headers: { 'content-type': 'application/json' },
    });
    const { id } = await usher.invite(email, { licenses: ['studio'] });
    return { id: id as string, email };
  },
  async undeliverable() {
    const email = `pairs-${++count}@example.com`;
    await fetch(`${usher.inbox}/sandbox/settings`, {
      method: 'PUT',
      body: JSON.stringify({ failures: [{ match: { recipient: email }, count: 1, response: 406 }] }),
      headers: { 'content-type': 'application/json' },
    });
    const { id } = await usher.invite(email, { licenses: ['studio'] });
    await usher.until(
      'failed',
      async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'failed',
    );
    return { id: id as string, email };
  },
  async accepted() {
    const invitation = await states.waiting();
    await post(invitation.id, 'accept', personOf(invitation.email));
    return invitation;
  },
  async declined() {
    const invitation = await states.waiting();
    await post(invitation.id, 'decline', personOf(invitation.email));
    return invitation;
  },
  async revoked() {
    const invitation = await states.waiting();
    await post(invitation.id, 'revoke');
    return invitation;
  },
  async expired() {
    const email = `pairs-${++count}@example.com`;
    const pool = await usher.db.selectFrom('license_pools').select('id').executeTakeFirstOrThrow();
    const id = await insertPending(usher.db, {
      organization: usher.organization,
      standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
      expiresIn: 50,
      requestKey: `pairs ${count}`,
      email,
      mailbox: mailboxOf(email)!,
      role: 'member',
      poolIds: [pool.id],
    });
    // Speaking to it starts it, past its deadline.
    await usher.until('expired', async () => {
      await post(id, 'resend', { expiresIn: 'P365D' });
      await usher.temporal.client.workflow
        .start('invitation', {
          workflowId: `invitation/${id}`,
          taskQueue: 'usher',
          args: [{ id }],
          workflowIdConflictPolicy: 'USE_EXISTING',
        })
        .catch(() => undefined);
      return (await usher.call(`/v1/invitations/${id}`)).body.state === 'expired';
    });
    return { id: id as string, email };
  },
};
type State = keyof typeof states;

const acts: Record<string, (i: { id: string; email: string }) => Promise<Answer>> = {
  accept: ({ id, email }) => post(id, 'accept', personOf(email)),
  'accept by another account': ({ id }) => post(id, 'accept', personOf('other@example.com')),
  'accept by an unverified account': ({ id, email }) => post(id, 'accept', personOf(email, false)),
  decline: ({ id, email }) => post(id, 'decline', personOf(email)),
  resend: ({ id }) => post(id, 'resend'),
  revoke: ({ id }) => post(id, 'revoke'),
  amend: ({ id }) => usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { teams: ['Blue'] } }),
  readdress: ({ id }) =>
    usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: `moved-${++count}@example.com` } }),
  link: ({ id }) => post(id, 'link'),
};

const open = {
  accept: 'accepted',
  decline: 'declined',
  resend: 'pending',
  revoke: 'revoked',
  amend: 'pending',
  readdress: 'pending',
  link: undefined,
};
/** What is allowed, and the state it leads to. `link` changes none. */
const allowed: Record<State, Record<string, string | undefined>> = {
  sending: open,
  waiting: open,
  undeliverable: open,
  // Repeating one's own decision answers the same.
  accepted: { accept: 'accepted' },
  declined: { decline: 'declined' },
  expired: { resend: 'pending' },
  revoked: { resend: 'pending' },
};
const forbidden403 = ['accept by another account', 'accept by an unverified account'];

describe.each(Object.keys(states) as State[])('%s', (state) => {
  test.each(Object.keys(acts))('and %s', async (act) => {
    const invitation = await states[state]();
    const before = await usher.call(`/v1/invitations/${invitation.id}`);
    const snapshot = await stateOf(usher.db);
    const answer = await acts[act]!(invitation);
    if (act in allowed[state]) {
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      if (allowed[state][act]) expect(answer.body.state).toBe(allowed[state][act]);
      return;
    }
    const isPending = before.body.state === 'pending';
    expect(answer.status, JSON.stringify(answer.body)).toBe(
      forbidden403.includes(act) && before.body.state !== 'accepted' ? 403 : 409,
    );
    if (!forbidden403.includes(act)) expect(answer.body.code).toBe(`invitation_${before.body.state}`);
    // A send that goes on meanwhile may settle; nothing else may move.
    if (!isPending) expect(await stateOf(usher.db)).toBe(snapshot);
    expect((await usher.call(`/v1/invitations/${invitation.id}`)).body.state).toBe(before.body.state);
  });

  test('and what its JSON says is allowed', async () => {
    const { id } = await states[state]();
    const { body } = await usher.call(`/v1/invitations/${id}`);
    const said = new Set(body.allowed);
    const buttons = ['accept', 'decline', 'resend', 'amend', 'revoke'];
    const takes = buttons.filter((b) => b in allowed[state] && body.state !== allowed[state][b]);
    const kept = body.state === 'pending' ? [...takes, 'resend', 'amend'] : takes;
    expect([...said].sort()).toEqual([...new Set(kept)].sort());
  });
});
