import { writeFileSync } from 'node:fs';
import pg from 'pg';

/**
 * Preloaded into a worker or an API (`node --import`): kills the process, as a power cut would, at a named point. Points
 * are places in the talk with Postgres, seen from outside, so the programs under test are as they are in production.
 *
 * - `CRASH_AT` names the point.
 * - `CRASH_WITH` says how many must be at the point: all but the last wait there, then they go down together.
 * - `CRASH_MARKER` is the file that proves it.
 */

interface Point {
  /** The statement to which it belongs. */
  statement: RegExp;
  /** `before` it is sent, `after` it is done, or `after` the `commit` of its transaction. */
  when: 'before' | 'after' | 'after commit';
}

export const points = {
  /** The transition is durable; the workflow task, and with it an Update not yet accepted, is lost. */
  'worker: after the commit of a transition': {
    statement: /^update "invitations" set .*"sequence"/,
    when: 'after commit',
  },
  /** The provider has the mail; nothing of ours says so. */
  'worker: before a sent email is recorded': {
    statement: /^\s*with settled as \(\s*update deliveries/,
    when: 'before',
  },
  /** The provider has an email to an inviter; nothing of ours says so. */
  'worker: before a sent notice is recorded': { statement: /^update "notices" set "status"/, when: 'before' },
  /** The invitation is durable; nobody has told Temporal. */
  'api: after the creating transaction': {
    statement: /^with "inserted" as \(insert into "invitations"/,
    when: 'after',
  },
  /** What became of an email is durable; neither its run nor the provider has been told. */
  'api: after feedback is recorded': { statement: /^update "deliveries" set .*"reported_at"/, when: 'after commit' },
  /** The outcome is durable and known; the caller has no answer. */
  'api: before the answer is kept': { statement: /^update "requests" set/, when: 'before' },
  /** Kept for whoever repeats it; the caller has no answer. */
  'api: before the answer is sent': { statement: /^update "requests" set/, when: 'after' },
} as const satisfies Record<string, Point>;

export type PointName = keyof typeof points;

const point: Point | undefined = points[process.env.CRASH_AT as PointName];
let missing = Number(process.env.CRASH_WITH ?? 1);

/** Never returns, and never resolves. */
function arrive(): Promise<never> {
  missing -= 1;
  if (missing > 0) return new Promise(() => undefined);
  writeFileSync(process.env.CRASH_MARKER!, String(process.pid));
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing more may happen meanwhile.
  for (;;);
}

if (point) {
  /** Connections whose open transaction holds the statement. */
  const armed = new WeakSet<object>();
  const { query } = pg.Client.prototype;
  // biome-ignore lint/suspicious/noExplicitAny: pg's query has many shapes; all are passed on
  pg.Client.prototype.query = function (this: pg.Client, ...args: any[]): any {
    const text = typeof args[0] === 'string' ? args[0] : (args[0]?.text ?? '');
    if (point.statement.test(text)) {
      if (point.when === 'before') return arrive();
      armed.add(this);
    }
    const result = (query as (...a: unknown[]) => Promise<unknown>).apply(this, args);
    if (armed.has(this) && point.when === 'after') return result.then(arrive);
    if (!/^commit\b/i.test(text) || !armed.delete(this)) return result;
    return result.then(arrive);
  } as typeof query;
}
