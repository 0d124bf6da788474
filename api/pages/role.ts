import type { Role } from '../../db/members.ts';
import { english } from '../../languages/words.ts';

export type { Role };

/** What the console calls the roles. */
export const roleNames: Readonly<Record<Role, string>> = {
  owner: english.text('role.owner'),
  admin: english.text('role.admin'),
  billing_manager: english.text('role.billing_manager'),
  member: english.text('role.member'),
};
