import { randomBytes } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { hasTakenEffect, insertEvent } from '../db/events.ts';
import { isId, type MessageId, newId, type OrganizationId, type WebhookId } from '../db/ids.ts';
import { findInvitation } from '../db/invitations.ts';
import { findLicensePool } from '../db/licenses.ts';
import { findMembers } from '../db/members.ts';
import type { Organization } from '../db/organizations.ts';
import type { Page } from '../db/paging.ts';
import {
  countWebhooks,
  disableWebhook,
  enableWebhook,
  findMessage,
  findWebhook,
  findWebhookByRequest,
  insertTest,
  insertWebhook,
  listMessages,
  listWebhooks,
  lockWebhook,
  type WebhookMessage as MessageRow,
  type MessageState,
  memberOfInvitation,
  removeWebhook,
  resendFailed,
  resendMessage,
  rotateSecret,
  testType,
  tryAnew,
  tryNow,
  updateWebhook,
  type Webhook as WebhookRow,
} from '../db/webhooks.ts';
import { faultOf, type Networks } from '../webhooks/addresses.ts';
import type { Standing } from './caller.ts';
import { invitationBody } from './invitations.ts';
import { licenseBody } from './licenses.ts';
import type { Limits } from './limits.ts';
import { memberBody } from './members.ts';
import { ChangedMeanwhile, Problem } from './problem.ts';
import type { ChangeWebhook, CreateWebhook, Webhook, WebhookMessage } from './schemas.ts';

/** What callers can do with webhooks; routes and pages call these. */

/** How many endpoints an organization may have. Some more when several are made at the same moment, which harms nobody. */
export const mostWebhooks = 10;
/** How many failed messages one request sends again. */
const mostResent = 10_000;

/** Who does it, and the request key by which the audit log knows it. */
interface Act {
  standing: Standing;
  request: string;
}

/** An endpoint as callers see it. @param organization its slug */
export const webhookBody = (row: WebhookRow, organization: string): Webhook => ({
  id: row.id,
  organization,
  url: row.url,
  types: row.types,
  createdAt: row.created_at.toISOString(),
  failingSince: row.failing_since?.toISOString() ?? null,
  disabled: row.disabled_at && { at: row.disabled_at.toISOString(), why: row.disabled_why! },
  previousSecretUntil:
    row.previous_secret_until && row.previous_secret_until.getTime() > Date.now()
      ? row.previous_secret_until.toISOString()
      : null,
});

/** A message as callers see it. */
export const messageBody = (row: MessageRow): WebhookMessage => ({
  id: row.id,
  type: row.type,
  about: row.pool_id ?? row.member_id ?? row.invitation_id ?? row.webhook_id,
  state: row.state,
  attempts: row.attempts,
  lastAttemptAt: row.last_attempted_at?.toISOString() ?? null,
  lastAnswer: row.last_answer,
  nextAttemptAt: row.state === 'waiting' ? row.next_attempt_at.toISOString() : null,
  createdAt: row.created_at.toISOString(),
});

/**
 * What a message says, now: type and time of what happened, and how what it is about is by now, as the API shows it. Of
 * people who were erased it says as little as that.
 */
export const payloadOf = async (
  db: Kysely<Database>,
  { organization_id: organization }: Pick<WebhookRow, 'organization_id'>,
  message: MessageRow,
): Promise<object> => ({
  type: message.type,
  timestamp: message.created_at.toISOString(),
  version: 'v1',
  data: await dataOf(db, organization, message),
});

async function dataOf(db: Kysely<Database>, organization: OrganizationId, message: MessageRow): Promise<object> {
  const { type, webhook_id: webhook, invitation_id: invitation, pool_id: pool } = message;
  if (type === testType) return { webhook };
  if (type.startsWith('invitation.')) return { invitation: invitationBody((await findInvitation(db, invitation!))!) };
  const id = message.member_id ?? (await memberOfInvitation(db, invitation!));
  const [member] = await findMembers(db, organization, [id!]);
  const license = pool === null ? undefined : await findLicensePool(db, organization, pool);
  return { ...(license ? { license: licenseBody(license) } : {}), member: memberBody(member!) };
}

/** A new secret, as Standard Webhooks writes them. */
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

/** @throws Problem `invalid_request` */
function requireUrl(url: string, networks: Networks): void {
  const message = faultOf(url, networks);
  if (message) throw new Problem('invalid_request', message, [{ path: 'body/url', message }]);
}

/** Endpoints of an organization, newest first. @throws Problem `invalid_request` */
export async function webhookPage(
  db: Kysely<Database>,
  organization: OrganizationId,
  { cursor, limit = 50 }: { cursor?: string; limit?: number },
): Promise<Page<WebhookRow, WebhookId>> {
  if (cursor !== undefined && !isId('whk', cursor)) throw new Problem('invalid_request', 'cursor is not one of ours.');
  return listWebhooks(db, organization, { ...(cursor ? { before: cursor } : {}), limit });
}

/** @throws Problem `not_found` */
export async function requireWebhook(
  db: Kysely<Database>,
  organization: OrganizationId,
  id: string,
): Promise<WebhookRow> {
  const row = isId('whk', id) ? await findWebhook(db, organization, id) : undefined;
  if (!row) throw new Problem('not_found', 'The organization has no such webhook.');
  return row;
}

/** What an endpoint was told, newest first. @throws Problem `invalid_request` */
export async function messagePage(
  db: Kysely<Database>,
  { id }: Pick<WebhookRow, 'id'>,
  { cursor, limit = 50, state }: { cursor?: string; limit?: number; state?: MessageState },
): Promise<Page<MessageRow, number>> {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw new Problem('invalid_request', 'cursor is not one of ours.');
  return listMessages(db, id, state ? { state } : {}, { ...(cursor ? { before: Number(cursor) } : {}), limit });
}

/** @throws Problem `not_found` */
export async function requireMessage(
  db: Kysely<Database>,
  { id }: Pick<WebhookRow, 'id'>,
  message: string,
): Promise<MessageRow> {
  const row = /^msg_[0-9a-f]{32}$/.test(message) ? await findMessage(db, id, message as MessageId) : undefined;
  if (!row) throw new Problem('not_found', 'The webhook was told no such message, or it has been forgotten.');
  return row;
}

/**
 * Makes an endpoint, once a request.
 *
 * @returns it with its secret; null when the request has made it before: its secret is shown no more
 * @throws Problem `invalid_request`, `too_many_webhooks`
 */
export async function createWebhook(
  { db, networks }: { db: Kysely<Database>; networks: Networks },
  organization: Pick<Organization, 'id'>,
  { url, types = [] }: CreateWebhook,
  { standing, request }: Act,
): Promise<{ webhook: WebhookRow; secret: string | null }> {
  const repeated = async () => {
    const webhook = await findWebhookByRequest(db, request);
    return webhook && { webhook, secret: null };
  };
  const before = await repeated();
  if (before) return before;
  requireUrl(url, networks);
  if ((await countWebhooks(db, organization.id)) >= mostWebhooks)
    throw new Problem('too_many_webhooks', `There may be ${mostWebhooks} at most: remove one that nobody uses.`);
  const secret = newSecret();
  const id = newId('whk');
  try {
    await db.transaction().execute(async (trx) => {
      await insertWebhook(trx, { id, organization_id: organization.id, url, types, secret });
      // A note of a request that is known already would be left out, and the endpoint be one too many.
      if (!(await noted(trx, organization, id, 'webhook_created', { standing, request })))
        throw new Error('the request has made a webhook already');
    });
  } catch (error) {
    // The same request at the same time: the other one made it.
    const twin = await repeated();
    if (twin) return twin;
    throw error;
  }
  return { webhook: (await findWebhook(db, organization.id, id))!, secret };
}

const noted = (
  trx: Transaction<Database>,
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  type: string,
  { standing, request }: Act,
  detail: string | null = null,
): Promise<boolean> =>
  insertEvent(trx, {
    organization: organization.id,
    target: { kind: 'webhook', id },
    type,
    detail,
    by: standing.by,
    request,
  });

/**
 * Does something with an endpoint that is locked meanwhile, and notes it; a request that has done it before does nothing again.
 *
 * @throws Problem `not_found`, and what `work` throws
 */
async function acting<T>(
  db: Kysely<Database>,
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  act: Act,
  work: (
    trx: Transaction<Database>,
    webhook: WebhookRow,
  ) => Promise<{ type: string; detail?: string; value: T } | undefined>,
): Promise<{ webhook: WebhookRow; value: T | undefined }> {
  return db.transaction().execute(async (trx) => {
    const webhook = await lockWebhook(trx, organization.id, id);
    if (!webhook) throw new Problem('not_found', 'The organization has no such webhook.');
    if (await hasTakenEffect(trx, act.request)) return { webhook, value: undefined };
    const done = await work(trx, webhook);
    if (!done) return { webhook, value: undefined };
    await noted(trx, organization, id, done.type, act, done.detail);
    return { webhook: (await lockWebhook(trx, organization.id, id)) ?? webhook, value: done.value };
  });
}

/** Tells what an endpoint is from what it was before: what a form was drawn for. */
export const webhookVersion = ({ url, types }: Pick<WebhookRow, 'url' | 'types'>): string =>
  JSON.stringify([url, [...types].sort()]);

/**
 * Changes an endpoint; enables or disables it.
 *
 * @param act.drawnFor `webhookVersion` of what was changed; others are not overwritten unseen. @default whatever is there
 * @throws Problem `invalid_request`, `not_found`, `changed_meanwhile`
 */
export async function changeWebhook(
  { db, networks }: { db: Kysely<Database>; networks: Networks },
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  { url, types, disabled }: ChangeWebhook,
  act: Act & { drawnFor?: string | undefined },
): Promise<WebhookRow> {
  if (url !== undefined) requireUrl(url, networks);
  const { webhook } = await acting(db, organization, id, act, async (trx, before) => {
    if (act.drawnFor !== undefined && act.drawnFor !== webhookVersion(before)) throw new ChangedMeanwhile();
    const after = { url: url ?? before.url, types: types ?? before.types };
    const changes = webhookVersion(before) !== webhookVersion(after);
    const turns = disabled !== undefined && disabled !== (before.disabled_at !== null);
    if (changes) await updateWebhook(trx, id, after);
    // How the old address fared says nothing of the new one.
    if (after.url !== before.url) await tryAnew(trx, id);
    if (turns) await (disabled ? disableWebhook : enableWebhook)(trx, id);
    if (!changes && !turns) return undefined;
    const turned = turns ? [disabled ? 'disabled' : 'enabled'] : [];
    if (!changes) return { type: `webhook_${turned}`, detail: 'by_hand', value: true };
    const changed = (['url', 'types'] as const).filter((name) => String(before[name]) !== String(after[name]));
    return { type: 'webhook_changed', detail: [...changed, ...turned].join(' '), value: true };
  });
  return webhook;
}

/** Removes an endpoint; what it has not been told it never will. @throws Problem `not_found` */
export async function endWebhook(
  db: Kysely<Database>,
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  act: Act,
): Promise<WebhookRow> {
  const { webhook } = await acting(db, organization, id, act, async (trx) => {
    await removeWebhook(trx, id);
    return { type: 'webhook_removed', value: true };
  });
  return webhook;
}

/**
 * Gives an endpoint a new secret; the one before signs too for a day.
 *
 * @returns it with its secret; null when the request has done it before: its secret is shown no more
 * @throws Problem `not_found`
 */
export async function rotateWebhook(
  db: Kysely<Database>,
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  act: Act,
): Promise<{ webhook: WebhookRow; secret: string | null }> {
  const { webhook, value } = await acting(db, organization, id, act, async (trx) => {
    const secret = newSecret();
    await rotateSecret(trx, id, secret);
    return { type: 'webhook_secret_rotated', value: secret };
  });
  return { webhook, secret: value ?? null };
}

/** Nothing is sent to what is disabled. @throws Problem `webhook_disabled` */
function requireEnabled({ disabled_at }: WebhookRow): void {
  if (disabled_at) throw new Problem('webhook_disabled', 'Enable it first: what has waited is sent then.');
}

/** What sends messages by hand, no more than so many. */
interface ByHand {
  db: Kysely<Database>;
  limits: Limits;
}

/**
 * Sends an endpoint a message that tells nothing, to try it.
 *
 * @throws Problem `not_found`, `webhook_disabled`, `rate_limited`
 */
export async function testWebhook(
  { db, limits }: ByHand,
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  act: Act,
): Promise<void> {
  await limits.use({ webhook: organization.id });
  await acting(db, organization, id, act, async (trx, webhook) => {
    requireEnabled(webhook);
    await insertTest(trx, id, `test/${act.request}`);
    await tryNow(trx, id);
    return { type: 'webhook_tested', value: true };
  });
}

/** Sends a message once more, under its id. @throws Problem `not_found`, `webhook_disabled`, `rate_limited` */
export async function resendOne(
  { db, limits }: ByHand,
  organization: Pick<Organization, 'id'>,
  message: MessageRow,
  act: Act,
): Promise<void> {
  await limits.use({ webhook: organization.id });
  await acting(db, organization, message.webhook_id, act, async (trx, webhook) => {
    requireEnabled(webhook);
    await resendMessage(trx, message);
    await tryNow(trx, message.webhook_id);
    return { type: 'webhook_messages_resent', detail: message.id, value: true };
  });
}

/** Sends once more what failed since a time, the oldest first. @throws Problem `not_found`, `webhook_disabled` */
export async function resendSince(
  db: Kysely<Database>,
  organization: Pick<Organization, 'id'>,
  id: WebhookId,
  since: Date,
  act: Act,
): Promise<{ resent: number; more: boolean }> {
  const { value: resent = 0 } = await acting(db, organization, id, act, async (trx, webhook) => {
    requireEnabled(webhook);
    const count = await resendFailed(trx, id, since, mostResent);
    await tryNow(trx, id);
    return { type: 'webhook_messages_resent', detail: String(count), value: count };
  });
  return { resent, more: resent === mostResent };
}
