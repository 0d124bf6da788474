import type { Refusal } from '../workflows/contract.ts';

/** A rule forbids what a transaction was about to do: it is rolled back, and the caller told the code. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: Refusal;
  constructor(code: Refusal) {
    super(code);
    this.code = code;
  }
}

/** The constraints of the database that are answers, not faults. */
const constraints: Record<string, Refusal> = {
  license_pools_not_oversold: 'no_seat_left',
  invitations_one_pending: 'already_invited',
  invitations_erased_stay_ended: 'invitation_erased',
  members_one_active: 'already_member',
  // What the function `refuse` is called with.
  already_member: 'already_member',
  license_ended: 'license_ended',
};

/** What an error of a transaction means to the caller; undefined when it is a fault. */
export const refusalOf = (error: unknown): Refusal | undefined =>
  error instanceof Refused ? error.code : constraints[(error as { constraint?: string }).constraint ?? ''];
