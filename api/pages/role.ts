/** A member's role in an organization. */
export type Role = 'owner' | 'admin' | 'billing_manager' | 'member';

/** What people call the roles. */
export const roleNames: Readonly<Record<Role, string>> = {
  owner: 'Owner',
  admin: 'Admin',
  billing_manager: 'Billing manager',
  member: 'Member',
};
