import type { Scope, StaffScope } from '../db/api-keys.ts';
import type { Role } from '../db/members.ts';
import type { StaffRole } from '../db/staff.ts';

/**
 * Who may do what: the one table that routes and pages ask, docs/permissions.md shows, and a test walks, every route of the
 * app as every kind of caller. What a caller may see of one invitation or grant to others is in the rules of those acts.
 */
export interface Permission {
  /** What it is to do, for the docs. */
  may: string;
  /** All that ask for it, as `METHOD /path/:parameter`. */
  routes: readonly string[];
  /** Members of the organization that may, by role. */
  roles: readonly Role[];
  /** The scope that an API key of the organization needs; none: no key may. */
  scope?: Scope;
  /** Whether the key's role must be one of `roles` as well. What keys do with invitations is bounded by what they may grant. */
  keyNeedsRole?: true;
  /** Who of those that run Usher may, in every organization; what changes something needs a reason. */
  staff: readonly StaffRole[];
  /** Whether the invited person may, too. */
  invitee?: true;
  /** Whether members may, too, where it is about themselves. */
  self?: true;
  /** Whether everybody may, whoever is known (keys included), or whoever is signed in; or the mail provider, and nobody else. */
  open?: 'everybody' | 'known' | 'signed_in' | 'provider';
}

const managers = ['owner', 'admin'] as const satisfies Role[];
const everyStaff = ['support', 'operator'] as const satisfies StaffRole[];
const nobody = { roles: [], staff: [] } as const;

export const permissions = {
  readInvitations: {
    may: 'list and read invitations and what happened to them',
    routes: [
      'GET /v1/organizations/:organization/invitations',
      'GET /v1/organizations/:organization/invitations.csv',
      'GET /v1/invitations/:id/events',
      'GET /v1/organizations/:organization/invitation-batches',
      'GET /v1/invitation-batches/:id',
      'GET /v1/invitation-batches/:id/results',
      'GET /console/:organization',
      'GET /console/:organization/invitations',
      'GET /console/:organization/invitations/:id',
      'GET /console/:organization/invitations/:id/email',
      'GET /console/:organization/batches',
      'GET /console/:organization/batches/:id',
    ],
    roles: managers,
    scope: 'read',
    staff: everyStaff,
  },
  readInvitation: {
    may: 'read one invitation',
    routes: ['GET /v1/invitations/:id'],
    roles: managers,
    scope: 'read',
    staff: everyStaff,
    invitee: true,
  },
  readAuditLog: {
    may: 'read the audit log',
    routes: ['GET /v1/organizations/:organization/events', 'GET /console/:organization/events'],
    roles: managers,
    scope: 'read',
    keyNeedsRole: true,
    staff: everyStaff,
  },
  readApiKeys: {
    may: 'list the API keys',
    routes: ['GET /v1/organizations/:organization/api-keys', 'GET /console/:organization/api-keys'],
    roles: managers,
    scope: 'read',
    keyNeedsRole: true,
    staff: everyStaff,
  },
  manageApiKeys: {
    may: 'make and revoke API keys',
    routes: [
      'POST /v1/organizations/:organization/api-keys',
      'DELETE /v1/organizations/:organization/api-keys/:id',
      'GET /console/:organization/api-keys/new',
      'POST /console/:organization/api-keys',
      'GET /console/:organization/api-keys/:id/revoke',
      'POST /console/:organization/api-keys/:id/revoke',
    ],
    roles: managers,
    scope: 'manage',
    keyNeedsRole: true,
    staff: [],
  },
  readWebhooks: {
    may: 'list and read webhooks, and what they were told',
    routes: [
      'GET /v1/organizations/:organization/webhooks',
      'GET /v1/organizations/:organization/webhooks/:id',
      'GET /v1/organizations/:organization/webhooks/:id/messages',
      'GET /v1/organizations/:organization/webhooks/:id/messages/:message',
      'GET /console/:organization/webhooks',
      'GET /console/:organization/webhooks/:id',
      'GET /console/:organization/webhooks/:id/messages/:message',
    ],
    roles: managers,
    scope: 'read',
    keyNeedsRole: true,
    staff: everyStaff,
  },
  manageWebhooks: {
    may: 'add, change, try and remove webhooks, and send messages again',
    routes: [
      'POST /v1/organizations/:organization/webhooks',
      'PATCH /v1/organizations/:organization/webhooks/:id',
      'DELETE /v1/organizations/:organization/webhooks/:id',
      'POST /v1/organizations/:organization/webhooks/:id/rotate',
      'POST /v1/organizations/:organization/webhooks/:id/test',
      'POST /v1/organizations/:organization/webhooks/:id/resend',
      'POST /v1/organizations/:organization/webhooks/:id/messages/:message/resend',
      'GET /console/:organization/webhooks/new',
      'POST /console/:organization/webhooks',
      'GET /console/:organization/webhooks/:id/change',
      'POST /console/:organization/webhooks/:id/change',
      'GET /console/:organization/webhooks/:id/remove',
      'POST /console/:organization/webhooks/:id/remove',
      'GET /console/:organization/webhooks/:id/rotate',
      'POST /console/:organization/webhooks/:id/rotate',
      'POST /console/:organization/webhooks/:id/turn',
      'POST /console/:organization/webhooks/:id/test',
      'POST /console/:organization/webhooks/:id/resend',
      'POST /console/:organization/webhooks/:id/messages/:message/resend',
    ],
    roles: managers,
    scope: 'manage',
    keyNeedsRole: true,
    staff: [],
  },
  invite: {
    may: 'invite',
    routes: [
      'POST /v1/organizations/:organization/invitations',
      'POST /v1/organizations/:organization/invitation-batches',
      'POST /v1/organizations/:organization/invitation-batches/preview',
      'GET /console/:organization/invite',
      'POST /console/:organization/invite',
      'GET /console/:organization/invite/csv',
      'POST /console/:organization/invite/csv',
    ],
    roles: managers,
    scope: 'invite',
    staff: [],
  },
  cancelBatch: {
    may: 'cancel a batch of invitations',
    routes: [
      'POST /v1/invitation-batches/:id/cancel',
      'GET /console/:organization/batches/:id/cancel',
      'POST /console/:organization/batches/:id/cancel',
    ],
    roles: managers,
    scope: 'manage',
    staff: [],
  },
  copyLink: {
    may: 'copy the link of an invitation',
    routes: ['POST /v1/invitations/:id/link', 'POST /console/:organization/invitations/:id/link'],
    roles: managers,
    scope: 'manage',
    staff: [],
  },
  steerInvitation: {
    may: 'resend and revoke an invitation',
    routes: [
      'POST /v1/invitations/:id/resend',
      'POST /v1/invitations/:id/revoke',
      'POST /v1/organizations/:organization/invitations/revoke',
      'POST /v1/organizations/:organization/invitation-batches/resend',
      'POST /v1/organizations/:organization/invitation-batches/revoke',
      'POST /console/:organization/invitations/selected',
      'GET /console/:organization/invitations/revoke',
      'POST /console/:organization/invitations/revoke',
      'POST /console/:organization/invitations/:id/resend',
      'GET /console/:organization/invitations/:id/revoke',
      'POST /console/:organization/invitations/:id/revoke',
    ],
    roles: managers,
    scope: 'manage',
    staff: everyStaff,
  },
  correctAddress: {
    may: 'correct the address of an invitation',
    routes: [
      'PATCH /v1/invitations/:id',
      'GET /console/:organization/invitations/:id/amend',
      'POST /console/:organization/invitations/:id/amend',
    ],
    roles: managers,
    scope: 'manage',
    staff: everyStaff,
  },
  amendInvitation: {
    may: 'change anything else of an invitation',
    routes: [
      'PATCH /v1/invitations/:id',
      'POST /v1/organizations/:organization/invitation-batches/amend',
      'POST /console/:organization/invitations/selected',
      'POST /console/:organization/invitations/:id/amend',
    ],
    roles: managers,
    scope: 'manage',
    staff: [],
  },
  readLicenses: {
    may: 'read licences, and who holds their seats',
    routes: [
      'GET /v1/organizations/:organization/licenses',
      'GET /v1/organizations/:organization/licenses/:id',
      'GET /v1/organizations/:organization/licenses/:id/seats',
      'GET /v1/organizations/:organization/licenses/:id/seats.csv',
      'GET /console/:organization/licenses',
      'GET /console/:organization/licenses/:id',
    ],
    roles: [...managers, 'billing_manager'],
    scope: 'read',
    staff: everyStaff,
  },
  manageLicenses: {
    may: 'add and change licences; assign, take and move seats of members',
    routes: [
      'POST /v1/organizations/:organization/licenses',
      'PATCH /v1/organizations/:organization/licenses/:id',
      'POST /v1/organizations/:organization/licenses/:id/assign',
      'POST /v1/organizations/:organization/licenses/:id/unassign',
      'POST /v1/organizations/:organization/licenses/:id/move',
      'GET /console/:organization/licenses/new',
      'POST /console/:organization/licenses',
      'GET /console/:organization/licenses/:id/change',
      'POST /console/:organization/licenses/:id/change',
      'POST /console/:organization/licenses/:id/assign',
      'POST /console/:organization/members/seats',
      'POST /console/:organization/members/:member/licenses',
    ],
    roles: [...managers, 'billing_manager'],
    scope: 'manage',
    keyNeedsRole: true,
    staff: [],
  },
  readOrganization: {
    may: 'read the settings of the organization',
    routes: ['GET /v1/organizations/:organization'],
    roles: ['owner', 'admin', 'billing_manager', 'member'],
    scope: 'read',
    staff: everyStaff,
  },
  readSettings: {
    may: 'see the settings of the organization in the console',
    routes: [
      'GET /console/:organization/settings',
      'GET /console/:organization/settings/emails/:language',
      'GET /console/:organization/settings/emails/:language/email',
    ],
    roles: managers,
    staff: everyStaff,
  },
  changeOrganization: {
    may: 'change the settings of the organization',
    routes: [
      'PATCH /v1/organizations/:organization',
      'PUT /v1/organizations/:organization/logo',
      'DELETE /v1/organizations/:organization/logo',
      'POST /console/:organization/settings',
      'POST /console/:organization/settings/emails/:language',
      'POST /console/:organization/settings/emails/:language/email',
      'POST /console/:organization/settings/logo',
      'POST /console/:organization/settings/logo/remove',
    ],
    roles: managers,
    scope: 'manage',
    keyNeedsRole: true,
    staff: [],
  },
  suspendOrganization: {
    may: 'suspend the organization, and end that',
    routes: [
      'PATCH /v1/organizations/:organization',
      'GET /console/:organization/settings/suspension',
      'POST /console/:organization/settings/suspension',
    ],
    roles: [],
    staff: everyStaff,
  },
  readMembers: {
    may: 'list and read members, and export them',
    routes: [
      'GET /v1/organizations/:organization/members',
      'GET /v1/organizations/:organization/members.csv',
      'GET /v1/organizations/:organization/members/:member',
      'GET /console/:organization/members',
      'GET /console/:organization/members/:member',
    ],
    roles: [...managers, 'billing_manager'],
    scope: 'read',
    keyNeedsRole: true,
    staff: everyStaff,
    self: true,
  },
  changeMembers: {
    may: 'change the roles and teams of members, or remove several',
    routes: [
      'PATCH /v1/organizations/:organization/members',
      'PATCH /v1/organizations/:organization/members/:member',
      'POST /console/:organization/members/selected',
      'POST /console/:organization/members/:member/change',
      'GET /console/:organization/members/:member/remove',
    ],
    roles: managers,
    scope: 'manage',
    keyNeedsRole: true,
    staff: [],
  },
  removeMember: {
    may: 'remove a member',
    routes: ['DELETE /v1/organizations/:organization/members/:member'],
    roles: managers,
    scope: 'manage',
    keyNeedsRole: true,
    staff: [],
    self: true,
  },
  findAnywhere: {
    may: 'find invitations, members and organizations in all organizations',
    routes: ['GET /v1/invitations', 'GET /support'],
    roles: [],
    staff: everyStaff,
  },
  openConsole: {
    may: 'open the console without saying of which organization',
    routes: ['GET /console'],
    roles: [...managers, 'billing_manager'],
    staff: everyStaff,
  },
  decide: {
    may: 'accept or decline an invitation',
    routes: ['POST /v1/invitations/:id/accept', 'POST /v1/invitations/:id/decline'],
    ...nobody,
    scope: 'act',
    invitee: true,
  },
  decideOnPages: {
    may: 'accept or decline an invitation on its page',
    routes: [
      'GET /invitations/:id',
      'GET /invitations/:id/decline',
      'POST /invitations/:id/accept',
      'POST /invitations/:id/decline',
      'POST /invitations/:id/ask-to-resend',
    ],
    ...nobody,
    invitee: true,
  },
  ownAccount: {
    may: 'see one’s own invitations, and sign out everywhere',
    routes: ['GET /v1/me/invitations', 'POST /v1/me/sign-out-everywhere'],
    ...nobody,
    open: 'signed_in',
  },
  whoCalls: {
    may: 'ask who calls',
    routes: ['GET /v1/me'],
    ...nobody,
    open: 'known',
  },
  reportEmails: {
    may: 'tell what became of emails',
    routes: ['POST /webhooks/postmark'],
    ...nobody,
    open: 'provider',
  },
  openPages: {
    may: 'open a link, sign in, read the documentation, ask for the health',
    routes: [
      'GET /',
      'GET /i/:token',
      'POST /sign-in',
      'GET /sign-in/callback',
      'GET /sign-in/callback/:provider',
      'POST /sign-out',
      'POST /sign-out-everywhere',
      'GET /static/*',
      'GET /logos/:file',
      'GET /colors/:file',
      'GET /docs',
      'GET /docs/',
      'GET /docs/js/scalar.js',
      'GET /docs/errors/:code',
      'GET /openapi.json',
      'GET /healthz',
      'GET /readyz',
    ],
    ...nobody,
    open: 'everybody',
  },
} as const satisfies Record<string, Permission>;

export type PermissionName = keyof typeof permissions;
/** What is asked of somebody in an organization. */
export type OrganizationPermission = {
  [TName in PermissionName]: (typeof permissions)[TName] extends { roles: readonly []; staff: readonly [] }
    ? never
    : TName;
}[PermissionName];

/** A row of the table, without what it says of others. */
const rowOf = (name: PermissionName): Permission => permissions[name];

/** True when members with this role may. */
export const roleMay = (role: Role, name: OrganizationPermission): boolean => rowOf(name).roles.includes(role);

/** True when those who run Usher may, in this role of theirs. */
export const staffMay = (role: StaffRole, name: OrganizationPermission): boolean => rowOf(name).staff.includes(role);

/** What a key with a scope of the installation may: as much as the staff of that name. */
export const staffRoleOf: Record<StaffScope, StaffRole> = { support: 'support', operate: 'operator' };

const roleNames: Record<Role, string> = {
  owner: 'owners',
  admin: 'admins',
  billing_manager: 'billing managers',
  member: 'members',
};

/** Who may, in words: `Owners and admins of the organization`. */
export function whoMay(name: OrganizationPermission): string {
  const names = rowOf(name).roles.map((role) => roleNames[role]);
  if (names.length === 0) return 'Staff of the installation';
  const last = names.pop()!;
  const text = names.length > 0 ? `${names.join(', ')} and ${last}` : last;
  return `${text[0]!.toUpperCase()}${text.slice(1)} of the organization`;
}
