/** Figures of one row in one round, at one concurrency. */
export interface Phase {
  lifecycles: number;
  /** Lifecycles a second, closed loop. */
  perSecond: number;
  /** Latencies as the caller sees them, ms, one a call. */
  create: number[];
  accept: number[];
  /** From the call to the provider having the email, ms. */
  mailed: number[];
  /** CPU an invitation, ms. */
  cpuMs: { api: number | null; worker: number | null; engine: number | null; postgres: number };
  /** Write-ahead log an invitation, all of Postgres, bytes. */
  walBytes: number;
}

/** Figures of one row in one round in which people are invited, and nobody joins. */
export interface Creates {
  count: number;
  /** Creates a second, closed loop: until the last is answered. */
  perSecond: number;
  /** Latencies as the caller sees them, ms, one a call. */
  create: number[];
  /** From the first call until the provider has every email, ms; null for a row that sends none. */
  allMailedMs: number | null;
  /** CPU of the API a create, all that it does after the answer included, ms. */
  apiCpuMs: number | null;
}

/** What one row is like, over all rounds. */
export interface Figures {
  name: string;
  about: string;
  /** By concurrency, one phase a round. */
  phases: Record<string, Phase[]>;
  /** One a round. */
  creates: Creates[];
  /** Rows inserted, updated or deleted an invitation, in its own database. */
  rowsWritten: number | null;
  /** Of one accepted invitation. */
  history: { events: number; bytes: number; workflowTasks: number } | null;
  /** The most memory its processes had, MB. */
  peakRssMb: { api: number | null; worker: number | null };
}

/** @param p 0 to 1 */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** A figure of each round, such as a ratio, as its median and its spread. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map((v) => v.toFixed(digits));
  return low === high ? middle! : `${middle} (${low}–${high})`;
}
