import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporalCli } from '../../local/binaries.ts';
import { searchPersonalData } from '../setup/personal-data.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** What an operator does with the `temporal` program, whose acts are those of the Temporal UI. */

let usher: Usher;
let cli: string;
beforeAll(async () => {
  usher = await startUsher({ searchForPersonalData: false });
  const executable = await temporalCli();
  if (executable.type !== 'existing-path') throw new Error('the temporal program is needed as a file');
  cli = executable.path;
});
afterAll(() => usher?.close());

const temporal = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(cli, [...args, '--address', usher.temporal.address]);
  return stdout;
};
const workflowId = (id: string) => `invitation/${id}`;
const state = async (id: string) => (await usher.call(`/v1/invitations/${id}`)).body.state;
const reserved = async () =>
  (await usher.db.selectFrom('license_pools').select('reserved').executeTakeFirstOrThrow()).reserved;

test('invitations are found by their search attributes', async () => {
  const open = await usher.invite('search-open@example.com');
  const revoked = await usher.invite('search-revoked@example.com');
  await usher.call(`/v1/invitations/${revoked.id}/revoke`, { body: {} });
  const find = async (query: string) => {
    const listed = JSON.parse((await temporal('workflow', 'list', '--query', query, '--output', 'json')) || '[]');
    return (listed as { execution: { workflowId: string } }[]).map((w) => w.execution.workflowId);
  };
  await usher.until('the index', async () => (await find("UsherState = 'revoked'")).includes(workflowId(revoked.id)));
  expect(await find("UsherOrganization = 'acme' AND UsherState = 'pending'")).toContain(workflowId(open.id));
  expect(await find("UsherState = 'pending'")).not.toContain(workflowId(revoked.id));
  const later = new Date(Date.now() + 6 * 86_400_000).toISOString();
  expect(await find(`UsherExpiresAt > '${later}'`)).toContain(workflowId(open.id));
});

test('the state query and the workflow details tell how an invitation stands', async () => {
  const { id } = await usher.invite('query@example.com');
  await usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');
  const status = await usher.until('waiting', async () => {
    const answer = await temporal(
      'workflow',
      'query',
      '--workflow-id',
      workflowId(id),
      '--type',
      'state',
      '--output',
      'json',
    );
    const [result] = JSON.parse(answer).queryResult;
    return result.at === 'pending.waiting' && result;
  });
  expect(status).toMatchObject({
    state: 'pending',
    delivery: 'handed_over',
    allowed: ['accept', 'decline', 'resend', 'amend', 'revoke'],
    sequence: 1,
  });
  expect(Date.parse(status.expiresAt)).toBeGreaterThan(Date.now());
  expect(Date.parse(status.nextReminderAt)).toBeGreaterThan(Date.now());
  const details = await temporal('workflow', 'metadata', '--workflow-id', workflowId(id));
  expect(details).toContain('pending.waiting');
  // Which would cost every run a third more.
  const stack = usher.temporal.client.workflow.getHandle(workflowId(id)).query('__stack_trace');
  await expect(stack).rejects.toThrow('stack traces are not enabled');
});

test.each(['decline', 'revoke'])('the signal %s ends an invitation and frees its seat', async (signal) => {
  const before = await reserved();
  const { id } = await usher.invite(`signal-${signal}@example.com`, { licenses: ['studio'] });
  expect(await reserved()).toBe(before + 1);
  await temporal('workflow', 'signal', '--workflow-id', workflowId(id), '--name', signal);
  await usher.until(signal, async () => (await state(id)) === `${signal}d`);
  expect(await reserved()).toBe(before);
});

test('the signal resend mails once more and renews the expiry', async () => {
  const invitation = await usher.invite('signal-resend@example.com');
  await usher.linkTo('signal-resend@example.com');
  await temporal('workflow', 'signal', '--workflow-id', workflowId(invitation.id), '--name', 'resend');
  await usher.until('a second email', async () => (await usher.messages('signal-resend@example.com')).length === 2);
  const now = await usher.call(`/v1/invitations/${invitation.id}`);
  expect(Date.parse(now.body.expiresAt)).toBeGreaterThan(Date.parse(invitation.expiresAt));
});

test('cancelling a workflow revokes the invitation and frees its seat, and the workflow completes', async () => {
  const before = await reserved();
  const { id } = await usher.invite('cancel@example.com', { licenses: ['studio'] });
  await usher.linkTo('cancel@example.com');
  await temporal('workflow', 'cancel', '--workflow-id', workflowId(id));
  await usher.until('revoked', async () => (await state(id)) === 'revoked');
  expect(await reserved()).toBe(before);
  await usher.until('completed', async () => {
    const { status } = await usher.temporal.client.workflow.getHandle(workflowId(id)).describe();
    return status.name === 'COMPLETED';
  });
});

test('malformed and unknown signals do no harm, and no signal lets anybody in', async () => {
  const { id } = await usher.invite('harmless@example.com');
  await usher.linkTo('harmless@example.com');
  const send = (name: string, input?: string) =>
    temporal(
      'workflow',
      'signal',
      '--workflow-id',
      workflowId(id),
      '--name',
      name,
      ...(input ? ['--input', input] : []),
    );
  await send('delivery');
  await send('delivery', 'null');
  await send('delivery', '{"ordinal": "one", "status": 7}');
  await send('delivery', '{"ordinal": 99, "status": "bounced"}');
  await send('nonsense', '{"a": [1, 2, 3]}');
  await send('accept', '{"account": "acc_01k9xqj2v3e8gt0d5w6m7n8p9q", "emailVersion": 1, "receivedAt": 0}');
  await send('resend', '{"expiresIn": "for ever", "at": null}');
  await usher.until('a second email', async () => (await usher.messages('harmless@example.com')).length === 2);
  const { body } = await usher.call(`/v1/invitations/${id}`);
  expect(body).toMatchObject({ state: 'pending', delivery: { status: 'sent' } });
  // It still does what it is told.
  expect((await usher.call(`/v1/invitations/${id}/revoke`, { body: {} })).body.state).toBe('revoked');
});

test('terminated by hand, an invitation goes on when it is next spoken to', async () => {
  const { id } = await usher.invite('terminated@example.com');
  await usher.linkTo('terminated@example.com');
  await temporal('workflow', 'terminate', '--workflow-id', workflowId(id));
  const answer = await usher.call(`/v1/invitations/${id}/accept`, {
    body: {
      account: { issuer: 'https://idp.example', subject: 't', email: 'terminated@example.com', emailVerified: true },
    },
  });
  expect(answer).toMatchObject({ status: 200, body: { state: 'accepted' } });
});

test('the search for personal data finds what is planted in a history or a log', async () => {
  const { id } = await usher.invite('plain@example.com', { message: 'See you on the canary island' });
  await usher.linkTo('plain@example.com');
  // Names and addresses in workflow ids and update ids are ours to avoid; so far there are none.
  const clean = await searchPersonalData(usher.temporal.client, usher.db, usher.log);
  expect(clean).toEqual([]);
  const handle = usher.temporal.client.workflow.getHandle(workflowId(id));
  await handle.signal('nonsense', { note: 'plain@example.com' });
  await handle.signal('nonsense', ['See you on the canary island']);
  await handle.signal('nonsense', usher.links.url({ invitation: id, generation: 1 }));
  const planted = ['{"msg":"sent to plain@example.com"}'];
  const found = await searchPersonalData(usher.temporal.client, usher.db, planted);
  expect(found.filter((f) => f.startsWith('log'))).toHaveLength(1);
  // The link twice: as what shows an invitation, and as a secret.
  expect(found.filter((f) => f.startsWith(workflowId(id)))).toHaveLength(4);
});
