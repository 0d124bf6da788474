import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type protos from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { findInvitation } from '../../db/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { temporalCli } from '../../local/binaries.ts';
import { freePort } from '../../local/ports.ts';
import {
  deploymentName,
  type InvitationId,
  invitationStart,
  invitationWorkflowId,
  workflowTypes,
} from '../../workflows/contract.ts';
import { accountOf } from '../chaos/acts.ts';
import { type Installation, type Part, startInstallation } from '../chaos/installation.ts';
import { findBreaches } from '../setup/consistency.ts';
import { freshDatabase } from '../setup/database.ts';
import { decided, until } from '../setup/until.ts';
import type { Answer } from '../setup/usher.ts';
import { type NextVersion, nextVersion } from './next-version.ts';

/** The procedure of docs/operations.md, "Upgrading": version A serves, B is deployed beside it, A goes, B finishes. */

let usher: Installation;
let b: NextVersion;
/** Base URL of B's API. */
let apiOfB: string;
let workerOfB: Part;
beforeAll(async () => {
  b = await nextVersion();
  usher = await startInstallation({ database: await freshDatabase(), environment: { USHER_BUILD_ID: 'a' } });
  apiOfB = `http://localhost:${await freePort()}`;
});
afterAll(async () => {
  await usher?.close();
  await b?.remove();
});

const currentIs = async (build: string) => {
  const { path: temporal } = await temporalCli();
  const address = usher.temporalAddress;
  const args = ['--deployment-name', deploymentName, '--build-id', build, '--yes', '--address', address];
  // It is refused until a worker of the build is there.
  await until(`the current build to be ${build}`, () =>
    promisify(execFile)(temporal, ['worker', 'deployment', 'set-current-version', ...args]).then(
      () => true,
      () => false,
    ),
  );
};

type Verb = 'accept' | 'decline' | 'revoke' | 'resend' | 'amend';
let requests = 0;

/** An act; 503 is repeated with the same key, as callers are told, by turns at every API that is there. */
async function act(id: string, verb: Verb, email: string, at: (string | undefined)[] = [apiOfB]): Promise<Answer> {
  const idempotencyKey = `act-${++requests}`;
  const body = {
    accept: accountOf(email),
    decline: accountOf(email),
    revoke: {},
    resend: { expiresIn: 'P2D' },
    amend: { email },
  }[verb];
  const request =
    verb === 'amend'
      ? { path: `/v1/invitations/${id}`, method: 'PATCH' }
      : { path: `/v1/invitations/${id}/${verb}`, method: 'POST' };
  let turn = 0;
  return until(`${verb} of ${email} to be answered`, async () => {
    const url = at[turn++ % at.length];
    const answer = await usher.call(request.path, { ...request, body, idempotencyKey, ...(url ? { at: url } : {}) });
    return answer.status !== 503 && answer;
  });
}
const done = async (...args: Parameters<typeof act>) => {
  const { status, body } = await act(...args);
  expect([status, body.code]).toEqual([200, undefined]);
};
const refused = async (code: string, ...args: Parameters<typeof act>) =>
  expect((await act(...args)).body).toMatchObject({ code });

const handle = (id: string) => usher.temporal.workflow.getHandle(invitationWorkflowId(id as InvitationId));
const feedback = (id: string, ordinal: number) => handle(id).signal('delivery', { ordinal, status: 'bounced' });
const stateIs = (id: string, state: string) =>
  until(`${id} to be ${state}`, async () => (await usher.state(id as InvitationId)) === state);
const at = (id: string, place: string) =>
  until(`${id} to be at ${place}`, async () => ((await handle(id).query('state')) as { at: string }).at === place);
const transitioned = (id: string, event: string) =>
  until(event, async () => (await usher.transitions(id as InvitationId)).includes(event));

/** Invited directly, with deadlines shorter than the API takes, ms. */
async function soon(email: string, expiresIn: number, reminderIn?: number): Promise<string> {
  const { id } = await insertPending(usher.db, {
    organization: usher.organization,
    standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
    expiresIn,
    requestKey: email,
    email,
    mailbox: mailboxOf(email)!,
    role: 'member',
  });
  if (reminderIn !== undefined)
    await usher.db
      .updateTable('invitations')
      .set({ reminders: [new Date(Date.now() + reminderIn)] })
      .where('id', '=', id)
      .execute();
  const { organization_slug: organization, state, expires_at: expiresAt } = (await findInvitation(usher.db, id))!;
  await usher.temporal.workflow.start(
    workflowTypes.invitation,
    invitationStart({ id, organization, state, expiresAt }),
  );
  return id;
}

interface Life {
  create?(email: string): Promise<string>;
  /** On version A. */
  before?(id: string, email: string): Promise<unknown>;
  /** On version B. */
  after(id: string, email: string): Promise<unknown>;
  ends: string;
  /** All transitions, in their order. */
  transitions: string[];
}
const later = (email: string) => email.replace('@', '.2@');
const A = [undefined];

const lives: Record<string, Life> = {
  'waits, is accepted': {
    after: (id, e) => done(id, 'accept', e),
    ends: 'accepted',
    transitions: ['created', 'accepted'],
  },
  'waits, is declined': {
    after: (id, e) => done(id, 'decline', e),
    ends: 'declined',
    transitions: ['created', 'declined'],
  },
  'waits, is revoked': {
    after: (id, e) => done(id, 'revoke', e),
    ends: 'revoked',
    transitions: ['created', 'revoked'],
  },
  'waits, is cancelled': {
    after: async (id) => {
      await handle(id).cancel();
      await stateIs(id, 'revoked');
    },
    ends: 'revoked',
    transitions: ['created', 'revoked'],
  },
  'waits, is sent again, accepted': {
    after: async (id, e) => {
      await done(id, 'resend', e);
      await done(id, 'accept', e);
    },
    ends: 'accepted',
    transitions: ['created', 'resent', 'accepted'],
  },
  'waits, is moved, accepted there': {
    after: async (id, e) => {
      await done(id, 'amend', later(e));
      await refused('wrong_account', id, 'accept', e);
      await done(id, 'accept', later(e));
    },
    ends: 'accepted',
    transitions: ['created', 'amended', 'accepted'],
  },
  'was moved, is accepted there': {
    before: (id, e) => done(id, 'amend', later(e), A),
    after: (id, e) => done(id, 'accept', later(e)),
    ends: 'accepted',
    transitions: ['created', 'amended', 'accepted'],
  },
  'was sent again, is declined': {
    before: (id, e) => done(id, 'resend', e, A),
    after: (id, e) => done(id, 'decline', e),
    ends: 'declined',
    transitions: ['created', 'resent', 'declined'],
  },
  'was sent again by a hand, declined by one': {
    before: async (id) => {
      await handle(id).signal('resend');
      await transitioned(id, 'resent');
    },
    after: async (id) => {
      await handle(id).signal('decline');
      await stateIs(id, 'declined');
    },
    ends: 'declined',
    transitions: ['created', 'resent', 'declined'],
  },
  'came back, is sent again, accepted': {
    before: async (id) => {
      await feedback(id, 1);
      await at(id, 'pending.undeliverable');
    },
    after: async (id, e) => {
      await done(id, 'resend', e);
      await done(id, 'accept', e);
    },
    ends: 'accepted',
    transitions: ['created', 'resent', 'accepted'],
  },
  'comes back on B, is corrected, accepted': {
    after: async (id, e) => {
      await feedback(id, 1);
      await transitioned(id, 'bounced');
      await done(id, 'amend', later(e));
      await done(id, 'accept', later(e));
    },
    ends: 'accepted',
    transitions: ['created', 'bounced', 'amended', 'accepted'],
  },
  'came back on A and on B': {
    before: async (id) => {
      await feedback(id, 1);
      await at(id, 'pending.undeliverable');
    },
    after: async (id, e) => {
      await done(id, 'resend', e);
      await usher.sent(id as InvitationId);
      await feedback(id, 2);
      await transitioned(id, 'bounced');
      await done(id, 'accept', e);
    },
    ends: 'accepted',
    transitions: ['created', 'resent', 'bounced', 'accepted'],
  },
  'expires across the versions': {
    create: (e) => soon(e, 20_000),
    after: (id) => stateIs(id, 'expired'),
    ends: 'expired',
    transitions: ['created', 'expired'],
  },
  'is reminded across the versions, accepted': {
    create: (e) => soon(e, 3_600_000, 20_000),
    after: async (id, e) => {
      await transitioned(id, 'reminded');
      await done(id, 'accept', e);
    },
    ends: 'accepted',
    transitions: ['created', 'reminded', 'accepted'],
  },
  'had expired, is revived, accepted': {
    create: (e) => soon(e, 500),
    before: (id) => stateIs(id, 'expired'),
    after: async (id, e) => {
      await refused('invitation_expired', id, 'accept', e);
      await done(id, 'resend', e);
      await done(id, 'accept', e);
    },
    ends: 'accepted',
    transitions: ['created', 'expired', 'resent', 'accepted'],
  },
  'was revoked, is revived, declined': {
    before: (id, e) => done(id, 'revoke', e, A),
    after: async (id, e) => {
      await done(id, 'resend', e);
      await done(id, 'decline', e);
    },
    ends: 'declined',
    transitions: ['created', 'revoked', 'resent', 'declined'],
  },
  'was accepted, is accepted again': {
    before: (id, e) => done(id, 'accept', e, A),
    after: (id, e) => done(id, 'accept', e),
    ends: 'accepted',
    transitions: ['created', 'accepted'],
  },
  'was declined, is not sent again': {
    before: (id, e) => done(id, 'decline', e, A),
    after: (id, e) => refused('invitation_declined', id, 'resend', e),
    ends: 'declined',
    transitions: ['created', 'declined'],
  },
  'could not be sent, is sent again, accepted': {
    after: async (id, e) => {
      await usher.mailIs({ failures: [] });
      await done(id, 'resend', e);
      await usher.sent(id as InvitationId);
      await done(id, 'accept', e);
    },
    ends: 'accepted',
    transitions: ['created', 'resent', 'accepted'],
  },
  'could not be sent, is accepted all the same': {
    after: (id, e) => done(id, 'accept', e),
    ends: 'accepted',
    transitions: ['created', 'accepted'],
  },
};
const address = (name: string) => `${name.replaceAll(/\W+/g, '-')}@example.com`;

test('twenty invitations begin on one version and end on the next, and nobody notices', async () => {
  expect(Object.keys(lives)).toHaveLength(20);
  const ids = new Map<string, string>();
  const invite = async (email: string, base?: string) => {
    const { status, body } = await decided(() =>
      usher.call('/v1/organizations/acme/invitations', {
        body: { email, licenses: ['studio'] },
        idempotencyKey: email,
        ...(base ? { at: base } : {}),
      }),
    );
    expect({ status, body }).toMatchObject({ status: 201 });
    return body.id as string;
  };

  // Version A.
  const workerOfA = await usher.running('worker');
  const apiOfA = await usher.running('api');
  await currentIs('a');
  const unsent = Object.keys(lives).filter((name) => name.startsWith('could not be sent'));
  const begin = (names: string[]) =>
    Promise.all(
      names.map(async (name) => {
        const { create, before } = lives[name]!;
        const id = await (create ?? invite)(address(name));
        ids.set(name, id);
        if (!create && !unsent.includes(name)) await usher.sent(id as InvitationId);
        await before?.(id, address(name));
      }),
    );
  await begin(Object.keys(lives).filter((name) => !unsent.includes(name)));

  // The migrations of B, while A serves: no request of its callers fails.
  let serving = true;
  const failed: unknown[] = [];
  let served = 0;
  const load = [1, 2, 3].map(async (caller) => {
    for (let i = 0; serving; i++) {
      const email = `load-${caller}-${i}@example.com`;
      const invited = await decided(() =>
        usher.call('/v1/organizations/acme/invitations', { body: { email }, idempotencyKey: email }),
      );
      const accepted = await act(invited.body.id, 'accept', email, A);
      if (invited.status !== 201 || accepted.status !== 200) failed.push(invited.body, accepted.body);
      served += 1;
    }
  });
  const migrated = await usher.run(['db/migrate.ts'], b.product);
  const during = served;
  serving = false;
  await Promise.all(load);
  expect(migrated).toMatchObject({ code: 0, stderr: '' });
  expect(migrated.stdout).toContain('migrated: 9000-bounces, 9001-bounces-index');
  expect(failed).toEqual([]);
  expect(during).toBeGreaterThan(0);

  await usher.mailIs({
    failures: unsent.map((name) => ({
      match: { recipient: address(name) },
      count: 1000,
      response: 'reset_before' as const,
    })),
  });
  await begin(unsent);

  // Workers of B come, and get nothing until B is the current build.
  workerOfB = await usher.another('worker', b.product, { USHER_BUILD_ID: 'b' });
  const early = await invite('early@example.com');
  await usher.sent(early as InvitationId);
  const versionOf = async (id: string) => (await findInvitation(usher.db, id as InvitationId))!.chart_version;
  expect(await versionOf(early)).toBe(1);
  /** Until rows are stored as the current build stores them: Temporal tells its parts one after the other. */
  const chartVersionIs = (version: number) =>
    until(`rows of version ${version}`, async () => {
      const id = await invite(`taken-over-${++requests}@example.com`);
      await usher.sent(id as InvitationId);
      await done(id, 'resend', '', A);
      return (await versionOf(id)) === version;
    });
  await currentIs('b');
  await chartVersionIs(2);
  // Back again, and forward.
  await currentIs('a');
  await chartVersionIs(1);
  await currentIs('b');
  await chartVersionIs(2);
  // What B has stored, A's API shows, and leaves to B's, which comes now.
  const overlapping = await usher.another('api', b.product, { USHER_PORT: new URL(apiOfB).port });
  const mixed = await invite('mixed@example.com', apiOfB);
  const shown = await usher.call(`/v1/invitations/${mixed}`);
  expect(shown).toMatchObject({ status: 200, body: { state: 'pending', allowed: [] } });
  const left = await usher.call(`/v1/invitations/${mixed}/resend`, { body: {} });
  expect(left).toMatchObject({ status: 503, body: { code: 'version_mismatch' } });
  await done(mixed, 'accept', 'mixed@example.com', [undefined, apiOfB]);

  // A goes.
  expect(await apiOfA.end('SIGTERM')).toBe(0);
  expect(await workerOfA.end('SIGTERM')).toBe(0);

  await Promise.all(Object.entries(lives).map(([name, { after }]) => after(ids.get(name)!, address(name))));
  for (const [name, { ends, transitions }] of Object.entries(lives)) {
    const id = ids.get(name)! as InvitationId;
    expect({ name, state: await usher.state(id), transitions: await usher.transitions(id) }).toEqual({
      name,
      state: ends,
      transitions,
    });
    // As many emails as were sent, and each sent once.
    const { rows } = await sql<{ email: string }>`
      select 1 from deliveries where invitation_id = ${id} and status = 'sent'
    `.execute(usher.db);
    expect({ name, mails: (await usher.mails(address(name))) + (await usher.mails(later(address(name)))) }).toEqual({
      name,
      mails: rows.length,
    });
  }
  const { rows: bounces } = await sql<{ id: string; bounces: number }>`
    select id, bounces from invitations where bounces > 0
  `.execute(usher.db);
  const twice = [ids.get('comes back on B, is corrected, accepted')!, ids.get('came back on A and on B')!];
  expect(bounces.map((row) => row.id).sort()).toEqual(twice.sort());
  expect(await findBreaches(usher.db)).toEqual([]);

  // Every run of theirs, those of both versions too, replays on B.
  const histories: { workflowId: string; history: protos.temporal.api.history.v1.IHistory }[] = [];
  for await (const { workflowId, runId } of usher.temporal.workflow.list({ query: `WorkflowType = 'invitation'` }))
    histories.push({
      workflowId: `${workflowId}/${runId}`,
      history: await usher.temporal.workflow.getHandle(workflowId, runId).fetchHistory(),
    });
  const { workflowBundle }: typeof import('../../bundle.ts') = await import(path.join(b.product, 'bundle.ts'));
  const failures: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: await workflowBundle() },
    histories,
  ))
    if (error) failures.push(`${workflowId}: ${error.message}`);
  expect(histories.length).toBeGreaterThan(20);
  expect(failures).toEqual([]);
  await overlapping.end('SIGTERM');
  await workerOfB.end('SIGTERM');
}, 300_000);
