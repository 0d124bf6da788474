import type { InvitationFacts } from './invitation.ts';

/**
 * The version of the facts that this program stores, kept in the row beside them. Raise it when a program of the version
 * before would misread or lose what is stored now, and say in {@link upgrades} what becomes of older facts.
 */
export const chartVersion = 1;

/** Facts as some version stored them. */
export interface StoredFacts {
  /** Absent in histories of 0.1.0, which knew one version. */
  chartVersion?: number;
  facts: unknown;
}

/** `upgrades[n]` makes facts of version n + 1 from those of version n. Never removed: rows and histories are old. */
// biome-ignore lint/suspicious/noExplicitAny: of a version whose type is gone
const upgrades: Record<number, (facts: any) => unknown> = {};

/** A program does not fit what it found: the message says which of the two is older, and what to do. */
export class VersionMismatch extends Error {
  override name = 'VersionMismatch';
}

/** True for facts of a newer version than this program knows. */
export const isNewer = (stored: Pick<StoredFacts, 'chartVersion'>): boolean =>
  (stored.chartVersion ?? 1) > chartVersion;

/**
 * Stored facts as this version knows them. Called wherever facts are read: on rows, and on what a history remembers of
 * a row.
 *
 * @throws VersionMismatch when a newer version stored them: a workflow task that throws it is repeated until a newer
 *   worker takes it
 */
export function presentFacts(stored: StoredFacts): InvitationFacts {
  let { chartVersion: version = 1, facts } = stored;
  if (isNewer(stored))
    throw new VersionMismatch(
      `the facts are of chart version ${version}, this program knows ${chartVersion}: run the newer one`,
    );
  for (; version < chartVersion; version++) facts = upgrades[version]!(facts);
  return facts as InvitationFacts;
}
