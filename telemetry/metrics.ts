import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Every metric of Usher's own, for Prometheus. A process has one registry, so what runs under one roof is served together.
 * Labels have few values, and never an id: whoever wants to know which, asks Postgres or the logs.
 */

export const registry = new Registry();
const registers = [registry];

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

export const httpSeconds = new Histogram({
  name: 'usher_http_request_duration_seconds',
  help: 'How long requests took, by route (none: there is none), method and class of status',
  labelNames: ['route', 'method', 'status'] as const,
  // Whatever is slow or down, callers have an answer within two seconds.
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
  registers,
});

export const httpProblems = new Counter({
  name: 'usher_http_problems_total',
  help: 'Requests that were answered with a problem, by its code',
  labelNames: ['code'] as const,
  registers,
});

export const invitationEvents = new Counter({
  name: 'usher_invitation_events_total',
  help: 'What happened to invitations: created, resent, amended, reminded, accepted, declined, expired, revoked',
  labelNames: ['event'] as const,
  registers,
});

export const invitationRefusals = new Counter({
  name: 'usher_invitation_refusals_total',
  help: 'Events that an invitation did not take, by event and by the code of why',
  labelNames: ['event', 'code'] as const,
  registers,
});

export const invitationSeconds = new Histogram({
  name: 'usher_invitation_duration_seconds',
  help: 'How long after its creation an invitation was sent for the first time, accepted, declined, expired or revoked',
  labelNames: ['state'] as const,
  buckets: [0.1, 0.25, 0.5, 1, 5, 15, minute, 5 * minute, 30 * minute, hour, 6 * hour].concat(
    [1, 3, 7, 14, 30, 90].map((days) => days * day),
  ),
  registers,
});

export const emails = new Counter({
  name: 'usher_emails_total',
  help: 'Attempts to send an email, by kind, result and code of the provider (none: it was sent)',
  labelNames: ['kind', 'result', 'code'] as const,
  registers,
});

export const emailSeconds = new Histogram({
  name: 'usher_email_duration_seconds',
  help: 'How long attempts to send an email took, until the provider had answered for its batch',
  labelNames: ['result'] as const,
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});

export const emailReports = new Counter({
  name: 'usher_email_reports_total',
  help: 'What emails became by what the mail provider reported: delivered, opened, bounced, complained; none: nothing new, or of no email of ours',
  labelNames: ['status'] as const,
  registers,
});

export const webhookAttempts = new Counter({
  name: 'usher_webhook_attempts_total',
  help: 'Attempts to tell an endpoint of an organization, by class of its answer, or code of why there was none',
  labelNames: ['answer'] as const,
  registers,
});

export const reconcilerFinds = new Counter({
  name: 'usher_reconciler_finds_total',
  help: 'What the reconciler found, by how it noticed and by what became of it',
  labelNames: ['found', 'became'] as const,
  registers,
});

// An increase shows only where there was a value before: what alerts look for begins at zero.
httpProblems.inc({ code: 'engine_unreachable' }, 0);
webhookAttempts.inc({ answer: '2xx' }, 0);
for (const became of ['repaired', 'oversold']) reconcilerFinds.inc({ found: 'seats_miscounted', became }, 0);
for (const found of ['delivery_queued', 'feedback_untold', 'overdue', 'run_terminated', 'run_failed', 'run_timed_out'])
  reconcilerFinds.inc({ found, became: 'unanswered' }, 0);

for (const status of ['bounced', 'complained']) emailReports.inc({ status }, 0);
for (const kind of ['invitation', 'reminder', 'resend_request', 'notice', 'webhook_disabled'])
  emails.inc({ kind, result: 'sent', code: 'none' }, 0);

const gauge = <TLabel extends string = never>(name: string, help: string, labelNames: readonly TLabel[] = []) =>
  new Gauge({ name, help, labelNames, registers });

export const databaseUp = gauge('usher_database_up', 'Whether Postgres answers, within a second');

/** Of this process' connections to Postgres. */
export const pool = {
  connections: gauge('usher_database_connections', 'Connections to Postgres, by whether they are in use', ['state']),
  mostConnections: gauge('usher_database_connections_max', 'How many connections to Postgres there can be'),
  waiting: gauge('usher_database_waiting', 'How many wait for a connection to Postgres'),
};

/** Of the whole installation: every process says the same, so they are not to be summed. */
export const backlog = {
  emails: gauge('usher_emails_queued', 'Emails that wait to be sent, 10000 at most'),
  oldestEmail: gauge('usher_emails_queued_oldest_seconds', 'How long the oldest of them has waited; 0: none does'),
  oldestBatch: gauge('usher_batches_unfinished_oldest_seconds', 'How long ago the oldest unfinished batch was made'),
  messages: gauge('usher_webhook_messages_waiting', 'Messages to endpoints that are not disabled, 10000 at most'),
  failingWebhooks: gauge(
    'usher_webhooks_failing',
    'Endpoints that are not disabled, and with which nothing gets through',
  ),
  overdue: gauge('usher_invitations_overdue_seconds', 'How long ago the pending invitation expired that did first'),
  seats: gauge('usher_license_seats', 'Seats of all named licences that have not ended, by state', ['state']),
  fullPools: gauge('usher_license_pools_full', 'Named licences that have not ended and have no seat left'),
};

const mostCodes = 50;
const codes = new Set<string>();

/** A code of a provider's or a network's as a label. There is no end to them: those that come first are told apart. */
export function codeLabel(code: string): string {
  if (codes.size < mostCodes) codes.add(code);
  return codes.has(code) ? code : 'other';
}

let isWatched = false;

/** Measures this process as well: CPU, memory, garbage, lag of the event loop. */
export function watchProcess(): void {
  if (isWatched) return;
  isWatched = true;
  collectDefaultMetrics({ register: registry });
}
