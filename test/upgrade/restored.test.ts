import { execFile } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InvitationId } from '../../db/ids.ts';
import type { Lost, Report } from '../../operations/restored.ts';
import { accountOf } from '../chaos/acts.ts';
import { type Installation, startInstallation } from '../chaos/installation.ts';
import { findBreaches } from '../setup/consistency.ts';
import { decided, until } from '../setup/until.ts';

/** The procedure of docs/operations.md, "Backups": an older Postgres beneath a newer engine. */

const run = promisify(execFile);

let usher: Installation;
beforeAll(async () => {
  usher = await startInstallation();
});
afterAll(() => usher?.close());

/** Copies the cluster's files while it serves (https://www.postgresql.org/docs/18/continuous-archiving.html). */
async function backUp(): Promise<{ data: string; copy: string }> {
  const client = new Client({ connectionString: usher.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    const data = rows[0]!.data_directory;
    const copy = `${data}.backup`;
    await client.query(`select pg_backup_start('test', true)`);
    await run('cp', ['-a', data, copy]);
    const { rows: stopped } = await client.query<{ labelfile: string }>('select * from pg_backup_stop(false)');
    // With the log up to the end of the backup.
    await run('cp', ['-a', `${data}/pg_wal`, copy]);
    await writeFile(`${copy}/backup_label`, stopped[0]!.labelfile);
    await run('chown', [`--reference=${copy}`, `${copy}/backup_label`]);
    await rm(`${copy}/postmaster.pid`);
    return { data, copy };
  } finally {
    await client.end();
  }
}

interface Message {
  MessageID: string;
  Metadata: { delivery: string };
}
const fromProvider = async (path: string) => {
  const response = await fetch(`${usher.inbox}${path}`, { headers: { 'X-Postmark-Server-Token': 'test' } });
  return response.json();
};
/** Newest first. */
const messages = async (email: string): Promise<Message[]> =>
  (
    (await fromProvider(`/messages/outbound?count=100&offset=0&recipient=${encodeURIComponent(email)}`)) as {
      Messages: Message[];
    }
  ).Messages;
/** The path of the link in the newest email to an address. */
const linkTo = async (email: string): Promise<string> => {
  const [newest] = await messages(email);
  const { TextBody } = (await fromProvider(`/messages/outbound/${newest!.MessageID}/details`)) as { TextBody: string };
  return /(\/i\/[\w-]+)/.exec(TextBody)![1]!;
};

const address = (name: string) => `${name}@example.com`;
const ids = new Map<string, InvitationId>();
const id = (name: string) => ids.get(name)!;
const invite = async (name: string) => {
  const { status, body } = await decided(() => usher.invite(address(name)));
  expect(status).toBe(201);
  ids.set(name, body.id);
};
const act = async (name: string, verb: string, body: unknown, status = 200) => {
  const amend = verb === 'amend';
  const answer = await decided(() =>
    usher.call(`/v1/invitations/${id(name)}${amend ? '' : `/${verb}`}`, {
      ...(amend ? { method: 'PATCH' } : {}),
      body,
      idempotencyKey: `${verb}-${name}-${JSON.stringify(body).length}`,
    }),
  );
  expect({ verb, name, status: answer.status, code: answer.body.code }).toMatchObject({ verb, name, status });
  return answer.body;
};
const accept = (name: string, email = address(name)) => act(name, 'accept', accountOf(email));
const sent = (name: string) =>
  usher.sent(id(name)).catch(async (e) => {
    const d = await usher.db.selectFrom('deliveries').selectAll().where('invitation_id', '=', id(name)).execute();
    const w = await usher.temporal.workflow.getHandle(`invitation/${id(name)}`).describe();
    console.log(
      name,
      JSON.stringify(d),
      JSON.stringify(w.raw.pendingActivities),
      w.status.name,
      w.historyLength,
      (await usher.running('worker')).output().slice(-3000),
    );
    throw e;
  });
const restored = (...args: string[]) => usher.run(['operations/main.ts', 'restored', ...args]);

test('Postgres wins over a newer engine: what was lost is listed, nothing is doubled or stuck, and no link lives twice', async () => {
  await usher.running('worker');
  await usher.running('api');
  const before = [
    'untouched',
    'joined',
    'joined-since',
    'declined-since',
    'moved-since',
    'sent-since',
    'resent-since',
    'revived-since',
    'revived-and-over-since',
  ];
  for (const name of before.filter((n) => n !== 'sent-since')) await invite(name);
  for (const name of before.filter((n) => n !== 'sent-since')) await sent(name);
  await usher.mailIs({ failures: [{ match: { recipient: address('sent-since') }, count: 1000, response: 429 }] });
  await invite('sent-since');
  await accept('joined');
  await act('revived-since', 'revoke', {});
  await act('revived-and-over-since', 'revoke', {});

  await usher.browser(address('signed-in'));
  await usher.browser(address('erased-since'));

  const { data, copy } = await backUp();

  await usher.mailIs({ failures: [] });
  await accept('joined-since');
  await act('declined-since', 'decline', accountOf(address('declined-since')));
  await act('moved-since', 'amend', { email: address('elsewhere') });
  await act('resent-since', 'resend', {});
  await act('revived-since', 'resend', {});
  await act('revived-and-over-since', 'resend', {});
  for (const name of ['moved-since', 'resent-since', 'revived-since', 'sent-since']) await sent(name);
  await sent('revived-and-over-since');
  await act('revived-and-over-since', 'accept', accountOf(address('revived-and-over-since')));
  await invite('invited-since');
  await sent('invited-since');
  const links = new Map<string, string>();
  for (const name of [...before, 'elsewhere', 'invited-since']) links.set(name, await linkTo(address(name)));

  const erasing = ['erase', address('erased-since'), '--reason', 'a ticket', '--yes'];
  expect(await usher.run(['operations/main.ts', ...erasing])).toMatchObject({ code: 0, stderr: '' });

  const early = await restored();
  expect(early).toMatchObject({ code: 1, stdout: '' });
  expect(early.stderr).toMatch(
    /^Programs of Usher are connected to the database \(\d+ connections\): end workers and API first/,
  );

  // The disaster, and the backup in its place.
  for (const name of ['api', 'worker'] as const) await (await usher.running(name)).end('SIGTERM');
  await usher.servers.postgres.kill();
  await rename(data, `${data}.lost`);
  await rename(copy, data);
  await usher.servers.postgres.restart();

  const expected: Record<string, Omit<Lost, 'invitation'>> = {
    'joined-since': {
      postgres: { state: 'pending', sequence: 1 },
      temporal: { state: 'accepted', sequence: 2 },
      emails: [],
    },
    'declined-since': {
      postgres: { state: 'pending', sequence: 1 },
      temporal: { state: 'declined', sequence: 2 },
      emails: [],
    },
    'moved-since': {
      postgres: { state: 'pending', sequence: 1 },
      temporal: { state: 'pending', sequence: 2 },
      emails: [2],
    },
    'sent-since': {
      postgres: { state: 'pending', sequence: 1 },
      temporal: { state: 'pending', sequence: 1 },
      emails: [1],
    },
    'resent-since': {
      postgres: { state: 'pending', sequence: 1 },
      temporal: { state: 'pending', sequence: 2 },
      emails: [2],
    },
    'revived-since': {
      postgres: { state: 'revoked', sequence: 2 },
      temporal: { state: 'pending', sequence: 3 },
      emails: [2],
    },
    'revived-and-over-since': {
      postgres: { state: 'revoked', sequence: 2 },
      temporal: { state: 'accepted', sequence: 4 },
      emails: [2],
    },
    'invited-since': { temporal: { state: 'pending', sequence: 1 }, emails: [1] },
  };
  const lost = Object.entries(expected)
    .map(([name, of]) => ({ invitation: id(name), ...of }))
    .sort((a, b) => (a.invitation < b.invitation ? -1 : 1));

  const listed = await restored('--list', '--json');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(listed.stdout) as Report).toMatchObject({
    lost,
    erasures: [expect.stringMatching(/^era_/)],
    ended: 0,
    raised: 0,
    started: 0,
  });

  const done = await restored();
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toContain('restored: 8 invitations lost something, 6 emails among it, and 1 erasures are undone');
  expect(done.stdout).toContain('8 generations raised, 6 pending invitations started, 2 sessions ended');
  expect(done.stdout).toContain(
    `lost: ${id('joined-since')}: accepted in Temporal (sequence 2); pending in Postgres (sequence 1)\n`,
  );
  // Again it finds the same, and does no harm.
  const again = JSON.parse((await restored('--json')).stdout) as Report;
  expect(again).toMatchObject({ lost, raised: 8, started: 6 });

  await usher.running('worker');
  await usher.running('api');
  // The email that was queued goes out with the new link; that of before is dead.
  await sent('sent-since');

  // No link of before lives, to whomever it went: it says so, and has the button.
  for (const name of ['untouched', 'joined-since', 'moved-since', 'resent-since', 'sent-since']) {
    const browser = await usher.browser(address(`visitor-of-${name}`));
    const there = await browser(links.get(name)!);
    const page = await browser(there.headers.get('location')!);
    expect({ name, status: page.status }).toEqual({ name, status: 410 });
    expect(await page.text()).toContain('Ask to resend');
  }
  const stranger = await usher.browser(address('stranger'));
  const unknown = await stranger(links.get('invited-since')!);
  expect(unknown.status).toBe(404);

  // What was lost is done again, with the keys of before, by which the engine knew the answers.
  expect((await accept('joined-since')).state).toBe('accepted');
  expect((await act('declined-since', 'decline', accountOf(address('declined-since')))).state).toBe('declined');
  await act('resent-since', 'resend', {});
  // The newest run of this one had ended, with that answer: Temporal does not give it again.
  expect((await act('revived-and-over-since', 'resend', {})).state).toBe('pending');
  expect((await act('revived-since', 'resend', {})).state).toBe('pending');
  // Moved to yet another address, the link to the one in between stays dead.
  const { generation } = await act('moved-since', 'amend', { email: address('at-last') });
  expect(generation).toBeGreaterThan(1_000_000);
  for (const name of ['moved-since', 'resent-since', 'revived-since', 'revived-and-over-since']) await sent(name);
  const between = await usher.browser(address('elsewhere'));
  expect((await between((await between(links.get('elsewhere')!)).headers.get('location')!)).status).toBe(410);
  const atLast = await usher.browser(address('at-last'));
  expect((await atLast((await atLast(await linkTo(address('at-last')))).headers.get('location')!)).status).toBe(200);

  // Everybody can still join, and those who had, have once.
  for (const name of [
    'untouched',
    'joined',
    'joined-since',
    'sent-since',
    'resent-since',
    'revived-since',
    'revived-and-over-since',
  ])
    await accept(name);
  await accept('moved-since', address('at-last'));
  await until('every workflow to end', async () => {
    const { count } = await usher.temporal.workflow.count(
      `WorkflowType = 'invitation' AND ExecutionStatus = 'Running'`,
    );
    return count === 0;
  });
  expect(await findBreaches(usher.db)).toEqual([]);
  const { rows: members } = await sql<{ email: string }>`
    select a.email from members m join accounts a on a.id = m.account_id where m.removed_at is null order by a.email
  `.execute(usher.db);
  expect(members.map((member) => member.email)).toEqual(
    [
      ...[
        'joined',
        'joined-since',
        'resent-since',
        'revived-since',
        'revived-and-over-since',
        'sent-since',
        'untouched',
      ].map(address),
      address('at-last'),
    ].sort(),
  );
  // Each email once, under a name of its own: none can be taken for one that was lost.
  const mails = (
    await Promise.all([...before, 'elsewhere', 'at-last', 'invited-since'].map((name) => messages(address(name))))
  ).flat();
  const names = mails.map((mail) => mail.Metadata.delivery);
  expect(new Set(names).size).toBe(names.length);
  const mailed = await Promise.all(
    [...before, 'elsewhere', 'at-last'].map(async (name) => [name, (await messages(address(name))).length]),
  );
  expect(Object.fromEntries(mailed)).toEqual({
    untouched: 1,
    joined: 1,
    'joined-since': 1,
    'declined-since': 1,
    'moved-since': 1,
    elsewhere: 1,
    'at-last': 1,
    'sent-since': 2,
    'resent-since': 3,
    'revived-since': 3,
    'revived-and-over-since': 3,
  });
}, 300_000);
