import type { Generated } from 'kysely';
import type { Mailbox } from '../identity/mailbox.ts';
import type { AccountId, ErasureId, ReasonId } from './ids.ts';

/** Whose data is to disappear. */
export interface ErasuresTable {
  id: ErasureId;
  /** Null once it has been done. */
  mailbox: Mailbox | null;
  /** The account meant, where not every one of the address is; null once it has been done. */
  account_id: AccountId | null;
  reason_id: ReasonId | null;
  created_at: Generated<Date>;
  finished_at: Date | null;
}
