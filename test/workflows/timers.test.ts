import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { upsertAccount } from '../../db/accounts.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import type { InvitationId } from '../../db/ids.ts';
import { loadInvitation } from '../../db/invitations.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { createLinks } from '../../identity/links.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import type { Mail } from '../../mail/mail.ts';
import { createPostmarkMail } from '../../mail/postmark.ts';
import { startSandbox } from '../../mail/sandbox/sandbox.ts';
import { createWorker, type UsherWorker } from '../../worker.ts';
import { invitationWorkflowId, resendSignal, taskQueue } from '../../workflows/contract.ts';
import { freshDatabase } from '../setup/database.ts';
import { timeSkippingEnvironment } from '../setup/temporal.ts';

/** Weeks of waiting in seconds. The server that skips time does one thing at a time, so these run strictly in sequence. */

const day = 86_400_000;
let environment: TestWorkflowEnvironment;
let db: Kysely<Database>;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let mail: Mail;
let worker: UsherWorker;
let running: Promise<void>;
let dir: string;

beforeAll(async () => {
  environment = await timeSkippingEnvironment();
  db = createDatabase((await freshDatabase()).runUrl, 10);
  dir = await mkdtemp(path.join(tmpdir(), 'usher-timers-'));
  sandbox = await startSandbox({ host: '127.0.0.1', port: 0, dir });
  mail = createPostmarkMail({ url: sandbox.url, token: 'test' });
  worker = await createWorker({
    db,
    mail,
    links: createLinks('http://localhost', [randomBytes(32)]),
    from: 'usher@usher.example',
    lookupPatienceMs: 15_000,
    providers: [{ issuer: 'test', everywhere: true, domains: [] }],
    connection: environment.nativeConnection,
    temporal: environment.client,
    namespace: 'default',
    // Time is not to pass while an email is on its way.
    firstAttempts: false,
    ...(inject('maxCachedWorkflows') === undefined ? {} : { maxCachedWorkflows: inject('maxCachedWorkflows') }),
  });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await mail?.close();
  await sandbox?.close();
  await db?.destroy();
  await environment?.teardown();
  if (dir) await rm(dir, { recursive: true, force: true });
});

async function invite(email: string, expiresIn: number): Promise<InvitationId> {
  const organization = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
  const pool = await ensureLicensePool(db, {
    organization: organization.id,
    product: 'studio',
    name: 'Studio',
    kind: 'named',
    quantity: 5,
  });
  const owner = await upsertAccount(db, {
    issuer: 'test',
    subject: 'owner',
    email: 'o@acme.example',
    emailVerified: true,
    name: 'O',
  });
  const { id } = await insertPending(db, {
    organization,
    standing: { role: 'owner', account: owner.id, by: { kind: 'system', id: null } },
    expiresIn,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
    poolIds: [pool.id],
  });
  // Its deadlines count from now by the server's clock, which the tests before have moved on.
  const { facts } = (await loadInvitation(db, id))!;
  const shift = (await environment.currentTimeMs()) - Date.now();
  await db
    .updateTable('invitations')
    .set({
      expires_at: new Date(facts.expiresAt + shift),
      reminders: facts.reminders.map((time) => new Date(time + shift)),
    })
    .where('id', '=', id)
    .execute();
  return id;
}

const start = (id: InvitationId) =>
  environment.client.workflow.start('invitation', { workflowId: invitationWorkflowId(id), taskQueue, args: [{ id }] });
const deliveries = (id: InvitationId) =>
  db.selectFrom('deliveries').select(['kind', 'status']).where('invitation_id', '=', id).orderBy('ordinal').execute();
const events = async (id: InvitationId) =>
  (
    await db
      .selectFrom('events')
      .select('type')
      .where('invitation_id', '=', id)
      .where('sequence', 'is not', null)
      .orderBy('sequence')
      .execute()
  ).map((e) => e.type);

test('an ignored invitation is reminded twice, expires after its week, and frees its seat', async () => {
  const id = await invite('ignored@example.com', 7 * day);
  const { expiresAt } = (await loadInvitation(db, id))!.facts;
  const handle = await start(id);
  await handle.result();
  // In hours: reminded halfway, and a day before the end.
  const fired = (await handle.fetchHistory()).events!.filter((e) => e.timerFiredEventAttributes);
  const began = expiresAt - 7 * day;
  const hours = fired.map((e) => Math.round((Number(e.eventTime!.seconds) * 1000 - began) / (day / 24)));
  expect(hours).toEqual([84, 144, 168]);
  expect(await events(id)).toEqual(['created', 'reminded', 'reminded', 'expired']);
  expect(await deliveries(id)).toEqual([
    { kind: 'invitation', status: 'sent' },
    { kind: 'reminder', status: 'sent' },
    { kind: 'reminder', status: 'sent' },
  ]);
  expect((await loadInvitation(db, id))!.facts).toMatchObject({ state: 'expired', reminders: [] });
  const pool = await db.selectFrom('license_pools').select(['reserved', 'assigned']).executeTakeFirstOrThrow();
  expect(pool).toEqual({ reserved: 0, assigned: 0 });
});

test('a resend on the sixth day gives another whole week, with reminders of its own', async () => {
  const id = await invite('resent@example.com', 7 * day);
  const began = (await loadInvitation(db, id))!.facts.expiresAt - 7 * day;
  const handle = await start(id);
  await environment.sleep(6.5 * day);
  await handle.signal(resendSignal);
  await handle.result();
  const { facts } = (await loadInvitation(db, id))!;
  expect(facts.state).toBe('expired');
  expect(Math.abs(facts.expiresAt - (began + 13.5 * day))).toBeLessThan(day / 2);
  expect(await events(id)).toEqual(['created', 'reminded', 'reminded', 'resent', 'reminded', 'reminded', 'expired']);
});

test('ninety days pass too, and an hour needs no reminder', async () => {
  const long = await invite('long@example.com', 90 * day);
  await (await start(long)).result();
  expect(await events(long)).toEqual(['created', 'reminded', 'reminded', 'expired']);
  const short = await invite('short@example.com', day / 24);
  await (await start(short)).result();
  expect(await events(short)).toEqual(['created', 'expired']);
});
