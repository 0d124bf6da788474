import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { findInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { bundleWorkflows } from '../../worker.ts';
import { invitationStart, invitationWorkflowId, resendUpdate, workflowTypes } from '../../workflows/contract.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * A resend in the very first task of a run, whose first email is just being sent: two things to do at once, which end in
 * any order, and are replayed in one.
 */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(() => usher?.close());

/** @returns the history of an invitation that was sent again in its first task */
async function sentAgainAtOnce(email: string): Promise<Parameters<typeof Worker.runReplayHistory>[1]> {
  const id = await insertPending(usher.db, {
    organization: usher.organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn: 86_400_000,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
  const { organization_slug: organization, state, expires_at: expiresAt } = (await findInvitation(usher.db, id))!;
  const { workflow }: Client = usher.temporal.client;
  const outcome = await workflow.executeUpdateWithStart(resendUpdate, {
    args: [{ by: { kind: 'system', id: null }, request: id }],
    startWorkflowOperation: new WithStartWorkflowOperation(
      workflowTypes.invitation,
      invitationStart({ id, organization, state, expiresAt }),
    ),
  });
  expect(outcome.status).toBe('taken');
  await usher.until(
    'both emails',
    async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent',
  );
  return workflow.getHandle(invitationWorkflowId(id)).fetchHistory();
}

test('a resend that meets the first send has a history that replays, whichever ends first', async () => {
  const workflowBundle = await bundleWorkflows();
  const failed: string[] = [];
  for (const latencyMs of [0, 2, 4, 6, 8, 10, 15, 20, 30, 150]) {
    await fetch(`${usher.inbox}/sandbox/settings`, {
      method: 'PUT',
      headers: { 'X-Postmark-Server-Token': 'test', 'content-type': 'application/json' },
      body: JSON.stringify({ latencyMs }),
    });
    const histories = await Promise.all(
      Array.from({ length: 6 }, (_, n) => sentAgainAtOnce(`first-task-${latencyMs}-${n}@example.com`)),
    );
    for (const history of histories) {
      await Worker.runReplayHistory({ workflowBundle }, history).catch((error) =>
        failed.push(`${latencyMs} ms: ${error.name} ${error.message}`),
      );
    }
  }
  expect(failed).toEqual([]);
});
