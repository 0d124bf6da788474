import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import type { InvitationId } from '../../db/ids.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { invitationStart, workflowTypes } from '../../workflows/contract.ts';
import { findBreaches, stateOf } from '../setup/consistency.ts';
import { type Answer, startUsher, type Usher } from '../setup/usher.ts';

/**
 * Every pair of a state and an act, over HTTP. Pairs not listed as allowed answer a refusal and leave row, counters, seats,
 * deliveries and audit log as they were, byte for byte.
 */

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

const deliveryOf = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status;

/** Invites somebody whose first email meets a failure of the provider, if any. */
async function invited(failure?: 406 | 'reset_before') {
  const email = `pairs-${++count}@example.com`;
  if (failure) {
    await fetch(`${usher.inbox}/sandbox/settings`, {
      method: 'PUT',
      body: JSON.stringify({ failures: [{ match: { recipient: email }, count: 1, response: failure }] }),
      headers: { 'content-type': 'application/json' },
    });
  }
  const { id } = await usher.invite(email, { licenses: ['studio'] });
  return { id: id as InvitationId, email };
}

/** Brings a new invitation into a state in which nothing goes on by itself. */
const states = {
  async waiting() {
    const invitation = await invited();
    await usher.until('sent', async () => (await deliveryOf(invitation.id)) === 'sent');
    return invitation;
  },
  async sending() {
    // The connection broke, so the message may have been taken: it is looked for, and not sent again for a while.
    const invitation = await invited('reset_before');
    await usher.until('attempted', () =>
      usher.db
        .selectFrom('deliveries')
        .select('ordinal')
        .where('invitation_id', '=', invitation.id)
        .where('attempted_at', 'is not', null)
        .executeTakeFirst(),
    );
    return invitation;
  },
  async undeliverable() {
    const invitation = await invited(406);
    await usher.until('failed', async () => (await deliveryOf(invitation.id)) === 'failed');
    return invitation;
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
    const { id } = await insertPending(usher.db, {
      organization: usher.organization,
      standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
      expiresIn: 1,
      requestKey: `pairs ${count}`,
      email,
      mailbox: mailboxOf(email)!,
      role: 'member',
      poolIds: [pool.id],
    });
    const start = { organization: 'acme', state: 'pending' as const, expiresAt: new Date() };
    await usher.temporal.client.workflow.start(workflowTypes.invitation, invitationStart({ id, ...start }));
    await usher.until('expired', async () => (await usher.call(`/v1/invitations/${id}`)).body.state === 'expired');
    await usher.until('its email settled', async () => (await deliveryOf(id)) !== 'queued');
    return { id, email };
  },
};
type State = keyof typeof states;

const acts: Record<string, (i: { id: string; email: string }) => Promise<Answer>> = {
  accept: ({ id, email }) => post(id, 'accept', personOf(email)),
  'accept by another account': ({ id }) => post(id, 'accept', personOf('other@example.com')),
  'accept by an unverified account': ({ id, email }) => post(id, 'accept', personOf(email, false)),
  decline: ({ id, email }) => post(id, 'decline', personOf(email)),
  'decline by another account': ({ id }) => post(id, 'decline', personOf('other@example.com')),
  'decline by an unverified account': ({ id, email }) => post(id, 'decline', personOf(email, false)),
  resend: ({ id }) => post(id, 'resend', { expiresIn: 'P2D' }),
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
/** Acts of somebody whom it is not for are forbidden in every state; but that somebody has accepted it may be said. */
const forbidden: Record<string, string> = {
  'accept by another account': 'wrong_account',
  'accept by an unverified account': 'email_unverified',
  'decline by another account': 'wrong_account',
  'decline by an unverified account': 'email_unverified',
};
/** What each state is called in the API. */
const name = (state: State) => (['sending', 'waiting', 'undeliverable'].includes(state) ? 'pending' : state);

describe.each(Object.keys(states) as State[])('%s', (state) => {
  test.each(Object.keys(acts))('and %s', async (act) => {
    const invitation = await states[state]();
    const before = await stateOf(usher.db, invitation.id);
    const answer = await acts[act]!(invitation);
    const { status, body } = answer;
    if (act in allowed[state]) {
      expect(status, JSON.stringify(body)).toBe(200);
      const to = allowed[state][act];
      if (!to) return;
      expect(body.state).toBe(to);
      // Repeating one's own decision is answered again, not done again.
      if (to === state) expect(await stateOf(usher.db, invitation.id)).toBe(before);
      return;
    }
    const refusal =
      act in forbidden && !(state === 'accepted' && act.startsWith('accept'))
        ? [403, forbidden[act]]
        : [409, `invitation_${name(state)}`];
    expect([status, body.code], JSON.stringify(body)).toEqual(refusal);
    expect(await stateOf(usher.db, invitation.id)).toBe(before);
  });

  test('and what its JSON says is allowed', async () => {
    const { id } = await states[state]();
    const { body } = await usher.call(`/v1/invitations/${id}`);
    expect(body.state).toBe(name(state));
    const buttons = ['accept', 'decline', 'resend', 'amend', 'revoke'];
    // One's own decision, which may be repeated, is no button.
    const takes = buttons.filter((act) => act in allowed[state] && allowed[state][act] !== state);
    expect([...body.allowed].sort()).toEqual(takes.sort());
  });
});
