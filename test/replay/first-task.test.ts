import { WithStartWorkflowOperation } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { findInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { invitationStart, invitationWorkflowId, resendUpdate, workflowTypes } from '../../workflows/contract.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * Two things to do at once, in the very first task of a run: a resend, while the first email is being sent. What ends
 * first would be replayed in the order in which it began, and the commands that follow could differ from history.
 */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(() => usher?.close());

/** How long the mail provider takes, ms: less than the half second that a first attempt has. */
const latencyMs = 200;

test('local activities of a run go one after the other', async () => {
  await fetch(`${usher.inbox}/sandbox/settings`, {
    method: 'PUT',
    headers: { 'X-Postmark-Server-Token': 'test', 'content-type': 'application/json' },
    body: JSON.stringify({ latencyMs }),
  });
  const email = 'first-task@example.com';
  const { id } = await insertPending(usher.db, {
    organization: usher.organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn: 86_400_000,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
  const { organization_slug: organization, state, expires_at: expiresAt } = (await findInvitation(usher.db, id))!;
  const { workflow } = usher.temporal.client;
  const outcome = await workflow.executeUpdateWithStart(resendUpdate, {
    args: [{ by: { kind: 'system', id: null }, request: id }],
    startWorkflowOperation: new WithStartWorkflowOperation(
      workflowTypes.invitation,
      invitationStart({ id, organization, state, expiresAt }),
    ),
  });
  expect(outcome.status).toBe('taken');

  const { events } = await workflow.getHandle(invitationWorkflowId(id)).fetchHistory();
  const begun = new Map<string, number>();
  for (const { markerRecordedEventAttributes: marker } of events ?? []) {
    const data = marker?.details?.data?.payloads?.[0]?.data;
    if (!data) continue;
    const { activity_type, original_schedule_time } = JSON.parse(Buffer.from(data).toString());
    const { seconds, nanos } = original_schedule_time;
    if (!begun.has(activity_type)) begun.set(activity_type, seconds * 1_000 + nanos / 1e6);
  }
  expect([...begun.keys()]).toEqual(['load', 'deliver', 'commit']);
  // The commit waits for the send, and so for the provider. (Side by side they began within microseconds.)
  expect(begun.get('commit')! - begun.get('deliver')!).toBeGreaterThan(latencyMs / 2);
});
