import { setTimeout as sleep } from 'node:timers/promises';
import { upsertAccount } from '../../db/accounts.ts';
import type { LicensePoolId, MemberId } from '../../db/ids.ts';
import { insertMember } from '../../db/members.ts';
import type { Installation } from './installation.ts';
import { type Call, type Journal, knownOf } from './journal.ts';
import type { Random } from './random.ts';

/** What those do who manage licences, while people are invited to others and all goes wrong. */

/** The licences that are theirs alone, with seats for less than all of their members. */
export const managed = { desks: 3, lounge: 2 } as const;
type Product = keyof typeof managed;
const products = Object.keys(managed) as Product[];
const memberCount = 5;

/** Where the licences stand: the plain sequential model against which Usher is held. */
export type Rooms = Record<Product, { quantity: number; holders: readonly string[] }>;

/** What a manager wants. */
export type SeatAct =
  | { act: 'assign' | 'unassign'; product: Product; members: readonly string[] }
  | { act: 'move'; product: Product; to: Product; members: readonly string[] }
  | { act: 'resize'; product: Product; quantity: number };
export type SeatActName = SeatAct['act'];

/** What becomes of an act: an answer, and where it leads. */
export function outcome(at: Rooms, wanted: SeatAct): { answer: string; leadsTo: Rooms } {
  const { act, product } = wanted;
  const room = at[product];
  const refused = (answer: string) => ({ answer, leadsTo: at });
  const done = (leadsTo: Partial<Rooms>) => ({ answer: 'done', leadsTo: { ...at, ...leadsTo } });
  if (act === 'resize') {
    const { quantity } = wanted;
    return quantity < room.holders.length ? refused('license_in_use') : done({ [product]: { ...room, quantity } });
  }
  const { members } = wanted;
  const without = (r: Rooms[Product]) => ({ ...r, holders: r.holders.filter((m) => !members.includes(m)) });
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
    return found as Rooms;
  };

  const some = () => random.shuffled(members).slice(0, random.chance(0.7) ? 1 : 2);
  const wish = (): SeatAct => {
    const [product, to] = random.shuffled(products) as [Product, Product];
    const act = random.pick(['assign', 'assign', 'unassign', 'move', 'resize'] as const);
    if (act === 'resize') return { act, product, quantity: Math.floor(random.between(1, memberCount)) };
    return act === 'move' ? { act, product, to, members: some() } : { act, product, members: some() };
  };
  const acts: Managers['acts'] = [];
  const ask = (wanted: SeatAct, key: string) => {
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
