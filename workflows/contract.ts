import type { SearchAttributePair, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  Actor,
  DeliveryStatus,
  InvitationFacts,
  InvitationRefusal,
  InvitationState,
  PeoplesEvent,
} from '../statecharts/invitation.ts';

/**
 * What others may know of the workflows: names, Updates, Signals, queries, search attributes, task queue.
 * Everything that crosses here is stored by Temporal, so it carries ids only: no address, name, message or link.
 */

export const taskQueue = 'usher';

/** The Worker Deployment whose versions are builds of Usher. */
export const deploymentName = 'usher';

export type InvitationId = `inv_${string}`;
export type AccountId = `acc_${string}`;
export type AmendmentId = `amd_${string}`;
export type BatchId = `bat_${string}`;
export type ErasureId = `era_${string}`;
export type ReasonId = `rsn_${string}`;
export type WebhookId = `whk_${string}`;

/** Workflow types, as exported by `workflows/index.ts`. */
export const workflowTypes = {
  invitation: 'invitation',
  delivery: 'delivery',
  reconcile: 'reconcile',
  batch: 'batch',
  acts: 'acts',
  erasure: 'erasure',
  retention: 'retention',
  notices: 'notices',
  webhook: 'webhook',
} as const;

export interface InvitationInput {
  id: InvitationId;
}

/** What is done with the rows of a batch: they are invited, or the same act is carried out on each, which is an invitation. */
export type BatchKind = 'invite' | 'resend' | 'revoke' | 'amend';

/** Names the row that says which invitations, and how far they have come. */
export interface BatchInput {
  id: BatchId;
}

/** Names the row that says whose data is to disappear. */
export interface ErasureInput {
  id: ErasureId;
}

/** Names the endpoint; what it is to be told is in Postgres. */
export interface WebhookInput {
  id: WebhookId;
}

/** One delivery of an invitation; `ordinal` counts from 1. */
export interface DeliveryInput {
  invitation: InvitationId;
  ordinal: number;
}

/** Who acts, and under which key the request is known: a repeat is answered from its audit row. */
export interface Act {
  by: Actor;
  request: string;
  /** The row that says why the support does it. */
  reason?: ReasonId;
}

export interface AcceptInput extends Act {
  account: AccountId;
  emailVersion: number;
  /** Epoch ms at which the API received the request. */
  receivedAt: number;
}
export interface DeclineInput extends Act {
  account: AccountId;
  emailVersion: number;
  receivedAt: number;
}
export interface ResendInput extends Act {
  /** ms */
  expiresIn?: number;
  replaceLink?: boolean;
  /** ms after the sending; absent: the usual times. */
  reminders?: readonly number[];
}
export type RevokeInput = Act;
export interface AmendInput extends Act {
  amendment: AmendmentId;
  emailChanged: boolean;
  emailVersion: number;
}

/** Why an event changed nothing: the chart does not take it, or a constraint of the database refused the commit. */
export type Refusal =
  | InvitationRefusal
  | 'invitation_not_found'
  | 'no_seat_left'
  | 'license_ended'
  | 'organization_suspended'
  | 'already_invited'
  | 'already_member'
  | 'issuer_not_allowed'
  | 'wrong_account'
  | 'email_unverified';

/** What became of an offered event. */
export type Outcome = { status: 'taken'; sequence: number } | { status: 'refused'; code: Refusal };

export const acceptUpdate = defineUpdate<Outcome, [AcceptInput]>('accept');
export const declineUpdate = defineUpdate<Outcome, [DeclineInput]>('decline');
export const resendUpdate = defineUpdate<Outcome, [ResendInput]>('resend');
export const revokeUpdate = defineUpdate<Outcome, [RevokeInput]>('revoke');
export const amendUpdate = defineUpdate<Outcome, [AmendInput]>('amend');

/** For hands in the Temporal UI: no arguments needed, none believed. Nobody is let in by a Signal. */
export const declineSignal = defineSignal<unknown[]>('decline');
export const resendSignal = defineSignal<unknown[]>('resend');
export const revokeSignal = defineSignal<unknown[]>('revoke');
/** Feedback of the mail provider: `{ordinal, status}`. */
export const deliverySignal = defineSignal<unknown[]>('delivery');

/** To a run that may be behind its row, of an invitation or a batch: read it again. */
export const reloadSignal = defineSignal('reload');

export interface InvitationStatus {
  /** Null until the row is loaded. */
  state: InvitationState | null;
  /** Where in the chart, such as `pending.waiting`. */
  at: string;
  allowed: PeoplesEvent[];
  /** As far as the run knows. `handed_over`: the worker sends it, and tells the run only if that fails. */
  delivery: DeliveryStatus | 'handed_over' | null;
  /** ISO 8601 */
  expiresAt: string | null;
  /** ISO 8601 */
  nextReminderAt: string | null;
  sequence: number;
}
export const stateQuery = defineQuery<InvitationStatus>('state');

/** Custom search attributes; each must be known to the Temporal namespace. */
export const searchAttributes = {
  organization: defineSearchAttributeKey('UsherOrganization', 'KEYWORD'),
  state: defineSearchAttributeKey('UsherState', 'KEYWORD'),
  /** Set only while a delivery is in trouble. */
  delivery: defineSearchAttributeKey('UsherDelivery', 'KEYWORD'),
  expiresAt: defineSearchAttributeKey('UsherExpiresAt', 'DATETIME'),
};

/** The workflow id of an invitation. */
export const invitationWorkflowId = (id: InvitationId): string => `invitation/${id}`;

/**
 * The ordinal of a delivery that the worker has taken to send it beside the run; null: it could not, so it is the run's.
 * Absent where there was none to hand over, and in histories of 0.1.0, whose runs sent each themselves.
 */
export interface HandedOver {
  handedOver?: number | null;
}

/** What a run of the invitation workflow starts from: the row. */
export interface StoredInvitation extends HandedOver {
  sequence: number;
  /** Which version of the chart stored the facts; absent in histories of 0.1.0, which knew one. */
  chartVersion?: number;
  facts: InvitationFacts;
}

const harmless = {
  // A stray start is harmless: a running workflow is left alone, a closed one resumes from its row.
  workflowIdConflictPolicy: 'USE_EXISTING' satisfies WorkflowIdConflictPolicy,
  workflowIdReusePolicy: 'ALLOW_DUPLICATE' satisfies WorkflowIdReusePolicy,
} as const;

/** Start options of an invitation's workflow, for every starter (API, reconciler). `organization` is the slug. */
export function invitationStart(row: {
  id: InvitationId;
  organization: string;
  state: InvitationState;
  expiresAt: Date;
}) {
  return {
    ...harmless,
    taskQueue,
    workflowId: invitationWorkflowId(row.id),
    args: [{ id: row.id }] as [InvitationInput],
    typedSearchAttributes: [
      { key: searchAttributes.organization, value: row.organization },
      { key: searchAttributes.state, value: row.state },
      { key: searchAttributes.expiresAt, value: row.expiresAt },
    ] as SearchAttributePair[],
  };
}

/** Start options of the workflow that carries out one delivery beside the chart (such as a note to the inviter). */
export function deliveryStart(delivery: DeliveryInput) {
  return {
    ...harmless,
    taskQueue,
    workflowId: `delivery/${delivery.invitation}/${delivery.ordinal}`,
    args: [delivery] as [DeliveryInput],
  };
}

/** The workflow type of a batch: one that invites, or one that carries out an act on many invitations. */
export const batchType = (kind: BatchKind) => (kind === 'invite' ? workflowTypes.batch : workflowTypes.acts);

/** Start options of the workflow of a batch. */
export function batchStart(id: BatchId) {
  return { ...harmless, taskQueue, workflowId: `batch/${id}`, args: [{ id }] as [BatchInput] };
}

/** Start options of an erasure. */
export function erasureStart(id: ErasureId) {
  return { ...harmless, taskQueue, workflowId: `erasure/${id}`, args: [{ id }] as [ErasureInput] };
}

/** Start options of the workflow that sends what is due to an endpoint of an organization. */
export function webhookStart(id: WebhookId) {
  return { ...harmless, taskQueue, workflowId: `webhook/${id}`, args: [{ id }] as [WebhookInput] };
}
