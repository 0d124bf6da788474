import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { hasTakenEffect } from '../db/events.ts';
import { isId, type LicensePoolId, type MemberId, type OrganizationId } from '../db/ids.ts';
import {
  changeLicensePool,
  findLicensePool,
  insertLicensePool,
  LicenseExists,
  type LicensePool,
  lockLicensePool,
} from '../db/licenses.ts';
import { isPlainLine } from '../db/plain-text.ts';
import { refusalOf } from '../db/refusal.ts';
import {
  changeSeats,
  type HeldSeat,
  listSeats,
  MembersRefused,
  type SeatChange,
  type SeatFilter,
} from '../db/seats.ts';
import { mailboxOf } from '../identity/mailbox.ts';
import type { Actor } from '../statecharts/invitation.ts';
import { ChangedMeanwhile, Problem, type ProblemBody } from './problem.ts';
import { type AmendLicense, type CreateLicense, type License, type Seat, timeOf } from './schemas.ts';

/** What callers can do with licence pools and the seats of members; routes and pages call these. */

/** A licence pool as callers see it. */
export const licenseBody = (pool: LicensePool): License => ({
  id: pool.id,
  product: pool.product,
  name: pool.name,
  kind: pool.kind,
  quantity: pool.quantity,
  reserved: pool.reserved,
  assigned: pool.assigned,
  available: pool.kind === 'named' ? pool.quantity - pool.reserved - pool.assigned : null,
  expiresAt: pool.expires_at?.toISOString() ?? null,
  state: pool.ended ? 'ended' : 'active',
  createdAt: pool.created_at.toISOString(),
});

/** Tells what a licence says from what it said before: what a form was drawn for. */
export const licenseVersion = (pool: LicensePool): string =>
  JSON.stringify([pool.name, pool.kind, pool.quantity, pool.expires_at?.getTime()]);

/** A seat as callers see it. */
export const seatBody = ({ holder, state, since, name, email }: HeldSeat): Seat => ({
  state,
  member: state === 'assigned' ? { id: holder, name: name ?? '', email } : null,
  invitation: state === 'reserved' ? { id: holder, email } : null,
  since: since.toISOString(),
});

/** @throws Problem `not_found` */
export async function requireLicense(
  db: Kysely<Database>,
  organization: OrganizationId,
  id: string,
): Promise<LicensePool> {
  const pool = isId('lic', id) ? await findLicensePool(db, organization, id) : undefined;
  if (!pool) throw new Problem('not_found', 'The organization has no such licence.');
  return pool;
}

/** How many of those who use a licence are named at most. */
const namedHolders = 100;

/** A pool cannot have fewer seats than are in use: says who uses them. */
export class LicenseInUse extends Problem {
  /** The first of them. */
  readonly seats: readonly Seat[];
  constructor(pool: LicensePool, wanted: number, seats: HeldSeat[]) {
    const used = pool.reserved + pool.assigned;
    super(
      'license_in_use',
      `${used === 1 ? '1 seat is' : `${used} seats are`} in use, ${pool.assigned} by members and ${pool.reserved} by pending invitations: take back ${used - wanted} of them first.`,
    );
    this.seats = seats.map(seatBody);
  }
  override body(): ProblemBody {
    return { ...super.body(), seats: [...this.seats] };
  }
}

/** What is asked of a list of seats. @throws Problem `invalid_email` */
export function seatFilterOf({ email, ...same }: Omit<SeatFilter, 'mailbox'> & { email?: string }): SeatFilter {
  const mailbox = email === undefined ? undefined : mailboxOf(email);
  if (email !== undefined && !mailbox) throw new Problem('invalid_email');
  return { ...same, ...(mailbox ? { mailbox } : {}) };
}

/** What may be written of a licence pool, checked, as its columns. */
function checked({ name, kind, quantity, expiresAt }: AmendLicense) {
  if (name !== undefined && (name.trim() === '' || !isPlainLine(name)))
    throw new Problem('unsafe_text', 'Give name a word, and leave links and markup out: invited people read it.');
  return {
    ...(name === undefined ? {} : { name }),
    ...(kind === undefined ? {} : { kind }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt === null ? null : timeOf('expiresAt', expiresAt) }),
  };
}

/** Who does it, and the request key by which the audit log knows it. */
interface Act {
  by: Actor;
  request: string;
}

/** @throws Problem `license_exists`, `unsafe_text`, `invalid_request` */
export async function createLicense(
  db: Kysely<Database>,
  organization: OrganizationId,
  input: CreateLicense,
  act: Act,
): Promise<LicensePool> {
  const { product, quantity, name = product, kind = 'named' } = input;
  const pool = {
    organization_id: organization,
    product,
    quantity,
    kind,
    expires_at: null,
    ...checked({ ...input, name }),
    name,
  };
  try {
    return await db.transaction().execute((trx) => insertLicensePool(trx, pool, act));
  } catch (error) {
    if (!(error instanceof LicenseExists)) throw error;
    throw new Problem('license_exists', `The organization has a licence of ${product} already: change that one.`);
  }
}

/**
 * Changes a licence. The same request changes nothing again.
 *
 * @param act.drawnFor `licenseVersion` of what was changed; others are not overwritten unseen. @default whatever is there
 * @throws Problem `license_in_use` with who uses it; `unsafe_text`, `invalid_request`, `changed_meanwhile`
 */
export async function changeLicense(
  db: Kysely<Database>,
  { organization_id, id }: LicensePool,
  input: AmendLicense,
  act: Act & { drawnFor?: string | undefined },
): Promise<LicensePool> {
  const changes = checked(input);
  try {
    return await db.transaction().execute(async (trx) => {
      const before = await lockLicensePool(trx, id);
      if (await hasTakenEffect(trx, act.request)) return before;
      if (act.drawnFor !== undefined && act.drawnFor !== licenseVersion(before)) throw new ChangedMeanwhile();
      return changeLicensePool(trx, before, changes, act);
    });
  } catch (error) {
    if (refusalOf(error) !== 'no_seat_left') throw error;
    const pool = await requireLicense(db, organization_id, id);
    const wanted = changes.quantity ?? pool.quantity;
    // Some have been taken back in between: now it fits.
    if (pool.reserved + pool.assigned <= wanted) return changeLicense(db, pool, input, act);
    const { rows } = await listSeats(db, id, {}, { limit: namedHolders });
    throw new LicenseInUse(pool, wanted, rows);
  }
}

/**
 * Assigns (`to`), unassigns (`from`) or moves (both) seats of members, all or none.
 *
 * @returns the pools as they are afterwards
 * @throws Problem `unknown_member`, `no_seat_held`, `no_seat_left`, `license_ended`
 */
export async function changeSeatsOf<TPool extends 'from' | 'to'>(
  db: Kysely<Database>,
  organization: OrganizationId,
  members: readonly string[],
  pools: { readonly [T in TPool]?: LicensePoolId },
  act: Act,
): Promise<Record<TPool, LicensePool>> {
  await carryOut(db, [{ organization, members: members as MemberId[], ...pools, ...act }]);
  const after = await Promise.all(
    Object.entries<LicensePoolId>(pools as Record<TPool, LicensePoolId>).map(async ([name, id]) => [
      name,
      await requireLicense(db, organization, id),
    ]),
  );
  return Object.fromEntries(after);
}

/**
 * Gives a member a seat of each of some licences, and takes those of others, all or none.
 *
 * @throws Problem `unknown_member`, `no_seat_left`, `license_ended`
 */
export const changeHeldSeats = (
  db: Kysely<Database>,
  organization: OrganizationId,
  member: MemberId,
  { give, take }: { give: readonly LicensePoolId[]; take: readonly LicensePoolId[] },
  act: Act,
): Promise<void> =>
  carryOut(
    db,
    // In the order of their ids, as everybody takes them.
    [...give.map((to) => ({ to })), ...take.map((from) => ({ from }))]
      .sort((a, b) => (Object.values(a)[0]! < Object.values(b)[0]! ? -1 : 1))
      .map((pool) => ({ organization, members: [member], ...pool, ...act })),
  );

/** Carries out changes of seats in one transaction; what refuses one of them refuses all. */
async function carryOut(db: Kysely<Database>, changes: readonly SeatChange[]): Promise<void> {
  let present: SeatChange | undefined;
  try {
    await db.transaction().execute(async (trx) => {
      for (const change of changes) {
        present = change;
        await changeSeats(trx, change);
      }
    });
  } catch (error) {
    if (error instanceof MembersRefused) throw membersRefused(error);
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    throw new Problem(refusal, refusal === 'no_seat_left' ? await seatsLeft(db, present!) : undefined);
  }
}

async function seatsLeft(db: Kysely<Database>, { organization, to }: SeatChange): Promise<string> {
  const { name, quantity, reserved, assigned } = await requireLicense(db, organization, to!);
  return `Of ${quantity} seats of ${name} ${assigned} are assigned and ${reserved} reserved. Nobody was given one.`;
}

const reasons = {
  unknown_member: 'These are no active members of the organization',
  no_seat_held: 'These members hold no seat that could be moved',
} as const;

function membersRefused({ code, members }: MembersRefused): Problem {
  const named = members.slice(0, 20).join(', ');
  const more = members.length > 20 ? `, and ${members.length - 20} more` : '';
  return new Problem(code, `${reasons[code]}: ${named}${more}. Nothing was changed.`);
}
