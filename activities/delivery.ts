import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import {
  countQueued,
  type Delivery,
  deliveryRef,
  markAttempted,
  settleDeliveries,
  unmarkAttempted,
} from '../db/deliveries.ts';
import { emailFacts, findInvitation, type Invitation } from '../db/invitations.ts';
import { findWordings } from '../db/organizations.ts';
import type { Links } from '../identity/links.ts';
import { envelopeAddress } from '../identity/mailbox.ts';
import type { Wordings } from '../languages/wording.ts';
import { type Mail, MailError, type Message } from '../mail/mail.ts';
import { messageIdOf, namedAddress, senderFor } from '../mail/message.ts';
import { invitationEmail } from '../mail/templates/invitation-email.ts';
import { resendRequestEmail } from '../mail/templates/resend-request-email.ts';
import { invitationSeconds } from '../telemetry/metrics.ts';
import type { DeliveryActivities } from '../workflows/invitation.ts';
import { perSecond as resumedPerSecond } from './resume.ts';

export interface ComposeDeps {
  mail: Mail;
  links: Links;
  /** The sender address. */
  from: string;
}

export interface DeliveryDeps extends ComposeDeps {
  db: Kysely<Database>;
  /** How long a message that may have been sent is looked for before it is sent again, ms. */
  lookupPatienceMs: number;
  /** How long an email of a suspended organization waits until it is looked at again, ms. @default 5 minutes */
  suspendedMs?: number;
}

/**
 * Sends deliveries. One delivery is mailed once, unless the provider itself lost it: it is marked attempted before the
 * provider is called, and one that may have been taken is looked up by its metadata, with patience for a late index.
 */
export function createDeliveryActivities(deps: DeliveryDeps): DeliveryActivities {
  const { db, mail, suspendedMs = 300_000 } = deps;
  const nextDelay = createBackOff(deps);

  return {
    async deliver({ invitation: id, ordinal }) {
      const delivery = await db
        .selectFrom('deliveries')
        .selectAll()
        .where('invitation_id', '=', id)
        .where('ordinal', '=', ordinal)
        .executeTakeFirst();
      const invitation = await findInvitation(db, id);
      if (!delivery || !invitation) return { ordinal, status: 'failed' };
      if (delivery.status !== 'queued') return { ordinal, status: delivery.status };

      const settle = async (status: 'sent' | 'failed', detail: string | null, providerMessageId: string | null) => {
        await settleDeliveries(db, [{ invitation: id, ordinal, status, detail, providerMessageId }]);
        return { ordinal, status };
      };

      const wanted =
        delivery.kind === 'resend_request' ||
        (invitation.state === 'pending' && invitation.delivery_ordinal === ordinal);
      const found =
        delivery.attempted_at &&
        (await mail.find(deliveryRef(delivery)).catch(async (error) => {
          throw error instanceof MailError ? tryAgain(error.code, await nextDelay()) : error;
        }));
      if (found) return settle('sent', null, found.messageId);
      // Superseded before it left: a link to it would be dead, or the invitation has ended.
      if (!wanted) return settle('failed', 'superseded', null);
      // Held back, not given up: whoever waits for it gets it when the organization may send again.
      if (invitation.organization_suspended_at)
        throw tryAgain('organization_suspended', suspendedMs * (0.5 + Math.random()));
      // A request of somebody who was erased since, or to somebody who was: there is no one to write of, or to.
      if (invitation.erased_at || (delivery.kind === 'resend_request' && invitation.inviter_erased_at))
        return settle('failed', 'erased', null);

      if (delivery.attempted_at) {
        const waited = Date.now() - delivery.attempted_at.getTime();
        if (waited < deps.lookupPatienceMs)
          throw tryAgain('may_have_been_sent', Math.min(5_000, deps.lookupPatienceMs - waited));
      }
      const message = compose(
        deps,
        invitation,
        delivery,
        (await wordingsOf(db, [invitation])).get(invitation.organization_id),
      );
      const mark = await markAttempted(db, { invitation: id, ordinal }, delivery.attempted_at);
      if (!mark) throw tryAgain('another_attempt', 1_000);
      const result = await mail.send(message);
      switch (result.status) {
        case 'sent':
          noteSent(invitation, ordinal);
          return settle('sent', null, result.messageId);
        case 'failed':
          return settle('failed', result.code, null);
        case 'not_sent':
          await unmarkAttempted(db, [{ invitation: id, ordinal }], mark);
          throw tryAgain(result.code, result.retryAfterMs ?? (await nextDelay()));
        case 'unknown':
          throw tryAgain(result.code, await nextDelay());
        default:
          return result satisfies never;
      }
    },
  };
}

/** Notes how long an invitation took to be sent, if it was for the first time. */
export function noteSent({ created_at }: Pick<Invitation, 'created_at'>, ordinal: number): void {
  if (ordinal === 1) invitationSeconds.observe({ state: 'sent' }, (Date.now() - created_at.getTime()) / 1_000);
}

/** A retryable failure that carries a code and nothing of the provider's text, which quotes addresses. */
export const tryAgain = (code: string, afterMs: number) =>
  ApplicationFailure.create({
    type: code,
    message: `the email could not be sent yet: ${code}`,
    nextRetryDelay: Math.max(100, afterMs),
  });

/** Of a provider that was down for long, so soon at least is noticed that it is back; and so late at most, ms. */
const backOff = { soon: 30_000, late: 300_000 };

/**
 * How long the next attempt at a provider in trouble waits, ms: longer each time, by half as much more or less, so that
 * those who began together do not go on together. The more emails wait, the less often each is attempted.
 */
export function createBackOff({ db, mail }: Pick<DeliveryDeps, 'db' | 'mail'>): () => Promise<number> {
  const perSecond = Math.min(resumedPerSecond, mail.perSecond);
  let counted: { queued: Promise<number>; at: number } | undefined;
  return async () => {
    if (!counted || Date.now() - counted.at > 10_000) {
      counted = { queued: countQueued(db, (backOff.late / 1_000) * perSecond), at: Date.now() };
    }
    const each = ((await counted.queued) / perSecond) * 1_000;
    const longest = Math.max(backOff.soon, Math.min(each, backOff.late));
    return Math.min(longest, 200 * 2 ** activityInfo().attempt) * (0.5 + Math.random());
  };
}

/** What the organizations of invitations say themselves: asked of those alone that say something. */
export const wordingsOf = (db: Kysely<Database>, invitations: readonly Invitation[]) =>
  findWordings(db, [
    ...new Set(invitations.flatMap((one) => (one.organization_has_wording ? [one.organization_id] : []))),
  ]);

/** The email of a delivery. @param wording the organization's own */
export function compose(
  { links, from }: Pick<ComposeDeps, 'links' | 'from'>,
  invitation: Invitation,
  delivery: Pick<Delivery, 'invitation_id' | 'ordinal' | 'kind' | 'generation'>,
  wording: Wordings | undefined,
): Message {
  const { id, email } = invitation;
  const ref = deliveryRef(delivery);
  const first = messageIdOf(deliveryRef({ invitation_id: id, ordinal: 1, generation: 1 }), from);
  const envelope = {
    from,
    kind: delivery.kind,
    invitation: id,
    delivery: ref,
    messageId: messageIdOf(ref, from),
  };
  if (delivery.kind === 'resend_request') {
    const content = resendRequestEmail({
      inviterName: invitation.inviter_name,
      organization: invitation.organization_name,
      email,
      // Whoever invited reads it: in the language of the organization.
      locale: invitation.organization_languages[0] ?? 'en',
    });
    return { ...envelope, ...content, to: envelopeAddress(invitation.inviter_email) };
  }
  const content = invitationEmail({
    kind: delivery.kind,
    ...emailFacts(invitation, links.page),
    wording,
    url: links.url({ invitation: id, generation: delivery.generation }),
  });
  const senderName = invitation.organization_sender_name;
  const replyTo = replyAddress(invitation);
  return {
    ...envelope,
    ...content,
    to: envelopeAddress(email),
    ...(senderName ? { from: senderFor(senderName, from) } : {}),
    ...(replyTo ? { replyTo } : {}),
    // A resend threads under the first email, which people click.
    ...(delivery.ordinal > 1 ? { inReplyTo: first } : {}),
  };
}

/** Where answers to an invitation go: where its organization wants them, else to whoever invited. */
function replyAddress(invitation: Invitation): string | undefined {
  if (invitation.organization_reply_to) return invitation.organization_reply_to;
  if (invitation.inviter_erased_at) return undefined;
  return namedAddress(invitation.inviter_name, envelopeAddress(invitation.inviter_email));
}
