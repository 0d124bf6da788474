import { Pool } from 'undici';

/** The answer was not 2xx. */
export class CallFailed extends Error {
  override name = 'CallFailed';
  readonly status: number;
  /** When it says to come back, ms from now. */
  readonly retryAfterMs: number;
  constructor(what: string, status: number, body: string, retryAfterMs: number) {
    super(`${what}: ${status} ${body.slice(0, 300)}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A caller of a program under measurement: keeps connections, throws {@link CallFailed} on anything but 2xx. */
export interface Caller {
  // biome-ignore lint/suspicious/noExplicitAny: answers of every program
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<any>;
  close(): Promise<void>;
}

/** @param origin http://host:port */
export function createCaller(origin: string): Caller {
  const pool = new Pool(origin, { connections: 256, headersTimeout: 60_000, bodyTimeout: 60_000 });
  return {
    async post(path, body, headers = {}) {
      const answer = await pool.request({
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) {
        const retryAfterMs = 1_000 * Number(answer.headers['retry-after'] ?? 0);
        throw new CallFailed(`POST ${path}`, answer.statusCode, text, retryAfterMs);
      }
      return text ? JSON.parse(text) : undefined;
    },
    close: () => pool.close(),
  };
}
