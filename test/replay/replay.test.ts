import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import protos from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { workflowBundle } from '../../bundle.ts';
import { queueDelivery } from '../../db/deliveries.ts';
import { findInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import packageJson from '../../package.json' with { type: 'json' };
import {
  type AccountId,
  acceptUpdate,
  type BatchId,
  batchStart,
  deliveryStart,
  type InvitationId,
  invitationStart,
  invitationWorkflowId,
  reloadSignal,
  taskQueue,
  webhookStart,
  workflowTypes,
} from '../../workflows/contract.ts';
import { startReceiver } from '../setup/receiver.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * Histories of every version that ran anywhere must replay with the workflows as they are. Files are
 * `<workflow>@<version>-<what>.json`, and only ever added: the first run after a new version writes its own, and fails
 * until they are committed. In those of 0.1.0 that name no more, each run still sent its emails itself.
 */

const { History } = protos.temporal.api.history.v1;

const folder = path.join(import.meta.dirname, 'histories');

/** @param life `<workflow> <what>` */
const fileOf = (life: string) => path.join(folder, `${life.replace(' ', `@${packageJson.version}-`)}.json`);

let usher: Usher;
beforeAll(async () => {
  // Started only where a history is missing: replaying needs none.
  if (!Object.keys(lives).every((what) => existsSync(fileOf(what)))) usher = await startUsher();
});
afterAll(() => usher?.close());

const post = (id: string, verb: string, body: unknown = {}) => usher.call(`/v1/invitations/${id}/${verb}`, { body });
const person = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' },
});
const sent = (id: string) =>
  usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');

const invitation = (id: string) => invitationWorkflowId(id as InvitationId);

/** A batch that is finished. */
async function inviteMany(name: string) {
  const invitations = [1, 2, 3].map((n) => ({ email: `${name}-${n}@example.com` }));
  const { body } = await usher.call('/v1/organizations/acme/invitation-batches', {
    body: { mode: 'all', invitations },
  });
  await usher.until(
    'finished',
    async () => (await usher.call(`/v1/invitation-batches/${body.id}`)).body.finishedAt !== null,
  );
  return body as { id: BatchId };
}

/** An act on those whom a batch has invited, by its id. */
async function actOnMany(act: 'resend' | 'revoke', batch: string) {
  const { body } = await usher.call(`/v1/organizations/acme/invitation-batches/${act}`, {
    body: { filter: { batch } },
  });
  return batchStart(body.id).workflowId;
}

/** The lives of which each version leaves a history; each answers the workflow's id. */
const lives: Record<string, () => Promise<string>> = {
  async 'invitation accepted'() {
    const { id } = await usher.invite('accepted@example.com', { licenses: ['studio'] });
    await sent(id);
    await post(id, 'accept', person('accepted@example.com'));
    return invitation(id);
  },
  async 'invitation handed-over'() {
    const { id } = await usher.invite('handed-over@example.com', { licenses: ['studio'] });
    await sent(id);
    await post(id, 'accept', person('handed-over@example.com'));
    return invitation(id);
  },
  /** Told that its first email was not taken. */
  async 'invitation stalled'() {
    const failures = [{ match: { recipient: 'stalled@example.com' }, count: 1, response: 429 }];
    const headers = { 'content-type': 'application/json' };
    await fetch(`${usher.inbox}/sandbox/settings`, { method: 'PUT', headers, body: JSON.stringify({ failures }) });
    const { id } = await usher.invite('stalled@example.com');
    await sent(id);
    await post(id, 'resend', { expiresIn: 'P2D' });
    await sent(id);
    await post(id, 'revoke');
    return invitation(id);
  },
  async 'delivery sent'() {
    const { id } = await usher.invite('delivery@example.com');
    await sent(id);
    const ordinal = -1;
    await usher.db
      .transaction()
      .execute((trx) => queueDelivery(trx, { invitation: id, ordinal, generation: 1, kind: 'resend_request' }));
    const options = deliveryStart({ invitation: id, ordinal });
    await usher.temporal.client.workflow.start(workflowTypes.delivery, options);
    return options.workflowId;
  },
  async 'reconcile nothing-found'() {
    const workflowId = 'reconcile-once';
    await usher.temporal.client.workflow.start(workflowTypes.reconcile, { taskQueue, workflowId, args: [] });
    return workflowId;
  },
  async 'batch completed'() {
    const { id } = await inviteMany('completed');
    return batchStart(id).workflowId;
  },
  async 'batch cancelled'() {
    const { id } = await inviteMany('taken-back');
    await usher.call(`/v1/invitation-batches/${id}/cancel`, { body: {} });
    return batchStart(id).workflowId;
  },
  async 'acts completed'() {
    return actOnMany('resend', (await inviteMany('sent-again')).id);
  },
  async 'acts cancelled'() {
    const { id } = await inviteMany('left-alone');
    await usher.worker.stop();
    const workflowId = await actOnMany('revoke', id);
    const run = usher.temporal.client.workflow.getHandle(workflowId);
    await usher.until('the workflow to exist', () => run.describe().catch(() => undefined));
    await run.cancel();
    usher.worker = await usher.startWorker();
    return workflowId;
  },
  async 'webhook delivered'() {
    const receiver = await startReceiver();
    const webhooks = '/v1/organizations/acme/webhooks';
    const { id } = (await usher.call(webhooks, { body: { url: receiver.url, types: ['invitation.created'] } })).body;
    await usher.invite('told@example.com');
    await usher.until('it', async () => receiver.received.length > 0);
    await usher.call(`${webhooks}/${id}`, { method: 'DELETE' });
    await receiver.close();
    return webhookStart(id).workflowId;
  },
  async 'invitation changed'() {
    const { id } = await usher.invite('changed@example.com');
    await sent(id);
    await post(id, 'resend', { expiresIn: 'P2D' });
    await sent(id);
    await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { teams: ['Blue'] } });
    await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: 'moved@example.com' } });
    await sent(id);
    await post(id, 'decline', person('moved@example.com'));
    return invitation(id);
  },
  async 'invitation cancelled'() {
    const { id } = await usher.invite('cancelled@example.com');
    await sent(id);
    const handle = usher.temporal.client.workflow.getHandle(invitation(id));
    await handle.signal('nonsense', 1);
    await handle.signal('delivery', { ordinal: 1, status: 'bounced' });
    await handle.signal('resend');
    await usher.until('a resend', async () => (await usher.messages('cancelled@example.com')).length === 2);
    await handle.cancel();
    return invitation(id);
  },
  async 'invitation expired'() {
    const email = 'expired@example.com';
    const { id } = await insertPending(usher.db, {
      organization: usher.organization,
      standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
      expiresIn: 2_000,
      requestKey: email,
      email,
      mailbox: mailboxOf(email)!,
      role: 'member',
    });
    await usher.db
      .updateTable('invitations')
      .set({ reminders: [new Date(Date.now() + 1_000)] })
      .where('id', '=', id)
      .execute();
    const { organization_slug: organization, state, expires_at: expiresAt } = (await findInvitation(usher.db, id))!;
    await usher.temporal.client.workflow.start(
      workflowTypes.invitation,
      invitationStart({ id, organization, state, expiresAt }),
    );
    return invitation(id);
  },
  /** Asked for what it refuses, and told to look at its row, before its end. */
  async 'invitation refused'() {
    const { id } = await usher.invite('refused@example.com');
    await sent(id);
    const handle = usher.temporal.client.workflow.getHandle(invitation(id));
    const by = { kind: 'system', id: null } as const;
    const accept = {
      account: 'acc_none' as AccountId,
      emailVersion: 99,
      receivedAt: Date.now(),
      by,
      request: 'refused',
    };
    const answer = await handle.executeUpdate(acceptUpdate, { args: [accept] });
    if (answer.status !== 'refused') throw new Error('an accept for another address was taken');
    await handle.signal(reloadSignal);
    await post(id, 'revoke');
    return invitation(id);
  },
};

describe('this version', () => {
  test.each(Object.keys(lives))('has left its history of: %s', async (what) => {
    const file = fileOf(what);
    if (existsSync(file)) return;
    const handle = usher.temporal.client.workflow.getHandle(await lives[what]!());
    await handle.result();
    const history = History.toObject(History.fromObject(await handle.fetchHistory()), {
      longs: String,
      enums: String,
      bytes: String,
    });
    await writeFile(file, `${JSON.stringify(history, null, 1)}\n`);
    throw new Error(`${file} was missing and has been recorded: commit it.`);
  });
});

const histories = async () =>
  Promise.all(
    (await readdir(folder)).map(async (name) => ({
      workflowId: name,
      history: History.fromObject(JSON.parse(await readFile(path.join(folder, name), 'utf8'))),
    })),
  );

const failures = async (workflowBundle: WorkflowBundle) => {
  const failed: string[] = [];
  const sinks = { tracing: { updated: { fn: () => undefined } } };
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle, sinks }, await histories())) {
    if (error) failed.push(`${workflowId}: ${error.name}`);
  }
  return failed;
};

test('every recorded history replays with the workflows as they are', async () => {
  expect((await histories()).length).toBeGreaterThanOrEqual(Object.keys(lives).length);
  expect(await failures(await workflowBundle())).toEqual([]);
  // Tracing may be switched on while they run.
  expect(await failures(await workflowBundle(true))).toEqual([]);
});

test('the gate refuses an incompatible change', async () => {
  const incompatible = await bundleWorkflowCode({
    workflowsPath: path.join(import.meta.dirname, 'incompatible/index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  const failed = await failures(incompatible);
  expect(failed).toHaveLength((await histories()).length);
  for (const failure of failed) expect(failure).toContain('DeterminismViolationError');
});
