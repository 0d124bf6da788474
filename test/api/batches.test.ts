import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetActResults } from '../../db/batches.ts';
import type { BatchId } from '../../db/ids.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { insertMember } from '../../db/members.ts';
import { ensureOrganization } from '../../db/organizations.ts';
import { setStaffRole } from '../../db/staff.ts';
import { batchStart, workflowTypes } from '../../workflows/contract.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type Answer, type CallOptions, startUsher, type Usher } from '../setup/usher.ts';

/** Many invitations by one request: a result for every row, and what the workflow of the batch then does. */

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ worker: { suspendedMs: 500 } });
});
afterAll(async () => {
  const breaches = usher ? await findBreaches(usher.db) : [];
  await usher?.close();
  expect(breaches).toEqual([]);
});

const route = '/v1/organizations/acme/invitation-batches';
type Row = Record<string, unknown>;
const send = (invitations: Row[], mode = 'valid', o: CallOptions = {}) =>
  usher.call(route, { body: { mode, invitations }, ...o });
const sendCsv = (text: string, query = '?mode=valid', o: CallOptions = {}) =>
  usher.call(`${route}${query}`, { body: text, ...o, headers: { 'content-type': 'text/csv', ...o.headers } });
const get = async (id: string) => (await usher.call(`/v1/invitation-batches/${id}`)).body;
const finished = (id: string) =>
  usher.until('the batch to be finished', async () => {
    const batch = await get(id);
    return batch.finishedAt !== null && batch;
  });
const addresses = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}@example.com`);
const to = (emails: string[], more: Row = {}): Row[] => emails.map((email) => ({ email, ...more }));
const codes = ({ body }: Answer): string[] => body.results.map((r: { result: string }) => r.result);
let pools = 0;
/** A licence pool of its own. */
async function product(quantity: number): Promise<string> {
  const name = `pool-${++pools}`;
  const pool = { organization: usher.organization.id, product: name, name, kind: 'named', quantity } as const;
  await ensureLicensePool(usher.db, pool);
  return name;
}

describe('every row', () => {
  test('has a result, and whoever can be invited is', async () => {
    await usher.invite('invited@example.com');
    const { account } = await usher.person('member@example.com');
    await usher.db.transaction().execute((trx) =>
      insertMember(trx, {
        ...{ organization: usher.organization.id, account: account.id, role: 'member', teams: [], invitation: null },
      }),
    );
    const scarce = await product(2);
    const ended = await product(2);
    await usher.db.updateTable('license_pools').set({ expires_at: new Date() }).where('product', '=', ended).execute();
    const key = await usher.apiKey({ role: 'admin' });
    const answer = await send(
      [
        { email: 'Every-0@Example.com', role: 'admin', teams: ['Design'], metadata: { ticket: 'HR-1' } },
        { email: 'INVITED@example.com' },
        { email: 'member@example.com' },
        { email: 'nobody' },
        { email: 'every-0@example.COM' },
        { email: 'every-1@example.com', role: 'owner' },
        { email: 'every-2@example.com', licenses: ['unheard-of'] },
        { email: 'every-3@example.com', message: 'see https://evil.example' },
        { email: 'every-4@example.com', redirectUrl: 'https://evil.example/' },
        { email: 'every-5@example.com', expiresIn: 'P91D' },
        { email: 'every-6@example.com', licenses: [ended] },
        { email: 'every-7@example.com', licenses: [scarce] },
        { email: 'every-8@example.com', licenses: [scarce] },
        { email: 'every-9@example.com', licenses: [scarce] },
        // Refused for its role, so it does not stand in the way of the next.
        { email: 'every-10@example.com', role: 'owner' },
        { email: 'every-10@example.com' },
      ],
      'valid',
      { key },
    );
    expect(answer.status).toBe(202);
    expect(codes(answer)).toEqual([
      ...['invited', 'already_invited', 'already_member', 'invalid_email', 'duplicate', 'role_too_high'],
      ...['unknown_license', 'unsafe_text', 'redirect_not_allowed', 'invalid_request', 'license_ended'],
      ...['invited', 'invited', 'no_seat_left', 'role_too_high', 'invited'],
    ]);
    const { id, results, counts } = answer.body;
    expect(counts).toMatchObject({ rows: 16, invited: 4, refused: 12, pending: 4 });
    expect(results[4]).toEqual({
      ...{ row: 5, email: 'every-0@example.COM', result: 'duplicate', detail: 'Its address is that of row 1.' },
    });
    for (const { result, detail, invitation } of results)
      expect(result === 'invited' ? invitation : detail).toEqual(expect.any(String));
    const first = (await usher.call(`/v1/invitations/${results[0].invitation}`)).body;
    expect(first).toMatchObject({
      ...{ email: 'Every-0@Example.com', role: 'admin', teams: ['Design'], metadata: { ticket: 'HR-1' }, batch: id },
    });
    const listed = (await usher.call(`/v1/organizations/acme/invitations?batch=${id}`)).body;
    // Newest first, and the rows count as made in their order.
    expect(listed.items.map((i: { email: string }) => i.email)).toEqual(
      ['every-10', 'every-8', 'every-7', 'Every-0'].map((name) => expect.stringContaining(name)),
    );
  });

  test('of CSV has its line, and is refused alone where a cell is wrong', async () => {
    const answer = await sendCsv(
      'email;role;teams;licenses\ncsv-0@example.com;admin;Design|Research;studio\ncsv-1@example.com;boss\n;member\nnobody;\n',
    );
    expect(answer.status).toBe(202);
    expect(answer.body.results).toEqual([
      { row: 1, line: 2, email: 'csv-0@example.com', result: 'invited', invitation: expect.any(String) },
      {
        ...{ row: 2, line: 3, email: 'csv-1@example.com', result: 'invalid_request' },
        detail: 'role must be equal to one of the allowed values.',
      },
      { row: 3, line: 4, result: 'invalid_email', detail: 'The row has no address.' },
      { row: 4, line: 5, email: 'nobody', result: 'invalid_email', detail: expect.any(String) },
    ]);
    const { body } = await usher.call(`/v1/invitations/${answer.body.results[0].invitation}`);
    expect(body).toMatchObject({ role: 'admin', teams: ['Design', 'Research'], licenses: ['studio'] });
  });

  test('of `all` must be right, or nobody is invited', async () => {
    const made = async () => {
      const { rows } = await sql<{ count: number }>`select (select count(*) from batches)
        + (select count(*) from invitations where email like 'all-%') as count`.execute(usher.db);
      return rows[0]!.count;
    };
    const before = await made();
    const rows = [...to(addresses('all', 3)), { email: 'nobody' }, { email: 'all-0@example.com' }];
    const refused = await send(rows, 'all', { idempotencyKey: 'all-or-nothing' });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'batch_refused',
      detail: expect.stringMatching(/^2 rows of 5 cannot be invited, so nobody was\./),
      errors: [
        { path: 'body/invitations/3', code: 'invalid_email' },
        { path: 'body/invitations/4', code: 'duplicate' },
      ],
    });
    const csv = await sendCsv('email\nall-0@example.com\nnobody\n', '?mode=all');
    expect(csv.body).toMatchObject({ code: 'batch_refused', errors: [{ path: 'line 3', code: 'invalid_email' }] });
    expect(await made()).toBe(before);
    const again = await send(rows, 'all', { idempotencyKey: 'all-or-nothing' });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const corrected = await send(rows.slice(0, 3), 'all');
    expect(codes(corrected)).toEqual(['invited', 'invited', 'invited']);
  });

  test('can be looked at before, and nothing is done', async () => {
    await usher.invite('seen-invited@example.com');
    const scarce = await product(1);
    const done = async () => {
      const { rows } = await sql<{ done: string }>`select (select count(*) from invitations) || '/' ||
        (select count(*) from batches) || '/' || (select count(*) from limits) || '/' ||
        (select sum(reserved) from license_pools) as done`.execute(usher.db);
      return rows[0]!.done;
    };
    const before = await done();
    const text = `email,role,licenses\nseen-0@example.com,member,${scarce}\nseen-1@example.com,member,${scarce}\nseen-invited@example.com,,\nnobody,,\nseen-0@example.com,,\nseen-2@example.com,boss,\nseen-3@example.com,,\n`;
    const headers = { 'content-type': 'text/csv' };
    const seen = await usher.call(`${route}/preview`, { body: text, headers });
    expect(seen.status).toBe(200);
    expect(codes(seen)).toEqual([
      ...['valid', 'no_seat_left', 'already_invited', 'invalid_email', 'duplicate', 'invalid_request', 'valid'],
    ]);
    expect(seen.body.results[1]).toMatchObject({
      row: 2,
      line: 3,
      email: 'seen-1@example.com',
      result: 'no_seat_left',
    });
    expect(seen.body.counts).toEqual({ rows: 7, valid: 2, refused: 5 });
    const asJson = await usher.call(`${route}/preview`, {
      body: { invitations: to(['seen-0@example.com', 'nobody']) },
    });
    expect(codes(asJson)).toEqual(['valid', 'invalid_email']);
    expect(await done()).toBe(before);
    // And so it is.
    const sent = await sendCsv(text);
    expect(codes(sent).map((code) => (code === 'invited' ? 'valid' : code))).toEqual(codes(seen));
  });

  test('may be refused, and there is a batch that is over', async () => {
    const { status, body } = await send([{ email: 'nobody' }]);
    expect(status).toBe(202);
    expect(body).toMatchObject({ state: 'completed', finishedAt: body.createdAt, counts: { rows: 1, refused: 1 } });
  });
});

describe('an organization', () => {
  const path = '/v1/organizations/acme';
  const change = (body: object, o: CallOptions = {}) => usher.call(path, { method: 'PATCH', body, ...o });

  test('decides for batches too whom it invites, in which language, for how long, and when it reminds', async () => {
    const settings = {
      ...{ blockedDomains: ['press.example'], languages: ['fr', 'de-CH'], expiresIn: 'P10D', reminders: ['P2D'] },
    };
    expect((await change(settings)).status).toBe(200);
    const answer = await send([
      { email: 'settled-0@example.com' },
      { email: 'settled-1@example.com', locale: 'de-CH', expiresIn: 'P5D' },
      { email: 'settled-2@example.com', locale: 'en' },
      { email: 'settled@press.example' },
      { email: 'settled-3@example.com', role: 'billing_manager', teams: ['Design'] },
    ]);
    expect(codes(answer)).toEqual([
      ...['invited', 'invited', 'language_not_allowed', 'domain_not_allowed', 'invalid_request'],
    ]);
    const rows = await usher.db
      .selectFrom('invitations')
      .select(['locale', 'created_at', 'expires_at', 'reminders'])
      .where('batch_id', '=', answer.body.id)
      .orderBy('id')
      .execute();
    const days = (from: Date, until: Date) => (until.getTime() - from.getTime()) / 86_400_000;
    expect(rows.map((r) => [r.locale, days(r.created_at, r.expires_at)])).toEqual([
      ['fr', 10],
      ['de-CH', 5],
    ]);
    // By day, and so some hours more or less.
    expect(rows.map((r) => r.reminders.map((time) => Math.round(days(r.created_at, time))))).toEqual([[2], [2]]);
    await change({ blockedDomains: [], languages: [], expiresIn: 'P7D', reminders: null });
  });

  test('that is suspended sends no batch, and what a batch has not sent waits', async () => {
    const { account, session } = await usher.person('support@usher.example');
    await setStaffRole(usher.db, account.id, 'support', { issuers: [usher.issuer], by: { kind: 'support', id: null } });
    const suspend = async (suspended: boolean) => {
      expect((await change({ suspended, reason: 'Ticket 9' }, { session })).status).toBe(200);
    };
    await usher.worker.stop();
    const emails = addresses('held', 3);
    const { body } = await send(to(emails));
    await suspend(true);
    usher.worker = await usher.startWorker();
    expect((await send(to(['refused@example.com']))).body.code).toBe('organization_suspended');
    expect(await finished(body.id)).toMatchObject({ counts: { started: 3, mailed: 0, undeliverable: 0 } });
    for (const email of emails) expect(await usher.messages(email)).toEqual([]);
    await suspend(false);
    for (const email of emails) await usher.linkTo(email);
    expect((await get(body.id)).counts).toMatchObject({ mailed: 3, pending: 3 });
  });
});

describe('a request', () => {
  test('repeated with its key makes one batch, also if the answer was lost before it was kept', async () => {
    const rows = [...to(addresses('repeated', 3)), { email: 'nobody' }];
    const [first, twin] = await Promise.all([
      send(rows, 'valid', { idempotencyKey: 'batch' }),
      send(rows, 'valid', { idempotencyKey: 'batch' }),
    ]);
    expect(first.status).toBe(202);
    expect(twin.body).toEqual(first.body);
    await usher.db.updateTable('requests').set({ status: null, body: null }).execute();
    const lost = await send(rows, 'valid', { idempotencyKey: 'batch' });
    expect(lost.body).toMatchObject({ id: first.body.id, results: first.body.results });
    expect((await send(rows.slice(1), 'valid', { idempotencyKey: 'batch' })).body.code).toBe('idempotency_key_reused');
  });

  test.each([
    ['no rows', () => send([]), 400, 'invalid_request'],
    ['too many rows', () => send(to(addresses('many', 10_001))), 400, 'invalid_request'],
    ['no mode', () => usher.call(route, { body: { invitations: to(['a@b.example']) } }), 400, 'invalid_request'],
    ['a mode there is not', () => send(to(['a@b.example']), 'some'), 400, 'invalid_request'],
    ['an unknown field', () => send(to(['a@b.example'], { name: 'Ada' })), 400, 'invalid_request'],
    [
      'mode in the query of JSON',
      () => usher.call(`${route}?mode=all`, { body: { mode: 'all', invitations: to(['a@b.example']) } }),
      400,
      'invalid_request',
    ],
    ['CSV without a mode', () => sendCsv('email\na@b.example\n', ''), 400, 'invalid_request'],
    ['nothing', () => usher.call(route, { method: 'POST' }), 400, 'invalid_request'],
    ['nothing to be looked at', () => usher.call(`${route}/preview`, { method: 'POST' }), 400, 'invalid_request'],
    ['CSV that is none', () => sendCsv('email\n"a@b.example\n'), 400, 'invalid_csv'],
    [
      'CSV in another encoding',
      () =>
        usher.call(`${route}?mode=all`, {
          method: 'POST',
          headers: { 'content-type': 'text/csv; charset=ebcdic' },
          body: 'x',
        }),
      415,
      'unsupported_media_type',
    ],
    [
      'CSV where single invitations go',
      () =>
        usher.call('/v1/organizations/acme/invitations', {
          method: 'POST',
          headers: { 'content-type': 'text/csv' },
          body: 'x',
        }),
      415,
      'unsupported_media_type',
    ],
    ['too much', () => sendCsv(`email\n${'x'.repeat(8 * 1024 * 1024)}`), 413, 'too_large'],
    [
      'a key that may only read',
      async () => send(to(['a@b.example']), 'all', { key: await usher.apiKey({ scopes: ['read'] }) }),
      403,
      'scope_missing',
    ],
    ['no key', () => send(to(['a@b.example']), 'all', { key: null }), 401, 'not_authenticated'],
  ])('with %s is refused', async (_, ask, status, code) => {
    const answer = await ask();
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('in Latin-1 that says so is read', async () => {
    const response = await fetch(`${usher.url}${route}?mode=all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${usher.key}`, 'content-type': 'text/csv; charset=iso-8859-1' },
      body: Buffer.from('email,message\nlatin@example.com,Grüße\n', 'latin1'),
    });
    expect(response.status).toBe(202);
    const { message } = await usher.db
      .selectFrom('invitations')
      .select('message')
      .where('email', '=', 'latin@example.com')
      .executeTakeFirstOrThrow();
    expect(message).toBe('Grüße');
  });
});

describe('a batch', () => {
  test('is mailed by few requests, and comes to rest with every workflow started', async () => {
    const emails = addresses('mailed', 30);
    const { body } = await send(to(emails, { licenses: [await product(30)] }));
    expect(body.state).toBe('running');
    const done = await finished(body.id);
    expect(done).toMatchObject({ state: 'completed', counts: { invited: 30, mailed: 30, started: 30, pending: 30 } });
    for (const email of [emails[0]!, emails[29]!]) expect(await usher.messages(email)).toHaveLength(1);
    for (const { invitation } of body.results) {
      // Its run finds the email sent, and waits.
      const run = usher.temporal.client.workflow.getHandle(`invitation/${invitation}`);
      const { at } = await run.query<{ at: string }>('state');
      expect(at).toBe('pending.waiting');
    }
    const events = (await usher.call(`/v1/invitations/${body.results[0].invitation}/events`)).body.items;
    expect(events.map((e: { type: string }) => e.type)).toEqual(['created', 'invitation_sent']);
    expect(events[0].request).toMatch(/\/1$/);
  });

  test('may be joined at once, before its workflow has come so far', async () => {
    await usher.worker.stop();
    const { account, session } = await usher.person('eager@example.com');
    const { body } = await send(to([account.email, 'late@example.com']));
    const accepting = usher.call(`/v1/invitations/${body.results[0].invitation}/accept`, { body: {}, session });
    usher.worker = await usher.startWorker();
    expect((await accepting).status).toBe(200);
    const done = await finished(body.id);
    expect(done).toMatchObject({ state: 'completed', counts: { accepted: 1, pending: 1, started: 2 } });
  });

  test('goes on where it was, when its workflow is terminated and the reconciler comes by', async () => {
    await usher.worker.stop();
    const { body } = await send(to(addresses('terminated', 3)));
    const run = usher.temporal.client.workflow.getHandle(batchStart(body.id).workflowId);
    await usher.until('the workflow to exist', () => run.describe().catch(() => undefined));
    await run.terminate();
    await usher.db
      .updateTable('batches')
      .set({ created_at: sql`created_at - interval '2 minutes'` })
      .where('id', '=', body.id)
      .execute();
    usher.worker = await usher.startWorker();
    await usher.temporal.client.workflow.start(workflowTypes.reconcile, {
      ...{ taskQueue: 'usher', workflowId: 'reconcile by hand', args: [] },
    });
    expect(await finished(body.id)).toMatchObject({ state: 'completed', counts: { mailed: 3, started: 3 } });
  });

  test('is listed with the others of its organization', async () => {
    const { body } = await send(to(['listed@example.com']));
    const first = (await usher.call(`${route}?limit=1`)).body;
    expect(first.items).toMatchObject([{ id: body.id, counts: { invited: 1 } }]);
    const second = (await usher.call(`${route}?limit=1&cursor=${first.cursor}`)).body;
    expect(second.items[0].id < body.id).toBe(true);
    expect((await usher.call(`${route}?cursor=inv_01k9xqj2v3e8gt0d5w6m7n8p9q`)).status).toBe(400);
  });

  test('is not known to others', async () => {
    const { body } = await send(to(['secret@example.com']));
    const organization = await ensureOrganization(usher.db, { slug: 'others', name: 'Others' });
    const key = await usher.apiKey({ organization });
    const { session } = await usher.person('stranger@example.com');
    for (const o of [{ key }, { session }] as CallOptions[]) {
      const unknown = await usher.call('/v1/invitation-batches/bat_01k9xqj2v3e8gt0d5w6m7n8p9q', o);
      const hidden = await usher.call(`/v1/invitation-batches/${body.id}`, o);
      expect(hidden.status).toBe(404);
      expect({ ...hidden.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
      expect((await usher.call(`/v1/invitation-batches/${body.id}/cancel`, { body: {}, ...o })).status).toBe(404);
      expect((await send(to(['x@example.com']), 'all', o)).status).toBe(404);
    }
  });
});

describe('cancelling', () => {
  test('revokes what is open, once for a key, and leaves who has joined', async () => {
    const { account, session } = await usher.person('stays@example.com');
    const scarce = await product(3);
    const { body } = await send(to([account.email, ...addresses('cancelled', 2)], { licenses: [scarce] }));
    await finished(body.id);
    const [joined, open] = body.results;
    expect((await usher.call(`/v1/invitations/${joined.invitation}/accept`, { body: {}, session })).status).toBe(200);
    const cancel = () =>
      usher.call(`/v1/invitation-batches/${body.id}/cancel`, { body: {}, idempotencyKey: 'cancel-it' });
    const answer = await cancel();
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ state: 'cancelled' });
    const done = await finished(body.id);
    expect(done).toMatchObject({ state: 'cancelled', counts: { accepted: 1, revoked: 2, pending: 0 } });
    expect((await cancel()).headers.get('idempotency-replayed')).toBe('true');
    const pool = await usher.db
      .selectFrom('license_pools')
      .select(['reserved', 'assigned'])
      .where('product', '=', scarce)
      .executeTakeFirst();
    expect(pool).toEqual({ reserved: 0, assigned: 1 });
    const events = (await usher.call(`/v1/invitations/${open.invitation}/events`)).body.items;
    expect(events.at(-1)).toMatchObject({ type: 'revoked', actor: { kind: 'api_key' } });
    const log = (await usher.call('/v1/organizations/acme/events?type=batch_cancelled')).body.items;
    expect(log).toMatchObject([{ target: { kind: 'batch', id: body.id }, actor: { kind: 'api_key' } }]);
  });

  test('stops one under way; also by hand in the Temporal UI', async () => {
    for (const byHand of [false, true]) {
      await usher.worker.stop();
      const { body } = await send(to(addresses(`stopped-${byHand}`, 3)));
      const run = usher.temporal.client.workflow.getHandle(batchStart(body.id).workflowId);
      await usher.until('the workflow to exist', () => run.describe().catch(() => undefined));
      if (byHand) await run.cancel();
      else await usher.call(`/v1/invitation-batches/${body.id}/cancel`, { body: {} });
      usher.worker = await usher.startWorker();
      const done = await usher.until('the batch to be cancelled', async () => {
        const batch = await get(body.id);
        return batch.state === 'cancelled' && batch.finishedAt !== null && batch;
      });
      expect(done.counts).toMatchObject({ revoked: 3, pending: 0 });
      if (!byHand) expect(done.counts.mailed).toBe(0);
    }
  });
});

describe('progress', () => {
  const follow = (id: string, headers: Record<string, string> = {}) =>
    fetch(`${usher.url}/v1/invitation-batches/${id}`, {
      headers: { authorization: `Bearer ${usher.key}`, accept: 'text/event-stream', ...headers },
    });
  const eventsOf = (text: string) =>
    text
      .split('\n\n')
      .filter((block) => block.includes('data:'))
      .map((block) => ({
        id: /^id: (.*)$/m.exec(block)?.[1],
        // biome-ignore lint/suspicious/noExplicitAny: an answer
        data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as any,
      }));

  test('comes as events until all is done, and whoever has heard the last is told to stay away', async () => {
    const { body } = await send(to(addresses('followed', 20)));
    const response = await follow(body.id);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    // It ends by itself.
    const events = eventsOf(await response.text());
    const last = events.at(-1)!;
    expect(last.data).toMatchObject({ id: body.id, state: 'completed', counts: { mailed: 20, started: 20 } });
    // A connection that was lost before, and one that heard all.
    const back = await follow(body.id, { 'last-event-id': events[0]!.id === last.id ? 'running' : events[0]!.id! });
    expect(eventsOf(await back.text())).toMatchObject([{ id: last.id, data: last.data }]);
    expect((await follow(body.id, { 'last-event-id': last.id! })).status).toBe(204);
  });

  test('has so many connections for a caller, and no more; all end with the API', async () => {
    await usher.worker.stop();
    const { body } = await send(to(['followed-by-many@example.com']));
    const all = await Promise.all(Array.from({ length: 20 }, () => follow(body.id)));
    expect(all.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const oneMore = await follow(body.id);
    expect(oneMore.status).toBe(429);
    expect(((await oneMore.json()) as { code: string }).code).toBe('rate_limited');
    // What was left by those who listened is free again.
    await all[0]!.body!.cancel();
    await usher.until('the place to be free', async () => {
      const again = await follow(body.id);
      await again.body!.cancel();
      return again.status === 200;
    });
    usher.worker = await usher.startWorker();
    await finished(body.id);
    for (const { body: stream } of all.slice(1)) await stream!.cancel();
  });
});

describe('at the same time', () => {
  test('batches with the same addresses, in whatever order, invite each once', async () => {
    const emails = addresses('overlapping', 60);
    const scarce = await product(40);
    const answers = await Promise.all([
      send(to(emails, { licenses: [scarce] })),
      send(to(emails.toReversed(), { licenses: [scarce] })),
      ...emails
        .slice(0, 10)
        .map((email) => usher.call('/v1/organizations/acme/invitations', { body: { email, licenses: [scarce] } })),
    ]);
    expect(answers.map(({ status }) => status)).not.toContain(500);
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from invitations where email like 'overlapping-%' and state = 'pending'
    `.execute(usher.db);
    // Seats for 40, and whoever was refused for another's sake kept none.
    expect(rows[0]!.count).toBeLessThanOrEqual(40);
    const pool = await usher.db
      .selectFrom('license_pools')
      .select('reserved')
      .where('product', '=', scarce)
      .executeTakeFirstOrThrow();
    expect(pool.reserved).toBe(rows[0]!.count);
    for (const { status, body } of answers) if (status === 202) await finished(body.id as BatchId);
  });

  test('of `all`, one of two that would both fit alone is refused as a whole', async () => {
    const scarce = await product(5);
    const answers = await Promise.all([
      send(to(addresses('both-a', 4), { licenses: [scarce] }), 'all'),
      send(to(addresses('both-b', 4), { licenses: [scarce] }), 'all'),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 422]);
    const refused = answers.find(({ status }) => status === 422)!;
    expect(refused.body.errors.map((e: { code: string }) => e.code)).toContain('no_seat_left');
  });
});

describe('the same act on many', () => {
  const on = (act: string, body: object, o: CallOptions = {}) => usher.call(`${route}/${act}`, { body, ...o });
  const invited = async (name: string, count: number, more: Row = {}): Promise<string[]> => {
    const { body } = await send(to(addresses(name, count), more));
    await finished(body.id);
    return body.results.map(({ invitation }: { invitation: string }) => invitation);
  };
  const resultsOf = async (id: string, query = '') =>
    (await usher.call(`/v1/invitation-batches/${id}/results${query}`)).body.items.map(
      ({ result }: { result: string }) => result,
    );

  test('sends again those that can be, each once; the others have a result that says why', async () => {
    const ids = await invited('again', 4);
    const { session } = await usher.person('again-0@example.com');
    await usher.call(`/v1/invitations/${ids[0]}/accept`, { body: {}, session });
    await usher.call(`/v1/invitations/${ids[1]}/revoke`, { body: {} });
    const others = await ensureOrganization(usher.db, { slug: 'others-again', name: 'Others' });
    const key = await usher.apiKey({ organization: others });
    const theirs = await usher.call('/v1/organizations/others-again/invitations', {
      body: { email: 'again-elsewhere@example.com' },
      key,
    });
    const wanted = { invitations: [...ids, theirs.body.id], expiresIn: 'P3D', reason: 'Nobody has answered' };
    const [answer, twin] = await Promise.all([
      on('resend', wanted, { idempotencyKey: 'again' }),
      on('resend', wanted, { idempotencyKey: 'again' }),
    ]);
    expect([answer.status, twin.body.id]).toEqual([202, answer.body.id]);
    expect(answer.body).toMatchObject({ kind: 'resend', state: 'running', counts: { rows: 5, done: 2, refused: 2 } });
    const done = await finished(answer.body.id);
    expect(done).toMatchObject({ state: 'completed', counts: { rows: 5, done: 5, refused: 2, invited: 0 } });
    expect(await resultsOf(done.id)).toEqual(['invitation_accepted', 'done', 'done', 'done', 'invitation_not_found']);
    const refused = (await usher.call(`/v1/invitation-batches/${done.id}/results?refused=true&limit=1`)).body;
    expect(refused.items).toEqual([
      {
        ...{ row: 1, email: 'again-0@example.com', invitation: ids[0], result: 'invitation_accepted' },
        detail: expect.stringMatching(/accepted/),
      },
    ]);
    const rest = (await usher.call(`/v1/invitation-batches/${done.id}/results?refused=true&cursor=${refused.cursor}`))
      .body;
    // Not even its address is told of another organization's.
    expect(rest).toMatchObject({ items: [{ row: 5, result: 'invitation_not_found' }], cursor: null });
    expect(rest.items[0].email).toBeUndefined();
    for (const n of [1, 2, 3])
      await usher.until('the second email', async () => (await usher.messages(`again-${n}@example.com`)).length === 2);
    expect(await usher.messages('again-0@example.com')).toHaveLength(1);
    const events = (await usher.call(`/v1/invitations/${ids[2]}/events`)).body.items;
    expect(events.findLast((e: { type: string }) => e.type === 'resent')).toMatchObject({
      ...{ actor: { kind: 'api_key' }, reason: 'Nobody has answered' },
    });
    const log = (await usher.call('/v1/organizations/acme/events?type=many_resent')).body.items;
    expect(log).toMatchObject([{ target: { kind: 'batch', id: done.id }, reason: 'Nobody has answered' }]);
  });

  test('changes all that match a filter, as far as there are seats; nobody changes what is above their role', async () => {
    const scarce = await product(2);
    const ids = await invited('matched', 3);
    await usher.call(`/v1/invitations/${ids[1]}`, { method: 'PATCH', body: { role: 'owner' } });
    const filter = { search: 'matched-', state: 'pending' };
    const key = await usher.apiKey({ role: 'admin' });
    const answer = await on('amend', { filter, role: 'admin', licenses: [scarce], teams: ['Press'] }, { key });
    expect(answer.body).toMatchObject({ kind: 'amend', counts: { rows: 3, refused: 1 } });
    await finished(answer.body.id);
    // The newest first, as the list has them.
    expect(await resultsOf(answer.body.id)).toEqual(['done', 'role_too_high', 'done']);
    expect((await usher.call(`/v1/invitations/${ids[2]}`)).body).toMatchObject({
      ...{ role: 'admin', teams: ['Press'], licenses: [scarce], generation: 1 },
    });
    const [late] = await invited('matched-late', 1);
    const again = await on('amend', { invitations: [late], licenses: [scarce] });
    await finished(again.body.id);
    expect(await resultsOf(again.body.id, '?refused=true')).toEqual(['no_seat_left']);
  });

  test('is asked for with what it needs, or refused', async () => {
    const [id] = await invited('asked', 1);
    const none = 'inv_01k9xqj2v3e8gt0d5w6m7n8p9q';
    for (const [act, body, says] of [
      ['revoke', {}, /Say which/],
      ['revoke', { invitations: [id], filter: { state: 'pending' } }, /not both/],
      ['revoke', { filter: {} }, /not valid/],
      ['revoke', { filter: { search: 'nobody-has-this' } }, /No invitation matches/],
      ['amend', { invitations: [id] }, /Say what to change/],
      ['resend', { invitations: [id], expiresIn: 'P91D' }, /expiresIn/],
    ] as const) {
      const refused = await on(act, body);
      expect({ status: refused.status, body: JSON.stringify(refused.body) }).toEqual({
        ...{ status: 400, body: expect.stringMatching(says) },
      });
    }
    const allRefused = await on('revoke', { invitations: [none] });
    expect(allRefused.body).toMatchObject({ state: 'completed', counts: { rows: 1, done: 1, refused: 1 } });
  });

  test('goes on where it was, and stops when it is cancelled: what was not done stays as it was', async () => {
    const ids = await invited('halted', 3, { licenses: [await product(3)] });
    await usher.worker.stop();
    const terminated = await on('revoke', { invitations: ids.slice(0, 1) });
    const cancelled = await on('revoke', { invitations: ids.slice(1) });
    const run = usher.temporal.client.workflow.getHandle(batchStart(terminated.body.id).workflowId);
    await usher.until('the workflow to exist', () => run.describe().catch(() => undefined));
    await run.terminate();
    await usher.db
      .updateTable('batches')
      .set({ created_at: sql`created_at - interval '2 minutes'` })
      .where('id', '=', terminated.body.id)
      .execute();
    const { id } = cancelled.body;
    expect((await usher.call(`/v1/invitation-batches/${id}/cancel`, { body: {} })).body.state).toBe('cancelled');
    usher.worker = await usher.startWorker();
    await usher.temporal.client.workflow.start(workflowTypes.reconcile, {
      ...{ taskQueue: 'usher', workflowId: 'reconcile acts by hand', args: [] },
    });
    await finished(terminated.body.id);
    await finished(id);
    expect(await resultsOf(terminated.body.id)).toEqual(['done']);
    expect(await resultsOf(id)).toEqual(['cancelled', 'cancelled']);
    const states = ids.map(async (one) => (await usher.call(`/v1/invitations/${one}`)).body.state);
    expect(await Promise.all(states)).toEqual(['revoked', 'pending', 'pending']);
    // After a month it is forgotten what became of each, and still known of how many.
    expect(await forgetActResults(usher.db, -1)).toBeGreaterThanOrEqual(3);
    expect(await resultsOf(id)).toEqual([]);
    expect(await get(id)).toMatchObject({ counts: { rows: 2, done: 2, refused: 2 } });
    // There is nothing left to cancel.
    const late = await usher.call(`/v1/invitation-batches/${terminated.body.id}/cancel`, { body: {} });
    expect(late.body.state).toBe('completed');
  });
});

test('10,000 rows, the most there can be, are answered with their results', async () => {
  const plenty = await product(10_000);
  await usher.worker.stop();
  const answer = await send(to(addresses('plenty', 10_000), { licenses: [plenty] }));
  expect(answer.status).toBe(202);
  expect(answer.body.counts).toMatchObject({ invited: 10_000, pending: 10_000 });
  expect(new Set(answer.body.results.map((r: { invitation: string }) => r.invitation)).size).toBe(10_000);
  // Nobody waits for so many to be started; the benchmark does.
  await usher.temporal.client.workflow.getHandle(batchStart(answer.body.id).workflowId).terminate();
  await sql`delete from requests`.execute(usher.db);
});
