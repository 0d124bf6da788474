import type { Problem } from './openapi.ts';

/**
 * Usher has answered with a problem (RFC 9457).
 *
 * @example
 * if (error instanceof UsherProblem && error.code === 'already_invited') …
 */
export class UsherProblem extends Error {
  override name = 'UsherProblem';
  /** For programs; later versions of Usher may know more. `unknown` when what answered was not Usher. */
  readonly code: Problem['code'] | 'unknown';
  /** The HTTP status. */
  readonly status: number;
  readonly title: string;
  /** For people: what is wrong here, and what to do about it. */
  readonly detail: string | undefined;
  /** Where in the request. */
  readonly errors: NonNullable<Problem['errors']>;
  /** The page that says how to fix it. */
  readonly type: string | undefined;
  /** What the logs and the audit log know the request by. */
  readonly requestId: string | undefined;
  /** When to try again, in ms, where Usher has said so. */
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, body: unknown) {
    const problem = isProblem(body) ? body : undefined;
    const title = problem?.title ?? `Answered ${response.status}, and not by Usher: check the address`;
    // There may be thousands.
    const errors = (problem?.errors ?? []).slice(0, 5).map((e) => `${e.path} ${e.message}`);
    super([title, problem?.detail, ...errors].filter(Boolean).join(': '));
    this.code = problem?.code ?? 'unknown';
    this.status = response.status;
    this.title = title;
    this.detail = problem?.detail;
    this.errors = problem?.errors ?? [];
    this.type = problem && new URL(problem.type, response.url || undefined).href;
    this.requestId = problem?.requestId;
    this.retryAfterMs = retryAfterMs(response);
  }
}

/**
 * Usher has not answered, or not within the time given to it, as often as it was asked. Whatever was asked may still have taken
 * effect: repeat it with the same `idempotencyKey`.
 */
export class UsherUnreachable extends Error {
  override name = 'UsherUnreachable';
  readonly idempotencyKey: string | undefined;

  constructor(why: string, idempotencyKey?: string | null) {
    super(why);
    this.idempotencyKey = idempotencyKey ?? undefined;
  }
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && 'title' in body && 'type' in body;

/** ms of a `Retry-After` in seconds, which is how Usher says it, or with a date. */
export function retryAfterMs(response: Response): number | undefined {
  const header = response.headers.get('retry-after');
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
