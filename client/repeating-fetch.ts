import ky, { isHTTPError, isNetworkError, isTimeoutError } from 'ky';
import { retryAfterMs, UsherProblem, UsherUnreachable } from './errors.ts';

export interface Patience {
  /** How long one try may take until its answer begins, ms. @default 10_000 */
  timeoutMs?: number;
  /** How often a request is repeated, after the first try. @default 4 */
  repeats?: number;
  /** After how long no further try begins, waits included, ms. @default 30_000 */
  patienceMs?: number;
}

/**
 * A `fetch` that repeats what may go better the next time: no answer, 408, 429 and 5xx, after the time that Usher names, or
 * else after growing, random ones. Each request must be safe to repeat: by its method, or by its Idempotency-Key.
 *
 * @throws UsherProblem for every answer that is not 2xx; UsherUnreachable; the reason of an aborted signal
 */
export function createRepeatingFetch({ timeoutMs = 10_000, repeats = 4, patienceMs = 30_000 }: Patience) {
  return async (request: Request): Promise<Response> => {
    const until = Date.now() + patienceMs;
    try {
      return await ky(request, {
        timeout: timeoutMs,
        retry: {
          limit: repeats,
          methods: ['get', 'post', 'put', 'patch', 'delete'],
          statusCodes: [408, 429, 500, 502, 503, 504],
          backoffLimit: 5_000,
          jitter: true,
          retryOnTimeout: true,
          // What says to come back later than there is patience for is told to the caller at once.
          shouldRetry: ({ error }) => {
            const wait = isHTTPError(error) ? (retryAfterMs(error.response) ?? 0) : 0;
            return Date.now() + wait > until ? false : undefined;
          },
        },
      });
    } catch (error) {
      // Of ky's errors nothing goes on: they hold the request, and with it the API key.
      if (isHTTPError(error)) throw new UsherProblem(error.response, error.data);
      const { origin } = new URL(request.url);
      const key = request.headers.get('idempotency-key');
      if (isTimeoutError(error))
        throw new UsherUnreachable(`${origin} does not answer within ${timeoutMs / 1000} s`, key);
      if (isNetworkError(error)) throw new UsherUnreachable(`${origin} cannot be reached (${reasonOf(error)})`, key);
      throw error;
    }
  };
}

/** The code of what the network said, such as `ECONNREFUSED`. */
function reasonOf(error: Error): string {
  let reason = error.message;
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const { code } = e as { code?: unknown };
    reason = typeof code === 'string' ? code : e.message;
    if (e instanceof AggregateError && e.errors.length > 0) return reasonOf(e.errors[0]);
  }
  return reason;
}
