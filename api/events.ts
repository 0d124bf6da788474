import type { Event } from '../db/events.ts';
import type { Event as EventBody } from './schemas.ts';

/** A row of the audit log as callers see it. */
export const eventBody = (e: Event): EventBody => ({
  id: e.id,
  type: e.type,
  sequence: e.sequence,
  detail: e.detail,
  actor: { kind: e.actor_kind, id: e.actor_id },
  target:
    e.invitation_id === null ? { kind: e.target_kind!, id: e.target_id! } : { kind: 'invitation', id: e.invitation_id },
  request: e.request_key,
  reason: e.reason,
  at: e.at.toISOString(),
});
