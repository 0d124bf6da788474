import { setTimeout as sleep } from 'node:timers/promises';
import { upsertAccount } from '../../db/accounts.ts';
import type { LicensePoolId, MemberId } from '../../db/ids.ts';
import { insertMember } from '../../db/members.ts';
import type { Installation } from './installation.ts';
import { type Call, type Journal, knownOf } from './journal.ts';
import type { Random } from './random.ts';

/** What those do who manage licences and members, while people are invited to others and all goes wrong. */

/** The licences that are theirs alone, with seats for less than all of their members. */
export const managed = { desks: 3, lounge: 2 } as const;
type Product = keyof typeof managed;
const products = Object.keys(managed) as Product[];
const memberCount = 6;
/** So many of them at most are removed, so that some stay. */
const removableCount = 2;

/** Where the licences stand: the plain sequential model against which Usher is held. */
export interface Rooms extends Record<Product, { quantity: number; holders: readonly string[] }> {
  /** What each member is. */
  roles: Readonly<Record<string, ManagedRole | 'removed'>>;
}
type ManagedRole = 'member' | 'admin';

/** What a manager wants. */
export type SeatAct =
  | { act: 'assign' | 'unassign'; product: Product; members: readonly string[] }
  | { act: 'move'; product: Product; to: Product; members: readonly string[] }
  | { act: 'resize'; product: Product; quantity: number }
  | { act: 'make'; role: ManagedRole; members: readonly string[] }
  | { act: 'remove'; members: readonly string[] };
export type SeatActName = SeatAct['act'];

/** What becomes of an act: an answer, and where it leads. */
export function outcome(at: Rooms, wanted: SeatAct): { answer: string; leadsTo: Rooms } {
  const refused = (answer: string) => ({ answer, leadsTo: at });
  const done = (leadsTo: Partial<Rooms>) => ({ answer: 'done', leadsTo: { ...at, ...leadsTo } });
  if (wanted.act === 'resize') {
    const { product, quantity } = wanted;
    const room = at[product];
    return quantity < room.holders.length ? refused('license_in_use') : done({ [product]: { ...room, quantity } });
  }
  const { members } = wanted;
  const without = (r: Rooms[Product]) => ({ ...r, holders: r.holders.filter((m) => !members.includes(m)) });
  const becoming = (role: ManagedRole | 'removed') => ({
    ...at.roles,
    ...Object.fromEntries(members.map((m) => [m, role])),
  });
  if (wanted.act === 'remove')
    return done({ desks: without(at.desks), lounge: without(at.lounge), roles: becoming('removed') });
  const isGone = members.some((m) => at.roles[m] === 'removed');
  if (wanted.act === 'make') return isGone ? refused('member_removed') : done({ roles: becoming(wanted.role) });
  if (isGone) return refused('unknown_member');
  const { act, product } = wanted;
  const room = at[product];
  if (act === 'unassign') return done({ [product]: without(room) });
  const to = act === 'move' ? wanted.to : product;
  const gaining = members.filter((m) => !at[to].holders.includes(m));
  if (act === 'move' && gaining.some((m) => !room.holders.includes(m))) return refused('no_seat_held');
  const holders = [...at[to].holders, ...gaining].sort();
  if (gaining.length > 0 && holders.length > at[to].quantity) return refused('no_seat_left');
  return done({ ...(act === 'move' ? { [product]: without(room) } : {}), [to]: { ...at[to], holders } });
}

/** An act that has its answer: it took effect between its first try and that, if at all (epoch ms). */
export interface AnsweredSeatAct {
  wanted: SeatAct;
  from: number;
  to: number;
  answer: string;
}

/** Whether acts, each taking effect at one moment and getting the answer that it got, can have led from here to there. */
export function isReached(start: Rooms, acts: readonly AnsweredSeatAct[], found: Rooms): boolean {
  const deadEnds = new Set<string>();
  const search = (at: Rooms, left: readonly AnsweredSeatAct[]): boolean => {
    if (left.length === 0) return JSON.stringify(at) === JSON.stringify(found);
    const place = JSON.stringify([at, left.map((act) => act.from)]);
    if (deadEnds.has(place)) return false;
    // Nothing can come before what had its answer before it began.
    const latest = Math.min(...left.map((act) => act.to));
    const isReached = left.some((act, i) => {
      if (act.from > latest) return false;
      const { answer, leadsTo } = outcome(at, act.wanted);
      return answer === act.answer && search(leadsTo, left.toSpliced(i, 1));
    });
    if (!isReached) deadEnds.add(place);
    return isReached;
  };
  return search(start, acts);
}

/** Those who manage licences, and what came of it. */
export interface Managers {
  start: Rooms;
  acts: { wanted: SeatAct; call: Call }[];
  /** Lets one of them act until it is over; each act is asked for until it has its answer. */
  manage(isOver: () => boolean): Promise<void>;
  /** Where the licences stand by the database. */
  look(): Promise<Rooms>;
}

/** @returns managers of the licences {@link managed}, whose members have joined before */
export async function startManagers(
  { db, organization, call }: Pick<Installation, 'db' | 'organization' | 'call'>,
  journal: Journal,
  random: Random,
  signal?: AbortSignal,
): Promise<Managers> {
  const members: MemberId[] = [];
  for (let i = 0; i < memberCount; i++) {
    const email = `colleague-${i}@example.com`;
    const said = { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Colleague' };
    const { id: account } = await upsertAccount(db, said);
    const joins = { organization: organization.id, account, role: 'member' as const, teams: [], invitation: null };
    members.push(await db.transaction().execute((trx) => insertMember(trx, joins)));
  }
  const pools = await db
    .selectFrom('license_pools')
    .select(['id', 'product'])
    .where('organization_id', '=', organization.id)
    .execute();
  const poolOf = (product: Product): LicensePoolId => pools.find((pool) => pool.product === product)!.id;
  const look = async (): Promise<Rooms> => {
    const found: Partial<Rooms> = {};
    for (const product of products) {
      const id = poolOf(product);
      const { quantity } = await db
        .selectFrom('license_pools')
        .select('quantity')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      const seats = await db.selectFrom('seats').select('member_id').where('pool_id', '=', id).execute();
      found[product] = { quantity, holders: seats.map((seat) => seat.member_id!).sort() };
    }
    const rows = await db
      .selectFrom('members')
      .select(['id', 'role', 'removed_at'])
      .where('id', 'in', members)
      .execute();
    const roleOf = (id: MemberId) => {
      const row = rows.find((member) => member.id === id)!;
      return row.removed_at ? 'removed' : row.role;
    };
    return { ...found, roles: Object.fromEntries(members.map((id) => [id, roleOf(id)])) } as Rooms;
  };

  const some = () => random.shuffled(members).slice(0, random.chance(0.7) ? 1 : 2);
  const wish = (): SeatAct => {
    const [product, to] = random.shuffled(products) as [Product, Product];
    const act = random.pick(['assign', 'assign', 'unassign', 'move', 'resize', 'make', 'remove'] as const);
    if (act === 'make') return { act, role: random.pick(['member', 'admin'] as const), members: some() };
    // Not at once: there are few, and most acts shall be on those who are still there.
    if (act === 'remove')
      return random.chance(0.3)
        ? { act, members: [random.pick(members.slice(0, removableCount))] }
        : { act: 'assign', product, members: some() };
    if (act === 'resize') return { act, product, quantity: Math.floor(random.between(1, memberCount)) };
    return act === 'move' ? { act, product, to, members: some() } : { act, product, members: some() };
  };
  const acts: Managers['acts'] = [];
  const ask = (wanted: SeatAct, key: string) => {
    if (wanted.act === 'remove')
      return call(`/v1/organizations/acme/members/${wanted.members[0]}`, { method: 'DELETE', idempotencyKey: key });
    if (wanted.act === 'make') {
      const { members: those, role } = wanted;
      return call('/v1/organizations/acme/members', {
        method: 'PATCH',
        body: { members: those, role },
        idempotencyKey: key,
      });
    }
    const path = `/v1/organizations/acme/licenses/${poolOf(wanted.product)}`;
    if (wanted.act === 'resize')
      return call(path, { method: 'PATCH', body: { quantity: wanted.quantity }, idempotencyKey: key });
    const more = wanted.act === 'move' ? { to: poolOf(wanted.to) } : {};
    return call(`${path}/${wanted.act}`, { body: { members: wanted.members, ...more }, idempotencyKey: key });
  };

  return {
    start: await look(),
    acts,
    look,
    async manage(isOver) {
      while (!isOver()) {
        const wanted = wish();
        const key = `${wanted.act}-${acts.length}`;
        const made: Call = { key, act: wanted.act, who: 'a manager', tries: [], ask: () => ask(wanted, key) };
        acts.push({ wanted, call: made });
        while (!(await journal.ask(made))) await sleep(random.between(200, 1_000), undefined, { signal });
        await sleep(random.between(0, 1_000), undefined, { signal });
      }
    },
  };
}

/** Their acts with their answers. */
export const answeredActs = ({ acts }: Pick<Managers, 'acts'>): AnsweredSeatAct[] =>
  acts.map(({ wanted, call }) => {
    const known = knownOf(call);
    return {
      wanted,
      from: call.tries[0]!.from,
      to: Math.min(...known.map((t) => t.to)),
      answer: known[0]!.code ?? 'done',
    };
  });
