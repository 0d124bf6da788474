import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import protos from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { bundleWorkflows } from '../../worker.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/**
 * Histories of every version that ran anywhere must replay with the workflows as they are. Files are
 * `invitation@<version>-<what>.json`, and only ever added: the first run after a new version writes its own, and fails
 * until they are committed.
 */

const { History } = protos.temporal.api.history.v1;

const folder = path.join(import.meta.dirname, 'histories');

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(() => usher?.close());

const post = (id: string, verb: string, body: unknown = {}) => usher.call(`/v1/invitations/${id}/${verb}`, { body });
const person = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' },
});
const sent = (id: string) =>
  usher.until('sent', async () => (await usher.call(`/v1/invitations/${id}`)).body.delivery.status === 'sent');

/** The lives of which each version leaves a history; each answers the invitation's id. */
const lives: Record<string, () => Promise<string>> = {
  async accepted() {
    const { id } = await usher.invite('accepted@example.com', { licenses: ['studio'] });
    await sent(id);
    await post(id, 'accept', person('accepted@example.com'));
    return id;
  },
  async changed() {
    const { id } = await usher.invite('changed@example.com');
    await sent(id);
    await post(id, 'resend', { expiresIn: 'P2D' });
    await sent(id);
    await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { teams: ['Blue'] } });
    await usher.call(`/v1/invitations/${id}`, { method: 'PATCH', body: { email: 'moved@example.com' } });
    await sent(id);
    await post(id, 'decline', person('moved@example.com'));
    return id;
  },
  async cancelled() {
    const { id } = await usher.invite('cancelled@example.com');
    await sent(id);
    const handle = usher.temporal.client.workflow.getHandle(`invitation/${id}`);
    await handle.signal('nonsense', 1);
    await handle.signal('delivery', { ordinal: 1, status: 'bounced' });
    await handle.signal('resend');
    await usher.until('a resend', async () => (await usher.messages('cancelled@example.com')).length === 2);
    await handle.cancel();
    return id;
  },
};

describe('this version', () => {
  test.each(Object.keys(lives))('has left its history of an invitation that was %s', async (what) => {
    const file = path.join(folder, `invitation@${packageJson.version}-${what}.json`);
    const known = await readFile(file, 'utf8').catch(() => undefined);
    if (known) return;
    const handle = usher.temporal.client.workflow.getHandle(`invitation/${await lives[what]!()}`);
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
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, await histories())) {
    if (error) failed.push(`${workflowId}: ${error.name}`);
  }
  return failed;
};

test('every recorded history replays with the workflows as they are', async () => {
  expect((await histories()).length).toBeGreaterThanOrEqual(Object.keys(lives).length);
  expect(await failures(await bundleWorkflows())).toEqual([]);
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
