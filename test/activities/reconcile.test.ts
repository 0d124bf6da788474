import { ScheduleOverlapPolicy } from '@temporalio/client';
import protos from '@temporalio/proto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createInvitationActivities } from '../../activities/invitation.ts';
import { insertPending } from '../../api/invitations.ts';
import { queueDelivery } from '../../db/deliveries.ts';
import { recordReport } from '../../db/feedback.ts';
import type { InvitationId } from '../../db/ids.ts';
import { factsOf, findInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { chartVersion } from '../../statecharts/versions.ts';
import { ensureReconcileSchedule } from '../../worker.ts';
import {
  invitationStart,
  invitationWorkflowId,
  stateQuery,
  taskQueue,
  workflowTypes,
} from '../../workflows/contract.ts';
import type { Reconciled } from '../../workflows/reconcile.ts';
import { findBreaches } from '../setup/consistency.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** Whatever a crash can leave behind, planted in Postgres and Temporal; then one run of the reconciler. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ withWorker: false, worker: { pageSize: 4 } });
  // Its own runs would find some of it first: it is paused before there is anybody to carry one out.
  await ensureReconcileSchedule(usher.temporal.client);
  await usher.temporal.client.schedule.getHandle('reconcile').pause();
  usher.worker = await usher.startWorker();
});
afterEach(async () => {
  expect(await findBreaches(usher.db)).toEqual([]);
});
afterAll(async () => {
  await usher?.worker?.stop();
  await usher?.close();
});

let runs = 0;
/** A run by hand: it has no mark, so it looks at all that is late by a minute. */
const reconcile = (): Promise<Reconciled> =>
  usher.temporal.client.workflow.execute(workflowTypes.reconcile, {
    taskQueue,
    workflowId: `reconcile-${++runs}`,
    args: [],
  });
const workflow = (id: string) => usher.temporal.client.workflow.getHandle(invitationWorkflowId(id as InvitationId));
const state = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.state;
const deliveries = (id: InvitationId) =>
  usher.db
    .selectFrom('deliveries')
    .select(['ordinal', 'status', 'detail'])
    .where('invitation_id', '=', id)
    .orderBy('ordinal')
    .execute();
const sent = (id: InvitationId) =>
  usher.until('the email', async () => (await deliveries(id)).at(-1)?.status === 'sent');
/** What the reconciler has said of an invitation. */
const said = async (id: InvitationId) => {
  const events = await usher.db
    .selectFrom('events')
    .select(['detail', 'actor_kind'])
    .where('invitation_id', '=', id)
    .where('type', '=', 'reconciled')
    .orderBy('id')
    .execute();
  return events.map((event) => (event.actor_kind === 'system' ? event.detail : event));
};

/** An invitation that nobody has told Temporal of. */
const unstarted = async (email: string, expiresIn = 7 * 86_400_000): Promise<InvitationId> => {
  const { id } = await insertPending(usher.db, {
    organization: usher.organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
  return id;
};
const invited = async (email: string): Promise<InvitationId> => {
  const { id } = await usher.invite(email);
  await sent(id);
  return id;
};
/** Makes what is queued old enough to be looked at. */
const age = (...ids: InvitationId[]) =>
  usher.db
    .updateTable('deliveries')
    .set({ queued_at: sql`now() - interval '61 seconds'` })
    .where('invitation_id', 'in', ids)
    .where('status', '=', 'queued')
    .execute();
/** Waits until the list of workflows, which is late, shows a run that was ended. */
const listed = (id: string, runId: string) =>
  usher.until('the list to show it', async () => {
    const query = `WorkflowId = '${invitationWorkflowId(id as InvitationId)}' AND ExecutionStatus != 'Running'`;
    for await (const run of usher.temporal.client.workflow.list({ query })) if (run.runId === runId) return true;
    return false;
  });
const terminated = async (id: InvitationId) => {
  const { runId } = await workflow(id).describe();
  await workflow(id).terminate('by hand');
  await listed(id, runId);
};
const isRunning = async (id: InvitationId) => (await workflow(id).describe()).status.name === 'RUNNING';

test('an invitation that was never started is started, and mailed once', async () => {
  const id = await unstarted('never-started@example.com');
  expect((await reconcile()).found).toEqual({});
  await age(id);
  expect((await reconcile()).found).toEqual({ 'delivery_queued.started': 1 });
  await sent(id);
  expect((await usher.messages('never-started@example.com')).length).toBe(1);
  expect(await said(id)).toEqual(['delivery_queued']);
});

test('a run that is behind its row is told to look, and mails what the row says', async () => {
  const id = await invited('behind@example.com');
  // As a worker that dies, with its server, after the commit.
  const facts = factsOf((await findInvitation(usher.db, id))!);
  const delivery = { ordinal: 2, kind: 'invitation', status: 'queued' } as const;
  await createInvitationActivities({
    db: usher.db,
    providers: [{ issuer: usher.issuer, everywhere: true, domains: [] }],
  }).commit({
    invitation: id,
    sequence: 2,
    chartVersion,
    facts: { ...facts, delivery },
    effects: [
      { type: 'record', params: { event: 'resent' } },
      { type: 'queueDelivery', params: delivery },
    ],
    by: { kind: 'system', id: null },
    account: null,
    request: null,
  });
  await age(id);
  expect((await reconcile()).found).toEqual({ 'delivery_queued.reloaded': 1 });
  await sent(id);
  expect(await said(id)).toEqual(['delivery_queued']);
});

test('an email that was handed over, and died with its worker, is sent; its run waits and knows nothing', async () => {
  const id = await invited('in-hand@example.com');
  expect(await workflow(id).query(stateQuery)).toMatchObject({ at: 'pending.waiting', delivery: 'handed_over' });
  // As a worker that dies before it has sent what it took.
  await usher.db
    .updateTable('deliveries')
    .set({ status: 'queued', attempted_at: null, settled_at: null, provider_message_id: null })
    .where('invitation_id', '=', id)
    .execute();
  expect((await reconcile()).found).toEqual({});
  await age(id);
  expect((await reconcile()).found).toEqual({ 'delivery_queued.reloaded': 1 });
  await sent(id);
  // With the one that has been made undone.
  expect((await usher.messages('in-hand@example.com')).length).toBe(2);
  expect(await said(id)).toEqual(['delivery_queued']);
});

test('a run that was not told that its email bounced, or arrived after all, is told until it knows', async () => {
  const id = await invited('untold@example.com');
  const [never, ended] = [
    await unstarted('untold-and-unstarted@example.com'),
    await invited('untold-and-over@example.com'),
  ];
  await usher.call(`/v1/invitations/${ended}/revoke`, { body: {} });
  /** As an API that dies before it tells anybody, for a while. */
  const report = async (of: InvitationId, status: 'bounced' | 'complained' | 'delivered', at: number) => {
    await recordReport(usher.db, `${of}/1`, { status, detail: null, at: new Date(at), messageId: 'message' });
    await usher.db
      .updateTable('deliveries')
      .set({ untold_at: sql`untold_at - interval '11 seconds'` })
      .where('invitation_id', '=', of)
      .execute();
  };
  const standing = async (of: InvitationId) => (await workflow(of).query(stateQuery)).at;
  const at = Date.now();
  for (const of of [id, never, ended]) await report(of, 'bounced', at);
  expect((await reconcile()).found).toEqual({ 'feedback_untold.reloaded': 1, 'feedback_untold.started': 1 });
  for (const of of [id, never])
    await usher.until('it knows', async () => (await standing(of)) === 'pending.undeliverable');
  const trouble = `UsherDelivery = 'bounced' AND ExecutionStatus = 'Running'`;
  await usher.until('both to be found by it', async () => {
    const listed = [];
    for await (const run of usher.temporal.client.workflow.list({ query: trouble })) listed.push(run.workflowId);
    return listed.includes(invitationWorkflowId(id)) && listed.includes(invitationWorkflowId(never));
  });
  // Asked again, they know; then nobody asks any more.
  await usher.db
    .updateTable('deliveries')
    .set({ untold_at: sql`untold_at - interval '11 seconds'` })
    .where('untold_at', 'is not', null)
    .execute();
  expect((await reconcile()).found).toEqual({});
  const untold = usher.db.selectFrom('deliveries').select('invitation_id').where('untold_at', 'is not', null);
  expect(await untold.execute()).toEqual([]);
  await report(id, 'delivered', at + 1);
  await report(never, 'complained', at + 1);
  expect((await reconcile()).found).toEqual({ 'feedback_untold.reloaded': 2 });
  await usher.until('it knows', async () => (await standing(id)) === 'pending.waiting');
  await usher.until(
    'the other to know of the other trouble',
    async () => (await workflow(never).query(stateQuery)).delivery === 'complained',
  );
  expect(await said(id)).toEqual(['feedback_untold']);
  for (const of of [id, never]) await usher.call(`/v1/invitations/${of}/revoke`, { body: {} });
});

test('a pending invitation past its expiry is started, and expires', async () => {
  const id = await unstarted('overdue@example.com', -59_000);
  await usher.db.updateTable('deliveries').set({ status: 'sent' }).where('invitation_id', '=', id).execute();
  expect((await reconcile()).found).toEqual({});
  await usher.db
    .updateTable('invitations')
    .set({ expires_at: new Date(Date.now() - 61_000) })
    .where('id', '=', id)
    .execute();
  expect((await reconcile()).found).toEqual({ 'overdue.started': 1 });
  await workflow(id).result();
  expect(await state(id)).toBe('expired');
  expect(await said(id)).toEqual(['overdue']);
});

test('a run that was terminated is started again; of one that is again and again, it is said once until it moves on', async () => {
  const id = await invited('terminated@example.com');
  const ended = await invited('terminated-and-over@example.com');
  await usher.call(`/v1/invitations/${ended}/revoke`, { body: {} });
  for (let i = 0; i < 2; i += 1) {
    await terminated(id);
    expect((await reconcile()).found).toEqual({ 'run_terminated.started': 1 });
    expect(await isRunning(id)).toBe(true);
    // The list shows it still.
    expect((await reconcile()).found).toEqual({ 'run_terminated.running': 1 });
  }
  expect(await said(id)).toEqual(['run_terminated']);
  await usher.call(`/v1/invitations/${id}/resend`, { body: {} });
  await terminated(id);
  await reconcile();
  expect(await said(id)).toEqual(['run_terminated', 'run_terminated']);
  expect(await said(ended)).toEqual([]);
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
});

test('a run that has timed out is started again', async () => {
  const id = await unstarted('timed-out@example.com');
  const { expires_at: expiresAt } = (await findInvitation(usher.db, id))!;
  const run = await usher.temporal.client.workflow.start(workflowTypes.invitation, {
    ...invitationStart({ id, organization: 'acme', state: 'pending', expiresAt }),
    workflowRunTimeout: '1s',
  });
  await expect(run.result()).rejects.toThrow();
  await listed(id, run.firstExecutionRunId);
  expect((await reconcile()).found).toEqual({ 'run_timed_out.started': 1 });
  expect(await isRunning(id)).toBe(true);
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
});

test('a run that has failed is started again', async () => {
  const id = await invited('failed@example.com');
  const { workflowService, workflow: workflows } = usher.temporal.client;
  await workflow(id).terminate('makes place');
  // As a version of the workflow with a fault would.
  const run = await workflows.start(workflowTypes.invitation, {
    taskQueue: 'faulty',
    workflowId: invitationWorkflowId(id),
    args: [{ id }],
  });
  const namespace = usher.temporal.namespace ?? 'default';
  const { taskToken } = await usher.temporal.client.withDeadline(Date.now() + 60_000, () =>
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: 'faulty' } }),
  );
  await workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken,
    commands: [
      {
        commandType: protos.temporal.api.enums.v1.CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
        failWorkflowExecutionCommandAttributes: { failure: { message: 'a fault' } },
      },
    ],
  });
  await expect(run.result()).rejects.toThrow();
  await listed(id, run.firstExecutionRunId);
  // Found by either of its runs.
  expect(Object.values((await reconcile()).found)).toEqual([1]);
  expect(await isRunning(id)).toBe(true);
  expect(await said(id)).toEqual(['run_failed']);
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
});

test('a delivery that was overtaken before it left is settled; one that may have left is looked for first', async () => {
  const ids = await Promise.all(['ended', 'overtaken', 'mailed'].map((name) => invited(`${name}@example.com`)));
  const [ended, overtaken, mailed] = ids as [InvitationId, InvitationId, InvitationId];
  // As if the task that was to settle it had been lost.
  await usher.db
    .updateTable('deliveries')
    .set({ status: 'queued', attempted_at: null })
    .where('invitation_id', 'in', [ended, overtaken])
    .execute();
  await usher.db.updateTable('deliveries').set({ status: 'queued' }).where('invitation_id', '=', mailed).execute();
  for (const id of [ended, mailed]) await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
  await usher.call(`/v1/invitations/${overtaken}/resend`, { body: {} });
  await sent(overtaken);
  await age(ended, overtaken, mailed);
  expect((await reconcile()).found).toEqual({ 'delivery_superseded.settled': 2, 'delivery_superseded.started': 1 });
  const superseded = { ordinal: 1, status: 'failed', detail: 'superseded' };
  expect(await deliveries(ended)).toEqual([superseded]);
  expect(await deliveries(overtaken)).toEqual([superseded, { ordinal: 2, status: 'sent', detail: null }]);
  await sent(mailed);
  const { body } = await usher.call(`/v1/invitations/${ended}/events`);
  expect(body.items.at(-1)).toMatchObject({
    type: 'invitation_failed',
    detail: 'superseded',
    actor: { kind: 'system' },
  });
  expect((await reconcile()).found).toEqual({});
});

test('a note to the inviter that nobody sends is sent', async () => {
  const id = await invited('note@example.com');
  await usher.db
    .transaction()
    .execute((trx) => queueDelivery(trx, { invitation: id, ordinal: -1, generation: 1, kind: 'resend_request' }));
  await age(id);
  expect((await reconcile()).found).toEqual({ 'delivery_queued.started': 1 });
  await usher.until('the note', async () => (await deliveries(id))[0]!.status === 'sent');
});

test('while the provider is down pages of stuck emails keep no later one waiting, and are not asked after each minute', async () => {
  await usher.mailIs({ failures: [{ count: 1_000_000, response: 503 }] });
  const ids: InvitationId[] = [];
  for (let i = 0; i < 9; i += 1) ids.push(await unstarted(`stuck-${i}@example.com`));
  await usher.db
    .updateTable('deliveries')
    .set({ queued_at: sql`now() - interval '3 minutes'` })
    .where('invitation_id', 'in', ids)
    .execute();
  const last = await unstarted('last@example.com');
  await age(last);

  const schedule = usher.temporal.client.schedule.getHandle('reconcile');
  /** A run of the Schedule, which knows what the one before looked at. (One that may overlap would not.) */
  const scheduled = async () => {
    const before = (await schedule.describe()).info.recentActions.length;
    await schedule.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
    const { action } = await usher.until(
      'a run of the Schedule',
      async () => (await schedule.describe()).info.recentActions[before],
    );
    const { workflowId, firstExecutionRunId } = action.workflow;
    const run = usher.temporal.client.workflow.getHandle(workflowId, firstExecutionRunId);
    return { run, result: (await run.result()) as Reconciled };
  };
  expect((await scheduled()).result.found).toEqual({ 'delivery_queued.started': 10 });
  const second = await scheduled();
  expect(second.result.found).toEqual({});
  // A run that finds nothing leaves next to nothing.
  expect((await second.run.fetchHistory()).events!.length).toBeLessThanOrEqual(11);
  // One that comes to nothing leaves the next one where it began itself.
  await usher.worker.stop();
  const { recentActions } = (await schedule.describe()).info;
  await schedule.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
  const { action } = await usher.until(
    'a run without a worker',
    async () => (await schedule.describe()).info.recentActions[recentActions.length],
  );
  await usher.temporal.client.workflow.getHandle(action.workflow.workflowId).terminate('comes to nothing');
  usher.worker = await usher.startWorker();
  expect((await scheduled()).result.found).toEqual({});
  await usher.mailIs({ failures: [] });
});
