import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { type Answered, acts, amended, type Standing } from './acts.ts';
import { type Aftermath, checks } from './checks.ts';
import { isExplained } from './explain.ts';
import { type FaultName, faults } from './faults.ts';
import type { PersonName } from './people.ts';
import { type AnsweredSeatAct, isReached, type Rooms, type SeatAct } from './seats.ts';

/** A short form of `npm run chaos`; and the rules without which it fails, each taken out of a copy of Usher. */

const root = path.join(import.meta.dirname, '../..');
const closing = new AsyncDisposableStack();
afterAll(() => closing.disposeAsync());

async function chaos(...args: string[]) {
  const child = spawn(process.execPath, ['test/chaos/main.ts', ...args], { cwd: root });
  const [[code], output] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  const lines = output.trim().split('\n');
  return { code, output, last: lines.at(-1), breaches: lines.filter((line) => line.startsWith('breach: ')) };
}

/** A copy of Usher in which a piece of source is another. */
async function copyWith(file: string, piece: string, other: string): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'usher-broken-'));
  closing.defer(() => rm(copy, { recursive: true, force: true }));
  for (const name of await readdir(root)) {
    if (name === 'node_modules') await symlink(path.join(root, name), path.join(copy, name));
    else if (!/^(\.git|\.cache|\.usher|bench|test.*)$/.test(name))
      await cp(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  const source = await readFile(path.join(copy, file), 'utf8');
  expect(source.split(piece)).toHaveLength(2);
  await writeFile(path.join(copy, file), source.replace(piece, other));
  return copy;
}

test.concurrent('whatever dies, stalls or lies: nothing is lost, nobody is in twice or wrongly', async () => {
  // The programs are killed all together, and at points.
  const short = (Object.keys(faults) as FaultName[]).filter(
    (name) => !/^the (worker|API|mail provider) is killed$/.test(name),
  );
  const { code, output, last } = await chaos(
    '--invitations',
    '50',
    '--minutes',
    '0.5',
    '--seed',
    '1',
    '--faults',
    ...short,
  );
  expect(code, output).toBe(0);
  expect(last).toMatch(/^chaos: \d+ invitations · \d+ calls, .* · 0 breaches$/);
}, 900_000);

describe.concurrent('fails', () => {
  const focused = (product: string, person: PersonName, fault: FaultName) =>
    chaos(
      ...['--product', product, '--people', person, '--faults', fault],
      ...['--invitations', '6', '--minutes', '0.15', '--seed', '1'],
    );

  test('when a transition is committed without compare-and-set', async () => {
    const product = await copyWith('db/invitations.ts', ".where('sequence', '=', sequence - 1)", '');
    const { code, output, breaches } = await focused(
      product,
      'gets it again in haste',
      'worker, engine and callers die after the commit of a transition',
    );
    expect(code, output).toBe(1);
    // The database forbids two transitions of one number, so that what is left is never to be answered.
    expect(breaches).toContainEqual(expect.stringMatching(/^breach: something never came to rest: no answer: accept-/));
  }, 900_000);

  test('when an email that may have been sent is not looked for before it is sent again', async () => {
    const product = await copyWith('activities/delivery.ts', 'if (delivery.attempted_at) {', 'if (false) {');
    const { code, output, breaches } = await focused(product, 'ignores it', 'the provider cuts off, though it sends');
    expect(code, output).toBe(1);
    expect(breaches).toContainEqual(
      expect.stringMatching(/^breach: a delivery was not mailed once: .* mailed 2 times$/),
    );
  }, 900_000);
});

describe('what people did explains where an invitation is', () => {
  const email = 'pat@example.com';
  const created: Standing = {
    state: 'pending',
    email,
    emailVersion: 1,
    generation: 1,
    expiresAt: 100,
    decidedBy: null,
    transitions: ['created'],
  };
  const call = (act: Answered['act'], from: number, to: number, answer = 'done', who: string = email): Answered => ({
    ...{ act, from, to, answer, who },
  });
  const decided = (state: 'accepted' | 'declined', more: Partial<Standing> = {}): Standing => ({
    ...created,
    ...{ state, decidedBy: email, transitions: ['created', state], ...more },
  });
  const ended = (state: 'revoked' | 'expired'): Standing => ({
    ...created,
    ...{ state, generation: state === 'revoked' ? 2 : 1, transitions: ['created', state] },
  });

  const cases: Record<string, { calls: Answered[]; found: Standing; isRight: boolean }> = {
    'nobody came': { calls: [], found: created, isRight: true },
    'nobody came, yet somebody is in': { calls: [], found: decided('accepted'), isRight: false },
    'they joined': { calls: [call('accept', 1, 2)], found: decided('accepted'), isRight: true },
    'they joined, and are not in': { calls: [call('accept', 1, 2)], found: created, isRight: false },
    'they were told no, and are in': {
      calls: [call('accept', 98, 102, 'invitation_expired')],
      found: decided('accepted'),
      isRight: false,
    },
    'they came too late, and are in': { calls: [call('accept', 101, 102)], found: decided('accepted'), isRight: false },
    'it expired while they came': {
      calls: [call('accept', 98, 102, 'invitation_expired')],
      found: ended('expired'),
      isRight: true,
    },
    'it expired too early': {
      calls: [call('accept', 90, 92, 'invitation_expired')],
      found: ended('expired'),
      isRight: false,
    },
    'they joined and declined at once, and the one was refused': {
      calls: [call('accept', 1, 5), call('decline', 2, 4, 'invitation_accepted')],
      found: decided('accepted'),
      isRight: true,
    },
    'they joined and declined at once, and both were taken': {
      calls: [call('accept', 1, 5), call('decline', 2, 4)],
      found: decided('accepted'),
      isRight: false,
    },
    'they declined, and joined afterwards': {
      calls: [call('decline', 1, 2), call('accept', 3, 4)],
      found: decided('accepted', { transitions: ['created', 'declined', 'accepted'] }),
      isRight: false,
    },
    'a revoke was refused because they had joined, which they did afterwards': {
      calls: [call('revoke', 1, 2, 'invitation_accepted'), call('accept', 3, 4)],
      found: decided('accepted'),
      isRight: false,
    },
    'somebody else joined': {
      calls: [call('accept', 1, 2, 'done', 'other@example.com')],
      found: decided('accepted', { decidedBy: 'other@example.com' }),
      isRight: false,
    },
    'who was replaced joined': {
      calls: [call('amend', 1, 2), call('accept', 3, 4)],
      found: decided('accepted', {
        email: amended(email),
        generation: 2,
        transitions: ['created', 'amended', 'accepted'],
      }),
      isRight: false,
    },
  };
  test.each(Object.entries(cases))('%s', (_, { calls, found, isRight }) => {
    expect(isExplained(created, calls, found)).toBe(isRight);
  });

  test('no act is without a model', () => {
    for (const act of Object.values(acts))
      expect(act.outcomes(created, call('accept', 1, 2)).length).toBeGreaterThan(0);
  });
});

const rooms: Rooms = {
  desks: { quantity: 2, holders: [] },
  lounge: { quantity: 1, holders: [] },
  roles: { a: 'member', b: 'member', c: 'member' },
};

describe('what managers did explains who holds seats', () => {
  const seat = (wanted: SeatAct, from: number, to: number, answer = 'done') => ({ wanted, from, to, answer });
  const assign = (...members: string[]): SeatAct => ({ act: 'assign', product: 'desks', members });
  const move = (...members: string[]): SeatAct => ({ act: 'move', product: 'desks', to: 'lounge', members });
  const unassign = (...members: string[]): SeatAct => ({ act: 'unassign', product: 'desks', members });
  const resize = (quantity: number): SeatAct => ({ act: 'resize', product: 'desks', quantity });
  const held = (desks: string[], lounge: string[] = [], quantity = 2): Rooms => ({
    desks: { quantity, holders: desks },
    lounge: { quantity: 1, holders: lounge },
    roles: rooms.roles,
  });
  const remove = (member: string): SeatAct => ({ act: 'remove', members: [member] });
  const make = (role: 'admin' | 'member', ...members: string[]): SeatAct => ({ act: 'make', role, members });
  const as = (at: Rooms, roles: Partial<Rooms['roles']>): Rooms => ({
    ...at,
    roles: { ...at.roles, ...roles } as Rooms['roles'],
  });

  const cases: Record<string, { acts: AnsweredSeatAct[]; found: Rooms; isRight: boolean }> = {
    'nobody came': { acts: [], found: rooms, isRight: true },
    'nobody came, yet somebody has a seat': { acts: [], found: held(['a']), isRight: false },
    'one was given a seat, and has it': { acts: [seat(assign('a'), 1, 2)], found: held(['a']), isRight: true },
    'one was given a seat, and has none': { acts: [seat(assign('a'), 1, 2)], found: rooms, isRight: false },
    'one was refused a seat, and has it': {
      acts: [seat(assign('a'), 1, 2, 'no_seat_left')],
      found: held(['a']),
      isRight: false,
    },
    'a seat was refused though some were free': {
      acts: [seat(assign('a'), 1, 2, 'no_seat_left')],
      found: rooms,
      isRight: false,
    },
    'three were given two seats': {
      acts: [seat(assign('a', 'b'), 1, 9), seat(assign('c'), 1, 9)],
      found: held(['a', 'b', 'c']),
      isRight: false,
    },
    'a seat was given and taken at the same time, in this order or that': {
      acts: [seat(assign('a'), 1, 9), seat(unassign('a'), 1, 9)],
      found: held(['a']),
      isRight: true,
    },
    'a seat was given after it was taken, and is not there': {
      acts: [seat(unassign('a'), 1, 2), seat(assign('a'), 3, 4)],
      found: rooms,
      isRight: false,
    },
    'it shrank and was assigned at the same time, and one of the two was refused': {
      acts: [seat(assign('a', 'b'), 1, 9), seat(resize(1), 1, 9, 'license_in_use')],
      found: held(['a', 'b']),
      isRight: true,
    },
    'it shrank and was assigned at the same time, and both took effect': {
      acts: [seat(assign('a', 'b'), 1, 9), seat(resize(1), 1, 9)],
      found: held(['a', 'b'], [], 1),
      isRight: false,
    },
    'one moved, and holds both': {
      acts: [seat(assign('a'), 1, 2), seat(move('a'), 3, 4)],
      found: held(['a'], ['a']),
      isRight: false,
    },
    'one was removed, and their seat is free': {
      acts: [seat(assign('a'), 1, 2), seat(remove('a'), 3, 4), seat(assign('b', 'c'), 5, 6)],
      found: as(held(['b', 'c']), { a: 'removed' }),
      isRight: true,
    },
    'one was removed, and holds a seat': {
      acts: [seat(assign('a'), 1, 2), seat(remove('a'), 3, 4)],
      found: as(held(['a']), { a: 'removed' }),
      isRight: false,
    },
    'one was removed and given a seat at the same time': {
      acts: [seat(remove('a'), 1, 9), seat(assign('a'), 1, 9)],
      found: as(rooms, { a: 'removed' }),
      isRight: true,
    },
    'one was given a seat after they were removed': {
      acts: [seat(remove('a'), 1, 2), seat(assign('a'), 3, 4)],
      found: as(held(['a']), { a: 'removed' }),
      isRight: false,
    },
    'one was made an admin, and then removed': {
      acts: [
        seat(make('admin', 'a'), 1, 2),
        seat(remove('a'), 3, 4),
        seat(make('member', 'a'), 5, 6, 'member_removed'),
      ],
      found: as(rooms, { a: 'removed' }),
      isRight: true,
    },
    'of two roles given one after the other the first stays': {
      acts: [seat(make('admin', 'a'), 1, 2), seat(make('member', 'a'), 3, 4)],
      found: as(rooms, { a: 'admin' }),
      isRight: false,
    },
    'who held none could not move': { acts: [seat(move('a'), 1, 2, 'no_seat_held')], found: rooms, isRight: true },
    'two were to move to one seat, and neither did': {
      acts: [seat(assign('a', 'b'), 1, 2), seat(move('a', 'b'), 3, 4, 'no_seat_left')],
      found: held(['a', 'b']),
      isRight: true,
    },
  };
  test.each(Object.entries(cases))('%s', (_, { acts, found, isRight }) => {
    expect(isReached(rooms, acts, found)).toBe(isRight);
  });
});

describe('each check finds what it is for', () => {
  const id = 'inv_1';
  const email = 'pat@example.com';

  /** Somebody was invited, got one email, and joined. */
  const aftermath = () => {
    const answers = [
      { act: 'invite', status: 201 },
      { act: 'accept', status: 200 },
    ].map(({ act, status }, i) => ({ key: act, act, who: email, tries: [{ from: i, to: i, status }] as object[] }));
    const row = { id, email, state: 'accepted', generation: 1, decider: email, delivery_ordinal: 1 };
    return {
      journal: { calls: answers },
      guests: [{ id, email, name: 'joins at once', expiresAt: 100, calls: answers }],
      seats: {
        start: rooms,
        acts: [{ wanted: { act: 'assign', product: 'desks', members: ['mem_2'] }, from: 1, to: 2, answer: 'done' }],
        found: { ...rooms, desks: { quantity: 2, holders: ['mem_2'] } },
      },
      struck: new Map<string, number>([['the API dies before the answer is kept', 1]]),
      unrest: [] as string[],
      mostUnknown: 0.5,
      found: {
        invitations: new Map([[id, row]]),
        transitions: ['created', 'accepted'],
        transitionsOf() {
          return this.transitions;
        },
        members: [{ id: 'mem_1', invitation_id: id, email, mailbox: email }],
        deliveries: [{ invitation_id: id, ordinal: 1, status: 'sent', detail: null }],
        inbox: [{ to: email, delivery: `${id}/1` }],
      },
    };
  };
  type Plain = ReturnType<typeof aftermath>;
  const find = (rule: string, after: Plain) => checks[rule]!(after as unknown as Aftermath);

  const spoilt: Record<string, (after: Plain) => unknown> = {
    'something never came to rest': ({ unrest }) => unrest.push('a delivery'),
    'a point was never hit': ({ struck }) => struck.set('the API dies before the answer is kept', 0),
    'too many answers were unknown': ({ journal }) => {
      for (const { tries } of journal.calls) tries.unshift({ lost: 'TimeoutError' });
    },
    'a request has two outcomes, or one that none could have': ({ journal }) =>
      journal.calls[1]!.tries.push({ status: 409, code: 'invitation_revoked' }),
    'an answer of success is not true any more': ({ found }) => {
      found.invitations.get(id)!.state = 'pending';
    },
    'an invitation is where its people’s acts do not lead': ({ found }) => found.transitions.splice(1, 0, 'resent'),
    'somebody is invited whose inviter was told no, or whom nobody invited': ({ found }) =>
      found.invitations.set('inv_2', { ...found.invitations.get(id)!, id: 'inv_2' }),
    'seats are where the acts of those who manage them do not lead': ({ seats }) => {
      seats.found.desks = { quantity: 1, holders: ['mem_2'] };
    },
    'somebody is a member twice': ({ found }) => found.members.push({ ...found.members[0]!, id: 'mem_2' }),
    'somebody is in who declined, was revoked or came too late, or whose address was amended away': ({ found }) => {
      found.invitations.get(id)!.email = 'new-pat@example.com';
    },
    'a delivery was not mailed once': ({ found }) => found.inbox.push(found.inbox[0]!),
    'an email went to somebody else': ({ found }) => {
      found.inbox[0]!.to = 'other@example.com';
    },
  };

  test.each(Object.entries(spoilt))('%s', async (rule, spoil) => {
    const after = aftermath();
    expect(await find(rule, after)).toEqual([]);
    spoil(after);
    expect(await find(rule, after)).toHaveLength(1);
  });

  test('none is left out but that of the database itself', () => {
    expect([...Object.keys(spoilt), 'members, seats or counters disagree'].sort()).toEqual(Object.keys(checks).sort());
  });
});
