/** How long calls took, as the caller sees them, ms. */
export interface Latency {
  p50: number;
  p99: number;
}

/** CPU by part, ms; null for a part that a row has not. */
export interface Cpu {
  api: number | null;
  worker: number | null;
  engine: number | null;
  postgres: number;
}

/** Figures of one row in one round, at one concurrency. */
export interface Phase {
  lifecycles: number;
  /** Lifecycles a second, closed loop. */
  perSecond: number;
  create: Latency;
  accept: Latency;
  /** From the call to the provider having the email; null for a row that sends none. */
  mailed: Latency | null;
  /** An invitation. */
  cpuMs: Cpu;
  /** Of the benchmark itself, which plays callers and mail provider on the same machine; an invitation, ms. */
  ownCpuMs: number;
  /** Write-ahead log an invitation, all of Postgres, bytes. */
  walBytes: number;
}

/** Figures of one row in one round in which people are invited, and nobody joins. */
export interface Creates {
  count: number;
  /** Creates a second, closed loop: until the last is answered. */
  perSecond: number;
  create: Latency;
  /** Emails a second, from the first call until the provider has the last one; null for a row that sends none. */
  mailedPerSecond: number | null;
  /** A create, all that follows the answer included, up to the email. */
  cpuMs: Cpu;
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

export const latencyOf = (values: readonly number[]): Latency => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
});

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** A figure of each round, such as a ratio, as its median and its spread. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map((v) => v.toFixed(digits));
  return low === high ? middle! : `${middle} (${low}–${high})`;
}
