import type { Kysely } from 'kysely';
import { readBacklog } from '../../db/backlog.ts';
import { listActResults } from '../../db/batches.ts';
import type { Database } from '../../db/database.ts';
import { type EventFilter, type EventOrder, listEvents } from '../../db/events.ts';
import { type InvitationId, idAt, type LicensePoolId } from '../../db/ids.ts';
import {
  type InvitationFilter,
  listInvitations,
  listInvitationsAnywhere,
  listInvitationsOfMailbox,
} from '../../db/invitations.ts';
import { listLicensePools } from '../../db/licenses.ts';
import {
  hasAnotherOwner,
  listMembers,
  listMemberships,
  listMembershipsOfMailbox,
  type MemberFilter,
} from '../../db/members.ts';
import { listSeats, type SeatFilter } from '../../db/seats.ts';
import { dueWebhooks, listMessages, listWebhooks } from '../../db/webhooks.ts';
import type { Mailbox } from '../../identity/mailbox.ts';
import { large, madeAt, rare, studio } from './filled.ts';

const page = { limit: 50 };
const day = 86_400_000;

/**
 * Every list of the API and the pages, and every filter, each with what makes it hardest: a filter that little matches, and
 * that as far as can be from where the list begins. A new list or filter gets a row here, which is all that it takes to be
 * tested and measured.
 *
 * @param count how many invitations there are, made by `fill`
 */
export function listsOf(count: number): Record<string, (db: Kysely<Database>) => Promise<unknown>> {
  const newest = madeAt(count - 1);
  const invitations =
    (filter: InvitationFilter, before?: InvitationId) =>
    (db: Kysely<Database>): Promise<unknown> =>
      listInvitations(db, large, filter, { ...page, ...(before ? { before } : {}) });
  const events =
    (filter: EventFilter, order: EventOrder = 'oldest') =>
    (db: Kysely<Database>): Promise<unknown> =>
      listEvents(db, { organization: large, ...filter }, { order, ...page });
  const seats =
    (filter: SeatFilter, pool: LicensePoolId = studio) =>
    (db: Kysely<Database>): Promise<unknown> =>
      listSeats(db, pool, filter, page);
  const members =
    (filter: Partial<MemberFilter>) =>
    (db: Kysely<Database>): Promise<unknown> =>
      listMembers(db, large, { state: 'active', ...filter }, page);
  return {
    invitations: invitations({}),
    'invitations, halfway': invitations({}, idAt('inv', madeAt(count / 2))),
    'invitations that are pending': invitations({ state: 'pending' }),
    'invitations that were revoked (none)': invitations({ state: 'revoked' }),
    'invitations of an address': invitations({ mailbox: 'person-3@people.example' as Mailbox }),
    'invitations by a part of their address (one)': invitations({ search: 'person-3@' }),
    'invitations as an owner (few)': invitations({ role: 'owner' }),
    'invitations to a team (none)': invitations({ team: 'Nobody' }),
    'invitations with a licence (few)': invitations({ license: rare }),
    'invitations with a licence (most)': invitations({ license: studio }),
    'invitations by an inviter (none)': invitations({ inviter: 'acc_1' }),
    'pending invitations by an inviter (none)': invitations({ inviter: 'acc_1', state: 'pending' }),
    'invitations complained about (few)': invitations({ delivery: 'complained' }),
    'invitations mailed (most)': invitations({ delivery: 'sent' }),
    'invitations still to be mailed (none)': invitations({ delivery: 'queued' }),
    'invitations of a batch (none)': invitations({ batch: 'bat_none' }),
    'what an act on many was not done on (none)': (db) =>
      listActResults(db, 'bat_none', { refused: true }, { after: 0, limit: 50 }),
    'invitations of the last day': invitations({ createdAfter: new Date(newest - day) }),
    'invitations to come (none)': invitations({ createdAfter: new Date(newest + day) }),
    'invitations by all filters at once': invitations({
      state: 'accepted',
      delivery: 'complained',
      role: 'owner',
      license: rare,
      createdAfter: new Date(0),
    }),
    'my invitations': (db) =>
      listInvitationsOfMailbox(db, 'person-10@people.example' as Mailbox, undefined, { limit: 50 }),
    'invitations of an address anywhere': (db) =>
      listInvitationsAnywhere(db, 'person-3@people.example' as Mailbox, page),
    'memberships of an address anywhere': (db) =>
      listMembershipsOfMailbox(db, 'person-3@people.example' as Mailbox, 101),
    'my organizations': (db) => listMemberships(db, 'acc_3'),
    members: members({}),
    'members who were removed (none)': members({ state: 'removed' }),
    'members of an address (one)': members({ mailbox: 'person-3@people.example' as Mailbox }),
    'members by a part of their address (one)': members({ search: 'person-3@' }),
    'members who are owners (none)': members({ role: 'owner' }),
    'members of a team (none)': members({ team: 'Nobody' }),
    'members with a licence (few)': members({ license: rare }),
    'members who joined long ago (none)': members({ joinedBefore: new Date(0) }),
    'members seen today (none)': members({ seenAfter: new Date(newest + day) }),
    'another owner (none)': (db) => hasAnotherOwner(db, large, 'mem_1'),
    licences: (db) => listLicensePools(db, large, {}, page),
    'licences that have ended (none)': (db) => listLicensePools(db, large, { state: 'ended' }, page),
    seats: seats({}),
    'seats that are reserved': seats({ state: 'reserved' }),
    'seats of a rare licence (few)': seats({}, rare),
    'seats by a part of a name (none)': seats({ search: 'nobody' }),
    'seats of an address': seats({ mailbox: 'person-4@people.example' as Mailbox }),
    'seats reserved for an address': seats({ state: 'reserved', mailbox: 'person-10@people.example' as Mailbox }),
    webhooks: (db) => listWebhooks(db, large, page),
    'messages of a webhook (none)': (db) => listMessages(db, 'whk_none', {}, page),
    'messages of a webhook that failed (none)': (db) => listMessages(db, 'whk_none', { state: 'failed' }, page),
    'webhooks with something due (none)': (db) => dueWebhooks(db, 100),
    'events of an invitation': (db) => listEvents(db, { invitation: idAt('inv', newest) }, page),
    'events of an organization': events({}),
    'events of a type (none)': events({ type: 'erased' }),
    'events by an actor (none)': events({ actor: 'acc_nobody' }),
    'events of the last day': events({ since: new Date(newest - day) }),
    'events of long ago (none)': events({ until: new Date(0) }),
    'events about a licence (none)': events({ target: 'lic_none' }),
    'events of an organization, newest first': events({}, 'newest'),
    'events of an invitation, newest first': events({ invitation: idAt('inv', newest) }, 'newest'),
    'events of a type (none), newest first': events({ type: 'erased' }, 'newest'),
    'events before the last day, newest first': events({ until: new Date(newest - day) }, 'newest'),
    'what waits, for metrics': readBacklog,
  };
}
