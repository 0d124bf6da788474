import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import type { LicensePoolId } from '../../db/ids.ts';
import { ensureLicensePool } from '../../db/licenses.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type Answer, startUsher, type Usher } from '../setup/usher.ts';

let usher: Usher;
let viewer: LicensePoolId;
beforeAll(async () => {
  usher = await startUsher({ seats: 10 });
  // What is raced for has a seat too, so that the counters are in it.
  const { id } = await ensureLicensePool(usher.db, {
    organization: usher.organization.id,
    product: 'viewer',
    name: 'Viewer',
    kind: 'named',
    quantity: 1000,
  });
  viewer = id;
});
afterAll(() => usher?.close());
afterEach(async () => expect(await findBreaches(usher.db)).toEqual([]));

const personOf = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Somebody' },
});
const post = (id: string, verb: string, body: unknown = {}, idempotencyKey?: string) =>
  usher.call(`/v1/invitations/${id}/${verb}`, { body, ...(idempotencyKey ? { idempotencyKey } : {}) });
const membersOf = (id: string) =>
  usher.db
    .selectFrom('members')
    .selectAll()
    .where('invitation_id', '=', id as never)
    .execute();
const codes = (answers: Answer[]) => answers.map((a) => (a.status === 200 ? 'ok' : a.body.code));

const invite = (email: string) => usher.invite(email, { licenses: ['viewer'] });

/** The answer, asked for again with the same key while it is unknown: as clients are told to. */
const settled = (ask: () => Promise<Answer>): Promise<Answer> =>
  usher.until('an answer', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });

test.each(['one key', 'different keys', 'no key'])(
  '32 accepts at once by one account with %s all answer the same',
  async (kind) => {
    const email = `${kind.replace(' ', '-')}@example.com`;
    const { id } = await invite(email);
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, i) => {
        const key = kind === 'one key' ? 'k' : kind === 'different keys' ? `k${i}` : undefined;
        return settled(() => post(id, 'accept', personOf(email), key && `${key}-${id}`));
      }),
    );
    expect(new Set(codes(answers))).toEqual(new Set(['ok']));
    expect(new Set(answers.map((a) => a.body.decidedAt)).size).toBe(1);
    expect(await membersOf(id)).toHaveLength(1);
  },
);

test('of 32 accounts that accept at once only the invited one gets in', async () => {
  const { id } = await invite('invited@example.com');
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, i) =>
      settled(() => post(id, 'accept', personOf(i === 17 ? 'invited@example.com' : `not-${i}@example.com`))),
    ),
  );
  expect(answers.map((a) => a.status).filter((s) => s === 200)).toHaveLength(1);
  for (const [i, answer] of answers.entries()) {
    if (i !== 17) expect(['wrong_account', 'invitation_accepted']).toContain(answer.body.code);
  }
  expect(await membersOf(id)).toHaveLength(1);
});

test.each(['revoke', 'decline'] as const)('accept against %s: one wins, the other is told so', async (verb) => {
  for (let round = 0; round < 5; round++) {
    const email = `${verb}-${round}@example.com`;
    const { id } = await invite(email);
    const [accept, other] = await Promise.all([
      settled(() => post(id, 'accept', personOf(email), randomUUIDOnce(`a${id}`))),
      settled(() => post(id, verb, verb === 'revoke' ? {} : personOf(email), randomUUIDOnce(`b${id}`))),
    ]);
    const outcomes = [accept!.status, other!.status].sort();
    expect(outcomes).toEqual([200, 409]);
    expect(await membersOf(id)).toHaveLength(accept!.status === 200 ? 1 : 0);
  }
});

test('accept against a changed address: whoever is in was invited at that moment', async () => {
  for (let round = 0; round < 5; round++) {
    const email = `before-${round}@example.com`;
    const { id } = await invite(email);
    const [accept, amend] = await Promise.all([
      settled(() => post(id, 'accept', personOf(email), randomUUIDOnce(`a${id}`))),
      settled(() =>
        usher.call(`/v1/invitations/${id}`, {
          method: 'PATCH',
          body: { email: `after-${round}@example.com` },
          idempotencyKey: randomUUIDOnce(`b${id}`),
        }),
      ),
    ]);
    if (accept!.status === 200) expect(amend!.body.code).toBe('invitation_accepted');
    else {
      expect(['email_changed', 'wrong_account']).toContain(accept!.body.code);
      expect(amend!.status).toBe(200);
    }
    expect(await membersOf(id)).toHaveLength(accept!.status === 200 ? 1 : 0);
  }
});

test('accept against expiry: in time is in, late is told so', async () => {
  const outcomes = [];
  // From over already, by what may go either way, to an hour.
  for (const expiresIn of [0, 20, 40, 60, 80, 100, 3_600_000]) {
    const email = `expiring-${expiresIn}@example.com`;
    const { id } = await insertPending(usher.db, {
      organization: usher.organization,
      standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
      expiresIn,
      requestKey: `expiring ${expiresIn}`,
      email,
      mailbox: mailboxOf(email)!,
      role: 'member',
      poolIds: [viewer],
    });
    const answer = await settled(() => post(id, 'accept', personOf(email), `expiring-${expiresIn}`));
    const outcome = answer.status === 200 ? 'accepted' : answer.body.code;
    outcomes.push(outcome);
    expect(['accepted', 'invitation_expired']).toContain(outcome);
    expect(await membersOf(id)).toHaveLength(outcome === 'accepted' ? 1 : 0);
    // What the answer said stays so.
    const again = await usher.call(`/v1/invitations/${id}`);
    if (outcome === 'accepted') expect(again.body.state).toBe('accepted');
    else expect(['pending', 'expired']).toContain(again.body.state);
  }
  expect([outcomes[0], outcomes.at(-1)]).toEqual(['invitation_expired', 'accepted']);
});

test('50 invitations for the last 10 seats: 10 get one', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      usher.call('/v1/organizations/acme/invitations', {
        body: { email: `seat-${i}@example.com`, licenses: ['studio'] },
      }),
    ),
  );
  const tally = answers.map((a) => (a.status === 201 ? 'invited' : a.body.code));
  expect(tally.filter((t) => t === 'invited')).toHaveLength(10);
  expect(tally.filter((t) => t === 'no_seat_left')).toHaveLength(40);
  const pool = await usher.db
    .selectFrom('license_pools')
    .selectAll()
    .where('product', '=', 'studio')
    .executeTakeFirstOrThrow();
  expect(pool).toMatchObject({ quantity: 10, reserved: 10, assigned: 0 });
});

test('revoked invitations that are resent at once take the seats that are left, and no more', async () => {
  const { items } = (await usher.call('/v1/organizations/acme/invitations?license=studio&state=pending')).body;
  expect(items).toHaveLength(10);
  const revoked: { id: string }[] = items.slice(0, 6);
  await Promise.all(revoked.map(({ id }) => settled(() => post(id, 'revoke', {}, `revoke-${id}`))));
  // Two of the six seats go to others.
  await Promise.all([1, 2].map((i) => usher.invite(`taker-${i}@example.com`, { licenses: ['studio'] })));
  const answers = await Promise.all(revoked.map(({ id }) => settled(() => post(id, 'resend', {}, `revive-${id}`))));
  expect(codes(answers).sort()).toEqual(['no_seat_left', 'no_seat_left', 'ok', 'ok', 'ok', 'ok']);
  const pool = usher.db.selectFrom('license_pools').selectAll().where('product', '=', 'studio');
  expect(await pool.executeTakeFirstOrThrow()).toMatchObject({ reserved: 10, assigned: 0 });
});

test('one address invited 20 times at once has one invitation', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      usher.call('/v1/organizations/acme/invitations', {
        body: { email: i % 2 ? 'Same@Example.com' : 'same@example.com' },
      }),
    ),
  );
  expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
  expect(new Set(answers.filter((a) => a.status !== 201).map((a) => a.body.code))).toEqual(
    new Set(['already_invited']),
  );
});

/** One key for one name, so that a repeat uses the first one's. */
const keys = new Map<string, string>();
function randomUUIDOnce(name: string): string {
  const key = keys.get(name) ?? randomUUID();
  keys.set(name, key);
  return key;
}
