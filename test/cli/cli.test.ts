import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { page, withCommands } from '../../docs/commands.ts';
import { startProxy } from '../setup/proxy.ts';
import { startReceiver } from '../setup/receiver.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** The program itself, as a child process, against an Usher that runs. */

const program = path.join(import.meta.dirname, '../../cli/main.ts');

let usher: Usher;
let folder: string;
/** Everything the program has printed in this file. */
const printed: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'usher-cli-'));
  usher = await startUsher();
});
afterAll(async () => {
  await usher?.close();
  await rm(folder, { recursive: true, force: true });
});

interface RunOptions {
  env?: Record<string, string>;
  input?: string;
  cwd?: string;
  /** What to do while it runs. */
  meanwhile?: (child: ReturnType<typeof spawn>) => Promise<void>;
}

async function run(args: string[], { env = {}, input = '', cwd = folder, meanwhile }: RunOptions = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH, USHER_URL: usher.url, USHER_API_KEY: usher.key, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
    meanwhile?.(child),
  ]);
  printed.push(stdout, stderr);
  return { code, stdout, stderr };
}
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run([...args, '--json']);
  return { code, stderr, body: JSON.parse(stdout) };
};
const count = async () => (await usher.db.selectFrom('invitations').select('id').execute()).length;

test('invitations are made, listed, shown, changed, sent again and taken back', async () => {
  const invited = await run([
    'invite',
    'ada@example.com',
    'grace@example.com',
    '--license',
    'studio',
    '--team',
    'Design',
  ]);
  expect(invited).toMatchObject({ code: 0, stderr: '' });
  expect(invited.stdout).toMatch(/^ada@example\.com: invited until .* UTC \(inv_\w+\)\ngrace@example\.com: .*\n$/);
  expect((await run(['list'])).stdout).toMatch(
    /^ID +ADDRESS +STATE .*\ninv_\w+ +grace@.* pending .*\ninv_\w+ +ada@.*studio\n$/,
  );

  const { id } = (await json('list', '--email', 'ada@example.com')).body[0];
  await usher.until('the email has left', async () => (await usher.messages('ada@example.com'))[0]);
  const waiting = await run(['show', id]);
  expect(waiting.stdout).toContain('● pending');
  expect(waiting.stdout).toContain('   ● waiting');
  expect(waiting.stdout).toMatch(/Licences +studio/);
  expect(waiting.stdout).toMatch(/created +api_key key_/);

  await run(['amend', 'ada@example.com', '--email', 'ada.l@example.com', '--role', 'admin']);
  expect((await json('show', id)).body).toMatchObject({ email: 'ada.l@example.com', role: 'admin', teams: ['Design'] });
  expect((await run(['resend', id, '--expires-in', 'P3D', '--replace-link'])).code).toBe(0);
  expect((await run(['revoke', 'ada.l@example.com'])).stdout).toContain(`ada.l@example.com: revoked (${id})`);
  const revoked = await run(['show', id]);
  expect(revoked.stdout).toContain('● revoked');
  expect(revoked.stdout).not.toContain('● pending');
  const { body } = await json('show', id);
  expect(body.events.map((e: { type: string }) => e.type)).toEqual(
    expect.arrayContaining(['created', 'amended', 'resent', 'revoked']),
  );
  // Beside its events it is what the API says.
  const { events: _, ...shown } = body;
  expect(shown).toEqual((await usher.call(`/v1/invitations/${id}`)).body);
});

test('the link is that of the email', async () => {
  await run(['invite', 'link@example.com']);
  const { stdout } = await run(['link', 'link@example.com']);
  expect(stdout.trim()).toBe(`${usher.url}${await usher.linkTo('link@example.com')}`);
});

test('an API key is made, used and revoked; its secret is all that is printed', async () => {
  const made = await run(['keys', 'create', 'For the test', '--scope', 'read']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^usher_sk_[\w-]{43}\n$/) });
  expect(made.stderr).toMatch(/^key_\w+ grants member at most, and may: read\. Keep its secret/);
  const env = { USHER_API_KEY: made.stdout.trim() };
  expect((await run(['list'], { env })).code).toBe(0);
  expect(await run(['invite', 'x@example.com'], { env })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('scope_missing'),
  });
  const { body } = await json('keys', 'list');
  const { id } = body.find(({ name }: { name: string }) => name === 'For the test');
  expect((await run(['keys', 'revoke', id])).stdout).toBe(`${id}: revoked (For the test)\n`);
  expect((await run(['list'], { env })).code).toBe(4);
});

test('a key whose secret got lost on the way is revoked, and another one made', async () => {
  const proxy = await startProxy(usher.url, ['lose']);
  const { code, stdout } = await run(['keys', 'create', 'Lost', '--scope', 'read', '--organization', 'acme'], {
    env: { USHER_URL: proxy.url },
  });
  await proxy.close();
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^usher_sk_/)]);
  const { body } = await json('keys', 'list');
  const made = body.filter(({ name }: { name: string }) => name === 'Lost');
  expect(made.map(({ revokedAt }: { revokedAt: string | null }) => revokedAt !== null)).toEqual([false, true]);
});

test('webhooks are added, tried, rested and removed; the secret is all that is printed', async () => {
  const receiver = await startReceiver();
  const made = await run(['webhooks', 'add', receiver.url, '--type', 'member.joined']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whsec_\S+\n$/) });
  const [{ id }] = (await json('webhooks', 'list')).body;
  expect((await run(['webhooks', 'list'])).stdout).toContain(`${id}  works  member.joined  ${receiver.url}`);
  expect((await run(['webhooks', 'test', id])).code).toBe(0);
  await usher.until('it', async () => receiver.received.length === 1);
  new Verifier(made.stdout.trim()).verify(receiver.received[0]!.body, receiver.received[0]!.headers as never);
  expect((await json('webhooks', 'messages', id)).body).toMatchObject([{ id: receiver.received[0]!.id }]);
  expect((await run(['webhooks', 'resend', id, '--since', '2026-01-01T00:00:00Z'])).stdout).toBe('0 are sent again\n');
  const rotated = await run(['webhooks', 'rotate', id]);
  expect([rotated.stdout.startsWith('whsec_'), rotated.stdout === made.stdout]).toEqual([true, false]);
  expect((await run(['webhooks', 'disable', id])).stdout).toMatch(/: disabled .* \(by_hand\)\n$/);
  expect((await run(['webhooks', 'test', id])).stderr).toContain('webhook_disabled');
  expect((await run(['webhooks', 'enable', id])).stdout).toBe(`${id}: works\n`);
  expect((await run(['webhooks', 'remove', id])).stdout).toBe(`${id}: removed (${receiver.url})\n`);
  expect((await json('webhooks', 'list')).body).toEqual([]);
  await receiver.close();
});

test('licences are added, changed, given, moved and taken; the audit log has it', async () => {
  await run(['licenses', 'add', 'plotter', '5', '--name', 'Plotter Pro', '--expires-at', '2031-01-01T00:00:00Z']);
  expect((await run(['licenses', 'change', 'plotter', '--seats', '7', '--expires-at', 'never'])).code).toBe(0);
  const { body: licenses } = await json('licenses', 'list');
  expect(licenses.at(-1)).toMatchObject({ product: 'plotter', name: 'Plotter Pro', quantity: 7, expiresAt: null });

  const { id } = await usher.db
    .selectFrom('members')
    .select('id')
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow();
  expect((await run(['licenses', 'assign', 'plotter', id])).stdout).toMatch(/plotter +Plotter Pro +named +7 +0 +1 +6/);
  expect((await run(['licenses', 'move', 'plotter', 'studio', id])).code).toBe(0);
  const csv = await run(['licenses', 'seats', 'studio', '--state', 'assigned', '--csv']);
  expect(csv.stdout).toMatch(
    new RegExp(`^state,name,email,member,invitation,since\\r?\\nassigned,.*,owner@acme\\.example,${id},`),
  );
  expect((await run(['licenses', 'unassign', 'studio', id])).code).toBe(0);
  expect((await json('licenses', 'seats', 'studio', '--state', 'assigned')).body).toEqual([]);
  expect(await run(['licenses', 'assign', 'none', id])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no licence for none/),
  });

  const log = await run(['events', '--type', 'seat_assigned']);
  expect(log.stdout).toMatch(new RegExp(`seat_assigned +api_key key_.*${id}`));
});

test('addresses come from the standard input, separated by anything, each once', async () => {
  const input = 'Ada <a1@example.com>, "B" <b1@example.com>; c1@example.com\n\tc1@example.com,';
  const { code, stdout } = await run(['invite', '-', '--json'], { input });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).map((r: { target: string }) => r.target)).toEqual([
    'a1@example.com',
    'b1@example.com',
    'c1@example.com',
  ]);
});

test('a CSV of hundreds is looked at, then invited: one email each, exactly their seats, and a result for every row', async () => {
  await usher.call('/v1/organizations/acme/licenses', { body: { product: 'press', quantity: 300 } });
  const people = Array.from({ length: 300 }, (_, n) => `press-${n}@example.com,press,Press|Paper\n`);
  const file = path.join(folder, 'people.csv');
  const results = path.join(folder, 'results.csv');
  const written = async () => (await readFile(results, 'utf8')).trim().split('\r\n').slice(1);
  await writeFile(
    file,
    `email,licenses,teams\n${people.join('')}nobody,press,\npress-7@example.com,press,\n=late@example.com,press,\n`,
  );

  const before = await usher.call('/v1/organizations/acme/invitation-batches');
  const looked = await run(['invite', '--csv', file, '--results', results]);
  expect(looked).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(
      /^Line 302: nobody: Write it as .*\nLine 303: press-7@example\.com: Its address is that of row 8\.\nLine 304: =late@example\.com: No seat is left\.\nNobody is invited\. Correct these 3 rows, or invite the other 300 with --mode valid\.\n$/,
    ),
  });
  expect(await written()).toHaveLength(303);
  const previewed = await run(['invite', '--csv', '-', '--preview', '--json'], {
    input: 'email\npreviewed@example.com\n',
  });
  expect([previewed.code, JSON.parse(previewed.stdout).counts]).toEqual([0, { rows: 1, valid: 1, refused: 0 }]);
  expect(await usher.call('/v1/organizations/acme/invitation-batches')).toMatchObject({ body: before.body });

  const invited = await run(['invite', '--csv', file, '--mode', 'valid', '--results', results]);
  expect(invited.code).toBe(3);
  expect(invited.stderr).toMatch(/\n300 invited, as (bat_\w+)\. .*\n(\1: .*\n)+$/);
  expect(invited.stdout).toMatch(/^bat_\w+: completed, 300 of 300 mailed, 3 not invited\n$/);
  const lines = await written();
  expect(lines).toHaveLength(303);
  expect(lines[0]).toMatch(/^2,press-0@example\.com,invited,,inv_\w+,pending,(sent|delivered)$/);
  expect(lines.filter((line) => line.includes(',invited,'))).toHaveLength(300);
  expect(lines.at(-1)).toMatch(/^304,'=late@example\.com,no_seat_left,/);
  for (const n of [0, 7, 150, 299]) expect(await usher.messages(`press-${n}@example.com`)).toHaveLength(1);
  expect((await usher.call('/v1/organizations/acme/licenses?product=press')).body.items).toMatchObject([
    { quantity: 300, reserved: 300, assigned: 0, available: 0 },
  ]);

  const id = /bat_\w+/.exec(invited.stdout)![0];
  expect((await json('batch', 'list')).body[0]).toMatchObject({ id, counts: { rows: 303, invited: 300 } });
  const cancelled = await run(['batch', 'cancel', id]);
  expect(cancelled.stdout).toMatch(new RegExp(`^${id}: cancelled, `));
  const watched = await run(['batch', 'watch', id, '--json']);
  expect(watched.code).toBe(0);
  const told = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.at(-1)).toMatchObject({ id, state: 'cancelled', counts: { invited: 300, revoked: 300, pending: 0 } });
});

test('whoever stops watching leaves a batch to itself, and may ask for it again by its key', async () => {
  await usher.worker.stop();
  const input = 'email\nleft@example.com\n';
  const left = await run(['invite', '--csv', '-', '--idempotency-key', 'left'], {
    input,
    meanwhile: async (child) => {
      await usher.until('the batch is there', async () =>
        (await usher.call('/v1/organizations/acme/invitations?email=left@example.com')).body.items.at(0),
      );
      child.kill('SIGINT');
    },
  });
  usher.worker = await usher.startWorker();
  expect(left).toMatchObject({ code: 130, stdout: '', stderr: expect.stringMatching(/usher batch watch bat_/) });
  const again = await run(['invite', '--csv', '-', '--idempotency-key', 'left'], { input });
  expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/completed, 1 of 1 mailed\n$/) });
  expect(await usher.messages('left@example.com')).toHaveLength(1);
});

test('of a CSV with a key, too, it is told and kept which rows cannot be invited', async () => {
  const results = path.join(folder, 'kept.csv');
  const invite = (key: string, ...more: string[]) =>
    run(['invite', '--csv', '-', '--idempotency-key', key, ...more], { input: 'email\nkept@example.com\nnobody\n' });
  const none = await invite('none', '--results', results);
  expect(none).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^Line 3: Write it as .*\n1 row of 2 cannot be invited, so nobody was\. .*\n$/),
  });
  expect(await readFile(results, 'utf8')).toMatch(/\r\n3,,invalid_email,/);
  const before = await count();
  expect((await invite('nowhere', '--mode', 'valid', '--results', folder)).code).toBe(1);
  expect(await count()).toBe(before);
  const valid = await invite('valid', '--mode', 'valid', '--results', results);
  expect(valid).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^Line 3: nobody: Write it as .*\n1 invited, /),
  });
  expect(await readFile(results, 'utf8')).toMatch(/\r\n2,kept@example\.com,invited,.*\r\n3,nobody,invalid_email,/);
});

test('members are listed and found, get other roles and teams, and are removed, all of them or none', async () => {
  const join = async (email: string) => {
    const { id } = await usher.invite(email, { licenses: ['studio'] });
    const { session } = await usher.person(email);
    await usher.call(`/v1/invitations/${id}/accept`, { body: {}, session });
  };
  for (const email of ['mia@example.com', 'max@example.com']) await join(email);
  const listed = await run(['members', 'list', '--license', 'studio', '--joined-after', '2020-01-01T00:00:00Z']);
  expect(listed.stdout).toMatch(/^ID +NAME .*\nmem_\w+ +max +max@.*member .*studio\nmem_\w+ +mia .*\n$/);
  expect(
    (await run(['members', 'role', 'admin', 'Mia@example.com', 'max@example.com'])).stdout.match(/ admin /g),
  ).toHaveLength(2);
  await run(['members', 'teams', 'mia@example.com', '--team', 'Design', '--team', 'Press']);
  const { body: designers } = await json('members', 'list', '--team', 'Press');
  expect(designers).toMatchObject([{ email: 'mia@example.com', role: 'admin', teams: ['Design', 'Press'] }]);
  // Who only says that an address is theirs is not meant by it.
  const max = (email: string, isVerified: boolean) =>
    usher.db
      .updateTable('accounts')
      .set({ email, mailbox: email as never, email_verified: isVerified })
      .where('name', '=', 'max')
      .execute();
  await max('mia@example.com', false);
  // The last owner is not removed, and so nobody is.
  const kept = await run(['members', 'remove', 'mia@example.com', 'owner@acme.example']);
  expect(kept).toMatchObject({ code: 3, stderr: expect.stringContaining('last_owner') });
  await max('max@example.com', true);
  expect((await run(['members', 'remove', designers[0].id, 'max@example.com'])).code).toBe(0);
  expect((await usher.call('/v1/organizations/acme/members?state=removed')).body.items).toHaveLength(2);
  expect((await run(['members', 'list', '--csv'])).stdout).toMatch(/^id,name,email,.*\r?\nmem_\w+,Olivia Owner,/);
  expect(await run(['members', 'remove', 'mia@example.com'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^No member .* has the verified address mia@example\.com: usher members list\n$/),
  });
});

test('a file that calls another machine a local run gets no key', async () => {
  const elsewhere = await mkdtemp(path.join(folder, 'else-'));
  await mkdir(path.join(elsewhere, '.usher'));
  const local = { api: 'http://usher.example', apiKey: 'usher_sk_theirs', organization: 'acme' };
  await writeFile(path.join(elsewhere, '.usher/local.json'), JSON.stringify(local));
  const { code, stderr } = await run(['list'], { cwd: elsewhere, env: { USHER_URL: '' } });
  expect([code, stderr]).toEqual([2, expect.stringContaining('names another machine')]);
});

test('of several, each says what became of it, and the exit code that not all went well', async () => {
  const { code, stdout, stderr } = await run([
    'invite',
    'm1@example.com',
    'nobody',
    'm1@example.com',
    'm2@example.com',
  ]);
  expect(code).toBe(3);
  expect(stdout.match(/invited/g)).toHaveLength(2);
  expect(stderr).toMatch(/^nobody: This is no address that mail can be sent to: .*\/docs\/errors\/invalid_email\)\n$/);
  const again = await json('invite', 'm1@example.com', 'm3@example.com');
  expect(again.code).toBe(3);
  expect(again.body).toMatchObject([
    { target: 'm1@example.com', error: { code: 'already_invited', status: 409 } },
    { target: 'm3@example.com', result: { state: 'pending' } },
  ]);
});

const gone = { USHER_URL: 'http://127.0.0.1:1', USHER_API_KEY: 'usher_sk_x' };
test.each<[number, string[], Record<string, string>, RegExp]>([
  [0, ['--help'], {}, /^$/],
  [0, ['list', '--state', 'declined'], {}, /^There are none\./],
  [2, ['list', '--state', 'lost'], {}, /Allowed choices are pending/],
  [2, ['nothing'], {}, /unknown command 'nothing'/],
  [2, ['invite'], {}, /^Say whom to invite/],
  [2, ['invite', '--csv', 'people.csv', '--role', 'admin'], {}, /^The file says what each is offered/],
  [1, ['invite', '--csv', 'none.csv'], {}, /ENOENT/],
  [3, ['batch', 'watch', 'bat_none'], {}, /batch_not_found/],
  [2, ['list'], { USHER_URL: '' }, /^USHER_URL is not set, and no local run is found here/],
  [2, ['list'], { USHER_URL: 'usher.example' }, /^USHER_URL is not an address/],
  [2, ['list'], { USHER_API_KEY: '' }, /^USHER_API_KEY is not set/],
  [2, ['list'], { USHER_API_KEY: '', USHER_API_KEY_FILE: '/none' }, /^USHER_API_KEY_FILE .* \(ENOENT\)/],
  [3, ['show', 'inv_none'], {}, /invitation_not_found/],
  [3, ['list', '--license', 'none'], {}, /unknown_license/],
  [4, ['list'], { USHER_API_KEY: 'usher_sk_wrong' }, /not_authenticated/],
  [5, ['list'], gone, /cannot be reached \(.*\)\. Run usher doctor/],
])('ends with %i: %o %o', async (code, args, env, complaint) => {
  const result = await run(args, { env: { ...env } });
  expect(result.stderr).toMatch(complaint);
  expect(result.code).toBe(code);
});

test('several end where the next would fare no better', async () => {
  const before = await count();
  const wrong = { env: { USHER_API_KEY: 'usher_sk_wrong' } };
  const invited = await run(['invite', 'w1@example.com', 'w2@example.com', '--organization', 'acme'], wrong);
  expect(invited).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^w1@.*not_authenticated\)\nNot tried: w2@example.com\n$/),
  });
  const proxy = await startProxy(usher.url, ['pass', 'silence']);
  const env = { USHER_URL: proxy.url };
  const { stdout } = await run(
    ['invite', 'w3@example.com', 'w4@example.com', 'w5@example.com', '--json', '--organization', 'acme'],
    {
      env,
      meanwhile: async () => {
        await usher.until('the second is under way', async () => proxy.seen.length > 1);
        await proxy.close();
      },
    },
  );
  expect(JSON.parse(stdout)).toMatchObject([
    { target: 'w3@example.com', result: { state: 'pending' } },
    { target: 'w4@example.com', error: { code: 'unreachable', idempotencyKey: expect.any(String) } },
    { target: 'w5@example.com', error: { code: 'not_tried' } },
  ]);
  expect(await count()).toBe(before + 1);
});

test('with --json, what goes wrong is JSON too', async () => {
  for (const command of ['members list', 'licenses seats studio']) {
    const both = await run([...command.split(' '), '--csv', '--json']);
    expect([both.code, both.stdout, JSON.parse(both.stderr).error.code]).toEqual([2, '', 'usage']);
  }
  const { code, stdout, stderr } = await run(['show', 'inv_none', '--json']);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'invitation_not_found', status: 404 } });
});

test('long lists come in pages, as many as wanted', async () => {
  const all = await count();
  expect(all).toBeGreaterThan(3);
  expect((await json('list', '--all')).body).toHaveLength(all);
  const some = await json('list', '--limit', '2');
  expect(some.body).toHaveLength(2);
  expect(some.stderr).toContain('These are the newest 2');
  expect((await json('list', '--limit', String(all))).stderr).toBe('');
});

test('colours are for terminals that want them, and nothing of others moves the cursor', async () => {
  const hostile = '\u001b[2J\u202egnp.exe\r';
  await usher.invite('hostile@example.com', { metadata: { note: hostile } });
  const show = ['show', 'hostile@example.com'];
  const piped = await run(show);
  expect(piped.stdout).toContain('note=\ufffd[2J\ufffdgnp.exe\ufffd');
  for (const unsafe of '\u001b\u202e\r') expect(piped.stdout).not.toContain(unsafe);
  expect((await run(show, { env: { FORCE_COLOR: '1' } })).stdout).toContain('\u001b[');
  expect((await run(show, { env: { NO_COLOR: '1' } })).stdout).toBe(piped.stdout);
});

test('a reader that has seen enough ends it without a word', async () => {
  const closed = await run(['list', '--json'], { meanwhile: async (child) => void child.stdout!.destroy() }).catch(
    (e) => e,
  );
  expect(closed.stderr ?? '').toBe('');
});

test('Ctrl-C lets an invitation that has begun come to its end, and begins no other', async () => {
  const slow = await startProxy(usher.url, [{ afterMs: 1_000 }]);
  const before = await count();
  const { code, stdout, stderr } = await run(['invite', 'i1@example.com', 'i2@example.com', '--organization', 'acme'], {
    env: { USHER_URL: slow.url },
    meanwhile: async (child) => {
      await usher.until('the first is under way', async () => slow.seen.length > 0);
      child.kill('SIGINT');
    },
  });
  await slow.close();
  expect({ code, stdout }).toEqual({ code: 130, stdout: expect.stringMatching(/^i1@example\.com: invited .*\n$/) });
  expect(stderr).toBe('i2@example.com: Interrupted.\n');
  expect(await count()).toBe(before + 1);
});

test('the doctor names what is wrong, and what to do about it', async () => {
  // This Usher's identity provider has not been started.
  const { code, stdout } = await run(['doctor']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✓ Postgres .*\n✓ Temporal .*\n✓ Worker .*\n✗ Sign-in .*\n +→ .*USHER_ISSUER/);
  expect(stdout).toContain('✓ API key     test, of acme, role owner');
  expect(stdout).toMatch(/✓ Licences .*studio/);
  expect(stdout.trimEnd()).toMatch(/1 thing is wrong\.$/);
  const away = await run(['doctor', '--json'], { env: gone });
  expect(away.code).toBe(1);
  expect(JSON.parse(away.stdout)).toMatchObject([{ status: 'well' }, { check: 'Address', status: 'wrong' }]);
  const wrongKey = await run(['doctor'], { env: { USHER_API_KEY: 'usher_sk_wrong' } });
  expect(wrongKey.stdout).toContain('✗ API key');
});

test('no secret was printed', () => {
  expect(printed.length).toBeGreaterThan(20);
  expect(printed.filter((output) => output.includes(usher.key))).toEqual([]);
});

test('the reference in docs/commands.md is that of the program', async () => {
  // When it is not: npm run docs:commands
  const written = await readFile(page, 'utf8');
  expect(written).toBe(withCommands(written));
});
