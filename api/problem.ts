import { VersionMismatch } from '../statecharts/versions.ts';
import type { Refusal } from '../workflows/contract.ts';
import type { Seat } from './schemas.ts';

/** Every problem Usher answers with: its status and title. Each has a page `docs/errors/<code>.md`; a test ties them. */
export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_picture: { status: 400, title: 'The picture cannot be used' },
  invalid_csv: { status: 400, title: 'The CSV cannot be read' },
  invalid_email: { status: 400, title: 'This is no address that mail can be sent to' },
  unknown_member: { status: 400, title: 'The organization has no such member' },
  unknown_license: { status: 400, title: 'The organization has no such licence' },
  unsafe_text: { status: 400, title: 'A text contains a link, markup or control characters' },
  domain_not_allowed: { status: 400, title: 'The organization does not invite addresses of this domain' },
  language_not_allowed: { status: 400, title: 'The organization does not invite in this language' },
  redirect_not_allowed: { status: 400, title: 'The redirect URL is not one of the organization' },
  reason_missing: { status: 400, title: 'Those who run Usher must say why' },
  not_authenticated: { status: 401, title: 'Sign in or send a valid API key' },
  form_expired: { status: 403, title: 'The form has expired' },
  scope_missing: { status: 403, title: 'The API key lacks the scope' },
  not_allowed: { status: 403, title: 'Your role does not allow this' },
  role_too_high: { status: 403, title: 'Nobody grants above their own role' },
  own_role: { status: 403, title: 'Another owner must change your role' },
  scope_too_high: { status: 403, title: 'Nobody gives a key more than they may' },
  wrong_account: { status: 403, title: 'The invitation is for another address' },
  email_unverified: { status: 403, title: 'The address of the account is not verified' },
  issuer_not_allowed: { status: 403, title: 'Accounts of this issuer do not count here' },
  not_found: { status: 404, title: 'Not found' },
  invitation_not_found: { status: 404, title: 'Not found' },
  batch_not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'This takes other methods' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  invitation_accepted: { status: 409, title: 'The invitation has been accepted' },
  invitation_declined: { status: 409, title: 'The invitation has been declined' },
  invitation_expired: { status: 409, title: 'The invitation has expired' },
  invitation_revoked: { status: 409, title: 'The invitation has been revoked' },
  invitation_erased: { status: 409, title: 'The invitation has been erased' },
  changed_meanwhile: { status: 409, title: 'It has changed meanwhile' },
  email_changed: { status: 409, title: 'The invited address has changed meanwhile' },
  event_unknown: { status: 409, title: 'The invitation does not take this now' },
  already_invited: { status: 409, title: 'The address has a pending invitation' },
  organization_suspended: { status: 409, title: 'The organization is suspended' },
  member_removed: { status: 409, title: 'The member has been removed' },
  last_owner: { status: 409, title: 'An organization keeps an owner' },
  already_member: { status: 409, title: 'The address belongs to a member' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  too_many_webhooks: { status: 409, title: 'The organization has too many webhooks' },
  too_many_api_keys: { status: 409, title: 'The organization has too many API keys' },
  no_seat_left: { status: 409, title: 'No seat is left' },
  no_seat_held: { status: 409, title: 'The member holds no seat of it' },
  license_exists: { status: 409, title: 'The organization has a licence of this product' },
  license_in_use: { status: 409, title: 'More seats are in use' },
  license_ended: { status: 409, title: 'The licence has ended' },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  batch_refused: { status: 422, title: 'Some rows cannot be invited, so nobody was' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used with another body' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  rate_limited: { status: 429, title: 'Too many of these for now' },
  internal: { status: 500, title: 'Something went wrong at our end' },
  engine_unreachable: { status: 503, title: 'The engine does not answer' },
  version_mismatch: { status: 503, title: 'This part of Usher is of another version than its data' },
  issuer_unreachable: { status: 503, title: 'The identity provider does not answer' },
  too_slow: { status: 503, title: 'It takes too long' },
  database_unreachable: { status: 503, title: 'The database does not answer' },
} as const satisfies Record<string, { status: number; title: string }> & Record<Refusal, unknown>;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as ProblemCode[];

/** RFC 9457, section 3. `type` is the docs page of the code. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail?: string;
  errors?: { path: string; message: string; code?: string }[];
  /** Who uses the licence that the problem is about. */
  seats?: Seat[];
  requestId?: string;
}

/** Thrown anywhere in the API; answered as `application/problem+json`, or as a page. */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly errors: ProblemBody['errors'];
  readonly headers: Record<string, string>;

  /**
   * @param detail what is wrong here and what to do about it
   * @param errors where in the request
   * @param headers of the answer
   */
  constructor(
    code: ProblemCode,
    detail?: string,
    errors?: ProblemBody['errors'],
    headers: Record<string, string> = {},
  ) {
    super(code);
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.headers = headers;
  }

  get status(): number {
    return problems[this.code].status;
  }

  body(): ProblemBody {
    const { status, title } = problems[this.code];
    return {
      type: `/docs/errors/${this.code}`,
      title,
      status,
      code: this.code,
      ...(this.detail ? { detail: this.detail } : {}),
      ...(this.errors ? { errors: this.errors } : {}),
    };
  }
}

/** What a form was drawn for has changed since: it is not overwritten unseen. */
export class ChangedMeanwhile extends Problem {
  constructor() {
    super('changed_meanwhile', 'Nothing was saved. Look at what is there now, then save again.');
  }
}

/** What an error of any kind is to the caller. @param bodyLimit of the route, bytes */
export function problemOf(error: unknown, bodyLimit = 64 * 1024): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof VersionMismatch)
    return new Problem('version_mismatch', 'Nothing was done. Repeat the request with the same Idempotency-Key.');
  const { code, statusCode, validation, validationContext } = error as {
    code?: string;
    statusCode?: number;
    validation?: { instancePath: string; message?: string; params?: Record<string, unknown> }[];
    validationContext?: string;
  };
  if (validation) {
    return new Problem(
      'invalid_request',
      undefined,
      validation.slice(0, 20).map(({ instancePath, message = 'is not valid', params }) => ({
        path: `${validationContext ?? ''}${instancePath}`,
        message: params?.additionalProperty ? `${message}: ${String(params.additionalProperty).slice(0, 60)}` : message,
      })),
    );
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Problem('too_large', `The body may have ${inBytes(bodyLimit)} at most.`);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Problem('unsupported_media_type');
  if (code?.startsWith('FST_CSRF'))
    return new Problem(
      'form_expired',
      'The page was open for too long, or somebody has signed in or out since. Nothing was done.',
    );
  if (code === 'FST_ERR_HANDLER_TIMEOUT') {
    return new Problem(
      'too_slow',
      'Something that it needs is slow. It may still take effect; repeat it with the same Idempotency-Key.',
    );
  }
  if (isDatabaseTrouble(error)) {
    return new Problem('database_unreachable', 'Nothing was lost. Repeat the request with the same Idempotency-Key.');
  }
  if (statusCode === 404) return new Problem('not_found');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('invalid_request', 'The request could not be read.');
  }
  return new Problem('internal', 'It has been noted. Repeat the request with the same Idempotency-Key.');
}

const inBytes = (limit: number) => (limit >= 1024 * 1024 ? `${limit / (1024 * 1024)} MiB` : `${limit / 1024} KiB`);

/** Connection refused, reset, timed out, or a server that is starting, stopping or out of connections (SQLSTATE 08, 53, 57). */
function isDatabaseTrouble(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (
    /^(08|53|57)...$/.test(code ?? '') ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code ?? '') ||
    /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(message ?? '')
  );
}
