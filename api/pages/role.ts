import type { Role } from '../../db/members.ts';

export type { Role };

/** What people call the roles. */
export const roleNames: Readonly<Record<Role, string>> = {
  owner: 'Owner',
  admin: 'Admin',
  billing_manager: 'Billing manager',
  member: 'Member',
};
