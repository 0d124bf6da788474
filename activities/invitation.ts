import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { queueDelivery } from '../db/deliveries.ts';
import { findEventByRequest, insertEvent, isOfKnownRequest } from '../db/events.ts';
import type { AccountId, AmendmentId, MemberId } from '../db/ids.ts';
import { advanceInvitation, applyAmendment, type LockedInvitation, loadInvitation } from '../db/invitations.ts';
import { assignSeats, lockLicensePools, releaseSeats, reserveSeats } from '../db/licenses.ts';
import { insertMember, isMemberMailbox } from '../db/members.ts';
import { noticeKinds, withNotice } from '../db/notices.ts';
import { Refused, refusalOf } from '../db/refusal.ts';
import { refusalOfInvitee } from '../identity/invitee.ts';
import { asBelieved, issuersOf, type Trust } from '../identity/providers.ts';
import type { InvitationEffect } from '../statecharts/invitation.ts';
import { isNewer, VersionMismatch } from '../statecharts/versions.ts';
import { invitationEvents, invitationSeconds } from '../telemetry/metrics.ts';
import type { HandedOver, InvitationId, Refusal, StoredInvitation } from '../workflows/contract.ts';
import type { Committed } from '../workflows/durable-machine.ts';
import type { InvitationActivities, InvitationTransition } from '../workflows/invitation.ts';
import type { FirstAttempts } from './first-attempts.ts';

/** What the effects of one transition share. */
interface Scene {
  trx: Transaction<Database>;
  providers: readonly Trust[];
  invitation: LockedInvitation;
  transition: InvitationTransition;
  /** Set by `grantMembership`, for the seats that follow. */
  member?: MemberId;
}

type EffectOf<TType extends InvitationEffect['type']> = Extract<InvitationEffect, { type: TType }>;

const effects: { [TType in InvitationEffect['type']]: (scene: Scene, effect: EffectOf<TType>) => Promise<void> } = {
  record: async ({ trx, invitation, transition }, { params }) => {
    const { ordinal } = transition.facts.delivery;
    const kind = noticeKinds.find((told) => told === params.event);
    await insertEvent(kind ? withNotice(trx, { invitation: invitation.id, ordinal, kind }) : trx, {
      organization: invitation.organization_id,
      invitation: invitation.id,
      sequence: transition.sequence,
      type: params.event,
      by: transition.by,
      request: transition.request,
      reason: transition.reason ?? null,
    });
  },

  // Only one that is revived reserves, and it is as invited anew: not if somebody has joined with another meanwhile.
  reserveSeats: async ({ trx, invitation }) => {
    if (await isMemberMailbox(trx, invitation.organization_id, invitation.mailbox)) throw new Refused('already_member');
    await reserveSeats(trx, invitation.id, invitation.pool_ids);
  },

  releaseSeats: ({ trx, invitation }) => releaseSeats(trx, invitation.id),

  grantMembership: async (scene, { params }) => {
    const { trx, invitation, providers } = scene;
    const account = params.account as AccountId;
    // The API has asked the same before; only this answer, in the transaction that lets the person in, counts.
    const claimant = await trx
      .selectFrom('accounts')
      .innerJoin('organizations', (j) => j.on('organizations.id', '=', invitation.organization_id))
      .select([
        'accounts.issuer',
        'mailbox',
        'email_verified',
        'organizations.issuer as organization_issuer',
        'suspended_at',
      ])
      .where('accounts.id', '=', account)
      .forShare('accounts')
      .executeTakeFirst();
    if (claimant?.suspended_at) throw new Refused('organization_suspended');
    const invited = { mailbox: invitation.mailbox, organization: { issuer: claimant?.organization_issuer ?? null } };
    const refusal = claimant
      ? refusalOfInvitee(invited, asBelieved(claimant, providers), issuersOf(providers))
      : 'wrong_account';
    if (refusal) throw new Refused(refusal);
    scene.member = await insertMember(trx, {
      organization: invitation.organization_id,
      account,
      role: invitation.role,
      teams: invitation.teams,
      invitation: invitation.id,
    });
  },

  assignSeats: ({ trx, invitation, member }) => {
    if (!member) throw new Error('assignSeats needs grantMembership before it');
    return assignSeats(trx, invitation.id, member);
  },

  applyAmendment: async ({ trx, invitation }, { params }) => {
    const { mailbox, poolIds } = await applyAmendment(trx, invitation.id, params.amendment as AmendmentId);
    if (mailbox && (await isMemberMailbox(trx, invitation.organization_id, mailbox)))
      throw new Refused('already_member');
    if (!poolIds) return;
    await lockLicensePools(trx, [...invitation.pool_ids, ...poolIds]);
    await releaseSeats(
      trx,
      invitation.id,
      invitation.pool_ids.filter((id) => !poolIds.includes(id)),
    );
    await reserveSeats(
      trx,
      invitation.id,
      poolIds.filter((id) => !invitation.pool_ids.includes(id)),
    );
  },

  queueDelivery: ({ trx, invitation, transition }, { params }) =>
    queueDelivery(trx, {
      invitation: invitation.id,
      ordinal: params.ordinal,
      kind: params.kind,
      generation: transition.facts.generation,
    }),
};

/**
 * Load and commit of invitations: all that their workflow does to Postgres.
 *
 * @param providers whose accounts count, and what is believed of them
 * @param firstAttempts takes the deliveries that are queued; without it each is its run's
 * @param logger is told of each transition
 */
export function createInvitationActivities({
  db,
  providers,
  firstAttempts,
  logger,
}: {
  db: Kysely<Database>;
  providers: readonly Trust[];
  firstAttempts?: Pick<FirstAttempts, 'handOver'> | undefined;
  logger?: Logger | undefined;
}): InvitationActivities {
  /** The row as it stands; it must exist, since a run began from it. What it has queued the run sees to. */
  const stored = async (id: InvitationId): Promise<StoredInvitation> => {
    const found = await loadInvitation(db, id);
    if (!found) throw new Error(`invitation ${id} is gone`);
    const { isAttempted: _, ...row } = found;
    return { ...row, handedOver: null };
  };
  const handOver = (invitation: InvitationId, ordinal: number): Required<HandedOver> => ({
    handedOver: firstAttempts?.handOver({ invitation, ordinal }) ? ordinal : null,
  });

  const tell = ({ sequence, request, facts, effects }: InvitationTransition, { id, created_at }: LockedInvitation) => {
    const { state } = facts;
    if (state !== 'pending') invitationSeconds.observe({ state }, (Date.now() - created_at.getTime()) / 1_000);
    for (const effect of effects)
      if (effect.type === 'record') {
        const { event } = effect.params;
        invitationEvents.inc({ event });
        logger?.info({ invitation: id, event, sequence, request }, 'transition');
      }
  };

  return {
    async load(id, request, isFirst = false) {
      const found = await loadInvitation(db, id);
      if (!found) return null;
      const { isAttempted, ...row } = found;
      const { state, delivery } = row.facts;
      const known = request ? await findEventByRequest(db, request) : undefined;
      const isNew = isFirst && state === 'pending' && delivery.status === 'queued' && !isAttempted && !isNewer(row);
      return {
        ...row,
        ...(known?.sequence ? { taken: known.sequence } : {}),
        ...(isNew ? handOver(id, delivery.ordinal) : { handedOver: null }),
      };
    },

    async commit(transition): Promise<Committed<StoredInvitation, Refusal> & HandedOver> {
      const { invitation: id, sequence, facts, request, chartVersion = 1 } = transition;
      // From a workflow on a newer worker: this one would lose what it does not know of.
      if (isNewer(transition)) throw new VersionMismatch(`the transition is of chart version ${chartVersion}`);
      const repeated = async () => {
        const known = request ? await findEventByRequest(db, request) : undefined;
        return known?.sequence
          ? { status: 'repeated' as const, sequence: known.sequence, row: await stored(id) }
          : undefined;
      };
      try {
        const advanced = await db.transaction().execute(async (trx) => {
          const invitation = await advanceInvitation(trx, id, sequence, { chartVersion, facts }, transition.account);
          if (!invitation) return undefined;
          const scene: Scene = { trx, providers, invitation, transition };
          for (const effect of transition.effects) await effects[effect.type](scene, effect as never);
          return invitation;
        });
        if (!advanced) return (await repeated()) ?? { status: 'superseded', row: await stored(id) };
        tell(transition, advanced);
        const queued = transition.effects.find((effect) => effect.type === 'queueDelivery');
        return { status: 'committed', ...(queued ? handOver(id, queued.params.ordinal) : {}) };
      } catch (error) {
        const code = refusalOf(error);
        // What has been done already is not refused, and has its audit row: a second one there cannot be.
        const known = code || isOfKnownRequest(error) ? await repeated() : undefined;
        if (known) return known;
        if (code) return { status: 'refused', code };
        throw error;
      }
    },
  };
}
