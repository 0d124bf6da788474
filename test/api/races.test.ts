import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { insertPending } from '../../api/invitations.ts';
import { mailboxOf } from '../../identity/mailbox.ts';
import { findBreaches } from '../setup/consistency.ts';
import { type Answer, startUsher, type Usher } from '../setup/usher.ts';

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher({ seats: 10 });
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

/** The answer, asked for again with the same key while it is unknown: as clients are told to. */
const settled = async (ask: () => Promise<Answer>): Promise<Answer> => {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503 || Date.now() > deadline) return answer;
  }
};

test.each(['one key', 'different keys', 'no key'])(
  '32 accepts at once by one account with %s all answer the same',
  async (kind) => {
    const email = `${kind.replace(' ', '-')}@example.com`;
    const { id } = await usher.invite(email);
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
  const { id } = await usher.invite('invited@example.com');
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
    const { id } = await usher.invite(email);
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
    const { id } = await usher.invite(email);
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
  for (let round = 0; round < 6; round++) {
    const email = `expiring-${round}@example.com`;
    const id = await insertPending(usher.db, {
      organization: usher.organization,
      standing: { role: 'owner', account: usher.owner.id, by: { kind: 'system', id: null } },
      expiresIn: 60,
      requestKey: `expiring ${round}`,
      email,
      mailbox: mailboxOf(email)!,
      role: 'member',
    });
    await new Promise((resolve) => setTimeout(resolve, round * 20));
    const answer = await settled(() => post(id, 'accept', personOf(email), `expiring-${round}`));
    const members = await membersOf(id);
    if (answer.status === 200) expect(members).toHaveLength(1);
    else {
      expect(answer.body.code).toBe('invitation_expired');
      expect(members).toHaveLength(0);
    }
  }
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
  const pool = await usher.db.selectFrom('license_pools').selectAll().executeTakeFirstOrThrow();
  expect(pool).toMatchObject({ quantity: 10, reserved: 10, assigned: 0 });
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
